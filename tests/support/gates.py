"""A gatekeeper's desk without any server: the real decider, the real book, and a test that tells it things."""

from __future__ import annotations

from typing import Any, TypeVar

from maestro.bus.service import Said
from maestro.gatekeeper.book import Gate, GateBook, evolve
from maestro.gatekeeper.decider import GateCommand, decide
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice

CHOICES = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))
E = TypeVar("E", bound=e.Event)


def OPEN(**given: Any) -> c.OpenGate:
    first = {"gate": "approve-plan", "visit": 1, "step": "approve-plan", "prompt": "Go on?", "choices": CHOICES}
    return c.OpenGate(**{**first, **given})


def ASK(choice: str, **given: Any) -> c.DecideGate:
    return c.DecideGate(**{"gate": "approve-plan", "choice": choice, "by": "ann", "via": "cli", **given})


class Desk:
    """Keeps the book, the clock (ms) and the timers. `last` are the events of the last command."""

    def __init__(self) -> None:
        self.book = GateBook()
        self.now = 1_000
        self.timers: dict[str, int] = {}
        self.last: tuple[e.Event, ...] = ()
        self.log: list[Said] = []
        self._commands = 0

    def at(self, now: int) -> Desk:
        self.now = now
        return self

    def hear(self, event: e.Event) -> Desk:
        """Somebody else's event."""
        self.book = evolve(self.book, event)
        return self

    def tell(self, command: GateCommand) -> Desk:
        self._commands += 1
        decision = decide(self.book, f"decide:{self._commands}", command, self.now)
        for said in decision.said:
            self.hear(said.event)
        self.log.extend(decision.said)
        self.timers = {id: due for id, due in self.timers.items() if id not in decision.unset}
        self.timers |= {timer.id: timer.due for timer in decision.timers}
        self.last = tuple(said.event for said in decision.said)
        return self

    def said(self, kind: type[E]) -> E:
        """The one event of that kind that the last command led to."""
        found = [event for event in self.last if isinstance(event, kind)]
        assert len(found) == 1, f"wanted one {kind.__name__}, got {self.last}"
        return found[0]

    @property
    def gate(self) -> Gate:
        return self.book.gate("approve-plan", 1)
