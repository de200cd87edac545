"""What does a run's log say of its gates? `GateBook` and its fold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from maestro_contracts import events as e
from maestro_contracts.records import Approvals, Forge


@dataclass(frozen=True, slots=True)
class Gate:
    """One visit of a gate. Of `decided` and `closed` at most one is there, and it stays as it is. `votes` are in order,
    one for each person; `escalated` are the roles that may decide as well by now."""

    opened: e.GateOpened | None = None
    votes: tuple[e.GateVoted, ...] = ()
    reminders: int = 0
    escalated: tuple[str, ...] = ()
    ran: e.GateCommandRan | None = None
    seen: e.PullRequestSeen | None = None
    decided: e.GateDecided | None = None
    closed: e.GateClosed | None = None

    @property
    def is_over(self) -> bool:
        return self.decided is not None or self.closed is not None

    def vote_of(self, person: str) -> e.GateVoted | None:
        return next((voted for voted in self.votes if voted.vote.person == person), None)


@dataclass(frozen=True, slots=True)
class GateBook:
    """All visits of all gates of a run, the nonces of all signed words in it, and why the run ended (empty while it
    goes on). `approvals` are the run's rules for actions, `forge` is where its branch may be merged."""

    gates: Mapping[tuple[str, int], Gate] = field(default_factory=dict)
    nonces: frozenset[str] = frozenset()
    approvals: Approvals = field(default_factory=Approvals)
    forge: Forge | None = None
    ended: str = ""

    def gate(self, name: str, visit: int) -> Gate:
        return self.gates.get((name, visit), Gate())

    def latest(self, name: str) -> int:
        """The gate's newest visit; 0 where there is none."""
        return max((visit for gate, visit in self.gates if gate == name), default=0)

    def names(self) -> list[str]:
        return sorted({name for name, _ in self.gates})


GATE_EVENTS = (
    e.GateOpened
    | e.GateVoted
    | e.GateReminded
    | e.GateEscalated
    | e.GateCommandRan
    | e.PullRequestSeen
    | e.GateDecided
    | e.GateClosed
)
SIGNED_EVENTS = e.GrantIssued | e.GrantRevoked | e.EffectApproved | e.RollBackOrdered
_ENDED = {e.RunCancelled: "the run was cancelled", e.RunFailed: "the run failed", e.RunCompleted: "the run is complete"}


def evolve(book: GateBook, event: e.Event) -> GateBook:
    """The book after one more event. What comes first stays: a second opening or decision changes nothing."""
    match event:
        case e.GateVoted():
            return _evolve_gates(_used(book, event.nonce), event)
        case e.GrantIssued() | e.GrantRevoked() | e.EffectApproved() | e.RollBackOrdered():
            return _used(book, event.nonce)
        case (
            e.GateOpened()
            | e.GateReminded()
            | e.GateEscalated()
            | e.GateCommandRan()
            | e.PullRequestSeen()
            | e.GateDecided()
            | e.GateClosed()
        ):
            return _evolve_gates(book, event)
        case e.RunStarted() | e.RunForked():
            return replace(book, approvals=event.settings.approvals, forge=event.settings.forge)
        case e.RunCancelled() | e.RunFailed() | e.RunCompleted() if not book.ended:
            return replace(book, ended=_ENDED[type(event)])
        case _:
            return book


def _used(book: GateBook, nonce: str) -> GateBook:
    return replace(book, nonces=book.nonces | {nonce}) if nonce else book


def _evolve_gates(book: GateBook, event: GATE_EVENTS) -> GateBook:
    before = book.gate(event.gate, event.visit)
    after = _evolve_gate(before, event)
    return book if after is before else replace(book, gates={**book.gates, (event.gate, event.visit): after})


def _evolve_gate(gate: Gate, event: GATE_EVENTS) -> Gate:
    match event:
        case e.GateOpened() if gate.opened is None:
            return replace(gate, opened=event)
        case e.GateVoted() if not gate.is_over and gate.vote_of(event.vote.person) is None:
            return replace(gate, votes=(*gate.votes, event))
        case e.GateReminded():
            return replace(gate, reminders=max(gate.reminders, event.number))
        case e.GateEscalated():
            return replace(gate, escalated=tuple(dict.fromkeys((*gate.escalated, *event.to))))
        case e.GateCommandRan() if gate.ran is None or event.number > gate.ran.number:
            return replace(gate, ran=event)
        case e.PullRequestSeen() if gate.seen is None or event.number > gate.seen.number:
            return replace(gate, seen=event)
        case e.GateDecided() if not gate.is_over:
            return replace(gate, decided=event)
        case e.GateClosed() if not gate.is_over:
            return replace(gate, closed=event)
        case _:
            return gate
