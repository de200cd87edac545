"""What is tried again, and when does a run wait for a person first?

A full disk, a missing program or a permission fails everything alike, and a branch that somebody moved fails every
merge: trying on would only use up the attempts. The run is paused then, nothing is given up, and whoever resumes it
says that the cause is mended.
"""

from __future__ import annotations

from collections.abc import Iterator

from maestro.bus.service import Said
from maestro.conductor.errors import FOR_A_PERSON, delay_ms, may_retry
from maestro.runs.state import RunState, StepState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Problem, Retry


def hindered(state: RunState) -> Said | None:
    """The pause of a run that cannot go on as things are around it."""
    for task in _unsettled(state):
        if task.problem and task.problem.kind in FOR_A_PERSON and not task_may_retry(state, task):
            return _paused(f"task:{task.spec.id}:{task.attempt}", task.problem)
    for step in state.steps.values():
        if step.status == "running" and step.problem and _needs_a_person(step.problem):
            return _paused(f"step:{step.step.name}:{step.visit}:{step.attempt}", step.problem)
    return None


def tried_again(state: RunState) -> Iterator[Said]:
    """When the run is resumed: whatever waited for a person to mend something."""
    for task in _unsettled(state):
        if task.problem and task.problem.kind in FOR_A_PERSON:
            yield retry_task(state, task, task.problem)
    for step in state.steps.values():
        if step.status == "running" and step.problem and _needs_a_person(step.problem):
            yield retry_step(state, step, step.problem)


def task_may_retry(state: RunState, task: TaskState) -> bool:
    return may_retry(task.problem or NO_REASON, task.attempt - task.first, _policy(state))


def retry_task(state: RunState, task: TaskState, problem: Problem) -> Said:
    name, attempt = task.spec.id, task.attempt
    delay = delay_ms(_policy(state), attempt - task.first, f"{state.run}/{name}/{attempt}")
    return Said(f"task:{name}:{attempt}/retry", e.TaskRetryScheduled(name, attempt, problem, delay))


def retry_step(state: RunState, step: StepState, problem: Problem) -> Said:
    name, visit, attempt = step.step.name, step.visit, step.attempt
    delay = delay_ms(step.step.retry, attempt, f"{state.run}/{name}/{visit}/{attempt}")
    return Said(f"step:{name}:{visit}:{attempt}/retry", e.StepFailed(name, visit, attempt, problem, delay))


NO_REASON = Problem("transient", "the attempt ended without a reason")


def _paused(slot: str, problem: Problem) -> Said:
    why = f"{problem.reason}; {problem.mend}" if problem.mend else problem.reason
    return Said(f"{slot}/paused", e.RunPaused(e.MAESTRO, why))


def _needs_a_person(problem: Problem) -> bool:
    return problem.kind == "environment"


def _unsettled(state: RunState) -> list[TaskState]:
    return [state.tasks[name] for name in state.due.unsettled]


def _policy(state: RunState) -> Retry:
    return state.settings.retry if state.settings else Retry()
