"""How does a test hand a command to a service's handler? A delivery, and a context that records what is said."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from maestro.bus.service import Delivery, Outcome
from maestro_contracts.commands import Command
from maestro_contracts.events import Event

E = TypeVar("E", bound=Event)


class RecordingContext:
    """Keeps `maestro.bus.service.Context`; the clock counts the calls, a second each."""

    def __init__(self, actor: str = "actor-1") -> None:
        self.actor = actor
        self.said: list[Outcome] = []
        self.time = 1_700_000_000_000
        self._stopped = asyncio.Event()
        self._why = ""

    def now(self) -> int:
        self.time += 1000
        return self.time

    async def say(self, outcome: Outcome) -> None:
        self.said.append(outcome)

    async def say_at(self, outcome: Outcome) -> bool:
        self.said.append(outcome)
        return True

    async def cancelled(self, delivery: Delivery) -> str:
        await self._stopped.wait()
        return self._why

    def cancel(self, why: str) -> None:
        self._why = why
        self._stopped.set()

    def events(self, kind: type[E]) -> list[E]:
        return [said.event for outcome in self.said for said in outcome.events if isinstance(said.event, kind)]


def delivered(command: Command, id: str, *, run: str = "r-abc234", count: int = 1) -> Delivery:
    return Delivery(command, id, run, f"{id}/cause", count, f"{count}-0", f"q:{command.to}")


def the(outcome: Outcome, kind: type[E]) -> E:
    """The one event of that kind in the outcome."""
    found = [said.event for said in outcome.events]
    events = [event for event in found if isinstance(event, kind)]
    assert len(events) == 1, f"expected one {kind.__name__}, found {found}"
    return events[0]
