"""How does a gate end, and which timers go with it? Its slots, its default, its last event. Pure.

Event ids name the slot they fill. `<gate>:<visit>/decided` is the one slot for a decision and for closing without one:
a gate that has either never gets another.
"""

from __future__ import annotations

from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper.answers import Answer, Refused, answer_of
from maestro.gatekeeper.book import Gate
from maestro.gatekeeper.counting import ways_on
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Vote
from maestro_contracts.workflow_rules import match_choice

POLLED = frozenset({"command", "pull-request"})
"""Kinds of gates that are looked at again and again."""


def gate_slot(gate: str, visit: int) -> str:
    return f"gate:{gate}:{visit}"


def default_of(opened: e.GateOpened) -> Answer | None:
    """The default as an answer, with the questions' own defaults; None where there is none or it would be refused."""
    if match_choice(opened.choices, opened.default) is None:
        return None
    try:
        return answer_of(opened, c.DecideGate(opened.gate, opened.default, by="default", via="default"))
    except Refused:
        return None


def goes_on(opened: e.GateOpened) -> Answer:
    """What a gate comes to that waits for no person: its default, else its first way on."""
    return default_of(opened) or Answer(ways_on(opened.choices)[0])


# --- timers -----------------------------------------------------------------------------------------------------


def timers_of(opened: e.GateOpened, reminders: int = 0) -> tuple[SetTimer, ...]:
    """The timers of a gate that has just opened, or that has sent so many reminders."""
    made = []
    if opened.deadline is not None:
        made.append(_timer(opened, "deadline", opened.deadline, c.GateDeadline(opened.gate, opened.visit)))
    if opened.escalate is not None:
        due = escalation_due(opened)
        made.append(_timer(opened, "escalation", due, c.GateEscalation(opened.gate, opened.visit)))
    if opened.remind_s is not None:
        made.append(reminder_timer(opened, reminders + 1))
    return tuple(made)


def _timer(opened: e.GateOpened, what: str, due: int, command: c.Command) -> SetTimer:
    id = f"{gate_slot(opened.gate, opened.visit)}/{what}"
    return SetTimer(id, due, Asked(id, command))


def escalation_due(opened: e.GateOpened) -> int:
    assert opened.escalate is not None
    return opened.opened + int(opened.escalate.after_s * 1000)


def reminder_timer(opened: e.GateOpened, number: int) -> SetTimer:
    command = c.GateReminder(opened.gate, opened.visit, number)
    return _timer(opened, f"reminder:{number}", reminder_due(opened, number), command)


def reminder_due(opened: e.GateOpened, number: int) -> int:
    return opened.opened + int((opened.remind_s or 0.0) * 1000) * number


def needless(gate: Gate) -> tuple[str, ...]:
    """The timers that have nothing to do once the gate is over."""
    if gate.opened is None:
        return ()
    polls = (f"{gate_slot(gate.opened.gate, gate.opened.visit)}/poll",) if gate.opened.kind in POLLED else ()
    return tuple(timer.id for timer in timers_of(gate.opened, gate.reminders)) + polls


# --- the last event ---------------------------------------------------------------------------------------------


def decided(
    opened: e.GateOpened,
    answer: Answer,
    approver: str,
    via: str,
    id: str,
    now: int,
    votes: tuple[Vote, ...] = (),
) -> Said:
    event = e.GateDecided(
        gate=opened.gate,
        visit=opened.visit,
        step=opened.step,
        choice=answer.choice.label,
        key=answer.choice.key,
        target=answer.choice.target,
        approver=approver,
        via=via,
        at=now,
        text=answer.text,
        answers=dict(answer.answers),
        conditions=answer.conditions,
        votes=votes,
    )
    return Said(f"{gate_slot(opened.gate, opened.visit)}/decided", event, id)


def closed(gate: str, visit: int, step: str, because: str, id: str, *, expired: bool = False) -> Said:
    event = e.GateClosed(gate, visit, step, because, expired)
    return Said(f"{gate_slot(gate, visit)}/decided", event, id)
