"""What is due in a run now? `decide(state, requests, now) -> events`: pure, and the same however often it is asked.

Nothing here changes the state. A decision that follows from another one (a step that may start because one has just
ended) waits until the first is in the log: the service wakes itself for that. Event ids name the slot they fill, so
that two conductors deciding at once cannot contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maestro.bus.service import Said
from maestro.conductor import refine
from maestro.conductor.errors import step_may_retry
from maestro.conductor.forking import Forking, begin, waits_for_branch
from maestro.conductor.retrying import NO_REASON, hindered, retry_step, retry_task, task_may_retry, tried_again
from maestro.runs.fold import TASK_STEPS, change_of
from maestro.runs.state import Lane, RunState, StepState, TaskState
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Problem, TaskSpec

Request = tuple[str, c.Command | Forking]
"""A person's or a timer's request: the command's id and the command; a fork's with what was found of its parent."""

FAIL = "_fail"


def decide(state: RunState, requests: Sequence[Request], now: int) -> list[Said]:
    """The events that are due. `requests` are answered first; `now` is milliseconds since the epoch."""
    said = [answer for id, command in requests for answer in _answer(state, id, command, now)]
    if said and _changes_status(said):
        return said
    if state.status == "running":
        said.extend(_due(state, requests, now))
    return list({item.id: item for item in reversed(said)}.values())[::-1]


def chains(said: Sequence[Said]) -> bool:
    """True where these events make further decisions due that nobody else's event will bring up."""
    dispatched = {item.event.task for item in said if isinstance(item.event, e.TaskDispatched)}
    going_on = {
        item.event.step
        for item in said
        if isinstance(item.event, e.GroupStarted) and dispatched.issuperset(item.event.tasks)
    }
    return any(not isinstance(item.event, QUIET) and not _goes_on(item.event, going_on) for item in said)


def _goes_on(event: e.Event, steps: set[str]) -> bool:
    return isinstance(event, e.GroupStarted | e.GroupCompleted) and event.step in steps


QUIET = (
    e.TaskDispatched,
    e.ValidationRequested,
    e.MergeRequested,
    e.TaskRetryScheduled,
    e.RequestRefused,
    e.RunCompleted,
    e.RunFailed,
    e.RunCancelled,
    e.RunPaused,
)
"""After these somebody else speaks next: a worker, a validator, the integrator, a timer, or nobody."""


def _changes_status(said: list[Said]) -> bool:
    return any(
        isinstance(item.event, e.RunStarted | e.RunForked | e.RunCancelled | e.RunPaused | e.RunResumed)
        for item in said
    )


# --- requests ---------------------------------------------------------------------------------------------------


def _answer(state: RunState, id: str, command: c.Command | Forking, now: int) -> Iterator[Said]:
    match command:
        case c.StartRun():
            yield from _start(state, id, command, now)
        case Forking() if state.status == "none":
            yield from begin(id, command, now)
        case c.CancelRun(by=by, why=why):
            yield _if_not_ended(state, id, command, by, Said("run/ended", e.RunCancelled(by, why), id))
        case c.PauseRun(by=by, why=why):
            yield _only_when(state, "running", id, command, by, Said(f"{id}/paused", e.RunPaused(by, why), id))
        case c.ResumeRun(by=by):
            yield _only_when(state, "paused", id, command, by, Said(f"{id}/resumed", e.RunResumed(by), id))
            if state.status == "paused":
                yield from tried_again(state)
        case _:
            return


def _start(state: RunState, id: str, command: c.StartRun, now: int) -> Iterator[Said]:
    if state.status != "none":
        return
    event = e.RunStarted(
        feature=command.feature,
        source="spec" if command.source == "spec" else "sentence",
        text=command.text,
        repo=command.repo,
        workflow=command.workflow,
        settings=command.settings,
        requested_by=command.by,
        at=now,
    )
    yield Said("run/started", event, id)


def _if_not_ended(state: RunState, id: str, command: c.Command, by: str, said: Said) -> Said:
    if state.ended_for_good or state.status == "none":
        return _refused(state, id, command, by)
    return said


def _only_when(state: RunState, status: str, id: str, command: c.Command, by: str, said: Said) -> Said:
    return said if state.status == status else _refused(state, id, command, by)


def _refused(state: RunState, id: str, command: c.Command, by: str) -> Said:
    status = "not started" if state.status == "none" else state.status
    return Said(f"{id}/refused", e.RequestRefused(type(command).__name__, by, f"the run is {status}"), id)


