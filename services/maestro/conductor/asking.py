"""Which command follows from which event? And which commands are unanswered in a state (after a loss of the queues)?

Both questions share the same builders, so that what is sent again is what was sent. A command's id names what it
asks for: whoever handles it twice finds the id taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maestro.bus.service import Asked, Said, SetTimer
from maestro.runs.fold import change_of
from maestro.runs.state import ActionState, GateState, RunState, StepState, TaskState
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Codebase, Repo, Requirement, Settings

POLLED = frozenset({"command", "pull-request"})
"""Kinds of gates that are looked at again and again, each with the run's branch as it was when they opened."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The commands to send and the timers to set."""

    commands: tuple[Asked, ...] = ()
    timers: tuple[SetTimer, ...] = ()


def follow(state: RunState, said: Sequence[Said], now: int) -> Asks:
    """What these events ask for, given the state they were decided in."""
    items = [item for event in said for item in _after(state, event, now)]
    return Asks(
        tuple(item for item in items if isinstance(item, Asked)),
        tuple(item for item in items if isinstance(item, SetTimer)),
    )


def outstanding(state: RunState) -> Asks:
    """Every command whose answer is not in the log, and every timer that has not led to anything."""
    if state.status not in {"running", "paused"}:
        return Asks()
    items = list(_outstanding(state))
    return Asks(
        tuple(item for item in items if isinstance(item, Asked)),
        tuple(item for item in items if isinstance(item, SetTimer)),
    )


def _after(state: RunState, said: Said, now: int) -> Iterator[Asked | SetTimer]:
    match said.event:
        case e.StepStarted() as started:
            yield from _step(state, state.steps[started.step], started.visit, started.attempt, said.id)
        case e.StepFailed(retry_ms=int(delay)) as failed:
            yield step_timer(failed.step, failed.visit, failed.attempt + 1, now + delay)
        case e.GateRequested(gate=gate, visit=visit, step=step):
            yield questions_gate(state, gate, visit, step, said.id)
        case e.TaskDispatched(task=name, attempt=attempt, base=base):
            yield task_command(state, state.tasks[name], attempt, base, said.id)
        case e.ValidationRequested(task=name):
            yield from vote_commands(state, state.tasks[name], said.id)
            yield from change_command(state, state.tasks[name], said.id)
        case e.TaskRetryScheduled(task=name, attempt=attempt, delay_ms=delay):
            yield task_timer(name, attempt + 1, now + delay)
        case e.MergeRequested(task=name):
            yield merge_command(state, state.tasks[name], said.id)
        case e.CheckpointRequested(number=number, name=name, commit=commit):
            yield Asked(f"checkpoint:{number}", c.MakeCheckpoint(number, name, _repo(state), commit), said.id)
        case e.RunCancelled() | e.RunFailed() | e.RunCompleted():
            yield from _close_gates(state, type(said.event).__name__, said.id)
        case _:
            return


def _outstanding(state: RunState) -> Iterator[Asked | SetTimer]:
    for step in state.steps.values():
        if step.status == "running" and step.answer is None and step.problem is None:
            yield from _step(state, step, step.visit, step.attempt, "")
        elif step.status == "retrying":
            yield step_timer(step.step.name, step.visit, step.attempt + 1, step.retry_at)
    for gate in state.gates.values():
        yield from _gate_again(state, gate)
    for action in state.actions.values():
        yield from _action_again(action)
    for task in state.tasks.values():
        yield from _task_again(state, task)
    for point in state.checkpoints.values():
        if not point.ref:
            command = c.MakeCheckpoint(point.number, point.name, _repo(state), point.commit)
            yield Asked(f"checkpoint:{point.number}", command)


def _gate_again(state: RunState, gate: GateState) -> Iterator[Asked | SetTimer]:
    if gate.status == "asked" and gate.gate != gate.step:
        yield questions_gate(state, gate.gate, gate.visit, gate.step, "")
    elif gate.status == "open" and gate.opened is not None:
        yield from gate_timers(gate.opened, gate.reminders, escalated=bool(gate.escalated))
        if gate.opened.kind in POLLED:
            last = gate.ran or gate.seen
            yield poll_timer(gate.opened, (last.number if last else 0) + 1, _repo(state))


