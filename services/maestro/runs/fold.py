"""How does an event change what is known of a run? `evolve`, one small function for each event, and the fold.

Pure: no clock, no I/O; the time comes with the commit. An event that does not fit the state (a claim of an attempt
that is over, a vote by somebody else's name) changes nothing but `violations`: one bad event never stops a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from maestro.runs.forking import go_on_from
from maestro.runs.state import ActionState, Checkpoint, GateState, GrantState, Lane, RunState, StepState, TaskState
from maestro.runs.synthetic import tasks_of_step
from maestro_contracts import events as e
from maestro_contracts.records import Problem

FOLD_VERSION = 5
"""Part of a snapshot's key: raise it when the same log would give another state."""

TASK_STEPS = frozenset({"implement", "probe", "command", "agent"})


class Committed(Protocol):
    """What the fold needs of a verified commit (`maestro.log.reader.Commit`)."""

    @property
    def seq(self) -> int: ...
    @property
    def header(self) -> Any: ...
    @property
    def events(self) -> Any: ...


def new_run(run: str) -> RunState:
    return RunState(run=run)


def fold(state: RunState, commit: Committed) -> RunState:
    """The state after one more commit. Changes `state` in place and returns it."""
    header = commit.header
    at, actor = header.ts, header.actor
    find = HANDLERS.get
    if past := getattr(commit, "past", ()):  # Few commits have one, and what only tests fold need not know of it.
        inherit(state, past)
    for event in commit.events:
        handler = find(type(event))
        if handler is not None:
            try:
                handler(state, event, at, actor)
            except MISFITS as error:
                _misfit(state, event, actor, error)
    state.seq = commit.seq
    state.last = at
    state.events += len(commit.events)
    return state


def inherit(state: RunState, past: Sequence[Any]) -> None:
    """Make a run that has not begun the state that its parent's entries fold into, for `RunForked` to go on from."""
    if state.status != "none":
        return
    before = new_run(state.run)
    for verdict in past:
        if hasattr(verdict, "events"):
            fold(before, verdict)
        else:
            disbelieve(before, verdict.seq, verdict.reason)
    before.seq = before.events = 0
    for name in RunState.__struct_fields__:
        setattr(state, name, getattr(before, name))


def evolve(state: RunState, event: e.Event, at: int = 0, actor: str = "") -> RunState:
    """The state after one more event, said by `actor` at `at`. Changes `state` in place and returns it."""
    handler = HANDLERS.get(type(event))
    if handler is None:
        return state
    try:
        handler(state, event, at, actor)
    except MISFITS as error:
        _misfit(state, event, actor, error)
    return state


MISFITS = (LookupError, ValueError)
"""What a handler runs into where an event speaks of what is not there."""


def _misfit(state: RunState, event: e.Event, actor: str, error: Exception) -> None:
    _violation(state, f"{type(event).__name__} by {actor} does not fit the run: {error!r}")


def disbelieve(state: RunState, seq: int, reason: str) -> RunState:
    """The state after an entry that is not believed: it changes nothing, but whoever looks at the run sees it."""
    _violation(state, f"entry {seq} is not believed: {reason}")
    return state


def _violation(state: RunState, text: str) -> None:
    state.violations.append(text)


# --- the run ---------------------------------------------------------------------------------------------------


def _run_started(state: RunState, event: e.RunStarted, at: int, _actor: str) -> None:
    if state.status != "none":
        return _violation(state, "the run was started a second time")
    state.status = "running"
    state.feature, state.source, state.text = event.feature, event.source, event.text
    state.repo, state.workflow, state.settings = event.repo, event.workflow, event.settings
    state.requested_by, state.started = event.requested_by, event.at
    state.head = event.repo.base
    state.steps = {step.name: StepState(step=step) for step in event.workflow.steps}


def _run_forked(state: RunState, event: e.RunForked, _at: int, _actor: str) -> None:
    if state.seq or state.status == "none":
        why = "it brings no past along" if state.status == "none" else "it has begun already"
        return _violation(state, f"the run was forked from {event.parent}, and {why}")
    if problem := go_on_from(state, event):
        _undo(state)
        _violation(state, problem)


def _undo(state: RunState) -> None:
    """The run has not begun after all."""
    nothing = new_run(state.run)
    for name in RunState.__struct_fields__:
        setattr(state, name, getattr(nothing, name))


