"""What does a run's log say of its gates? `GateBook` and its fold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from maestro_contracts import events as e


@dataclass(frozen=True, slots=True)
class Gate:
    """One visit of a gate. Of `decided` and `closed` at most one is there, and it stays as it is."""

    opened: e.GateOpened | None = None
    decided: e.GateDecided | None = None
    closed: e.GateClosed | None = None

    @property
    def is_over(self) -> bool:
        return self.decided is not None or self.closed is not None


@dataclass(frozen=True, slots=True)
class GateBook:
    """All visits of all gates of a run, and why the run ended (empty while it goes on)."""

    gates: Mapping[tuple[str, int], Gate] = field(default_factory=dict)
    ended: str = ""

    def gate(self, name: str, visit: int) -> Gate:
        return self.gates.get((name, visit), Gate())

    def latest(self, name: str) -> int:
        """The gate's newest visit; 0 where there is none."""
        return max((visit for gate, visit in self.gates if gate == name), default=0)

    def names(self) -> list[str]:
        return sorted({name for name, _ in self.gates})


GATE_EVENTS = e.GateOpened | e.GateDecided | e.GateClosed
END_EVENTS = e.RunCancelled | e.RunFailed | e.RunCompleted
_ENDED = {e.RunCancelled: "the run was cancelled", e.RunFailed: "the run failed", e.RunCompleted: "the run is complete"}


def evolve(book: GateBook, event: e.Event) -> GateBook:
    """The book after one more event. What comes first stays: a second opening or decision changes nothing."""
    match event:
        case e.GateOpened() | e.GateDecided() | e.GateClosed():
            before = book.gate(event.gate, event.visit)
            after = _evolve_gate(before, event)
            return book if after is before else replace(book, gates={**book.gates, (event.gate, event.visit): after})
        case e.RunCancelled() | e.RunFailed() | e.RunCompleted() if not book.ended:
            return replace(book, ended=_ENDED[type(event)])
        case _:
            return book


def _evolve_gate(gate: Gate, event: GATE_EVENTS) -> Gate:
    match event:
        case e.GateOpened() if gate.opened is None:
            return replace(gate, opened=event)
        case e.GateDecided() if not gate.is_over:
            return replace(gate, decided=event)
        case e.GateClosed() if not gate.is_over:
            return replace(gate, closed=event)
        case _:
            return gate
