"""What are the bytes of one author's commit, and what do bytes that came from the log say?

The text of a commit is `maestro/commit/v1`, a line of header and a line for each event, signed as a note (`note.py`).
The ids that a commit takes can be read from its bytes alone, so that an index can be made again from the log: the id
of each event, and the ids of the commands that it answers, which stand in the header's `cmd`, separated by spaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from maestro.log import note
from maestro.log.note import Signature, SigningKey
from maestro_contracts import upcast
from maestro_contracts.envelope import (
    COMMIT_MAGIC,
    MAX_ENTRY,
    MAX_INLINE,
    CommitHeader,
    EventRecord,
    Unreadable,
    decode_header,
    encode,
)
from maestro_contracts.events import Event

MAGIC = COMMIT_MAGIC.encode() + b"\n"
MAX_ANSWERS = 24 * 1024
"""The ids of the commands that one commit answers take at most this many bytes."""
_decode_records = msgspec.json.Decoder(EventRecord).decode_lines


class Record(Protocol):
    """What every event carries beside its data."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def v(self) -> int: ...
    @property
    def cause(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ParsedCommit:
    """A commit as its bytes say, with nothing of it believed yet."""

    text: bytes
    signatures: tuple[Signature, ...]
    header: CommitHeader
    records: tuple[EventRecord, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that the commit takes."""
        return commit_ids(self.header, self.records)


def commit_ids(header: CommitHeader, records: Sequence[EventRecord]) -> tuple[str, ...]:
    """Each id once: the commands answered, then the events said."""
    return tuple(dict.fromkeys((*header.cmd.split(), *(record.id for record in records))))


def note_hash(body: bytes) -> str:
    """What the author's next commit names as `aprev`."""
    return hashlib.sha256(body).hexdigest()


def build_record(id: str, event: Event, cause: str = "") -> tuple[EventRecord, bytes | None]:
    """The record of an event, and its data as a blob where it is too large to stand in the record."""
    kind = type(event).__name__
    data = encode(event)
    version = upcast.current_version(kind)
    if len(data) <= MAX_INLINE:
        return EventRecord(id=id, type=kind, v=version, cause=cause, data=msgspec.Raw(data)), None
    sha = hashlib.sha256(data).hexdigest()
    return EventRecord(id=id, type=kind, v=version, cause=cause, data_sha256=sha, size=len(data)), data


def build_commit(header: CommitHeader, records: Sequence[EventRecord | bytes], key: SigningKey) -> bytes:
    """The signed note of a commit; records may be given encoded already. Raises ValueError where it would be too large
    or say nothing."""
    lines = [record if isinstance(record, bytes) else encode(record) for record in records]
    if not lines:
        raise ValueError("a commit says at least one event")
    body = key.sign_note(b"\n".join((MAGIC + encode(header), *lines, b"")))
    if len(body) >= MAX_ENTRY:
        raise ValueError(f"a commit of {len(body)} bytes is over {MAX_ENTRY}; split it")
    return body


def parse_commit(body: bytes) -> ParsedCommit:
    """What the bytes of a log entry say. Raises Unreadable and nothing else, whatever the bytes are."""
    if len(body) >= MAX_ENTRY:
        raise Unreadable(f"an entry of {len(body)} bytes is over {MAX_ENTRY}")
    text, signatures = note.split(body)
    if not text.startswith(MAGIC):
        raise Unreadable(f"not a commit: its text does not begin with {COMMIT_MAGIC}")
    head, _, rest = text[len(MAGIC) :].partition(b"\n")
    try:
        header = decode_header(head)
        records = _decode_records(rest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(f"not a commit: {error}") from None
    if len(records) != rest.count(b"\n") or not records:
        raise Unreadable("not a commit: one line for each event, and at least one")
    if any(bool(record.data) == bool(record.data_sha256) for record in records):
        raise Unreadable("not a commit: each event has either data or the hash of its data")
    return ParsedCommit(text, tuple(signatures), header, tuple(records))