def _run_paused(state: RunState, _event: e.RunPaused, _at: int, _actor: str) -> None:
    if state.status == "running":
        state.status = "paused"


def _run_resumed(state: RunState, _event: e.RunResumed, _at: int, _actor: str) -> None:
    state.quarantine = None
    if state.status == "paused":
        state.status = "running"


def _run_cancelled(state: RunState, event: e.RunCancelled, at: int, _actor: str) -> None:
    _end(state, "cancelled", at, Problem("cancelled", event.why or f"cancelled by {event.by}"))


def _run_completed(state: RunState, event: e.RunCompleted, _at: int, _actor: str) -> None:
    _end(state, "completed", event.at, None)


def _run_failed(state: RunState, event: e.RunFailed, _at: int, _actor: str) -> None:
    state.failed_step = event.step
    _end(state, "failed", event.at, event.problem)


def _end(state: RunState, status: str, at: int, problem: Problem | None) -> None:
    if state.ended_for_good:
        return _violation(state, f"the run ended as {state.status} and then as {status}")
    state.status, state.ended, state.problem = status, at, problem


def _request_refused(state: RunState, event: e.RequestRefused, _at: int, _actor: str) -> None:
    state.refusals.append(event)


def _dead_lettered(state: RunState, event: e.CommandDeadLettered, _at: int, _actor: str) -> None:
    state.dead_letters.append(event)
    problem = Problem(
        "structural",
        f"{event.command_type} ({event.command}) was given up after {event.deliveries} deliveries: {event.reason}",
        f"look at the {event.role}'s log, mend the cause, then run it again",
    )
    kind, name, number, *_ = *event.command.split(":"), "", ""
    # What an attempt only asked for on the way (`task:T-001:1/journal:1:2`) ends it not.
    if kind in {"task", "vote", "merge", "change"} and number.isdecimal():
        _attempt_ended(state, name, int(number), problem, _at)
    elif kind in {"prepare", "plan", "tasks", "check", "handover", "gate"}:
        step = state.steps.get(name)
        if step is not None and step.status == "running":
            step.problem = problem


# --- steps -----------------------------------------------------------------------------------------------------


def _step_started(state: RunState, event: e.StepStarted, at: int, _actor: str) -> None:
    step = state.steps[event.step]
    if step.visit != event.visit:
        step.started = at
    step.status, step.visit, step.attempt = "running", event.visit, event.attempt
    step.answer = step.problem = None
    step.ended = 0
    if step.step.kind == "gate":
        state.gates[step.step.name, event.visit] = GateState(step.step.name, event.visit, step.step.name)
    elif step.step.kind in TASK_STEPS:
        _open_lane(state, step)


def _open_lane(state: RunState, step: StepState) -> None:
    if step.step.kind == "implement":
        specs, state.backlog = state.backlog, []
    else:
        specs = tasks_of_step(step.step)
    lane = Lane(step=step.step.name, visit=step.visit)
    for spec in specs:
        before = state.tasks.get(spec.id)
        task = TaskState(spec, lane.step, lane.visit, step.step.kind)
        if before is not None:
            task.attempt = task.first = before.attempt
        state.tasks[spec.id] = task
        lane.groups.setdefault(spec.group, []).append(spec.id)
    lane.groups = dict(sorted(lane.groups.items()))
    state.lanes[lane.step] = lane


def _step_completed(state: RunState, event: e.StepCompleted, at: int, _actor: str) -> None:
    step = state.steps[event.step]
    step.status, step.outcome, step.ended = "done", event.outcome, at


def _step_failed(state: RunState, event: e.StepFailed, at: int, _actor: str) -> None:
    step = state.steps[event.step]
    step.problem = event.problem
    if event.retry_ms is None:
        step.status, step.ended = "failed", at
    else:
        step.status, step.retry_at = "retrying", at + event.retry_ms


def _steps_reset(state: RunState, event: e.StepsReset, at: int, _actor: str) -> None:
    for name in event.steps:
        step = state.steps[name]
        step.status, step.answer, step.problem = "waiting", None, None
        step.outcome, step.ended = "", at


