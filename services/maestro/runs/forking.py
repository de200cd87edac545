"""What of a run's state does a fork of it go on from? What was done stays done; what was allowed must be allowed anew.

Kept: the plan, what people answered and asked to heed, finished steps, merged tasks, and the commit that all of it
came to. Begun again: whatever was under way, the run's branch, and the handover. Gone: approvals, grants, and every
gate whose yes was not used up yet, so that it is asked again. Pure.
"""

from __future__ import annotations

import msgspec

from maestro.runs.state import Due, Lane, Origin, RunState, StepState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Settings

AGAIN = frozenset({"initialise", "handoff"})
"""Steps that concern the run's own branch: a fork has another one."""
OF_TASKS = frozenset({"implement", "probe", "command", "agent"})
AT_REST = frozenset({"waiting", "done", "failed"})


def go_on_from(state: RunState, event: e.RunForked) -> str:
    """Make the state of the parent that of its fork. Returns what is wrong with that; nothing is changed then."""
    if problem := _another(state, event):
        return problem
    state.forked = Origin(event.parent, event.entry, event.entry_sha256)
    state.settings, state.requested_by = event.settings, event.requested_by
    state.status, state.started, state.ended = "running", event.at, 0
    state.problem = state.aborted = state.handed_over = state.sealed = state.quarantine = None
    state.failed_step = state.branch = state.merging = ""
    state.in_flight = 0
    state.violations = [f"{event.parent}: {text}" for text in state.violations]
    state.refusals, state.dead_letters = [], []
    state.gates, state.actions, state.grants, state.checkpoints = {}, {}, {}, {}
    state.due = Due()
    for step in state.steps.values():
        _step_again(state, step)
    _unused_gates_again(state)
    return ""


def _another(state: RunState, event: e.RunForked) -> str:
    """Whether the fork says something else of its parent than that itself."""
    said = (event.feature, event.repo, event.workflow, asked_anew(event.settings))
    if state.settings is None or said != (state.feature, state.repo, state.workflow, asked_anew(state.settings)):
        return f"the run was forked from {event.parent}, and is about something else than that"
    return ""


def asked_anew(settings: Settings) -> Settings:
    """The settings without what whoever forks a run says anew."""
    return msgspec.structs.replace(settings, auto_approve=False, interactive=False)


# --- steps ----------------------------------------------------------------------------------------------------------


def _step_again(state: RunState, step: StepState) -> None:
    lane = state.lanes.get(step.step.name)
    if step.step.kind in OF_TASKS and lane is not None and _goes_on(step, lane):
        step.status, step.problem, step.ended = "running", None, 0
        _tasks_again(state, lane)
    elif step.step.kind in AGAIN or step.status not in {"done", "waiting"}:
        _wait(step)


def _goes_on(step: StepState, lane: Lane) -> bool:
    """A step whose tasks were under way goes on with those that are left. One that was given up begins anew, but for
    the tasks of the plan, which stay as they are."""
    if lane.visit != step.visit:
        return False
    return step.status in {"running", "retrying"} or (step.status == "failed" and step.step.kind == "implement")


def _wait(step: StepState) -> None:
    """As if this visit had never begun."""
    if step.status != "waiting":
        step.visit = max(0, step.visit - 1)
    step.status, step.attempt, step.outcome = "waiting", 0, ""
    step.answer = step.problem = None
    step.started = step.ended = step.retry_at = 0


def _unused_gates_again(state: RunState) -> None:
    """What follows a gate at once must be done for its yes to be used up: else it would allow what happens in the fork,
    where nobody has said it."""
    for name, step in state.steps.items():
        if step.step.kind == "gate" and step.status == "done" and not _is_used_up(state, name):
            _wait(step)
        if step.step.kind == "gate" and step.status == "waiting":
            for key in [key for key in state.context if key.startswith(f"gate.{name}.")]:
                del state.context[key]


def _is_used_up(state: RunState, gate: str) -> bool:
    after = [step for step in state.steps.values() if gate in step.step.depends_on]
    return bool(after) and all(step.status == "done" for step in after)


# --- tasks ----------------------------------------------------------------------------------------------------------


def _tasks_again(state: RunState, lane: Lane) -> None:
    """Every task that was begun and is not settled is ready again: nobody works on it for this run."""
    for name, task in state.tasks.items():
        if (task.step, task.visit) != (lane.step, lane.visit) or task.status in AT_REST:
            continue
        _task_again(task)
        state.due.ready[name] = None


def _task_again(task: TaskState) -> None:
    """An attempt that had come to nothing yet is not counted."""
    if task.status not in {"ready", "unsettled", "retrying"}:
        task.attempt = max(0, task.attempt - 1)
    task.status, task.claim, task.votes, task.problem = "ready", None, [], None
    task.delivery = task.started = task.ended = task.retry_at = 0
    task.worker = task.base = task.commit = ""
