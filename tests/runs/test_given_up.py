"""What does a command that was given up change in a run? Only what it was itself to bring about."""

from __future__ import annotations

import pytest

from maestro.runs.fold import evolve, new_run
from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import TaskSpec


def run_with_a_task() -> RunState:
    state = new_run("try-abc234")
    state.tasks["T-001"] = TaskState(TaskSpec("T-001", "add"), "implement", status="running", attempt=1)
    return state


def given_up(command: str) -> e.CommandDeadLettered:
    return e.CommandDeadLettered(command, "SomeCommand", "gatekeeper", 5, "nobody could do it")


def test_an_attempt_that_was_given_up_came_to_nothing() -> None:
    state = evolve(run_with_a_task(), given_up("task:T-001:1"))
    assert state.tasks["T-001"].status == "unsettled"


@pytest.mark.parametrize("command", ["task:T-001:1/journal:1:2", "task:T-001", "task:", "task", "", "task:T-001:x:y"])
def test_what_an_attempt_asked_for_on_the_way_does_not_end_it(command: str) -> None:
    state = evolve(run_with_a_task(), given_up(command))
    assert (state.tasks["T-001"].status, len(state.dead_letters)) == ("running", 1)