def _iteration_started(state: RunState, event: e.IterationStarted, _at: int, _actor: str) -> None:
    state.iteration = event.number
    state.iterations.append(event)
    state.backlog.extend(event.tasks)


def _answered(state: RunState, name: str, visit: int, event: e.Event) -> StepState | None:
    """Keeps the event as the step's answer, where the step waits for one of this visit."""
    step = state.steps.get(name)
    if step is None or step.visit != visit or step.status not in {"running", "retrying"} or step.answer is not None:
        _violation(state, f"{type(event).__name__} for {name}, visit {visit}: nobody waits for it")
        return None
    step.answer = event
    return step


def _work_failed(state: RunState, event: Any, _at: int, _actor: str) -> None:
    step = state.steps.get(event.step)
    if step is None or (step.visit, step.attempt, step.status) != (event.visit, event.attempt, "running"):
        return _violation(state, f"{type(event).__name__} for {event.step}, visit {event.visit}: nobody waits for it")
    step.problem = event.problem


# --- planning --------------------------------------------------------------------------------------------------


def _codebase_discovered(state: RunState, event: e.CodebaseDiscovered, _at: int, _actor: str) -> None:
    state.codebase = event.codebase


def _questions_asked(state: RunState, event: e.QuestionsAsked, _at: int, _actor: str) -> None:
    if _answered(state, event.step, event.visit, event):
        state.questions = event.questions


def _prd_drafted(state: RunState, event: e.PrdDrafted, _at: int, _actor: str) -> None:
    if _answered(state, event.step, event.visit, event):
        state.prd, state.prd_path, state.prd_sha256 = event.prd, event.path, event.sha256
        state.prd_texts[event.prd.version] = event.markdown
        state.prd_paths[event.prd.version] = event.path
        state.prd_status = "draft"
        state.revision = ""


def _decision_recorded(state: RunState, event: e.DecisionRecorded, _at: int, _actor: str) -> None:
    state.decisions.append(event.decision)


def _tasks_generated(state: RunState, event: e.TasksGenerated, _at: int, _actor: str) -> None:
    if _answered(state, event.step, event.visit, event):
        state.epics = event.epics
        state.backlog = list(event.tasks)


# --- gates -----------------------------------------------------------------------------------------------------


def _gate_requested(state: RunState, event: e.GateRequested, _at: int, _actor: str) -> None:
    state.gates[event.gate, event.visit] = GateState(event.gate, event.visit, event.step)


def _gate_opened(state: RunState, event: e.GateOpened, _at: int, _actor: str) -> None:
    gate = state.gates.get((event.gate, event.visit))
    action = state.actions.get(event.proposal)
    if gate is None and action is not None:
        action.gate, action.status = event.gate, "waiting"
        gate = state.gates[event.gate, event.visit] = GateState(event.gate, event.visit, event.step)
    if gate is None or gate.status != "asked":
        return _violation(state, f"gate {event.gate}, visit {event.visit} was opened unasked")
    gate.status, gate.opened = "open", event


def _of_open_gate(state: RunState, event: Any) -> GateState | None:
    gate = state.gates.get((event.gate, event.visit))
    if gate is None or gate.status != "open":
        _violation(state, f"{type(event).__name__} for gate {event.gate}, visit {event.visit}, which is not open")
        return None
    return gate


def _gate_voted(state: RunState, event: e.GateVoted, _at: int, _actor: str) -> None:
    gate = _of_open_gate(state, event)
    if gate is not None:
        gate.votes.append(event)


def _gate_reminded(state: RunState, event: e.GateReminded, _at: int, _actor: str) -> None:
    gate = _of_open_gate(state, event)
    if gate is not None:
        gate.reminders = event.number


def _gate_escalated(state: RunState, event: e.GateEscalated, _at: int, _actor: str) -> None:
    gate = _of_open_gate(state, event)
    if gate is not None:
        gate.escalated = (*gate.escalated, *event.to)


def _gate_command_ran(state: RunState, event: e.GateCommandRan, _at: int, actor: str) -> None:
    if event.validator != actor:
        return _violation(state, f"{actor} ran a gate's command in the name of {event.validator}")
    gate = state.gates.get((event.gate, event.visit))
    if gate is not None and (gate.ran is None or event.number > gate.ran.number):
        gate.ran = event


