"""How does a log say how long it is and what its root is? C2SP checkpoints (c2sp.org/tlog-checkpoint).

A checkpoint is a signed note whose text is three lines: the origin (which log), the size (decimal), and the root
(base64). The log signs it with a key whose name is the origin; witnesses add cosignatures (`cosignature.py`) as further
signature lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maestro.log.note import Signature, SigningKey, VerifyKey, split
from maestro.tlog.merkle import HASH
from maestro_contracts.envelope import Unreadable

MAX_SIZE = 2**63 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_LAST_LINE = b"\n\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree as its log states it: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The note text, with its last newline."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its signature lines, none of them checked. `note` holds the exact bytes."""

    note: bytes
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    @property
    def text(self) -> bytes:
        """The exact bytes that were signed."""
        return self.note[: self.note.rfind(_LAST_LINE) + 1]


def fingerprint(operator: VerifyKey) -> str:
    """What names an operator's key in origins: 32 hex digits of the SHA-256 of the public key."""
    return hashlib.sha256(operator.key).hexdigest()[:32]


def origin_of(operator: VerifyKey, run: str) -> str:
    """The origin of a run's log: `maestro/<operator's fingerprint>/<run>`."""
    return f"maestro/{fingerprint(operator)}/{run}"


def log_key(origin: str, key: VerifyKey) -> VerifyKey:
    """The notary's public key under the name that it signs this log's checkpoints with."""
    return VerifyKey(origin, key.key)


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a note with the log's own signature, under the origin's name."""
    text = checkpoint.text
    public = log_key(checkpoint.origin, key.verify_key)
    return text + b"\n" + signature_line(checkpoint.origin, public.key_id, key.sign(text))


def signature_line(name: str, key_id: bytes, value: bytes) -> bytes:
    """One signature line of a note, with its newline."""
    return f"— {name} ".encode() + base64.b64encode(key_id + value) + b"\n"


def parse_checkpoint(text: bytes) -> Checkpoint:
    """What a checkpoint's text says. Raises Unreadable."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        raise Unreadable("not a checkpoint: not UTF-8") from None
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise Unreadable("not a checkpoint: at least three lines, none of them empty")
    origin, number, encoded, *extensions = lines[:-1]
    size = parse_number(number)
    if size is None:
        raise Unreadable(f"not a checkpoint: {number[:40]!r} is no tree size")
    root = parse_hash(encoded)
    if root is None:
        raise Unreadable("not a checkpoint: its root is not the base64 of 32 bytes")
    return Checkpoint(origin, size, root, tuple(extensions))


def parse_signed(note: bytes) -> SignedCheckpoint:
    """A checkpoint with its signature lines, none of them checked. Raises Unreadable."""
    text, signatures = split(note)
    return SignedCheckpoint(note, parse_checkpoint(text), tuple(signatures))


def parse_lines(lines: bytes) -> list[Signature]:
    """Signature lines that stand alone, as a witness answers. Raises Unreadable."""
    return split(b"\n\n" + lines)[1] if lines else []


def with_signatures(note: bytes, signatures: Sequence[Signature]) -> bytes:
    """The note with these lines added; a line that stands there already is not added again."""
    there = set(split(note)[1])
    fresh = [each for each in dict.fromkeys(signatures) if each not in there]
    return note + b"".join(signature_line(each.name, each.key_id, each.value) for each in fresh)


def is_signed_by(signed: SignedCheckpoint, key: VerifyKey) -> bool:
    """True where this key signed the checkpoint as its log: its name is the origin, and each signature that says to be
    its own is right (c2sp.org/signed-note, "Signatures")."""
    if key.name != signed.checkpoint.origin:
        return False
    own = [each for each in signed.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    return bool(own) and all(key.verifies(signed.text, each.value) for each in own)


def parse_number(text: str) -> int | None:
    """A decimal without leading zeros, at most 2^63 - 1; None where it is none."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        return None
    return int(text)


def parse_hash(text: str) -> bytes | None:
    """A hash in its one base64 spelling; None where it is none."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return raw if len(raw) == HASH and base64.b64encode(raw).decode() == text else None