# --- what is due ------------------------------------------------------------------------------------------------


def _due(state: RunState, requests: Sequence[Request], now: int) -> Iterator[Said]:
    stopped = _ended_badly(state, now) or hindered(state)
    if stopped is not None:
        yield stopped
        return
    yield from _steps_due(state, requests, now)
    if waits_for_branch(state):
        return
    yield from _judgements(state)
    yield from _retries_due(state, requests, now)
    yield from _groups_due(state)
    yield from _dispatches(state)
    yield from _merge_due(state)
    yield from _completion(state, now)


def _ended_badly(state: RunState, now: int) -> Said | None:
    if state.aborted is not None:
        return Said("run/ended", e.RunFailed("", state.aborted, now))
    for name, step in state.steps.items():
        if step.status == "failed":
            problem = step.problem or Problem("structural", f"step {name} failed")
            return Said("run/ended", e.RunFailed(name, problem, now), f"step:{name}")
    return None


def _completion(state: RunState, now: int) -> Iterator[Said]:
    all_done = all(step.status == "done" for step in state.steps.values())
    if all_done and all(checkpoint.ref for checkpoint in state.checkpoints.values()):
        yield Said("run/ended", e.RunCompleted(now))


# --- steps ------------------------------------------------------------------------------------------------------


def _steps_due(state: RunState, requests: Sequence[Request], now: int) -> Iterator[Said]:
    waits = waits_for_branch(state)
    for step in state.steps.values():
        if waits and step.step.kind != "initialise":
            continue
        match step.status:
            case "waiting":
                if all(state.steps[name].status == "done" for name in step.step.depends_on):
                    yield _start_step(step, step.visit + 1, 1)
            case "running":
                yield from _running_step(state, step)
            case "retrying":
                if _is_due(requests, step, now):
                    yield _start_step(step, step.visit, step.attempt + 1)
            case _:
                pass


def _is_due(requests: Sequence[Request], step: StepState, now: int) -> bool:
    """Its timer may have fired while the run was paused: what counts is the time."""
    wanted = (step.step.name, step.visit, step.attempt + 1)
    woken = any(isinstance(r, c.RetryDue) and (r.step, r.visit, r.attempt) == wanted for _, r in requests)
    return woken or step.retry_at <= now


def _start_step(step: StepState, visit: int, attempt: int) -> Said:
    spec = step.step
    event = e.StepStarted(spec.name, visit, attempt, spec.kind, spec.phase, spec.title)
    return Said(f"step:{spec.name}:{visit}:{attempt}/started", event)


def _running_step(state: RunState, step: StepState) -> Iterator[Said]:
    if step.problem is not None:
        yield _failed_step(state, step, step.problem)
    elif step.step.kind == "refine":
        yield from _refine(state, step)
    elif step.step.kind in TASK_STEPS:
        yield from _tasks_over(state, step)
    elif step.answer is not None:
        yield from _answered_step(state, step, step.answer)


def _failed_step(state: RunState, step: StepState, problem: Problem) -> Said:
    if step_may_retry(problem, step.attempt, step.step.retry):
        return retry_step(state, step, problem)
    return _give_up(step, problem)


def _give_up(step: StepState, problem: Problem) -> Said:
    name, visit = step.step.name, step.visit
    return Said(f"step:{name}:{visit}/ended", e.StepFailed(name, visit, step.attempt, problem))


def _answered_step(state: RunState, step: StepState, answer: e.Event) -> Iterator[Said]:
    match answer:
        case e.QuestionsAsked():
            yield from _ask_questions(state, step)
        case e.GateDecided(gate=gate) if gate != step.step.name:
            yield _reset(state, step, step.step.name, f"{answer.approver} answered the planner's questions")
        case e.GateDecided():
            yield from _gate_decided(state, step, answer)
        case e.GateClosed(because=because):
            yield _give_up(step, Problem("ambiguous", because, "run it again and answer, or give the gate a default"))
        case e.RunChecked(verdict=verdict):
            yield from _complete(state, step, verdict)
        case _:
            yield from _complete(state, step, "done")


def _ask_questions(state: RunState, step: StepState) -> Iterator[Said]:
    gate = f"{step.step.name}.questions"
    if (gate, step.visit) not in state.gates:
        yield Said(f"gate:{gate}:{step.visit}/requested", e.GateRequested(gate, step.visit, step.step.name))


