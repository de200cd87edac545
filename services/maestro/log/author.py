"""How does a process write down what it says? As notes in its own chain, one chain for each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from maestro.log.commit import (
    MAX_ANSWERS,
    build_commit,
    build_record,
    commit_ids,
    note_hash,
    parse_commit,
)
from maestro.log.identity import Identity
from maestro.log.own import Own
from maestro.log.store import Appended, Duplicate, Note, Result, Store, Write
from maestro_contracts.envelope import MAX_ENTRY, CommitHeader, EventRecord, Unreadable, encode
from maestro_contracts.events import Event

_SPARE = 1024
"""What a note's header and signature take beside the commands answered."""
_PAGE = 500


class Sayable(Protocol):
    """An event with the slot that it fills and what it follows from."""

    @property
    def id(self) -> str: ...
    @property
    def event(self) -> Event: ...
    @property
    def cause(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """Signed notes for one write to one run, and what stands in the blob store for them. It holds the author's place
    in the chain only when it was written: settle it with the result."""

    run: str
    notes: tuple[Note, ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    aseq: int = 0
    aprev: str = ""


class Author:
    """Signs for one identity. Not two drafts of one run may be under way at once: they would take the same place."""

    def __init__(self, identity: Identity, own: Own | None = None) -> None:
        """`own` is told of every note signed here."""
        self.identity = identity
        self._own = Own() if own is None else own
        self._chains: dict[str, tuple[int, str]] = {}

    def draft(
        self, run: str, says: Sequence[Sayable], *, ts: int, answers: Sequence[str] = (), corr: str = ""
    ) -> Draft:
        """Signed notes of these events. `answers` are the ids of commands that are handled with them: they are taken
        together with the events' ids. `ts` is ms since the epoch. Raises ValueError for an event that cannot be
        written down."""
        blobs: list[tuple[str, bytes]] = []
        records: list[tuple[EventRecord, bytes]] = []
        for said in says:
            record, data = build_record(said.id, said.event, said.cause)
            if data is not None:
                blobs.append((record.data_sha256, data))
            records.append((record, encode(record)))
        if not records:
            return Draft(run, aseq=self._chain(run)[0], aprev=self._chain(run)[1])
        cmd = " ".join(answers)
        if len(cmd.split()) != len(answers):
            raise ValueError(f"{cmd!r}: a command's id holds no spaces")
        if len(cmd) > MAX_ANSWERS:
            raise ValueError(f"one commit cannot answer {len(answers)} commands; write fewer at once")
        aseq, aprev = self._chain(run)
        notes: list[Note] = []
        for page in _pages(records, MAX_ENTRY - _SPARE - len(corr), len(cmd)):
            header = CommitHeader(
                run, self.identity.actor, self.identity.epoch, aseq + 1, aprev, ts, cmd if not notes else "", corr
            )
            body = build_commit(header, [line for _, line in page], self.identity.key)
            notes.append(Note(body, commit_ids(header, [record for record, _ in page])))
            aseq, aprev = aseq + 1, note_hash(body)
            self._own.add(self.identity.key.verify_key.key, aprev)
        return Draft(run, tuple(notes), tuple(blobs), aseq, aprev)

    def settle(self, draft: Draft, result: Result) -> None:
        """Take the result of writing a draft. Only what stands in the log takes its place in the chain."""
        if isinstance(result, Appended) or (isinstance(result, Duplicate) and result.same):
            self._chains[draft.run] = (draft.aseq, draft.aprev)

    async def write(self, store: Store, draft: Draft) -> Result:
        """Write a draft that nothing else goes with, and settle it."""
        (result,) = await store.write([Write(draft.run, draft.notes, blobs=draft.blobs)])
        self.settle(draft, result)
        return result

    async def recover(self, store: Store, run: str) -> None:
        """Find out from the log which of our notes stand: after a write whose outcome nobody knows, which is not sent
        again."""
        end = await store.head(run)
        while end > 0:
            start = max(0, end - _PAGE)
            for entry in reversed(await store.read(run, start, end - start)):
                try:
                    header = parse_commit(entry.body).header
                except Unreadable:
                    continue
                if (header.actor, header.epoch) == (self.identity.actor, self.identity.epoch) and header.run == run:
                    self._chains[run] = (header.aseq, note_hash(entry.body))
                    return
            end = start
        self._chains.pop(run, None)

    def forget(self, run: str) -> None:
        """The run is over: nothing more will be said in it."""
        self._chains.pop(run, None)

    def _chain(self, run: str) -> tuple[int, str]:
        return self._chains.get(run, (0, ""))


def _pages(records: list[tuple[EventRecord, bytes]], room: int, first: int) -> list[list[tuple[EventRecord, bytes]]]:
    """Records in order, as many together as fit into a note; in the first one `first` bytes are gone already."""
    pages: list[list[tuple[EventRecord, bytes]]] = [[]]
    left = room - first
    for record in records:
        size = len(record[1]) + 1
        if size > left and pages[-1]:
            pages.append([])
            left = room
        pages[-1].append(record)
        left -= size
    return pages
