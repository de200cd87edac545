"""What does an agent get that asks over its line? The gatekeeper's answer, people who hear of it, a journal entry."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from maestro.agents.line import Approval, LineError, ReportProgress, RequestApproval, WriteJournal, line
from maestro.agents.protocol import AgentEvent, Emit, Job, Limit, NotAllowed
from maestro.bus.service import Asked, Context, Delivery, Outcome
from maestro.worker.asking import Answer, Asking
from maestro_contracts import commands as c

MAX_ENTRIES = 50
"""So many journal entries one attempt may write."""
MAX_ASKED = 1000
"""So often one attempt may ask: each question is five events, whatever becomes of it."""


class Answers:
    """The answers of one delivery of one attempt. `plain` makes an agent's words fit to be kept."""

    def __init__(self, asking: Asking, delivery: Delivery, ctx: Context, plain: Callable[[str], str]) -> None:
        self._asking, self._delivery, self._ctx, self._plain = asking, delivery, ctx, plain
        self._entries = itertools.count(1)
        self._asked = itertools.count(1)
        self._begun: list[str] = []

    @asynccontextmanager
    async def line(self, job: Job, limit: Limit, emit: Emit) -> AsyncIterator[Mapping[str, str]]:
        """See `maestro.agents.protocol.Line`. What was approved counts as begun when the agent is told so; what came of
        it nobody but the agent sees."""
        try:
            async with line(job.private, job.token, _Hearing(self, limit, emit)) as leading:
                yield leading
        finally:
            for proposal in self._begun:
                await self._asking.ended(proposal, "unknown")

    async def approval(self, asked: RequestApproval) -> Approval:
        if next(self._asked) > MAX_ASKED:
            raise LineError(f"an attempt asks {MAX_ASKED} times at most", "ask for several small things as one")
        try:
            answer = await self._asking.begun(asked.action, self._plain(asked.why))
        except NotAllowed as refused:
            raise LineError(refused.problem.reason, refused.problem.mend) from None
        if answer.hindrance is None:
            self._begun.append(answer.proposal)
        return _told(answer)

    async def journal(self, asked: WriteJournal) -> None:
        number = next(self._entries)
        if number > MAX_ENTRIES:
            raise LineError(f"an attempt writes {MAX_ENTRIES} entries at most", "write fewer, longer ones")
        command = self._delivery.command
        assert isinstance(command, c.DoTask)
        entry = c.AddJournalEntry(
            kind=asked.kind,
            author=self._ctx.actor,
            title=self._plain(asked.title),
            content=self._plain(asked.content),
            tags=tuple(map(self._plain, asked.tags)),
            task=command.task.id,
            files=tuple(map(self._plain, asked.files)),
            options=tuple(map(self._plain, asked.options)),
            via="agent",
        )
        id = f"{self._delivery.id}/journal:{self._delivery.count}:{number}"
        outcome = Outcome(self._delivery.run, asks=(Asked(id, entry, self._delivery.cause),), advance=False)
        await self._ctx.say(outcome)


class _Hearing:
    """Keeps `maestro.agents.line.Answering` for one line."""

    def __init__(self, answers: Answers, limit: Limit, emit: Emit) -> None:
        self._answers, self._limit, self._emit = answers, limit, emit

    async def approval(self, asked: RequestApproval) -> Approval:
        with self._limit.paused():
            return await self._answers.approval(asked)

    async def progress(self, asked: ReportProgress) -> None:
        self._emit(AgentEvent(asked.text))

    async def journal(self, asked: WriteJournal) -> None:
        await self._answers.journal(asked)


def _told(answer: Answer) -> Approval:
    action, hindrance = answer.action, answer.hindrance
    if hindrance is not None:
        return Approval(False, action.level, answer.proposal, hindrance.reason)
    approval = action.approval
    if approval is None:
        return Approval(True, action.level, answer.proposal)
    by = ", ".join(approval.approvers) or approval.by
    return Approval(True, action.level, answer.proposal, f"approved by {by}", approval.conditions)