def gate_timers(opened: e.GateOpened, reminders: int, *, escalated: bool) -> Iterator[SetTimer]:
    """The timers of an open gate, as the gatekeeper sets them."""
    gate, visit = opened.gate, opened.visit
    slot = f"gate:{gate}:{visit}"
    if opened.deadline is not None:
        yield SetTimer(f"{slot}/deadline", opened.deadline, Asked(f"{slot}/deadline", c.GateDeadline(gate, visit)))
    if opened.escalate is not None and not escalated:
        due = opened.opened + int(opened.escalate.after_s * 1000)
        yield SetTimer(f"{slot}/escalation", due, Asked(f"{slot}/escalation", c.GateEscalation(gate, visit)))
    if opened.remind_s is not None:
        number = reminders + 1
        id, due = f"{slot}/reminder:{number}", opened.opened + int(opened.remind_s * 1000) * number
        yield SetTimer(id, due, Asked(id, c.GateReminder(gate, visit, number)))


def poll_timer(opened: e.GateOpened, number: int, repo: Repo) -> SetTimer:
    slot = f"gate:{opened.gate}:{opened.visit}/poll"
    command = c.PollGate(opened.gate, opened.visit, number, repo, opened.commit)
    return SetTimer(slot, opened.opened, Asked(f"{slot}:{number}", command))


def _action_again(action: ActionState) -> Iterator[SetTimer]:
    """A question that waits since its agent has asked too often."""
    if action.slowed is not None and not action.gate and action.approval is None and action.rejected is None:
        id = f"action:{action.proposed.proposal}/ask"
        due = action.at + action.slowed.delay_ms
        yield SetTimer(id, due, Asked(id, c.AskPeople(action.proposed.proposal)))


def _task_again(state: RunState, task: TaskState) -> Iterator[Asked | SetTimer]:
    match task.status:
        case "dispatched" | "running":
            yield task_command(state, task, task.attempt, task.base, "")
        case "validating":
            yield from vote_commands(state, task, "")
            yield from change_command(state, task, "")
        case "accepted":
            yield from change_command(state, task, "")
        case "merging":
            yield merge_command(state, task, "")
        case "retrying":
            yield task_timer(task.spec.id, task.attempt + 1, task.retry_at)
        case _:
            return


# --- builders ---------------------------------------------------------------------------------------------------


def _repo(state: RunState) -> Repo:
    assert state.repo is not None, "a run that asks for work has been started"
    return state.repo


def _settings(state: RunState) -> Settings:
    assert state.settings is not None, "a run that asks for work has been started"
    return state.settings


def _test_commands(state: RunState) -> tuple[str, ...]:
    return _settings(state).test_commands or (state.codebase.test_commands if state.codebase else ())


def _lint_commands(state: RunState) -> tuple[str, ...]:
    return _settings(state).lint_commands or (state.codebase.lint_commands if state.codebase else ())


def _step(state: RunState, step: StepState, visit: int, attempt: int, cause: str) -> Iterator[Asked]:
    name = step.step.name
    slot = f"{name}:{visit}:{attempt}"
    match step.step.kind:
        case "initialise":
            yield Asked(f"prepare:{slot}", prepare_run(state, name, visit, attempt), cause)
        case "plan":
            yield Asked(f"plan:{slot}", draft_plan(state, name, visit, attempt), cause)
        case "gate":
            yield Asked(f"gate:{name}:{visit}/open", open_gate(state, step, visit), cause)
        case "tasks" if state.prd is not None:
            yield from commit_prd(state, cause)
            yield Asked(f"tasks:{slot}", generate_tasks(state, name, visit, attempt), cause)
        case "validate":
            yield Asked(f"check:{slot}", validate_run(state, name, visit, attempt), cause)
        case "handoff":
            yield Asked(f"handover:{slot}", hand_over(state, name, visit, attempt), cause)
        case _:
            return