def _pull_request_seen(state: RunState, event: e.PullRequestSeen, _at: int, actor: str) -> None:
    if event.integrator != actor:
        return _violation(state, f"{actor} asked the forge in the name of {event.integrator}")
    gate = state.gates.get((event.gate, event.visit))
    if gate is not None and (gate.seen is None or event.number > gate.seen.number):
        gate.seen = event


def _gate_decided(state: RunState, event: e.GateDecided, _at: int, _actor: str) -> None:
    gate = state.gates.get((event.gate, event.visit))
    if gate is None or gate.status != "open":
        return _violation(state, f"gate {event.gate}, visit {event.visit} was decided while not open")
    gate.status, gate.decided = "decided", event
    prefix = f"gate.{event.gate}."
    state.context[prefix + "choice"] = event.choice
    state.context[prefix + "key"] = event.key
    state.context[prefix + "text"] = event.text
    state.context[prefix + "timestamp"] = str(event.at)
    state.context[prefix + "approver"] = event.approver
    state.constraints.extend(event.conditions)
    step = state.steps.get(event.step)
    if step is None:
        return
    if event.gate == event.step:
        step.answer = event
        if event.text:
            _hear(state, event)
    else:
        state.answers.update(event.answers)
        step.answer = event


def _hear(state: RunState, event: e.GateDecided) -> None:
    """A person's text goes back to the step it targets, or along as a constraint for all later tasks."""
    if event.target:
        state.revision = event.text
    else:
        state.constraints.append(event.text)


def _gate_closed(state: RunState, event: e.GateClosed, _at: int, _actor: str) -> None:
    gate = state.gates.get((event.gate, event.visit))
    if gate is None or gate.status not in {"open", "asked"}:
        return _violation(state, f"gate {event.gate}, visit {event.visit} was closed while not open")
    gate.status, gate.closed = "closed", event
    step = state.steps.get(event.step)
    if step is not None and step.status == "running":
        step.answer = event


def _decision_refused(state: RunState, event: e.DecisionRefused, _at: int, _actor: str) -> None:
    gate = state.gates.get((event.gate, event.visit))
    if gate is not None:
        gate.refused.append(event)


# --- actions ---------------------------------------------------------------------------------------------------


def change_of(task: str, attempt: int) -> str:
    """The proposal that what this attempt changed goes onto the run's branch."""
    return f"change:{task}:{attempt}"


def _action_proposed(state: RunState, event: e.ActionProposed, at: int, _actor: str) -> None:
    if event.proposal in state.actions:
        return _violation(state, f"{event.proposal} was proposed a second time")
    state.actions[event.proposal] = ActionState(event, at=at)


def _action_classified(state: RunState, event: e.ActionClassified, _at: int, _actor: str) -> None:
    action = state.actions[event.proposal]
    action.classified = action.classified or event
    if event.level > 1:
        action.status = "waiting"


def _agent_slowed(state: RunState, event: e.AgentSlowed, _at: int, _actor: str) -> None:
    state.actions[event.proposal].slowed = event


def _approval_given(state: RunState, event: e.ApprovalGiven, _at: int, _actor: str) -> None:
    action = state.actions[event.proposal]
    if action.approval is not None or action.rejected is not None:
        return _violation(state, f"{event.proposal} was decided a second time")
    action.approval, action.status = event, "approved"
    if event.grant in state.grants:
        state.grants[event.grant].used += 1


def _action_rejected(state: RunState, event: e.ActionRejected, _at: int, _actor: str) -> None:
    action = state.actions[event.proposal]
    if action.approval is not None or action.rejected is not None:
        return _violation(state, f"{event.proposal} was decided a second time")
    action.rejected, action.status = event, "rejected"
    if event.abort and state.aborted is None:
        reason = f"{event.by} ended the run when asked about {event.proposal}: {event.reason}"
        state.aborted = Problem("cancelled", reason)
    said = action.proposed
    if event.proposal == change_of(said.task, said.attempt):
        mend = "do without it, or ask for something else"
        problem = Problem("not_approved", f"{event.by} rejected its change: {event.reason}", mend)
        _attempt_ended(state, said.task, said.attempt, problem, _at)


