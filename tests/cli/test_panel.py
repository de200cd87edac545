"""What does a person see of a run in a terminal, however narrow it is?"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from maestro.cli.panel import panel
from maestro.runs.fold import evolve, new_run
from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, Repo, Settings, Step, TaskSpec, Workflow


@pytest.fixture
def state() -> RunState:
    names = ("initialise", "plan", "tasks", "implement", "validate", "handoff")
    steps = tuple(Step(name, name, max(1, phase), name) for phase, name in enumerate(names))
    repo, settings = Repo("/repo", "a" * 40, "main"), Settings(AgentSpec("script"))
    state = evolve(
        new_run("tags-abc234"), e.RunStarted("Tags", "spec", "", repo, Workflow("w", steps), settings, "ann", 0)
    )
    evolve(state, e.StepStarted("implement", 1, 1, "implement", 3, ""))
    task = TaskState(TaskSpec("T-001", "Give every note a list of tags"), "implement", status="running")
    state.tasks["T-001"] = task
    return state


@pytest.mark.parametrize("width", [30, 40, 80, 120])
def test_the_phase_and_the_task_at_work_are_there_at_every_width(state: RunState, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, color_system=None)

    console.print(panel(state, 5_000, (), width))

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert any("● Implementation" in line for line in lines), lines
    assert any("T-001" in line for line in lines), lines
    assert all(len(line) <= width for line in lines), lines
    assert any("Planning" in line for line in lines) == (width >= 80)