def _gate_decided(state: RunState, step: StepState, decided: e.GateDecided) -> Iterator[Said]:
    who = f"{decided.approver} chose {decided.choice!r}"
    if decided.target == FAIL:
        reason = f"{who} at {decided.gate}" + (f": {decided.text}" if decided.text else "")
        yield _give_up(step, Problem("cancelled", reason))
    elif decided.target:
        back = _reset(state, step, decided.target, who)
        yield back
        implements = state.steps[decided.target].step.kind == "implement"
        if implements and decided.text and isinstance(back.event, e.StepsReset):
            yield _iteration(state, refine.asked_tasks(decided.text, state.iteration + 1), (f"{who}: {decided.text}",))
    else:
        yield from _complete(state, step, decided.key)


def _complete(state: RunState, step: StepState, outcome: str) -> Iterator[Said]:
    name, visit = step.step.name, step.visit
    yield Said(f"step:{name}:{visit}/ended", e.StepCompleted(name, visit, outcome))
    phase = step.step.phase
    others = [other for other in state.steps.values() if other.step.phase == phase and other is not step]
    if step.step.kind != "probe" and all(other.status == "done" for other in others):
        yield from _checkpoint(state, f"phase {phase}: {step.step.title or name}")


def _checkpoint(state: RunState, name: str) -> Iterator[Said]:
    if state.branch:
        number = len(state.checkpoints) + 1
        yield Said(f"checkpoint:{number}/requested", e.CheckpointRequested(number, name, state.head))


# --- going back --------------------------------------------------------------------------------------------------


def _reset(state: RunState, step: StepState, target: str, because: str) -> Said:
    visits, most = state.steps[target].visit, state.steps[target].step.max_visits
    if visits >= most:
        return _give_up(
            step,
            Problem(
                "ambiguous", f"{target} was visited {visits} times already", "decide otherwise, or raise max_visits"
            ),
        )
    steps = tuple(name for name in state.steps if name == target or _depends(state, name, target))
    event = e.StepsReset(target, steps, step.step.name, because)
    return Said(f"step:{step.step.name}:{step.visit}/ended", event)


def _depends(state: RunState, name: str, target: str) -> bool:
    """True where `name` needs `target`, directly or through others."""
    seen: set[str] = set()
    stack = list(state.steps[name].step.depends_on)
    while stack:
        current = stack.pop()
        if current == target:
            return True
        if current not in seen:
            seen.add(current)
            stack.extend(state.steps[current].step.depends_on)
    return False


def _refine(state: RunState, step: StepState) -> Iterator[Said]:
    if not state.checks or (state.checks[-1].verdict == "met" and not refine.failed_tasks(state)):
        yield from _complete(state, step, "met" if state.checks else "nothing to refine")
        return
    checked = state.checks[-1]
    why = refine.reasons(state, checked)
    if state.iteration >= step.step.max_iterations:
        text = "; ".join(why) or "the branch does not hold what was asked for"
        yield _give_up(step, Problem("check_failed", f"after {state.iteration} iterations: {text}", "see the report"))
        return
    tasks = refine.fix_tasks(state, checked, state.iteration + 1)
    if not tasks:
        yield _give_up(step, refine.stuck(state, why))
        return
    back = _reset(state, step, step.step.target, f"iteration {state.iteration + 1}")
    yield back
    if isinstance(back.event, e.StepsReset):
        yield _iteration(state, tasks, why)


def _iteration(state: RunState, tasks: tuple[TaskSpec, ...], because: tuple[str, ...]) -> Said:
    number = state.iteration + 1
    return Said(f"iteration:{number}", e.IterationStarted(number, tasks, because))


# --- tasks --------------------------------------------------------------------------------------------------------


def _tasks_over(state: RunState, step: StepState) -> Iterator[Said]:
    lane = state.lanes[step.step.name]
    if lane.group or lane.groups:
        return
    ours = (task for task in state.tasks.values() if (task.step, task.visit) == (lane.step, lane.visit))
    failed = [task for task in ours if task.status == "failed"]
    if failed and step.step.kind != "implement":
        yield _give_up(step, failed[0].problem or Problem("structural", "the task failed"))
        return
    yield from _complete(state, step, f"{len(failed)} failed" if failed else "done")


def _groups_due(state: RunState) -> Iterator[Said]:
    for lane in state.lanes.values():
        step = state.steps[lane.step]
        if step.status != "running":
            continue
        if lane.group and lane.left <= 0:
            yield Said(
                f"group:{lane.step}:{lane.visit}:{lane.group}/completed", e.GroupCompleted(lane.group, lane.step)
            )
            if step.step.kind == "implement":
                yield from _checkpoint(state, f"group {lane.group}")
            yield from _next_group(state, lane, after=lane.group)
        elif not lane.group:
            yield from _next_group(state, lane, after=0)


