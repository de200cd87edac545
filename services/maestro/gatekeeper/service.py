"""How does the gatekeeper meet the world? It reads what is new of a run's gates, decides, and says so at that place.

Every outcome names the entry it was decided on (`expected`): where the log has grown meanwhile, it is decided again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import structlog

from maestro.bus.service import Context, Delivery, Outcome, Service
from maestro.gatekeeper.book import GateBook, evolve
from maestro.gatekeeper.decider import GateCommand, decide
from maestro.gatekeeper.journal import JournalCommand, written
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.store import Store
from maestro_contracts import commands as c

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools

KEPT = 256
"""Runs whose gates are kept in memory; those of another are read again when somebody asks."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Page:
    """One run's gates, as far as its log was read."""

    reader: Reader
    book: GateBook = field(default_factory=GateBook)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Gatekeeper:
    """The gates of all runs that this process was asked about."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    async def handle(self, delivery: Delivery, ctx: Context) -> Outcome:
        book, seq = await self.book(delivery.run)
        if seq == 0:
            # Anybody can name any run: only a run that exists is told.
            log.warning("no such run", run=delivery.run, command=delivery.id)
            return Outcome(delivery.run, advance=False)
        if isinstance(delivery.command, JournalCommand):
            return Outcome(delivery.run, (written(delivery.id, delivery.command),), advance=False)
        decision = decide(book, delivery.id, cast(GateCommand, delivery.command), ctx.now())
        return Outcome(
            run=delivery.run,
            events=decision.said,
            timers=decision.timers,
            unset=decision.unset,
            expected=seq if decision.said else None,
        )

    async def book(self, run: str) -> tuple[GateBook, int]:
        """The run's gates up to the newest entry of its log, and that entry's seq."""
        page = self._page(run)
        async with page.lock:
            try:
                while verdicts := await page.reader.new():
                    for verdict in verdicts:
                        self._fold(run, page, verdict)
            except BaseException:
                # Half of a page may be folded: it is read again from its start.
                self._pages.pop(run, None)
                raise
            return page.book, page.reader.seq

    def _page(self, run: str) -> _Page:
        page = self._pages.pop(run, None) or _Page(Reader(self._store, self._keyring, run))
        self._pages[run] = page
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        return page

    def _fold(self, run: str, page: _Page, verdict: Commit | Rejected) -> None:
        if isinstance(verdict, Rejected):
            log.warning("entry refused", run=run, seq=verdict.seq, reason=verdict.reason)
            return
        for event in verdict.events:
            page.book = evolve(page.book, event)


def make_service(tools: Tools) -> Service:
    keeper = Gatekeeper(tools.store, tools.admission.keyring)
    commands = (c.OpenGate, c.DecideGate, c.GateDeadline, c.CloseGate, c.AddJournalEntry, c.ReviewJournalEntry)
    return Service(role="gatekeeper", handlers=dict.fromkeys(commands, keeper.handle))
