"""What follows from a command to a gate? `decide(book, id, command, now) -> Decision`: pure, and always the same.

Event ids name the slot they fill. `<gate>:<visit>/decided` is the one slot for a decision and for closing without
one: a gate that has either never gets another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper.answers import Answer, Refused, answer_of, printable, utc, why_not_open
from maestro.gatekeeper.book import GateBook
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.workflow_rules import match_choice
from maestro_contracts.yamlfile import did_you_mean

GateCommand = c.OpenGate | c.DecideGate | c.GateDeadline | c.CloseGate

CLOCK_SKEW_MS = 60_000
"""A deadline's timer runs by the server's clock; so much may that be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The events, the timer to set and the timers that are needless now."""

    said: tuple[Said, ...] = ()
    timers: tuple[SetTimer, ...] = ()
    unset: tuple[str, ...] = ()


def decide(book: GateBook, id: str, command: GateCommand, now: int) -> Decision:
    """What the command (with its id) leads to at `now` (ms since the epoch)."""
    match command:
        case c.OpenGate():
            return _open(book, id, command, now)
        case c.DecideGate():
            return _answer(book, id, command, now)
        case c.GateDeadline():
            return _deadline(book, id, command, now)
        case c.CloseGate():
            return _close(book, id, command)
        case _:
            assert_never(command)


def gate_slot(gate: str, visit: int) -> str:
    return f"gate:{gate}:{visit}"


# --- opening ----------------------------------------------------------------------------------------------------


def _open(book: GateBook, id: str, command: c.OpenGate, now: int) -> Decision:
    gate = book.gate(command.gate, command.visit)
    if gate.opened is not None or gate.is_over:
        return Decision()
    if book.ended:
        return Decision((_closed(command.gate, command.visit, command.step, book.ended, id),))
    opened = _opened(command, now)
    said = Said(f"{gate_slot(command.gate, command.visit)}/opened", opened, id)
    end = _ends_at_once(command, opened, id, now)
    if end is not None:
        return Decision((said, end))
    return Decision((said,), _timer(opened))


def _opened(command: c.OpenGate, now: int) -> e.GateOpened:
    return e.GateOpened(
        gate=command.gate,
        visit=command.visit,
        step=command.step,
        prompt=command.prompt,
        choices=command.choices,
        opened=now,
        freeform=command.freeform,
        deadline=None if command.timeout_s is None else now + int(command.timeout_s * 1000),
        default=command.default,
        auto=command.auto,
        quorum=command.quorum,
        artifact_sha256=command.artifact_sha256,
        questions=command.questions,
    )


def _ends_at_once(command: c.OpenGate, opened: e.GateOpened, id: str, now: int) -> Said | None:
    """The end of a gate that waits for nobody: one that --auto-approve answers, or that nobody could answer."""
    why = _unanswerable(command)
    if not why and command.auto and command.auto_approve:
        answer = _default(opened)
        if answer is not None:
            return _decided(opened, answer, "--auto-approve", "auto", id, now)
        why = "--auto-approve takes a gate's default, and this gate has none that stands by itself"
    return _closed(command.gate, command.visit, command.step, why, id) if why else None


def _unanswerable(command: c.OpenGate) -> str:
    if not command.choices:
        return "it has no choices, so nobody can answer it"
    if command.quorum != 1:
        return f"it wants the answers of {command.quorum} people, and only one can be counted"
    return ""


def _default(opened: e.GateOpened) -> Answer | None:
    """The default as an answer, with the questions' own defaults; None where there is none or it would be refused."""
    if match_choice(opened.choices, opened.default) is None:
        return None
    try:
        return answer_of(opened, c.DecideGate(opened.gate, opened.default, by="default", via="default"))
    except Refused:
        return None


def _timer(opened: e.GateOpened) -> tuple[SetTimer, ...]:
    if opened.deadline is None:
        return ()
    id = f"{gate_slot(opened.gate, opened.visit)}/deadline"
    return (SetTimer(id, opened.deadline, Asked(id, c.GateDeadline(opened.gate, opened.visit))),)


# --- answers ----------------------------------------------------------------------------------------------------


def _answer(book: GateBook, id: str, command: c.DecideGate, now: int) -> Decision:
    visit = command.visit or book.latest(command.gate)
    try:
        opened = _open_gate(book, command.gate, visit, now)
        answer = answer_of(opened, command)
    except Refused as refused:
        given, by = printable(command.choice), printable(command.by)
        event = e.DecisionRefused(printable(command.gate), visit, given, by, str(refused))
        return Decision((Said(f"{id}/refused", event, id),))
    return Decision((_decided(opened, answer, command.by, command.via, id, now),), unset=_needless(opened))


def _open_gate(book: GateBook, name: str, visit: int, now: int) -> e.GateOpened:
    gate = book.gate(name, visit)
    if gate.opened is None and not gate.is_over and name not in book.names():
        raise Refused(f"there is no gate {printable(name)!r}; {did_you_mean(name, book.names())}".rstrip("; "))
    why = why_not_open(gate, now) or book.ended
    if why or gate.opened is None:
        raise Refused(why)
    return gate.opened


# --- the end of a gate ------------------------------------------------------------------------------------------


def _deadline(book: GateBook, id: str, command: c.GateDeadline, now: int) -> Decision:
    gate = book.gate(command.gate, command.visit)
    opened = gate.opened
    if gate.is_over or opened is None or opened.deadline is None:
        return Decision()
    if now + CLOCK_SKEW_MS < opened.deadline:
        return Decision(timers=(_again(opened, opened.deadline, now),))
    answer = _default(opened)
    if answer is not None:
        return Decision((_decided(opened, answer, "deadline", "deadline", id, now),))
    why = f"nobody answered until its deadline ({utc(opened.deadline)}), and it has no default"
    return Decision((_closed(opened.gate, opened.visit, opened.step, why, id, expired=True),))


def _again(opened: e.GateOpened, deadline: int, now: int) -> SetTimer:
    """The timer for when our own clock has come to the deadline: as much later as the server's is ahead."""
    id = f"{gate_slot(opened.gate, opened.visit)}/deadline"
    return SetTimer(id, 2 * deadline - now, Asked(f"{id}:{now}", c.GateDeadline(opened.gate, opened.visit)))


def _close(book: GateBook, id: str, command: c.CloseGate) -> Decision:
    gate = book.gate(command.gate, command.visit)
    if gate.is_over:
        return Decision()
    step = gate.opened.step if gate.opened is not None else command.gate.partition(".")[0]
    said = _closed(command.gate, command.visit, step, command.because, id)
    return Decision((said,), unset=_needless(gate.opened))


def _needless(opened: e.GateOpened | None) -> tuple[str, ...]:
    return tuple(timer.id for timer in _timer(opened)) if opened is not None else ()


def _decided(opened: e.GateOpened, answer: Answer, approver: str, via: str, id: str, now: int) -> Said:
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
    )
    return Said(f"{gate_slot(opened.gate, opened.visit)}/decided", event, id)


def _closed(gate: str, visit: int, step: str, because: str, id: str, *, expired: bool = False) -> Said:
    event = e.GateClosed(gate, visit, step, because, expired)
    return Said(f"{gate_slot(gate, visit)}/decided", event, id)
