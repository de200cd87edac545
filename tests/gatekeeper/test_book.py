"""What does the book of gates keep of a log, whatever stands in it?"""

from __future__ import annotations

from maestro.gatekeeper.book import GateBook, evolve
from maestro_contracts import events as e
from maestro_contracts.records import Problem
from tests.support.gates import CHOICES

OPENED = e.GateOpened("ask", 1, "ask", "Go on?", CHOICES, 1)
APPROVED = e.GateDecided("ask", 1, "ask", "approve", "a", "", "ann", "cli", 2)
ABORTED = e.GateDecided("ask", 1, "ask", "abort", "x", "_fail", "bob", "cli", 3)
CLOSED = e.GateClosed("ask", 1, "ask", "the run was cancelled")


def book(*events: e.Event) -> GateBook:
    made = GateBook()
    for event in events:
        made = evolve(made, event)
    return made


def test_the_first_decision_stays_whatever_follows() -> None:
    assert book(OPENED, APPROVED, ABORTED, CLOSED, OPENED).gate("ask", 1) == book(OPENED, APPROVED).gate("ask", 1)


def test_a_closed_gate_stays_closed() -> None:
    gate = book(OPENED, CLOSED, APPROVED).gate("ask", 1)
    assert (gate.closed, gate.decided) == (CLOSED, None)


def test_the_first_opening_stays() -> None:
    other = e.GateOpened("ask", 1, "ask", "Really?", (), 9)
    assert book(OPENED, other).gate("ask", 1).opened == OPENED


def test_visits_are_gates_of_their_own() -> None:
    again = e.GateOpened("ask", 2, "ask", "Go on?", CHOICES, 4)
    found = book(OPENED, APPROVED, again)
    assert (found.latest("ask"), found.gate("ask", 2).decided, found.latest("other")) == (2, None, 0)


def test_the_first_end_of_a_run_is_the_one_that_counts() -> None:
    ended = book(e.RunCancelled("ann"), e.RunFailed("plan", Problem("structural", "x"), 1), e.RunCompleted(2)).ended
    assert ended == "the run was cancelled"


def test_what_is_not_about_gates_changes_nothing() -> None:
    before = book(OPENED)
    assert evolve(before, e.StepCompleted("ask", 1)) is before
