"""How does the notary know every log? It reads all of them as they grow, and sees to it that each is sealed in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from maestro.bus.logs import get_log
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected, new_of
from maestro.log.store import LogWentBack, Store, StoreCorrupt, StoreUnavailable
from maestro.notary.decider import Pace, RunBook
from maestro.notary.sealing import Sealer, Tools
from maestro.tlog.checkpoint import origin_of
from maestro_contracts.events import ViolationFound

LOOK_MS = 1000
"""A new run is seen after this long at the latest."""
GATHER_S = 0.1
"""After something new the next look waits so long: a busy log is read in pages, not entry by entry."""
QUIET_S = 10.0
"""So often a run is looked at that has ended and is sealed."""
KEEP_S = 60.0
"""So long a run is followed on after that: what comes late is sealed at once."""
AGAIN_S = 0.5
AGAIN_MS = 500


@dataclass(slots=True)
class Watched:
    reader: Reader
    sealer: Sealer
    found: list[ViolationFound] = field(default_factory=list)
    """Violations that are not recorded yet."""
    work: asyncio.Task[None] | None = None
    again_at: int = 0
    """Not to be worked on before (ms): the server was away."""
    closed_seq: int = 0
    closed_at: float = 0.0

    @property
    def book(self) -> RunBook:
        return self.sealer.book

    def take(self, page: Iterable[Commit | Rejected], now: int) -> None:
        for verdict in page:
            violation = self.book.take(verdict, now)
            if violation is not None:
                self.found.append(violation)

    def unrecorded(self) -> list[ViolationFound]:
        """What is still to be said; what an earlier life said already stands further down in the log."""
        self.found = [each for each in self.found if each.entry not in self.book.recorded]
        return list(self.found)


@dataclass(slots=True)
class Notary:
    """All runs of one server."""

    store: Store
    keyring: Keyring
    tools: Tools
    pace: Pace
    runs: dict[str, Watched] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    """Runs that have ended and are sealed, with the last entry of each."""
    up: bool = False
    looked: float = 0.0

    async def run(self) -> None:
        """Follow everything until cancelled. Raises LogWentBack (what was read is not there any more), MemoryLost."""
        while True:
            try:
                await self._find()
                await self._look()
                self.up = True
            except StoreUnavailable as error:
                if self.up:
                    get_log("notary").warning("the server does not answer", error=str(error))
                self.up = False
                await asyncio.sleep(AGAIN_S)
            except LogWentBack:
                raise
            except StoreCorrupt as error:
                get_log("notary").error("the log contradicts itself", error=str(error))
                await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Let what is being said be said."""
        work = [each.work for each in self.runs.values() if each.work is not None]
        if work:
            await asyncio.wait(work, timeout=1.0)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, *(each.sealer.close() for each in self.runs.values()), return_exceptions=True)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _find(self) -> None:
        """Take in runs that are new, and those that have ended and yet grew."""
        now = time.monotonic()
        quiet = now - self.looked > QUIET_S
        names = set(await self.store.runs())
        for gone in self.runs.keys() - names:
            del self.runs[gone]
        for name in sorted(names - self.runs.keys()):
            if name in self.closed and not (quiet and await self.store.head(name) != self.closed[name]):
                continue
            self.closed.pop(name, None)
            await self._begin(name)
        if quiet:
            self.looked = now

    async def _begin(self, name: str) -> None:
        """Read a run to its end. One that is closed and was read once is not kept."""
        origin = origin_of(self.keyring.operator, name)
        head = self.tools.memory.closed(origin)
        if head and await self.store.head(name) == head:
            self.closed[name] = head
            return
        await self.keyring.refresh(self.store)
        book = RunBook()
        reader = Reader(self.store, self.keyring, name, each=lambda entry: book.tree.append(entry.body))
        watched = Watched(reader, Sealer(name, origin, book, self.tools))
        async for page in reader.all():
            watched.take(page, self.tools.now())
            await asyncio.sleep(0)
        self.runs[name] = watched
        self._work_on(watched)

    async def _look(self) -> None:
        """Wait for what is new, take it in, and seal what is due."""
        for name in [name for name, each in self.runs.items() if self._is_done(each)]:
            self._close(name, self.runs[name])
        watched = list(self.runs.values())
        if not watched:
            await asyncio.sleep(LOOK_MS / 1000)
            return
        pages = await new_of([each.reader for each in watched], self._wait_ms())
        for each, page in zip(watched, pages, strict=True):
            each.take(page, self.tools.now())
            self._work_on(each)
        if any(pages):
            await asyncio.sleep(GATHER_S)

    def _wait_ms(self) -> int:
        """Until the next seal is due, or a new run may be there."""
        now = self.tools.now()
        idle = [each for each in self.runs.values() if each.work is None or each.work.done()]
        waits = [each.book.due_in(now, self.pace) for each in idle if not each.book.broken]
        return max(20, min([LOOK_MS, *(wait for wait in waits if wait is not None)]))

    # --- sealing ----------------------------------------------------------------------------------------------------

    def _work_on(self, watched: Watched) -> None:
        """Say and seal what is due, beside reading on. Raises MemoryLost where the last work ended with it."""
        if watched.work is not None:
            if not watched.work.done():
                return
            watched.work.result()
        now = self.tools.now()
        if now >= watched.again_at and (watched.unrecorded() or watched.book.is_due(now, self.pace)):
            watched.work = asyncio.create_task(self._work(watched))

    async def _work(self, watched: Watched) -> None:
        try:
            found = watched.unrecorded()
            await watched.sealer.found(found)
            watched.found = [each for each in watched.found if each not in found]
            if watched.book.is_due(self.tools.now(), self.pace):
                await watched.sealer.seal()
        except (StoreUnavailable, StoreCorrupt) as error:
            get_log("notary").warning("not sealed yet", run=watched.sealer.run, error=str(error))
            watched.again_at = self.tools.now() + AGAIN_MS

    def _is_done(self, watched: Watched) -> bool:
        busy = watched.sealer.late or watched.found or (watched.work is not None and not watched.work.done())
        return watched.book.is_closed and not busy

    def _close(self, name: str, watched: Watched) -> None:
        """Note that it is closed, and stop following it closely after a while."""
        now = time.monotonic()
        if watched.closed_seq != watched.book.seq:
            watched.closed_seq, watched.closed_at = watched.book.seq, now
            self.tools.memory.note_closed(watched.sealer.origin, watched.book.seq)
        elif now - watched.closed_at > KEEP_S:
            self.closed[name] = watched.book.seq
            del self.runs[name]
