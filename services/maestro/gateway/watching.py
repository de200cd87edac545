"""How does the gateway know how every run stands? It follows all their logs, and wakes whoever waits for one.

One task reads for all requests: what it folded is what every page and every answer shows. While the server cannot be
reached, what was read so far stays, and `up` says that it may be old.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from maestro.bus.logs import get_log
from maestro.log.checks import RUN
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected, new_of
from maestro.log.store import SYSTEM, LogWentBack, Store, StoreCorrupt, StoreUnavailable
from maestro.projections.journal import Journal, write_down
from maestro.projections.projector import Projector
from maestro.runs.state import RunState
from maestro_contracts import events as e

WAIT_MS = 1000
"""A new run is seen after this long at the latest."""
QUIET_S = 10.0
"""So often a run that has ended is looked at."""
AGAIN_S = 0.5
FRESH_S = 5.0
VERDICTS = (e.GateVoted, e.GateDecided, e.DecisionRefused, e.GrantRevoked)


@dataclass(slots=True)
class Standing:
    """A standing approval, when it was given (ms), how often it was used, and its end."""

    issued: e.GrantIssued
    at: int
    used: int = 0
    revoked: e.GrantRevoked | None = None

    def is_good(self, now: int) -> bool:
        grant = self.issued.grant
        return self.revoked is None and now < grant.expires and self.used < grant.uses


@dataclass(slots=True)
class Watched:
    """One run as far as its log was read. `verdicts` are what became of answers, by the id of the command."""

    run: str
    reader: Reader
    told: Projector
    verdicts: dict[str, e.Event] = field(default_factory=dict)
    proposed: dict[str, e.ActionProposed] = field(default_factory=dict)
    classified: dict[str, e.ActionClassified] = field(default_factory=dict)
    grants: dict[str, Standing] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    looked: float = 0.0
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> RunState:
        return self.told.state

    @property
    def seq(self) -> int:
        """The last entry that was read, believed or not."""
        return self.reader.seq

    def take(self, page: Iterable[Commit | Rejected]) -> None:
        for verdict in page:
            if isinstance(verdict, Rejected):
                self.told.disbelieve(verdict.seq, verdict.reason)
                continue
            self.told.apply(verdict)
            write_down(self.journal, verdict)
            if verdict.role == "gatekeeper":
                self._note(verdict)
        self.ring()

    def _note(self, commit: Commit) -> None:
        for record, event in zip(commit.records, commit.events, strict=True):
            if isinstance(event, VERDICTS) and record.cause:
                self.verdicts.setdefault(record.cause, event)
            match event:
                case e.ActionProposed():
                    self.proposed[event.proposal] = event
                case e.ActionClassified():
                    self.classified[event.proposal] = event
                case e.GrantIssued():
                    self.grants.setdefault(event.grant.id, Standing(event, commit.header.ts))
                case e.GrantRevoked() if event.grant in self.grants:
                    self.grants[event.grant].revoked = event
                case e.ApprovalGiven() if event.grant in self.grants:
                    self.grants[event.grant].used += 1

    def ring(self) -> None:
        bell, self.bell = self.bell, asyncio.Event()
        bell.set()


class Watcher:
    """All runs. `changed` wakes whoever follows any of them."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store, self.keyring = store, keyring
        self.runs: dict[str, Watched] = {}
        self.up = False
        """Whether the server answered at the last look."""
        self.ready = False
        """Whether every run was read to its end once."""
        self.closing = asyncio.Event()
        self.bell = asyncio.Event()
        self._beginning = asyncio.Lock()

    async def run(self) -> None:
        """Follow everything until cancelled. Raises LogWentBack: what was folded never was, so begin anew."""
        while True:
            try:
                await self._find()
                await self._look()
            except StoreUnavailable as error:
                if self.up:
                    get_log("watching").warning("the server does not answer", error=str(error))
                self._say(up=False)
                await asyncio.sleep(AGAIN_S)
            except LogWentBack:
                raise
            except StoreCorrupt as error:
                get_log("watching").error("the log contradicts itself", error=str(error))
                self._say(up=False)
                await asyncio.sleep(WAIT_MS / 1000)

    def get(self, run: str) -> Watched | None:
        return self.runs.get(run)

    async def fresh(self, run: str) -> Watched | None:
        """The run as its log is now, or later; None where there is none. Raises StoreUnavailable."""
        head = await self.store.head(run) if RUN(run) and run != SYSTEM else 0
        if head and run not in self.runs:
            await self._begin(run)
        watched = self.runs.get(run)
        end = time.monotonic() + FRESH_S
        while watched is not None and watched.seq < head and time.monotonic() < end and self.up:
            await self.changed(watched, end - time.monotonic())
        return watched

    async def fresh_all(self) -> list[Watched]:
        """The runs that have begun, the newest first, none of them missing. Raises StoreUnavailable."""
        await self._find()
        return self.newest()

    def newest(self) -> list[Watched]:
        """The runs that have begun, the newest first."""
        begun = [each for each in self.runs.values() if each.state.status != "none"]
        return sorted(begun, key=lambda each: (each.state.started, each.run), reverse=True)

    def close(self) -> None:
        """End all that waits here."""
        self.closing.set()
        self._ring_all()

    async def changed(self, watched: Watched | None, seconds: float) -> None:
        """Wait until this run (or, without one, anything) has changed, at most so long."""
        bell = watched.bell if watched else self.bell
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            pass

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _find(self) -> None:
        """Take in runs that are new, to their end, and forget those that are not there any more."""
        names = set(await self.store.runs())
        for gone in self.runs.keys() - names:
            self.runs.pop(gone).ring()
            self._ring()
        for name in sorted(names - self.runs.keys()):
            await self._begin(name)
        self.ready = True
        self._say(up=True)

    async def _begin(self, name: str) -> None:
        async with self._beginning:
            if name not in self.runs:
                await self._read(name)

    async def _read(self, name: str) -> None:
        await self.keyring.refresh(self.store)
        watched = Watched(name, Reader(self.store, self.keyring, name), Projector(name))
        async for page in watched.reader.all():
            watched.take(page)
            # Others wait for this loop while a long log is read.
            await asyncio.sleep(0)
        watched.looked = time.monotonic()
        self.runs[name] = watched
        self._ring()

    async def _look(self) -> None:
        """Wait for what is new of the runs that go on; those that have ended are looked at now and then."""
        now = time.monotonic()
        due = [each for each in self.runs.values() if not each.state.ended_for_good or now - each.looked > QUIET_S]
        if not due:
            await asyncio.sleep(WAIT_MS / 1000)
            return
        pages = await new_of([each.reader for each in due], WAIT_MS)
        for watched, page in zip(due, pages, strict=True):
            watched.looked = now
            if page:
                watched.take(page)
        if any(pages):
            self._ring()

    # --- waking -----------------------------------------------------------------------------------------------------

    def _say(self, *, up: bool) -> None:
        if up != self.up:
            self.up = up
            self._ring_all()

    def _ring(self) -> None:
        bell, self.bell = self.bell, asyncio.Event()
        bell.set()

    def _ring_all(self) -> None:
        self._ring()
        for watched in self.runs.values():
            watched.ring()
