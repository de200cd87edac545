"""What the task generator says when a command is handed to it."""

from __future__ import annotations

from maestro.bus.service import Delivery, Outcome
from maestro.taskgen.service import generate_tasks
from maestro_contracts import events as e
from maestro_contracts.commands import GenerateTasks
from maestro_contracts.records import Codebase, Prd, Requirement
from maestro_contracts.roles import may_say
from tests.support.handling import RecordingContext


async def handled(*requirements: Requirement) -> Outcome:
    command = GenerateTasks("tasks", 2, 3, Prd("F", "f", 1, "medium", requirements), Codebase())
    delivery = Delivery(command, "tasks:tasks:2:3", "the-run-abc234", "e", 1, "1-0", "q")
    outcome = await generate_tasks(delivery, RecordingContext())
    assert all(may_say("taskgen", type(said.event).__name__) for said in outcome.events)
    return outcome


async def test_a_graph_and_the_decisions_behind_it_are_said() -> None:
    outcome = await handled(Requirement("R-1", "one"), Requirement("R-2", "two"))
    assert [said.id for said in outcome.events] == [
        "tasks:tasks:2:3/decision:epics-v1",
        "tasks:tasks:2:3/decision:groups-v1",
        "tasks:tasks:2:3/result",
    ]
    result = outcome.events[-1].event
    assert isinstance(result, e.TasksGenerated)
    assert (result.step, result.visit, [task.id for task in result.tasks]) == ("tasks", 2, ["T-001", "T-002"])


async def test_a_refusal_fills_the_same_slot() -> None:
    (said,) = (await handled()).events
    assert said.id == "tasks:tasks:2:3/result"
    assert isinstance(said.event, e.TasksRefused) and said.event.attempt == 3
