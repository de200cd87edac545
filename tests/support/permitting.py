"""Somebody who lets effects begin, or does not, without any log."""

from __future__ import annotations

from collections.abc import Callable

from maestro.approvals.book import ActionBook, Hindrance, Intent
from maestro.bus.service import Context


class Permitting:
    """Keeps `maestro.approvals.permission.Begins`. `begun` are the intents that came; `hindrance` is the answer."""

    def __init__(self) -> None:
        self.begun: list[Intent] = []
        self.hindrance: Hindrance | None = None

    async def begin(self, run: str, intend: Callable[[ActionBook], Intent], ctx: Context) -> Hindrance | None:
        self.begun.append(intend(ActionBook()))
        return self.hindrance
