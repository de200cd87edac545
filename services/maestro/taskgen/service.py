"""How does the task generator meet the world? A PRD comes in, the graph or a refusal goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never, cast

from maestro.bus.service import Context, Delivery, Outcome, Said, Service
from maestro.taskgen.decider import Generated, Refused, generate
from maestro_contracts import events as e
from maestro_contracts.commands import GenerateTasks

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools


async def generate_tasks(delivery: Delivery, ctx: Context) -> Outcome:
    request = cast(GenerateTasks, delivery.command)
    result = await asyncio.to_thread(generate, request)
    return Outcome(delivery.run, tuple(said(delivery.id, request, result)))


def said(id: str, request: GenerateTasks, result: Generated | Refused) -> Iterator[Said]:
    """The events of one generation: the decisions and the graph, or the refusal."""
    match result:
        case Generated(epics, tasks, decisions):
            for decision in decisions:
                yield Said(f"{id}/decision:{decision.id}", e.DecisionRecorded(decision))
            yield Said(f"{id}/result", e.TasksGenerated(request.step, request.visit, epics, tasks))
        case Refused(problem):
            yield Said(f"{id}/result", e.TasksRefused(request.step, request.visit, request.attempt, problem))
        case _:
            assert_never(result)


def make_service(tools: Tools) -> Service:
    return Service(role="taskgen", handlers={GenerateTasks: generate_tasks}, parallel=4, batch_size=1)
