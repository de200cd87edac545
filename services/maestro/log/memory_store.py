"""What exactly do the promises of `store.py` mean? The reference: the same store in plain Python, in one process."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from maestro.log.checks import check, check_letter
from maestro.log.commit import parse_commit
from maestro.log.queues import Taken
from maestro.log.store import (
    SYSTEM,
    Ack,
    Appended,
    Conflict,
    DeadLetter,
    Duplicate,
    Entry,
    Lost,
    Note,
    Result,
    Send,
    Timer,
    Write,
)
from maestro_contracts.envelope import Unreadable


@dataclass(slots=True)
class _Run:
    notes: list[bytes] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    index: dict[str, int] | None = field(default_factory=dict)
    """Id to seq; None where it was lost and must be made again."""


@dataclass(slots=True)
class _InWork:
    consumer: str
    count: int
    since: int


@dataclass(slots=True)
class _Queue:
    """`waiting` and `in_work` hold ids, in the order of `messages`."""

    messages: dict[str, bytes] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    in_work: dict[str, _InWork] = field(default_factory=dict)

    def acknowledge(self, id: str) -> None:
        if self.in_work.pop(id, None) is not None:
            del self.messages[id]


class MemoryStore:
    """Keeps `store.Store` and `queues.Queues`. `clock` is what the server's clock is elsewhere, in ms."""

    def __init__(self, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._clock = clock
        self._runs: dict[str, _Run] = {}
        self._queues: dict[str, _Queue] = {}
        self._letters: dict[str, list[DeadLetter]] = {}
        self._timers: dict[tuple[str, str], Timer] = {}
        self._sent = 0
        self._changed = asyncio.Condition()

    # --- writing ----------------------------------------------------------------------------------------------------

    async def write(self, writes: Sequence[Write]) -> list[Result]:
        for each in writes:
            check(each)
        results = [self._write(each) for each in writes]
        await self._wake()
        return results

    async def dead_letter(self, write: Write, letter: DeadLetter) -> Result:
        check_letter(write, letter)
        queue = self._queue(letter.role)
        result = self._write(write, letter)
        if isinstance(result, Appended):
            self._letters.setdefault(letter.role, []).append(letter)
        if isinstance(result, Appended) or (isinstance(result, Duplicate) and result.whole):
            queue.acknowledge(letter.id)
        await self._wake()
        return result

    async def fire(self, now: int | None = None) -> int | None:
        now = self._clock() if now is None else now
        due = sorted((timer.due, "/".join(key), key) for key, timer in self._timers.items() if timer.due <= now)
        for _, _, key in due:
            timer = self._timers.pop(key)
            self._send(Send(timer.role, timer.message))
        await self._wake()
        return min((timer.due for timer in self._timers.values()), default=None)

    def _write(self, write: Write, letter: DeadLetter | None = None) -> Result:
        run = self._runs.get(write.run) or _Run()
        index = self._index(run)
        taken = {id: index[id] for note in write.notes for id in note.ids if id in index}
        if taken:
            return self._duplicate(write, run, taken)
        lost = tuple(dict.fromkeys(self._lost(write.acks)))
        if not lost and letter is not None and letter.id not in self._queue(letter.role).in_work:
            lost = (letter.id,)
        if lost:
            return Lost(lost)
        if write.expected is not None and write.expected != len(run.notes):
            return Conflict(len(run.notes))
        self._carry_out(write, run, index)
        return Appended(len(run.notes))

    def _duplicate(self, write: Write, run: _Run, taken: dict[str, int]) -> Duplicate:
        if len(taken) < sum(len(note.ids) for note in write.notes):
            return Duplicate(taken, whole=False)
        for ack in write.acks:
            for id in ack.ids:
                if self._is_with(ack.role, ack.consumer, id):
                    self._queue(ack.role).acknowledge(id)
        return Duplicate(taken, whole=True, same=all(_stands(note, run, taken) for note in write.notes))

    def _lost(self, acks: Iterable[Ack]) -> list[str]:
        return [id for ack in acks for id in ack.ids if not self._is_with(ack.role, ack.consumer, id)]

    def _carry_out(self, write: Write, run: _Run, index: dict[str, int]) -> None:
        if write.notes or write.blobs:
            self._runs[write.run] = run
        for note in write.notes:
            run.notes.append(note.body)
            index.update(dict.fromkeys(note.ids, len(run.notes)))
        for sha, data in write.blobs:
            run.blobs.setdefault(sha, data)
        for send in write.sends:
            self._send(send)
        for id in write.unset:
            self._timers.pop((write.run, id), None)
        for timer in write.timers:
            self._timers[write.run, timer.id] = timer
        for ack in write.acks:
            for id in ack.ids:
                self._queue(ack.role).acknowledge(id)

    def _send(self, send: Send) -> None:
        self._sent += 1
        queue, id = self._queue(send.role), f"{self._sent}-0"
        queue.messages[id] = send.message
        queue.waiting.append(id)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def read(self, run: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        notes = self._runs[run].notes if run in self._runs else []
        return [Entry(seq, body) for seq, body in enumerate(notes[after : after + limit], after + 1)]

    async def tail(self, after: dict[str, int], block_ms: int) -> dict[str, list[Entry]]:
        async def found() -> dict[str, list[Entry]]:
            pages = {run: await self.read(run, seq) for run, seq in after.items()}
            return {run: entries for run, entries in pages.items() if entries}

        deadline = time.monotonic() + block_ms / 1000
        async with self._changed:
            while not (new := await found()) and (left := deadline - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(self._changed.wait(), left)
                except TimeoutError:
                    break
        return new

    async def head(self, run: str) -> int:
        return len(self._runs[run].notes) if run in self._runs else 0

    async def blob(self, run: str, sha256: str) -> bytes | None:
        data = self._runs[run].blobs.get(sha256) if run in self._runs else None
        return data if data is not None and hashlib.sha256(data).hexdigest() == sha256 else None

    async def runs(self) -> list[str]:
        return sorted(name for name, run in self._runs.items() if run.notes and name != SYSTEM)

    async def dead_letters(self, role: str) -> list[DeadLetter]:
        return list(self._letters.get(role, ()))

    async def queue_length(self, role: str) -> int:
        return len(self._queue(role).messages)

    async def queued(self, role: str) -> list[bytes]:
        return list(self._queue(role).messages.values())

    # --- queues -----------------------------------------------------------------------------------------------------

    async def take(self, role: str, consumer: str, count: int, block_ms: int | None = None) -> list[Taken]:
        """See `Queues.take`."""
        queue = self._queue(role)
        if block_ms is not None and not queue.waiting:
            async with self._changed:
                try:
                    await asyncio.wait_for(self._changed.wait_for(lambda: queue.waiting), block_ms / 1000 or None)
                except TimeoutError:
                    return []
        ids, queue.waiting = queue.waiting[:count], queue.waiting[count:]
        queue.in_work.update((id, _InWork(consumer, 1, self._clock())) for id in ids)
        return [Taken(id, queue.messages[id], 1) for id in ids]

    async def reclaim(self, role: str, consumer: str, min_idle_ms: int, count: int) -> list[Taken]:
        """See `Queues.reclaim`."""
        queue, now = self._queue(role), self._clock()
        idle = [id for id in queue.messages if id in queue.in_work and now - queue.in_work[id].since >= min_idle_ms]
        for id in idle[:count]:
            queue.in_work[id] = _InWork(consumer, queue.in_work[id].count + 1, now)
        return [Taken(id, queue.messages[id], queue.in_work[id].count) for id in idle[:count]]

    async def touch(self, role: str, consumer: str, ids: Sequence[str]) -> list[str]:
        """See `Queues.touch`."""
        mine = [id for id in ids if self._is_with(role, consumer, id)]
        for id in mine:
            self._queue(role).in_work[id].since = self._clock()
        return mine

    async def open_queue(self, role: str) -> None:
        """Queues are there from the start."""

    # --- making the index again -------------------------------------------------------------------------------------

    async def rebuild(self, run: str) -> int:
        if run not in self._runs:
            return 0
        self._runs[run].index = None
        self._index(self._runs[run])
        return len(self._runs[run].notes)

    def forget_index(self, run: str) -> None:
        """Lose what can be made again from the log (tests do this)."""
        if run in self._runs:
            self._runs[run].index = None

    async def close(self) -> None:
        """Nothing is held."""

    def _index(self, run: _Run) -> dict[str, int]:
        if run.index is None:
            run.index = {}
            for seq, body in enumerate(run.notes, 1):
                for id in _ids(body):
                    run.index.setdefault(id, seq)
        return run.index

    def _queue(self, role: str) -> _Queue:
        return self._queues.setdefault(role, _Queue())

    def _is_with(self, role: str, consumer: str, id: str) -> bool:
        work = self._queue(role).in_work.get(id)
        return work is not None and work.consumer == consumer

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _stands(note: Note, run: _Run, taken: dict[str, int]) -> bool:
    return run.notes[taken[note.ids[0]] - 1] == note.body


def _ids(body: bytes) -> tuple[str, ...]:
    try:
        return parse_commit(body).ids
    except Unreadable:
        return ()
