"""Somebody who lets effects begin, or does not, without any log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from maestro.approvals.book import Action, ActionBook, Hindrance, Intent
from maestro.bus.service import Context
from maestro_contracts import commands as c
from maestro_contracts import events as e


class Permitting:
    """Keeps `maestro.worker.asking.Permits`. `asked` and `begun` are what came; `hindrance` is the answer, for which
    people need `takes_s`."""

    def __init__(self) -> None:
        self.asked: list[c.ProposeAction] = []
        self.begun: list[Intent] = []
        self.hindrance: Hindrance | None = None
        self.takes_s = 0.0

    async def answer(self, run: str, command: c.ProposeAction, ctx: Context, cause: str) -> Action:
        self.asked.append(command)
        await asyncio.sleep(self.takes_s)
        return Action(e.ActionProposed(command.proposal, command.task, command.attempt, command.by, "d", "s"))

    async def begin(self, run: str, intend: Callable[[ActionBook], Intent], ctx: Context) -> Hindrance | None:
        self.begun.append(intend(ActionBook()))
        return self.hindrance
