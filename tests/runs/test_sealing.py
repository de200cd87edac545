"""What do seals and violations make of a run?"""

from __future__ import annotations

from maestro.runs.fold import evolve, new_run
from maestro.runs.state import RunState
from maestro_contracts import events as e


def running() -> RunState:
    state = new_run("r")
    state.status = "running"
    return state


def test_the_newest_seal_is_kept_and_later_cosignatures_join_it() -> None:
    state = running()
    evolve(state, e.LogSealed(5, "aa", "note 5"))
    evolve(state, e.LogSealed(3, "bb", "note 3"))
    evolve(state, e.SealCosigned(3, "late", ("w1",), ()))
    evolve(state, e.SealCosigned(5, "more", ("w1",), ("w2",)))
    assert e.LogSealed(5, "aa", "more", ("w1",), ("w2",)) == state.sealed


def test_a_violation_quarantines_the_run_until_a_person_resumes_it() -> None:
    state = running()
    found = e.ViolationFound(7, "nobody signed it")
    evolve(state, found)
    evolve(state, e.ViolationFound(8, "another"))
    assert ("paused", found) == (state.status, state.quarantine)
    evolve(state, e.RunResumed("ada"))
    assert (state.status, state.quarantine) == ("running", None)


def test_a_run_that_has_ended_stays_as_it_is() -> None:
    state = running()
    state.status = "completed"
    evolve(state, e.ViolationFound(7, "said after the end"))
    assert (state.status, state.quarantine) == ("completed", None)
