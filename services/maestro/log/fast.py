"""How is the plain entry opened in as few steps as there can be? Nearly all entries are plain: one signature, current
versions, data in place, said by a role that may say it. For those this answers what the thorough way (`verify.py`)
answers, in a third of the time; of everything else it says nothing.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple, Union, cast

import msgspec

from maestro.log.commit import MAGIC, note_hash
from maestro.log.members import Find, Member
from maestro.log.note import DASH
from maestro_contracts import upcast
from maestro_contracts.envelope import MAX_ENTRY, CommitHeader, decode_header
from maestro_contracts.events import Event
from maestro_contracts.roles import SAYS


class PlainRecord(msgspec.Struct, frozen=True, gc=False):
    """An event's record read in one go with its data; each type has a class of its own made from this."""

    id: str

    @property
    def type(self) -> str:
        return str(self.__struct_config__.tag)


class Plain(NamedTuple):
    """A plain entry: what it says, if `proof` holds. Records have typed `data`. `proof` is the author's public key,
    the signature and the text, as `signatures.py` has it; `hash` what the author's next commit names."""

    header: CommitHeader
    member: Member
    records: list[Any]
    proof: bytes
    hash: str


def open_plain(body: bytes, run: str, find: Find) -> Plain | None:
    """What a plain entry says, its signature not checked yet; None for any other entry."""
    cut = body.rfind(b"\n\n")
    if len(body) >= MAX_ENTRY or not body.startswith(MAGIC) or b"\t" in body or b"\r" in body:
        return None
    end = body.find(b"\n", len(MAGIC))
    try:
        header = decode_header(body[len(MAGIC) : end])
        member = find(header.actor, header.epoch)
        if member is None or header.run != run or (signature := _signature(body, cut, member)) is None:
            return None
        text = body[end + 1 : cut + 1]
        records = _records(member.role)(text)
        # What is passed over in a known record would still have to be UTF-8.
        if not records or len(records) != text.count(b"\n") or not _is_utf8(body):
            return None
        return Plain(header, member, records, b"".join((member.key.key, signature, body[: cut + 1])), note_hash(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _signature(body: bytes, cut: int, member: Member) -> bytes | None:
    """What stands as the one signature, and as its author's."""
    line = DASH + member.key.name.encode() + b" "
    if not body.startswith(line, cut + 2):
        return None
    encoded = body[cut + 2 + len(line) :]
    raw = binascii.a2b_base64(encoded)
    if binascii.b2a_base64(raw) != encoded or raw[:4] != member.key.key_id:
        return None
    return raw[4:]


def _is_utf8(body: bytes) -> bool:
    return body.isascii() or bool(body.decode())


@cache
def _records(role: str) -> Callable[[bytes], list[Any]]:
    """Reads lines that hold current versions of what a role may say, and refuses all others."""
    says = SAYS[role]  # type: ignore[index]
    classes = tuple(_record_class(event) for event in says)
    if not classes:
        raise ValueError(f"a {role} says nothing")
    return cast(Callable[[bytes], list[Any]], msgspec.json.Decoder(Union[classes]).decode_lines)  # noqa: UP007


def _record_class(event: type[Event]) -> type[msgspec.Struct]:
    version: Any = Literal.__getitem__(upcast.current_version(event.__name__))
    return msgspec.defstruct(
        f"{event.__name__}Record",
        [("v", version), ("data", event), ("cause", str, "")],
        bases=(PlainRecord,),
        tag_field="type",
        tag=event.__name__,
        frozen=True,
        gc=False,
        forbid_unknown_fields=True,
    )
