"""How do a log and a witness speak? The bodies of `add-checkpoint` (c2sp.org/tlog-witness)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maestro.tlog.checkpoint import parse_hash, parse_number
from maestro.tlog.merkle import MAX_PROOF
from maestro_contracts.envelope import Unreadable

MAX_BODY = 64 * 1024
"""A body with as many proof lines and signatures as there may be takes less."""
SIZE_TYPE = "text/x.tlog.size"
"""The content type of the answer to a client that knows another size than the witness."""
_OLD = re.compile(r"old ([0-9]+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A new checkpoint (its signed note), and the proof that it continues the tree of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


def write_request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(hash).decode() for hash in proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + note


def read_request(body: bytes) -> Request:
    """What a body asks for; its note is not looked into. Raises Unreadable."""
    head, found, note = body.partition(b"\n\n")
    try:
        first, *proof = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("no request: its lines are not ASCII") from None
    said = _OLD.fullmatch(first)
    old = parse_number(said[1]) if said else None
    if not found or old is None:
        raise Unreadable("no request: it begins with `old <size>` and has an empty line before the checkpoint")
    hashes = [parse_hash(line) for line in proof]
    if len(hashes) > MAX_PROOF or None in hashes:
        raise Unreadable(f"no request: at most {MAX_PROOF} proof lines, each the base64 of 32 bytes")
    return Request(old, tuple(hash for hash in hashes if hash is not None), note)


def read_size(body: bytes) -> int | None:
    """The size that a witness says it knows; None where it says none."""
    text = body.decode("ascii", "replace")
    return parse_number(text[:-1]) if text.endswith("\n") else None
