"""How does the gatekeeper meet the world? It reads what is new of a run's gates and actions, decides, and says so at
that place.

Every outcome names the entry it was decided on (`expected`): where the log has grown meanwhile, it is decided again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import msgspec
import structlog

from maestro.approvals.policies import policy_digest, policy_for
from maestro.bus.service import Context, Delivery, Handler, Outcome, Service
from maestro.gatekeeper.decider import Books, Decision, GateCommand, Here, decide, evolve
from maestro.gatekeeper.journal import JournalCommand, written
from maestro.gatekeeper.judging import judge_action, judge_change
from maestro.gatekeeper.people import Town
from maestro.gatekeeper.proposing import Judged
from maestro.git.change import read_change
from maestro.git.problems import GitProblem
from maestro.git.workspace import Workspace
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.store import Store
from maestro.people import Directory
from maestro.runs.fold import change_of
from maestro_contracts import commands as c
from maestro_contracts import events as e

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools

KEPT = 256
"""Runs whose gates are kept in memory; those of another are read again when somebody asks."""

log = structlog.get_logger()

GATE_COMMANDS = (
    c.OpenGate,
    c.DecideGate,
    c.GateDeadline,
    c.GateReminder,
    c.GateEscalation,
    c.PollGate,
    c.JudgeGate,
    c.JudgePullRequest,
    c.CloseGate,
    c.AskPeople,
    c.IssueGrant,
    c.RevokeGrant,
    c.ApproveAfter,
    c.RollBack,
)


@dataclass(slots=True)
class _Page:
    """One run's gates and actions, as far as its log was read. `judged` are actions read before that are decided again
    since the log has grown."""

    reader: Reader
    books: Books = field(default_factory=Books)
    judged: dict[str, Judged] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Gatekeeper:
    """The gates and actions of all runs that this process was asked about."""

    def __init__(self, store: Store, keyring: Keyring, workspace: Workspace | None = None) -> None:
        self._store = store
        self._keyring = keyring
        self._workspace = workspace
        self._directory = Directory(keyring.operator)
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    async def handle(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles whatever is about gates, grants and what was done."""
        page, seq = await self._read(delivery.run)
        if seq == 0:
            return _no_such_run(delivery)
        await self._meet_people()
        command = cast(GateCommand, delivery.command)
        decision = decide(page.books, delivery.id, command, self._here(delivery.run, page, ctx))
        return self._outcome(delivery, decision, seq)

    async def write_down(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles AddJournalEntry and ReviewJournalEntry, which decide nothing."""
        _, seq = await self._read(delivery.run)
        if seq == 0:
            return _no_such_run(delivery)
        entry = written(delivery.id, cast(JournalCommand, delivery.command))
        return Outcome(delivery.run, (entry,), advance=False)

    async def propose(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles ProposeAction and ProposeChange. Raises GitProblem, for the command to be delivered again."""
        page, seq = await self._read(delivery.run)
        if seq == 0:
            return _no_such_run(delivery)
        if not _is_named_right(delivery.command):
            log.warning("a proposal with the name of another kind", run=delivery.run, command=delivery.id)
            return Outcome(delivery.run, advance=False)
        judged = page.judged.get(delivery.id)
        if judged is None:
            judged = page.judged[delivery.id] = await self._judge(delivery, page.books)
            page, seq = await self._read(delivery.run)
        await self._meet_people()
        decision = decide(page.books, delivery.id, judged, self._here(delivery.run, page, ctx))
        if judged.proposal in page.books.actions.actions:
            page.judged.pop(delivery.id, None)
        # What a worker waits for itself is nothing that the conductor need see, unless it ends the run.
        wakes = judged.merged or any(isinstance(said.event, e.ActionRejected) for said in decision.said)
        return msgspec.structs.replace(self._outcome(delivery, decision, seq), advance=wakes)

    async def _judge(self, delivery: Delivery, books: Books) -> Judged:
        policy = policy_for(books.actions.policies)
        command = delivery.command
        if isinstance(command, c.ProposeAction):
            return await asyncio.to_thread(judge_action, command, policy)
        assert isinstance(command, c.ProposeChange)
        if self._workspace is None:
            raise GitProblem("environment", "this gatekeeper has no place for repositories", "set MAESTRO_WORK_DIR")
        repo = await self._workspace.open(delivery.run, command.repo.url)
        await repo.refs.ensure(command.base)
        await repo.refs.ensure(command.commit)
        change = await read_change(repo.repository, command.base, command.commit)
        return await asyncio.to_thread(judge_change, command, change, policy)

    def _here(self, run: str, page: _Page, ctx: Context) -> Here:
        now = ctx.now()
        policy = policy_digest(page.books.actions.policies)
        return Here(run, now, Town(self._directory, self._keyring, now), policy)

    async def _meet_people(self) -> None:
        await self._keyring.refresh(self._store)
        await self._directory.refresh(self._store)

    def _outcome(self, delivery: Delivery, decision: Decision, seq: int) -> Outcome:
        return Outcome(
            run=delivery.run,
            events=decision.said,
            asks=decision.asks,
            timers=decision.timers,
            unset=decision.unset,
            expected=seq if decision.said else None,
        )

    async def book(self, run: str) -> tuple[Books, int]:
        """The run's gates and actions up to the newest entry of its log, and that entry's seq."""
        page, seq = await self._read(run)
        return page.books, seq

    async def _read(self, run: str) -> tuple[_Page, int]:
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
            return page, page.reader.seq

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
            page.books = evolve(page.books, event)


def _is_named_right(command: c.Command) -> bool:
    """Nothing but a change takes the name of a change: its name is what is merged."""
    if isinstance(command, c.ProposeChange):
        return command.proposal == change_of(command.task, command.attempt)
    return isinstance(command, c.ProposeAction) and not command.proposal.startswith("change:")


def _no_such_run(delivery: Delivery) -> Outcome:
    """Anybody can name any run: only a run that exists is told."""
    log.warning("no such run", run=delivery.run, command=delivery.id)
    return Outcome(delivery.run, advance=False)


def handlers_of(keeper: Gatekeeper) -> dict[type[c.Command], Handler]:
    """Which command is handled by what: each that goes to a gatekeeper."""
    handlers: dict[type[c.Command], Handler] = dict.fromkeys(GATE_COMMANDS, keeper.handle)
    handlers |= {c.AddJournalEntry: keeper.write_down, c.ReviewJournalEntry: keeper.write_down}
    return handlers | {c.ProposeAction: keeper.propose, c.ProposeChange: keeper.propose}


def make_service(tools: Tools) -> Service:
    keeper = Gatekeeper(tools.store, tools.admission.keyring, Workspace(tools.settings.work_dir))
    return Service(role="gatekeeper", handlers=handlers_of(keeper))
