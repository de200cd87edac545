"""What was a run at any entry? For whoever goes back and forth in it: a slider, a window.

The log is read and verified once; states on the way are kept as snapshots, and any other is folded on from the nearest
one before it. A snapshot is a cache and nothing else: it is kept in memory, under the version of the fold that made it,
and dropping it loses nothing.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter

from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.store import Store
from maestro.runs import fold as folding
from maestro.runs.state import RunState, clone

EVERY = 64
"""Entries from one snapshot to the next; folding so many takes less than a millisecond."""
LONGEST = 50_000
"""Entries of a log that is kept in memory for this."""


class TooLong(RuntimeError):
    """The log is too long to go back and forth in. The message says what to do."""


@dataclass(slots=True)
class Snapshots:
    """States by how many entries were folded, each under the version of the fold that made it."""

    kept: dict[tuple[int, int], RunState] = field(default_factory=dict)

    def nearest(self, count: int, run: str) -> tuple[int, RunState]:
        """The furthest one that is not beyond `count` entries, to be folded on; the very beginning where there is none
        of today's fold."""
        found = max((at for version, at in self.kept if version == folding.FOLD_VERSION and at <= count), default=0)
        return (found, clone(self.kept[folding.FOLD_VERSION, found])) if found else (0, folding.new_run(run))

    def keep(self, count: int, state: RunState) -> None:
        self.kept.setdefault((folding.FOLD_VERSION, count), clone(state))


class Rewind:
    """One run, at any of its entries."""

    def __init__(self, store: Store, keyring: Keyring, run: str) -> None:
        self._reader, self._run = Reader(store, keyring, run), run
        self._verdicts: list[Commit | Rejected] = []
        self._reading = asyncio.Lock()
        self._is_too_long = False
        self.snapshots = Snapshots()

    @property
    def head(self) -> int:
        """The last entry that was read."""
        return self._reader.seq

    async def at(self, seq: int) -> RunState:
        """The state after entry `seq`, as the log has it by now; a later one than there is means the last. It is the
        caller's own. Raises TooLong, StoreUnavailable."""
        async with self._reading:
            if seq > self.head or not self._verdicts:
                await self._read()
            if self._is_too_long:
                why = f"{self._run} has more than {LONGEST} entries"
                raise TooLong(f"{why}: look at one of them with `maestro replay {self._run} --at ENTRY`")
            return self._folded(bisect_right(self._verdicts, seq, key=attrgetter("seq")))

    async def _read(self) -> None:
        async for page in self._reader.all():
            self._verdicts += page
            if self._is_too_long or len(self._verdicts) > LONGEST:
                self._is_too_long = True
                self._verdicts.clear()
                return
            # Others wait for this loop while a long log is read.
            await asyncio.sleep(0)

    def _folded(self, count: int) -> RunState:
        done, state = self.snapshots.nearest(count, self._run)
        for number, verdict in enumerate(self._verdicts[done:count], done + 1):
            if isinstance(verdict, Commit):
                folding.fold(state, verdict)
            else:
                folding.disbelieve(state, verdict.seq, verdict.reason)
            if number % EVERY == 0:
                self.snapshots.keep(number, state)
        return state
