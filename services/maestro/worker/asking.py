"""How does a worker's agent ask before it does something? Proposed, waited for, begun once, ended; each time anew."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from maestro.agents.protocol import Limit, NotAllowed
from maestro.approvals.book import Action, ActionBook, Hindrance, Intent
from maestro.approvals.permission import Begins, consumed, ended
from maestro.approvals.policies import intent_of
from maestro.bus.service import Context, Delivery, Outcome, Said
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.proposals import Proposal, action_digest
from maestro_contracts.records import Problem

TRIES = 3
"""So often an action is proposed anew where its approval did not hold when it was to begin."""


class Permits(Begins, Protocol):
    """What a worker needs of `maestro.approvals.permission`."""

    async def answer(self, run: str, command: c.ProposeAction, ctx: Context, cause: str) -> Action: ...


class Asking:
    """The actions of one delivery of one attempt, numbered; see `maestro.agents.protocol.Permit`."""

    def __init__(self, permits: Permits, delivery: Delivery, command: c.DoTask, ctx: Context) -> None:
        self._permits, self._delivery, self._command, self._ctx = permits, delivery, command, ctx
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def permit(self, action: Proposal, limit: Limit) -> AsyncIterator[None]:
        with limit.paused():
            proposal = await self._begun(action)
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            event = e.EffectEnded(proposal, "done" if outcome == "done" else "failed")
            said = Said(ended(proposal), event, consumed(proposal))
            # What was done is done, whether or not this can be recorded.
            with suppress(RuntimeError):
                await self._ctx.say(Outcome(self._delivery.run, (said,), advance=False))

    async def _begun(self, action: Proposal) -> str:
        """The proposal under which it has begun. Raises NotAllowed."""
        for _ in range(TRIES):
            proposal = self._name()
            hindrance = await self._tried(proposal, action)
            if hindrance is None:
                return proposal
            if not hindrance.again:
                break
        assert hindrance is not None, "something was tried"
        mend = "do without it, or ask for something else"
        raise NotAllowed(Problem("not_approved", f"{_shown(action)} was not allowed: {hindrance.reason}", mend))

    async def _tried(self, proposal: str, action: Proposal) -> Hindrance | None:
        run, task = self._delivery.run, self._command.task.id
        asked = c.ProposeAction(
            proposal=proposal,
            task=task,
            attempt=self._command.attempt,
            by=self._ctx.actor,
            parts=(action,),
            agent=self._command.agent.kind,
        )
        await self._permits.answer(run, asked, self._ctx, f"{self._delivery.id}/started:{self._delivery.count}")
        digest = action_digest(action)

        def intend(book: ActionBook) -> Intent:
            return intent_of(book, proposal, digest, (action,), (), f"{self._delivery.id}:{self._delivery.count}")

        return await self._permits.begin(run, intend, self._ctx)

    def _name(self) -> str:
        """A delivery that takes over proposes anew: nobody knows how far the lost one came."""
        place = f"{self._command.task.id}.{self._command.attempt}.{self._delivery.count}"
        return f"step:{place}.{next(self._numbers)}"


def _shown(action: Proposal) -> str:
    return str(getattr(action, "command", "") or getattr(action, "path", "") or "an action")[:200]