def _next_group(state: RunState, lane: Lane, after: int) -> Iterator[Said]:
    number = next((group for group in lane.groups if group > after), None)
    if number is None:
        return
    tasks = tuple(lane.groups[number])
    yield Said(f"group:{lane.step}:{lane.visit}:{number}/started", e.GroupStarted(number, tasks, lane.step))
    room = max(0, _room(state) - len(state.due.ready))
    for name in tasks[:room]:
        task = state.tasks[name]
        if not _blocked_by(state, task):
            yield _dispatch(state, name, task.attempt + 1)


def _dispatches(state: RunState) -> Iterator[Said]:
    room = _room(state)
    for name in state.due.ready:
        if room <= 0:
            return
        task = state.tasks[name]
        blocked = _blocked_by(state, task)
        if blocked:
            problem = Problem("check_failed", f"{blocked} failed, and this task needs it")
            yield Said(f"task:{name}:{task.attempt}/retry", e.TaskAbandoned(name, task.attempt, problem))
            continue
        room -= 1
        yield _dispatch(state, name, task.attempt + 1)


def _room(state: RunState) -> int:
    return (state.settings.max_in_flight if state.settings else 1) - state.in_flight


def _blocked_by(state: RunState, task: TaskState) -> str:
    return next(
        (name for name in task.spec.depends_on if name in state.tasks and state.tasks[name].status == "failed"), ""
    )


def _dispatch(state: RunState, name: str, attempt: int) -> Said:
    return Said(f"task:{name}:{attempt}/dispatched", e.TaskDispatched(name, attempt, state.head))


def _retries_due(state: RunState, requests: Sequence[Request], now: int) -> Iterator[Said]:
    woken = {(request.task, request.attempt) for _, request in requests if isinstance(request, c.RetryDue)}
    for name in state.due.retrying:
        task = state.tasks[name]
        if task.status == "retrying" and (task.retry_at <= now or (name, task.attempt + 1) in woken):
            yield _dispatch(state, name, task.attempt + 1)


def _judgements(state: RunState) -> Iterator[Said]:
    for name in state.due.claimed:
        attempt = state.tasks[name].attempt
        yield Said(f"task:{name}:{attempt}/validating", e.ValidationRequested(name, attempt))
    for name in state.due.voted:
        yield from _judge(state, state.tasks[name])
    for name in state.due.unsettled:
        yield _retry_or_abandon(state, state.tasks[name])


def _judge(state: RunState, task: TaskState) -> Iterator[Said]:
    asked = state.settings.validators if state.settings else 1
    quorum = asked // 2 + 1
    tree = task.claim.tree if task.claim else ""
    votes = {vote.validator: vote for vote in task.votes if vote.tree == tree}
    accepts = sum(vote.verdict == "accept" for vote in votes.values())
    against = [vote for vote in task.votes if vote.verdict != "accept" or vote.tree != tree]
    name, attempt = task.spec.id, task.attempt
    if accepts >= quorum:
        yield Said(f"task:{name}:{attempt}/judged", e.TaskAccepted(name, attempt, tree, accepts))
    elif len(against) > asked - quorum or len(task.votes) >= asked:
        problem = against[0].problem if against and against[0].problem else None
        problem = problem or Problem("check_failed", "the validators did not accept it")
        yield Said(f"task:{name}:{attempt}/judged", e.TaskRejected(name, attempt, problem))


def _retry_or_abandon(state: RunState, task: TaskState) -> Said:
    problem = task.problem or NO_REASON
    if task_may_retry(state, task):
        return retry_task(state, task, problem)
    return Said(f"task:{task.spec.id}:{task.attempt}/retry", e.TaskAbandoned(task.spec.id, task.attempt, problem))


def _merge_due(state: RunState) -> Iterator[Said]:
    if state.merging or state.prd_status == "draft":
        return
    for name in state.due.accepted:
        task = state.tasks[name]
        if _may_be_merged(state, task):
            yield Said(f"task:{name}:{task.attempt}/merging", e.MergeRequested(name, task.attempt))
            return


def _may_be_merged(state: RunState, task: TaskState) -> bool:
    """Whether its change is approved; the integrator looks again, at the newest entry of the log."""
    if task.claim is None or not task.claim.commit:
        return True
    action = state.actions.get(change_of(task.spec.id, task.attempt))
    return action is not None and action.approval is not None