def prepare_run(state: RunState, step: str, visit: int, attempt: int) -> c.PrepareRun:
    """A forked run's branch begins where its parent's was."""
    return c.PrepareRun(step, visit, attempt, _repo(state), state.head if state.forked else "")


def draft_plan(state: RunState, step: str, visit: int, attempt: int) -> c.DraftPlan:
    settings = _settings(state)
    return c.DraftPlan(
        step=step,
        visit=visit,
        attempt=attempt,
        feature=state.feature,
        source=state.source,
        text=state.text,
        repo=_repo(state),
        version=(state.prd.version if state.prd else 0) + 1,
        interactive=settings.interactive,
        revision=state.revision,
        answers=dict(state.answers),
        previous=state.prd,
        test_commands=settings.test_commands,
        lint_commands=settings.lint_commands,
    )


def generate_tasks(state: RunState, step: str, visit: int, attempt: int) -> c.GenerateTasks:
    assert state.prd is not None, "tasks are made from a PRD"
    settings = _settings(state)
    codebase = state.codebase or Codebase()
    return c.GenerateTasks(step, visit, attempt, state.prd, codebase, settings.min_epics, settings.max_epics)


def commit_prd(state: RunState, cause: str) -> Iterator[Asked]:
    """The PRD goes onto the run's branch once people have approved it."""
    if state.prd is not None and state.prd_status == "draft":
        text = state.prd_texts[state.prd.version].replace("status: draft", "status: approved", 1)
        command = c.CommitPrd(_repo(state), state.prd.version, state.prd_path, text, "approved")
        yield Asked(f"prd:{state.prd.version}:approved", command, cause)


def hand_over(state: RunState, step: str, visit: int, attempt: int) -> c.HandOver:
    text = ""
    if state.prd is not None:
        text = state.prd_texts[state.prd.version].replace("status: draft", "status: implemented", 1)
    return c.HandOver(step, visit, attempt, _repo(state), state.prd_path, text)


def validate_run(state: RunState, step: str, visit: int, attempt: int) -> c.ValidateRun:
    requirements: tuple[Requirement, ...] = state.prd.requirements if state.prd else ()
    return c.ValidateRun(
        step=step,
        visit=visit,
        attempt=attempt,
        repo=_repo(state),
        commit=state.head,
        requirements=requirements,
        test_commands=_test_commands(state),
        lint_commands=_lint_commands(state),
        timeout_s=_settings(state).check_timeout_s,
    )


def open_gate(state: RunState, step: StepState, visit: int) -> c.OpenGate:
    spec = step.step
    return c.OpenGate(
        gate=spec.name,
        visit=visit,
        step=spec.name,
        prompt=fill_in(spec.prompt, state.context),
        choices=spec.choices,
        freeform=spec.freeform,
        timeout_s=spec.timeout_s,
        default=spec.default,
        auto=spec.auto,
        auto_approve=_settings(state).auto_approve,
        quorum=spec.quorum,
        artifact_sha256=state.prd_sha256,
        kind=spec.gate,
        roles=spec.roles,
        of=spec.of,
        people=spec.people,
        veto=spec.veto,
        escalate=spec.escalate,
        remind_s=spec.remind_s,
        conditions=spec.conditions,
        command=spec.command,
        every_s=spec.every_s,
        repo=state.repo if spec.gate in POLLED else None,
        commit=state.head if spec.gate in POLLED else "",
    )


def questions_gate(state: RunState, gate: str, visit: int, step: str, cause: str) -> Asked:
    command = c.OpenGate(
        gate=gate,
        visit=visit,
        step=step,
        prompt=f"The planner needs answers before it can write the PRD for: {state.feature}",
        choices=QUESTION_CHOICES,
        freeform=True,
        auto_approve=_settings(state).auto_approve,
        questions=state.questions,
    )
    return Asked(f"gate:{gate}:{visit}/open", command, cause)


