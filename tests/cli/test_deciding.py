"""Does an answer from a terminal go to the gate that is meant, and is a person told what became of their own?"""

from __future__ import annotations

import msgspec
import pytest

from maestro.cli.deciding import is_too_late, meant, outcome
from maestro.cli.errors import CliError
from maestro.runs.fold import new_run
from maestro.runs.state import GateState, RunState
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Vote

OPENED = e.GateOpened("look", 1, "look", "Good?", (Choice("keep", "k"), Choice("stop", "s", "_fail")), opened=1)
DECIDED = e.GateDecided("look", 1, "look", "keep", "k", "", "ann", "web", at=2)


def run_with_a_gate(name: str, status: str = "open", visit: int = 1) -> RunState:
    state = new_run(name)
    state.gates["look", visit] = GateState("look", visit, "look", status, OPENED)
    return state


def test_a_gate_of_the_same_name_in_two_runs_is_not_guessed() -> None:
    with pytest.raises(CliError) as refused:
        meant([run_with_a_gate("a-1"), run_with_a_gate("b-2")], "look")
    assert "nothing was decided" in refused.value.reason and "a-1, b-2" in refused.value.mend


def test_the_one_that_waits_is_meant_whatever_else_was_decided() -> None:
    state, gate = meant([run_with_a_gate("a-1"), run_with_a_gate("b-2", "decided")], "look")
    assert (state.run, gate.status) == ("a-1", "open")


def test_an_answer_to_an_earlier_visit_is_none_to_this_one() -> None:
    with pytest.raises(CliError, match="is at visit 2 by now, not 1"):
        meant([run_with_a_gate("a-1", visit=2)], "look", 1)


def test_whoever_was_too_late_is_told_so_and_not_that_another_has_decided_for_them() -> None:
    late = e.DecisionRefused("look", 1, "s", "bob", "already decided by ann: keep", "already_decided", "cli")
    with pytest.raises(CliError, match="already decided by ann"):
        outcome(late, GateState("look", 1, "look", "decided", OPENED, DECIDED))


def test_another_persons_refusal_is_not_told_as_ones_own() -> None:
    gate = GateState("look", 1, "look", "open", OPENED)
    gate.refused = [e.DecisionRefused("look", 1, "x", "eve", "not signed", "unauthenticated")]
    mine = e.GateVoted("look", 1, "look", Vote("bob", "keep", "k", 3, "cli"), "n1")
    assert outcome(mine, gate).startswith("look: bob says keep")


def test_a_gate_past_its_deadline_asks_nobody() -> None:
    asks = msgspec.structs.replace(OPENED, deadline=1)
    assert is_too_late(GateState("look", 1, "look", "open", asks))
    assert not is_too_late(GateState("look", 1, "look", "open", OPENED))
    assert not is_too_late(GateState("look", 1, "look", "decided", asks, DECIDED))
