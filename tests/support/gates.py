"""A gatekeeper's desk without any server: the real decider, the real book, and a test that tells it things."""

from __future__ import annotations

from typing import Any, TypeVar

from maestro.bus.service import Said
from maestro.gatekeeper.book import Gate, GateBook
from maestro.gatekeeper.decider import Books, GateCommand, Here, decide, evolve
from maestro.gatekeeper.people import Nobody, People
from maestro.gatekeeper.proposing import Judged
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Escalation

CHOICES = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))
RUN = "try-abc234"
POLICY = "f" * 64
E = TypeVar("E", bound=e.Event)


def OPEN(**given: Any) -> c.OpenGate:
    first = {"gate": "approve-plan", "visit": 1, "step": "approve-plan", "prompt": "Go on?", "choices": CHOICES}
    if isinstance(given.get("escalate"), dict):
        given["escalate"] = Escalation(**given["escalate"])
    return c.OpenGate(**{**first, **given})


def ASK(choice: str, **given: Any) -> c.DecideGate:
    return c.DecideGate(**{"gate": "approve-plan", "choice": choice, "by": "ann", "via": "cli", **given})


class Desk:
    """Keeps the books, the clock (ms), the people and the timers. `last` are the events of the last command."""

    def __init__(self, people: People | None = None) -> None:
        self.books = Books()
        self.people = people or Nobody()
        self.now = 1_000
        self.timers: dict[str, int] = {}
        self.last: tuple[e.Event, ...] = ()
        self.log: list[Said] = []
        self.asks: list[c.Command] = []
        self._commands = 0

    def at(self, now: int) -> Desk:
        self.now = now
        return self

    def hear(self, event: e.Event) -> Desk:
        """Somebody else's event."""
        self.books = evolve(self.books, event)
        return self

    @property
    def book(self) -> GateBook:
        return self.books.gates

    @property
    def here(self) -> Here:
        return Here(RUN, self.now, self.people, POLICY)

    def tell(self, command: GateCommand | Judged) -> Desk:
        self._commands += 1
        decision = decide(self.books, f"decide:{self._commands}", command, self.here)
        for said in decision.said:
            self.hear(said.event)
        self.log.extend(decision.said)
        self.asks.extend(asked.command for asked in decision.asks)
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
