"""How does a worker's agent ask before it does something? Proposed, waited for, begun once, ended; each time anew."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

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


Came = Literal["done", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an action: its proposal, what the log says of it, and what hinders it; None where it may be done
    and has begun."""

    proposal: str
    action: Action
    hindrance: Hindrance | None


class Asking:
    """The actions of one delivery of one attempt, numbered; see `maestro.agents.protocol.Permit`."""

    given: tuple[str, ...] = ()
    """The secrets that the agent was given: what holds one of them is not proposed, since proposals are recorded."""

    def __init__(self, permits: Permits, delivery: Delivery, command: c.DoTask, ctx: Context) -> None:
        self._permits, self._delivery, self._command, self._ctx = permits, delivery, command, ctx
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def permit(self, action: Proposal, limit: Limit) -> AsyncIterator[None]:
        with limit.paused():
            answer = await self.begun(action)
        if answer.hindrance is not None:
            reason = f"{_shown(action)} was not allowed: {answer.hindrance.reason}"
            raise NotAllowed(Problem("not_approved", reason, "do without it, or ask for something else"))
        outcome: Came = "failed"
        try:
            yield
            outcome = "done"
        finally:
            await self.ended(answer.proposal, outcome)

    async def begun(self, action: Proposal, why: str = "") -> Answer:
        """Proposed, waited for, and begun, unless something hinders that. `why` is the agent's word, for people. Raises
        NotAllowed for what may not even be asked."""
        if any(secret in str(value) for secret in self.given for value in _values(action)):
            mend = "name the variable that holds it instead, so that it is recorded nowhere"
            raise NotAllowed(Problem("not_approved", "the action holds the value of a credential", mend))
        for _ in range(TRIES):
            answer = await self._tried(self._name(), action, why)
            if answer.hindrance is None or not answer.hindrance.again:
                break
        return answer

    async def ended(self, proposal: str, outcome: Came) -> None:
        """What came of what has begun."""
        said = Said(ended(proposal), e.EffectEnded(proposal, outcome), consumed(proposal))
        # What was done is done, whether or not this can be recorded.
        with suppress(RuntimeError):
            await self._ctx.say(Outcome(self._delivery.run, (said,), advance=False))

    async def _tried(self, proposal: str, action: Proposal, why: str) -> Answer:
        run, task = self._delivery.run, self._command.task.id
        asked = c.ProposeAction(
            proposal=proposal,
            task=task,
            attempt=self._command.attempt,
            by=self._ctx.actor,
            parts=(action,),
            agent=self._command.agent.kind,
            why=why,
        )
        said = await self._permits.answer(run, asked, self._ctx, f"{self._delivery.id}/started:{self._delivery.count}")
        digest = action_digest(action)

        def intend(book: ActionBook) -> Intent:
            return intent_of(book, proposal, digest, (action,), (), f"{self._delivery.id}:{self._delivery.count}")

        return Answer(proposal, said, await self._permits.begin(run, intend, self._ctx))

    def _name(self) -> str:
        """A delivery that takes over proposes anew: nobody knows how far the lost one came."""
        place = f"{self._command.task.id}.{self._command.attempt}.{self._delivery.count}"
        return f"step:{place}.{next(self._numbers)}"


def _values(action: Proposal) -> Iterator[object]:
    fields = msgspec.to_builtins(action)
    waiting = [fields]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
        else:
            yield value


def _shown(action: Proposal) -> str:
    return str(getattr(action, "command", "") or getattr(action, "path", "") or "an action")[:200]