QUESTION_CHOICES = (Choice("answer", "a"), Choice("abort", "x", "_fail"))


def task_command(state: RunState, task: TaskState, attempt: int, base: str, cause: str) -> Asked:
    settings = _settings(state)
    spec = task.spec
    command = c.DoTask(
        task=spec,
        attempt=attempt,
        repo=_repo(state),
        base=base,
        agent=spec.agent or settings.agent,
        feature=state.feature,
        prd_path=state.prd_path,
        feedback=_feedback(state, task),
    )
    return Asked(f"task:{spec.id}:{attempt}", command, cause)


def _feedback(state: RunState, task: TaskState) -> tuple[str, ...]:
    """What earlier attempts were rejected for, and what people asked to heed."""
    rejected = tuple(f"{problem.kind}: {problem.reason}" for problem in task.problems[-3:])
    return rejected + tuple(f"constraint: {text}" for text in state.constraints)


def vote_commands(state: RunState, task: TaskState, cause: str) -> Iterator[Asked]:
    settings, claim = _settings(state), task.claim
    if claim is None:
        return
    command = c.ValidateClaim(
        task=task.spec,
        attempt=task.attempt,
        repo=_repo(state),
        base=claim.base or task.base,
        commit=claim.commit,
        tree=claim.tree,
        ref=claim.ref,
        test_commands=_test_commands(state),
        timeout_s=settings.check_timeout_s,
        says=claim.says,
    )
    for number in range(len(task.votes) + 1, settings.validators + 1):
        yield Asked(f"vote:{task.spec.id}:{task.attempt}:{number}", command, cause)


def change_command(state: RunState, task: TaskState, cause: str) -> Iterator[Asked]:
    """May what it changed be merged? Asked once; the gatekeeper reads the change itself."""
    claim, proposal = task.claim, change_of(task.spec.id, task.attempt)
    if claim is None or not claim.commit or proposal in state.actions:
        return
    command = c.ProposeChange(
        proposal=proposal,
        task=task.spec.id,
        attempt=task.attempt,
        by=claim.worker,
        repo=_repo(state),
        base=claim.base or task.base,
        commit=claim.commit,
        ref=claim.ref,
        agent=(task.spec.agent or _settings(state).agent).kind,
    )
    yield Asked(proposal, command, cause)


def merge_command(state: RunState, task: TaskState, cause: str) -> Asked:
    command = c.MergeTask(
        task=task.spec.id,
        attempt=task.attempt,
        repo=_repo(state),
        commit=task.claim.commit if task.claim else "",
        title=task.spec.title,
        event=f"task:{task.spec.id}:{task.attempt}/merging",
        onto=state.head,
        ref=task.claim.ref if task.claim else "",
    )
    return Asked(f"merge:{task.spec.id}:{task.attempt}", command, cause)


def task_timer(task: str, attempt: int, due: int) -> SetTimer:
    id = f"retry:task:{task}:{attempt}"
    return SetTimer(id, due, Asked(id, c.RetryDue(task=task, attempt=attempt)))


def step_timer(step: str, visit: int, attempt: int, due: int) -> SetTimer:
    id = f"retry:step:{step}:{visit}:{attempt}"
    return SetTimer(id, due, Asked(id, c.RetryDue(step=step, visit=visit, attempt=attempt)))


def _close_gates(state: RunState, because: str, cause: str) -> Iterator[Asked]:
    for gate in state.gates.values():
        if gate.status in {"asked", "open"}:
            command = c.CloseGate(gate.gate, gate.visit, f"the run ended ({because})")
            yield Asked(f"gate:{gate.gate}:{gate.visit}/close", command, cause)


def fill_in(text: str, context: dict[str, str]) -> str:
    """`${gate.<step>.<field>}` in a prompt becomes what was decided there. A command gets no such text."""
    for name, value in context.items():
        text = text.replace("${" + name + "}", value)
    return text