def _effect_started(state: RunState, event: e.EffectStarted, _at: int, actor: str) -> None:
    action = state.actions[event.proposal]
    if event.by != actor:
        return _violation(state, f"{actor} began {event.proposal} in the name of {event.by}")
    if action.approval is None or action.approval.digest != event.digest:
        _violation(state, f"{actor} began {event.proposal} without an approval of exactly this")
    action.started, action.status = action.started or event, "begun"


def _effect_ended(state: RunState, event: e.EffectEnded, _at: int, _actor: str) -> None:
    action = state.actions[event.proposal]
    action.ended, action.status = event, "done" if event.outcome == "done" else "failed"


def _effect_approved(state: RunState, event: e.EffectApproved, _at: int, _actor: str) -> None:
    state.actions[event.proposal].approved_after = event


def _rolled_back(state: RunState, event: e.RolledBack, _at: int, _actor: str) -> None:
    state.actions[event.proposal].rolled_back = event
    state.head = event.commit


def _grant_issued(state: RunState, event: e.GrantIssued, _at: int, _actor: str) -> None:
    state.grants.setdefault(event.grant.id, GrantState(event))


def _grant_revoked(state: RunState, event: e.GrantRevoked, _at: int, _actor: str) -> None:
    state.grants[event.grant].revoked = event


# --- tasks -----------------------------------------------------------------------------------------------------


def _group_started(state: RunState, event: e.GroupStarted, _at: int, _actor: str) -> None:
    lane = state.lanes[event.step]
    lane.group, lane.left = event.group, len(event.tasks)
    for name in event.tasks:
        state.tasks[name].status = "ready"
        state.due.ready[name] = None


def _group_completed(state: RunState, event: e.GroupCompleted, _at: int, _actor: str) -> None:
    lane = state.lanes[event.step]
    lane.groups.pop(event.group, None)
    lane.group = 0


def _task_dispatched(state: RunState, event: e.TaskDispatched, at: int, _actor: str) -> None:
    task = state.tasks[event.task]
    state.due.ready.pop(event.task, None)
    state.due.retrying.pop(event.task, None)
    task.status, task.attempt, task.base = "dispatched", event.attempt, event.base
    task.claim = task.problem = None
    task.delivery = 0
    if task.votes:
        task.votes = []
    state.in_flight += 1


def _current(state: RunState, event: Any) -> TaskState | None:
    """The task whose running attempt the event speaks of, or None (with a violation) where that is over."""
    task = state.tasks.get(event.task)
    if task is None or task.attempt != event.attempt:
        _violation(state, f"{type(event).__name__} for {event.task}, attempt {event.attempt}: that attempt is over")
        return None
    return task


def _task_started(state: RunState, event: e.TaskStarted, at: int, actor: str) -> None:
    task = _current(state, event)
    if task is None or task.status not in {"dispatched", "running"} or event.worker != actor:
        return
    if event.delivery > task.delivery:
        task.status, task.worker, task.delivery, task.started = "running", event.worker, event.delivery, at


def _task_claimed(state: RunState, event: e.TaskClaimed, at: int, actor: str) -> None:
    task = _current(state, event)
    if task is None:
        return
    if task.status not in {"dispatched", "running"} or event.worker != actor or event.delivery < task.delivery:
        return _violation(state, f"{actor} claimed {event.task}, attempt {event.attempt}, which is not theirs")
    task.claim, task.worker = event, event.worker
    state.in_flight -= 1
    if task.kind == "probe":
        _settle(state, task, "done", at)
    else:
        task.status = "claimed"
        state.due.claimed[event.task] = None


def _task_failed(state: RunState, event: e.TaskFailed, at: int, actor: str) -> None:
    task = _current(state, event)
    if task is None:
        return
    if task.status not in {"dispatched", "running"} or event.worker != actor or event.delivery < task.delivery:
        return _violation(state, f"{actor} gave up {event.task}, attempt {event.attempt}, which is not theirs")
    _attempt_ended(state, event.task, event.attempt, event.problem, at)


def _attempt_ended(state: RunState, name: str, attempt: int, problem: Problem, _at: int) -> None:
    """The attempt came to nothing; what happens now is the conductor's to decide."""
    task = state.tasks.get(name)
    if task is None or task.attempt != attempt or task.status in {"waiting", "done", "failed", "unsettled", "retrying"}:
        return
    if task.status in {"dispatched", "running"}:
        state.in_flight -= 1
    for due in (state.due.claimed, state.due.voted, state.due.accepted):
        due.pop(name, None)
    if state.merging == name:
        state.merging = ""
    task.status, task.problem = "unsettled", problem
    task.problems.append(problem)
    state.due.unsettled[name] = None


