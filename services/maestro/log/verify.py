"""May this entry be believed? Signature, author, place in the author's chain, and right to say what it says.

The costly part (`examine`) needs nothing but the entry and the keys. The part that depends on what came before
(`place`) is cheap and goes entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from maestro.log.commit import Record, note_hash, parse_commit
from maestro.log.fast import Plain, open_plain
from maestro.log.members import Find
from maestro.log.signatures import is_signed
from maestro.log.store import Entry
from maestro_contracts.envelope import CommitHeader, EventRecord, Unreadable, read_event
from maestro_contracts.events import Event
from maestro_contracts.roles import SAYS


@dataclass(frozen=True, slots=True)
class Commit:
    """One author's commit that may be believed. An event's address is `seq.i`, with i the index in `events`. `past` is
    what a forked run brings along (see `past.py`)."""

    seq: int
    header: CommitHeader
    role: str
    records: Sequence[Record]
    events: Sequence[Event]
    past: Sequence[Commit | Rejected] = ()


Flaw = Literal["author", "chain", "role", "content", "missing"]
"""What is wrong with an entry that is not believed: nobody who may be believed signed it; it is not at its place in
its author's chain; its author may not say this; it cannot be read; it is gone."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that is not believed, and why. Whoever folds the log goes on without it."""

    seq: int
    reason: str
    actor: str = ""
    flaw: Flaw = "author"


@dataclass(slots=True)
class Examined:
    """An entry after the costly part. `problem` says why it is not its author's word; `fault` why its author may not
    say it, or said it unreadably. `missing` are the indexes of events whose data is a blob, with its SHA-256."""

    seq: int
    body: bytes
    problem: str = ""
    unknown: bool = False
    fault: str = ""
    flaw: Flaw = "content"
    hash: str = ""
    header: CommitHeader | None = None
    role: str = ""
    revoked: int | None = None
    records: Sequence[Record] = ()
    events: Sequence[Event | None] = ()
    missing: tuple[tuple[int, str], ...] = ()


_ALLOWED: dict[str, frozenset[str]] = {role: frozenset(cls.__name__ for cls in says) for role, says in SAYS.items()}


def examine(entry: Entry, run: str, find: Find) -> Examined:
    """The costly part. Raises nothing, whatever the entry holds."""
    plain = open_plain(entry.body, run, find)
    if plain is not None and is_signed(plain.proof):
        return examined(entry, plain)
    return examine_slowly(entry, run, find)


def examined(entry: Entry, plain: Plain) -> Examined:
    """A plain entry whose signature was found right."""
    header, member, records, _, hash = plain
    events = [record.data for record in records]
    return Examined(
        seq=entry.seq,
        body=entry.body,
        hash=hash,
        header=header,
        role=member.role,
        revoked=member.revoked,
        records=records,
        events=events,
    )


def examine_slowly(entry: Entry, run: str, find: Find) -> Examined:
    """Whatever is not plain: old versions, blobs, several signatures, and all that is wrong."""
    seen = Examined(entry.seq, entry.body)
    try:
        parsed = parse_commit(entry.body)
    except Unreadable as error:
        seen.problem = str(error)
        return seen
    header = seen.header = parsed.header
    who = f"{header.actor}@{header.epoch}"
    member = find(header.actor, header.epoch)
    if member is None:
        seen.unknown, seen.problem = True, f"{who} was never enrolled"
        return seen
    key = member.key
    signature = next((each for each in parsed.signatures if each.name == key.name), None)
    if signature is None or signature.key_id != key.key_id or not key.verifies(parsed.text, signature.value):
        seen.problem = f"it says to be from {who}, but their key did not sign it"
    elif header.run != run:
        seen.problem = f"{who} said this in run {header.run}, not here"
    else:
        seen.hash = note_hash(entry.body)
        seen.role, seen.revoked, seen.records = member.role, member.revoked, parsed.records
        _read_events(seen, parsed.records)
    return seen


def _read_events(seen: Examined, records: Sequence[EventRecord]) -> None:
    allowed = _ALLOWED.get(seen.role, frozenset())
    for record in records:
        if record.type not in allowed:
            seen.fault, seen.flaw = f"a {seen.role} may not say {record.type}", "role"
            return
    try:
        seen.events = [read_event(record) if record.data else None for record in records]
    except (Unreadable, RecursionError) as error:
        seen.fault = str(error)
        return
    if None in seen.events:
        seen.missing = tuple((i, record.data_sha256) for i, record in enumerate(records) if not record.data)


def resolve(seen: Examined, index: int, data: bytes | None) -> None:
    """Put in the event whose data is a blob; `data` is None where the blob is not there as it was said to be."""
    record = seen.records[index]
    assert isinstance(record, EventRecord)
    try:
        if data is None or len(data) != record.size:
            raise Unreadable(f"event {record.id}: its data (SHA-256 {record.data_sha256}) is lost or was changed")
        event = read_event(record, data)
        seen.events = [*seen.events[:index], event, *seen.events[index + 1 :]]
    except (Unreadable, RecursionError) as error:
        seen.fault = str(error)


class Chains:
    """Where each author's chain of commits in one run stands. `strict`: the run is read from its beginning, so that
    each chain must begin there too."""

    def __init__(self, strict: bool = True) -> None:
        self._strict = strict
        self._last: dict[tuple[str, str], tuple[int, str]] = {}
        self._time = 0

    def place(self, seen: Examined) -> Commit | Rejected:
        """The verdict on the next entry."""
        header = seen.header
        if seen.problem or header is None:
            return Rejected(seen.seq, seen.problem, header.actor if header else "")
        if late := self._too_late(seen, header):
            return Rejected(seen.seq, late, header.actor)
        if off := self._off_chain(seen, header):
            return Rejected(seen.seq, off, header.actor, "chain")
        self._last[header.actor, header.epoch] = (header.aseq, seen.hash)
        if seen.revoked is None and header.ts > self._time:
            self._time = header.ts
        if seen.fault:
            return Rejected(seen.seq, seen.fault, header.actor, seen.flaw)
        return Commit(seen.seq, header, seen.role, seen.records, cast(Sequence[Event], seen.events))

    def _too_late(self, seen: Examined, header: CommitHeader) -> str:
        """A thief would date back what they say, so that the time of what stands before it counts too."""
        if seen.revoked is not None and max(self._time, header.ts) >= seen.revoked:
            return f"the key of {header.actor}@{header.epoch} was revoked before"
        return ""

    def _off_chain(self, seen: Examined, header: CommitHeader) -> str:
        who = f"{header.actor}@{header.epoch}"
        last = self._last.get((header.actor, header.epoch))
        if last is None:
            if not self._strict or (header.aseq == 1 and not header.aprev):
                return ""
            return f"the first commit of {who} here is their number {header.aseq}; earlier ones are missing"
        aseq, hash = last
        if header.aseq == aseq + 1 and header.aprev == hash:
            return ""
        if header.aseq > aseq + 1:
            return f"commits {aseq + 1} to {header.aseq - 1} of {who} are missing before their number {header.aseq}"
        if header.aseq == aseq + 1:
            return f"equivocation: commit {header.aseq} of {who} follows another commit {aseq} than stands here"
        if seen.hash == hash:
            return f"commit {header.aseq} of {who} stands here already"
        return f"equivocation: {who} said their commit {header.aseq} twice"
