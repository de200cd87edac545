"""How is a run's state kept up to date? A reader of its log and the fold of what may be believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected, missing, new_of
from maestro.log.store import Store
from maestro.runs.fold import disbelieve, fold, new_run
from maestro.runs.state import RunState

PAGE = 100
"""A page with fewer entries is the last one: no store hands out so few while there are more."""


class Follower:
    """One run's state as far as its log was read. `rejected` are the entries that were not believed; a service logs
    them, a command (`quiet`) has the state's `violations` to show."""

    def __init__(self, store: Store, keyring: Keyring, run: str, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._reader = Reader(store, keyring, run)
        self.state: RunState = new_run(run)
        self.rejected: list[Rejected] = []

    async def catch_up(self) -> RunState:
        """The state after the newest entry."""
        while await self.step():
            pass
        return self.state

    async def step(self, wait_ms: int = 0) -> list[Commit]:
        """Folds the next page of entries and returns its commits; empty where nothing came within `wait_ms`. A page of
        nothing but rejected entries is passed over."""
        while page := await self._reader.new(wait_ms):
            if commits := self._fold(page):
                return commits
        return []

    async def all(self) -> AsyncIterator[list[Commit]]:
        """Page after page to the end, read ahead: the fast way through a long log."""
        async for page in self._reader.all():
            yield self._fold(page)

    def cut_off_before(self, head: int) -> RunState:
        """The state, which tells where fewer entries were read than there once were."""
        if self._reader.seq < head:
            lost = missing(self._reader.seq + 1, head)
            self.rejected.append(lost)
            disbelieve(self.state, lost.seq, lost.reason)
        return self.state

    def _fold(self, page: list[Commit | Rejected]) -> list[Commit]:
        commits = []
        for verdict in page:
            if isinstance(verdict, Commit):
                fold(self.state, verdict)
                commits.append(verdict)
            else:
                self.rejected.append(verdict)
                disbelieve(self.state, verdict.seq, verdict.reason)
                if self._quiet:
                    continue
                _warn(self.state.run, verdict)
        return commits


def _warn(run: str, verdict: Rejected) -> None:
    # A command that only looks should not import a logging library to do so.
    import structlog

    structlog.get_logger().warning("entry not believed", run=run, seq=verdict.seq, reason=verdict.reason)


async def catch_up_together(followers: Sequence[Follower]) -> None:
    """Brings several runs to their newest entries, with one call for all of them as long as any has more."""
    behind = list(followers)
    while behind:
        pages = await new_of([follower._reader for follower in behind])
        for follower, page in zip(behind, pages, strict=True):
            follower._fold(page)
        behind = [follower for follower, page in zip(behind, pages, strict=True) if len(page) >= PAGE]


async def load(store: Store, keyring: Keyring, run: str) -> RunState:
    """The state of a run, folded from its whole log."""
    head = await store.head(run)
    follower = Follower(store, keyring, run, quiet=True)
    async for _ in follower.all():
        pass
    return follower.cut_off_before(head)