def _validation_requested(state: RunState, event: e.ValidationRequested, _at: int, _actor: str) -> None:
    task = _current(state, event)
    if task is not None:
        task.status = "validating"
        state.due.claimed.pop(event.task, None)


def _vote_cast(state: RunState, event: e.VoteCast, _at: int, actor: str) -> None:
    task = _current(state, event)
    if task is None or task.status != "validating":
        return
    if event.validator != actor:
        return _violation(state, f"{actor} voted in the name of {event.validator}")
    if task.claim is not None and event.tree != task.claim.tree:
        _violation(state, f"{actor} looked at tree {event.tree[:12]} of {event.task}, not at the claimed one")
    task.votes.append(event)
    state.due.voted[event.task] = None


def _task_accepted(state: RunState, event: e.TaskAccepted, _at: int, _actor: str) -> None:
    task = _current(state, event)
    if task is not None and task.status == "validating":
        task.status = "accepted"
        state.due.voted.pop(event.task, None)
        state.due.accepted[event.task] = None


def _task_rejected(state: RunState, event: e.TaskRejected, at: int, _actor: str) -> None:
    if _current(state, event) is not None:
        _attempt_ended(state, event.task, event.attempt, event.problem, at)


def _retry_scheduled(state: RunState, event: e.TaskRetryScheduled, at: int, _actor: str) -> None:
    task = _current(state, event)
    if task is not None:
        state.due.unsettled.pop(event.task, None)
        state.due.retrying[event.task] = None
        task.status, task.retry_at = "retrying", at + event.delay_ms


def _task_abandoned(state: RunState, event: e.TaskAbandoned, at: int, _actor: str) -> None:
    task = state.tasks.get(event.task)
    if task is not None:
        task.problem = event.problem
        _settle(state, task, "failed", at)


def _merge_requested(state: RunState, event: e.MergeRequested, _at: int, _actor: str) -> None:
    task = _current(state, event)
    if task is not None:
        task.status = "merging"
        state.due.accepted.pop(event.task, None)
        state.merging = event.task


def _task_merged(state: RunState, event: e.TaskMerged, at: int, _actor: str) -> None:
    task = _current(state, event)
    if task is None or task.status != "merging":
        return
    state.merging = ""
    state.head = task.commit = event.commit
    _settle(state, task, "done", at)


def _merge_refused(state: RunState, event: e.MergeRefused, at: int, _actor: str) -> None:
    if _current(state, event) is not None:
        _attempt_ended(state, event.task, event.attempt, event.problem, at)


def _settle(state: RunState, task: TaskState, status: str, at: int) -> None:
    task.status, task.ended = status, at
    for due in (state.due.unsettled, state.due.retrying, state.due.ready):
        due.pop(task.spec.id, None)
    lane = state.lanes.get(task.step)
    if lane is not None and task.spec.group == lane.group:
        lane.left -= 1


# --- git -------------------------------------------------------------------------------------------------------


def _run_prepared(state: RunState, event: e.RunPrepared, _at: int, _actor: str) -> None:
    if _answered(state, event.step, event.visit, event):
        state.branch, state.head = event.branch, event.commit


def _prd_committed(state: RunState, event: e.PrdCommitted, _at: int, _actor: str) -> None:
    state.head, state.prd_status = event.commit, event.status


def _checkpoint_requested(state: RunState, event: e.CheckpointRequested, _at: int, _actor: str) -> None:
    state.checkpoints[event.number] = Checkpoint(event.number, event.name, event.commit)


def _checkpoint_made(state: RunState, event: e.CheckpointMade, at: int, _actor: str) -> None:
    state.checkpoints[event.number] = Checkpoint(event.number, event.name, event.commit, event.ref, at)


def _run_checked(state: RunState, event: e.RunChecked, _at: int, actor: str) -> None:
    if event.validator != actor:
        return _violation(state, f"{actor} checked in the name of {event.validator}")
    if _answered(state, event.step, event.visit, event):
        state.checks.append(event)


def _handed_over(state: RunState, event: e.HandedOver, _at: int, _actor: str) -> None:
    if _answered(state, event.step, event.visit, event):
        state.handed_over, state.head = event, event.commit
        if state.prd is not None:
            state.prd_status = "implemented"


# --- the log itself --------------------------------------------------------------------------------------------


def _log_sealed(state: RunState, event: e.LogSealed, _at: int, _actor: str) -> None:
    if state.sealed is None or event.size > state.sealed.size:
        state.sealed = event


def _seal_cosigned(state: RunState, event: e.SealCosigned, _at: int, _actor: str) -> None:
    if state.sealed is not None and event.size == state.sealed.size:
        state.sealed = msgspec.structs.replace(
            state.sealed, note=event.note, cosigned=event.cosigned, missing=event.missing
        )


def _violation_found(state: RunState, event: e.ViolationFound, _at: int, _actor: str) -> None:
    """Nothing new is begun until a person has looked at it."""
    if state.status in {"running", "paused"}:
        state.quarantine = state.quarantine or event
        state.status = "paused"


HANDLERS: dict[type[e.Event], Callable[[RunState, Any, int, str], None]] = {
    e.RunStarted: _run_started,
    e.RunForked: _run_forked,
    e.RunPaused: _run_paused,
    e.RunResumed: _run_resumed,
    e.RunCancelled: _run_cancelled,
    e.RunCompleted: _run_completed,
    e.RunFailed: _run_failed,
    e.RequestRefused: _request_refused,
    e.CommandDeadLettered: _dead_lettered,
    e.StepStarted: _step_started,
    e.StepCompleted: _step_completed,
    e.StepFailed: _step_failed,
    e.StepsReset: _steps_reset,
    e.IterationStarted: _iteration_started,
    e.StepWorkFailed: _work_failed,
    e.PlanRefused: _work_failed,
    e.TasksRefused: _work_failed,
    e.CodebaseDiscovered: _codebase_discovered,
    e.QuestionsAsked: _questions_asked,
    e.PrdDrafted: _prd_drafted,
    e.DecisionRecorded: _decision_recorded,
    e.TasksGenerated: _tasks_generated,
    e.GateRequested: _gate_requested,
    e.GateOpened: _gate_opened,
    e.GateVoted: _gate_voted,
    e.GateReminded: _gate_reminded,
    e.GateEscalated: _gate_escalated,
    e.GateCommandRan: _gate_command_ran,
    e.PullRequestSeen: _pull_request_seen,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.DecisionRefused: _decision_refused,
    e.ActionProposed: _action_proposed,
    e.ActionClassified: _action_classified,
    e.AgentSlowed: _agent_slowed,
    e.ApprovalGiven: _approval_given,
    e.ActionRejected: _action_rejected,
    e.EffectStarted: _effect_started,
    e.EffectEnded: _effect_ended,
    e.EffectApproved: _effect_approved,
    e.RolledBack: _rolled_back,
    e.GrantIssued: _grant_issued,
    e.GrantRevoked: _grant_revoked,
    e.GroupStarted: _group_started,
    e.GroupCompleted: _group_completed,
    e.TaskDispatched: _task_dispatched,
    e.TaskStarted: _task_started,
    e.TaskClaimed: _task_claimed,
    e.TaskFailed: _task_failed,
    e.ValidationRequested: _validation_requested,
    e.VoteCast: _vote_cast,
    e.TaskAccepted: _task_accepted,
    e.TaskRejected: _task_rejected,
    e.TaskRetryScheduled: _retry_scheduled,
    e.TaskAbandoned: _task_abandoned,
    e.MergeRequested: _merge_requested,
    e.TaskMerged: _task_merged,
    e.MergeRefused: _merge_refused,
    e.RunPrepared: _run_prepared,
    e.PrdCommitted: _prd_committed,
    e.CheckpointRequested: _checkpoint_requested,
    e.CheckpointMade: _checkpoint_made,
    e.RunChecked: _run_checked,
    e.HandedOver: _handed_over,
    e.LogSealed: _log_sealed,
    e.SealCosigned: _seal_cosigned,
    e.ViolationFound: _violation_found,
}
"""Every event that changes the state. `AgentReported` is for people only."""
