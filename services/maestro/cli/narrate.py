"""What does a person who watches a run read? Each event as a few lines: `[Maestro] Phase 3: Implementation`.

Pure: events and the state after them in, lines out. Whatever somebody else wrote is made visible and shortened here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from maestro.projections.facts import seen_at_forge, trespasses
from maestro.projections.log_view import PHASES
from maestro.projections.text import count, duration, one_line, visible
from maestro.runs.state import RunState
from maestro_contracts import events as e
from maestro_contracts.records import Evidence, FileChange, Problem

Kind = Literal["phase", "step", "ok", "bad", "ask", "detail"]
MARKS: dict[Kind, str] = {"step": "→", "ok": "✓", "bad": "✗", "ask": "?", "detail": "·"}
REASON, WORDS = 240, 160
"""Characters shown of a reason and of other words; the log has all of them."""


@dataclass(frozen=True, slots=True)
class Line:
    kind: Kind
    text: str

    def __str__(self) -> str:
        if self.kind == "phase":
            return f"[Maestro] {self.text}"
        return f"[Maestro]   {MARKS[self.kind]} {self.text}"


class Narrator:
    """Tells one run. It remembers which phase it told last, and which checkpoints wait to be told after others."""

    def __init__(self) -> None:
        self._phase = 0
        self._points: dict[int, e.CheckpointMade] = {}

    def lines(self, state: RunState, event: e.Event) -> list[Line]:
        """The lines of one event; `state` is the run after the commit that the event came in."""
        tell = TELLERS.get(type(event))
        lines = [*self._new_phase(event), *self._checkpoints(state, event), *(tell(state, event) if tell else [])]
        return [Line(line.kind, visible(line.text)) for line in lines]

    def _checkpoints(self, state: RunState, event: e.Event) -> list[Line]:
        """Several are made side by side; they are told by their numbers, and none is left untold at the end."""
        if isinstance(event, e.CheckpointMade):
            self._points[event.number] = event
        elif not isinstance(event, e.RunCompleted | e.RunFailed | e.RunCancelled):
            return []
        awaited = [point.number for point in state.checkpoints.values() if not point.ref]
        first = min(awaited, default=math.inf) if isinstance(event, e.CheckpointMade) else math.inf
        due = sorted(number for number in self._points if number < first)
        return [line for number in due for line in _checkpoint(self._points.pop(number))]

    def _new_phase(self, event: e.Event) -> list[Line]:
        if not isinstance(event, e.StepStarted) or not event.phase or event.phase == self._phase:
            return []
        self._phase = event.phase
        return [Line("phase", f"Phase {event.phase}: {phase_title(event.phase, event.title)}")]


def phase_title(phase: int, title: str = "") -> str:
    return PHASES.get(phase) or one_line(title, 60)


Tell = Callable[[RunState, Any], list[Line]]


def _why(problem: Problem | None) -> str:
    return one_line(problem.reason, REASON) if problem else "no reason given"


def _bad(text: str, problem: Problem | None = None) -> list[Line]:
    lines = [Line("bad", f"{text}: {_why(problem)}" if problem else text)]
    if problem is not None and problem.mend:
        lines += [Line("detail", one_line(line, REASON)) for line in problem.mend.splitlines() if line.strip()][:12]
    return lines


def _ok(text: str) -> list[Line]:
    return [Line("ok", text)]


def _step(text: str) -> list[Line]:
    return [Line("step", text)]


def task_name(state: RunState, task: str) -> str:
    """A task's id and title."""
    known = state.tasks.get(task)
    title = one_line(known.spec.title, 60) if known else ""
    return f"{one_line(task, 40)} {title}".rstrip()


def changes(files: tuple[FileChange, ...]) -> str:
    added, removed = (sum(max(0, getattr(file, side)) for file in files) for side in ("added", "removed"))
    return f"{count(len(files), 'file')}, +{added} -{removed}"


# --- the run -----------------------------------------------------------------------------------------------------


def _run_started(state: RunState, event: e.RunStarted) -> list[Line]:
    branch = f"{one_line(event.repo.branch)} at " if event.repo.branch else ""
    return [
        Line("phase", f"Run {state.run}: {one_line(event.feature, WORDS)}"),
        Line("step", f"from {branch}{event.repo.base[:12]}, workflow {one_line(event.workflow.name)}"),
    ]


def _run_forked(state: RunState, event: e.RunForked) -> list[Line]:
    if state.forked is None:
        why = one_line(" ".join(state.violations[-1:]), REASON)
        return [Line("bad", f"the run was to go on from {one_line(event.parent)}, and does not: {why}")]
    return [
        Line("phase", f"Run {state.run}: {one_line(event.feature, WORDS)}"),
        Line("step", f"goes on from entry {event.entry} of {one_line(event.parent)}, at {state.head[:12]}"),
        Line("step", "what was approved there is not approved here"),
    ]


def _run_completed(state: RunState, event: e.RunCompleted) -> list[Line]:
    return [Line("phase", f"Done in {duration(event.at - state.started)}: {state.run}"), *_trespasses(state)]


def _run_failed(state: RunState, event: e.RunFailed) -> list[Line]:
    where = f" at {one_line(event.step)}" if event.step else ""
    failed = [Line("phase", f"The run failed{where}"), *_bad(_why(event.problem), None), *_mend(event.problem)]
    return [*failed, *_trespasses(state)]


def _trespasses(state: RunState) -> list[Line]:
    """Said again at the end: a person who runs git here next must know what else was changed."""
    found = [Line("detail", one_line(reason, REASON)) for reason in trespasses(state)[:12]]
    head = Line("bad", "agents did what they may not, and nothing was put back; look at it first:")
    return [head, *found] if found else []


def _mend(problem: Problem) -> list[Line]:
    return _bad("", problem)[1:]


def _told(text: str, event: Any) -> list[Line]:
    why = f": {one_line(event.why, WORDS)}" if getattr(event, "why", "") else ""
    return [Line("phase", f"{text} by {one_line(event.by)}{why}")]


# --- planning ----------------------------------------------------------------------------------------------------


def _codebase(_state: RunState, event: e.CodebaseDiscovered) -> list[Line]:
    found = event.codebase
    languages = ", ".join(name for name, _ in found.languages[:4]) or "no language that is known here"
    tests = "; ".join(found.test_commands) or "none found"
    return _step(f"read {count(found.files, 'file')}: {one_line(languages)}; tests: {one_line(tests, WORDS)}")


def _prd_drafted(_state: RunState, event: e.PrdDrafted) -> list[Line]:
    return _ok(f"PRD v{event.prd.version}: {count(len(event.prd.requirements), 'requirement')}, {one_line(event.path)}")


def _tasks_generated(_state: RunState, event: e.TasksGenerated) -> list[Line]:
    groups: dict[int, list[str]] = {}
    for task in event.tasks:
        groups.setdefault(task.group, []).append(one_line(task.id, 40))
    totals = f"{count(len(event.tasks), 'task')} in {count(len(event.epics), 'epic')}, {count(len(groups), 'group')}"
    shown = [Line("detail", f"[P:Group-{group}] {', '.join(tasks)}") for group, tasks in sorted(groups.items())[:20]]
    return [Line("ok", totals), *shown]


def _decision(_state: RunState, event: e.DecisionRecorded) -> list[Line]:
    made = event.decision
    topic, decision = one_line(made.topic, 80), one_line(made.decision, WORDS)
    return _step(f"decided: {topic}: {decision} ({made.confidence:.0%} sure)")


# --- gates -------------------------------------------------------------------------------------------------------


def _gate_opened(_state: RunState, event: e.GateOpened) -> list[Line]:
    questions = [Line("detail", f"{one_line(q.id)}: {one_line(q.text, REASON)}") for q in event.questions]
    prompt = one_line(event.prompt, REASON) or f"{count(len(event.questions), 'question')} to answer"
    return [Line("ask", f"{one_line(event.gate)}: {prompt}"), *questions]


NOBODY = {
    "auto": "its default, since --auto-approve was given",
    "deadline": "its default, since its deadline passed",
    "script": "answered from the playbook",
}


def _gate_decided(_state: RunState, event: e.GateDecided) -> list[Line]:
    said = f': "{one_line(event.text, WORDS)}"' if event.text else ""
    by = f"by {one_line(event.approver)}" + (f" via {one_line(event.via)}" if event.via != "cli" else "")
    return _ok(f"{one_line(event.gate)}: {one_line(event.choice)} ({NOBODY.get(event.via, by)}){said}")


def _pull_request_seen(_state: RunState, event: e.PullRequestSeen) -> list[Line]:
    said = f"{one_line(event.gate)}: {one_line(seen_at_forge(event.sighting), 2 * REASON)}"
    return _bad(said) if event.sighting.problem is not None else _step(said)


def _gate_closed(_state: RunState, event: e.GateClosed) -> list[Line]:
    return _bad(f"{one_line(event.gate)} was closed: {one_line(event.because, WORDS)}")


def _decision_refused(_state: RunState, event: e.DecisionRefused) -> list[Line]:
    return _bad(f"{one_line(event.gate)}: {one_line(event.given, 80)!r} was refused: {one_line(event.reason, REASON)}")


# --- tasks -------------------------------------------------------------------------------------------------------


def _group_started(_state: RunState, event: e.GroupStarted) -> list[Line]:
    more = f" and {len(event.tasks) - 12} more" if len(event.tasks) > 12 else ""
    return _step(f"[P:Group-{event.group}] {', '.join(one_line(task, 40) for task in event.tasks[:12])}{more}")


def _group_completed(state: RunState, event: e.GroupCompleted) -> list[Line]:
    group = [task for task in state.tasks.values() if (task.spec.group, task.step) == (event.group, event.step)]
    failed = [one_line(task.spec.id, 40) for task in group if task.status == "failed"]
    name = f"[P:Group-{event.group}]"
    return _bad(f"{name} is over, {', '.join(failed[:12])} given up") if failed else _ok(f"{name} done")


def _task_started(state: RunState, event: e.TaskStarted) -> list[Line]:
    again = f", attempt {event.attempt}" if event.attempt > 1 else ""
    taken = ", taken over" if event.delivery > 1 else ""
    return _step(f"{task_name(state, event.task)} ({one_line(event.worker, 40)}{again}{taken})")


def _agent_reported(_state: RunState, event: e.AgentReported) -> list[Line]:
    return [Line("detail", f"{one_line(event.task, 40)}: {one_line(event.text, WORDS)}")] if event.text.strip() else []


def _task_claimed(_state: RunState, event: e.TaskClaimed) -> list[Line]:
    done = f" in {duration(event.duration_ms)}" if event.duration_ms else ""
    return _step(f"{one_line(event.task, 40)} claimed{done}: {changes(event.files)}; to be checked")


def _task_failed(_state: RunState, event: e.TaskFailed) -> list[Line]:
    return _bad(f"{one_line(event.task, 40)} failed", event.problem)[:1]


def _task_accepted(_state: RunState, event: e.TaskAccepted) -> list[Line]:
    return _ok(f"{one_line(event.task, 40)} checked, tree {event.tree[:12]}") if event.tree else []


def _task_rejected(_state: RunState, event: e.TaskRejected) -> list[Line]:
    return _bad(f"{one_line(event.task, 40)} rejected ({event.problem.kind.replace('_', ' ')})", event.problem)[:1]


def _retry(_state: RunState, event: e.TaskRetryScheduled) -> list[Line]:
    return _step(f"{one_line(event.task, 40)} again in {duration(event.delay_ms)}, attempt {event.attempt + 1}")


def _merge_refused(_state: RunState, event: e.MergeRefused) -> list[Line]:
    return _bad(f"{one_line(event.task, 40)} was not merged", event.problem)[:1]


def _iteration(_state: RunState, event: e.IterationStarted) -> list[Line]:
    because = one_line("; ".join(event.because), REASON)
    return _step(f"refine, round {event.number}: {count(len(event.tasks), 'task')} for what does not hold: {because}")


def _checkpoint(event: e.CheckpointMade) -> list[Line]:
    return _ok(f"checkpoint {event.number}, {one_line(event.name, 80)}, {event.commit[:12]}")


# --- validation and handoff ----------------------------------------------------------------------------------------


def _run_checked(_state: RunState, event: e.RunChecked) -> list[Line]:
    met = sum(1 for requirement in event.requirements if requirement.verdict == "met")
    text = f"{met} of {count(len(event.requirements), 'requirement')} met"
    lines = _ok(text) if event.verdict == "met" else _bad(f"{text}: {event.verdict.replace('_', ' ')}")
    ran = [
        Line("detail", f"{_how_it_went(one)} `{one_line(one.command, WORDS)}`")
        for one in event.evidence
        if not one.passed
    ]
    unmet = [
        Line("bad", f"{one_line(r.id)}: {one_line(r.why, REASON)}") for r in event.requirements if r.verdict != "met"
    ]
    return [*lines, *ran[:12], *unmet[:12]]


def _how_it_went(one: Evidence) -> str:
    return "failed as before the run:" if one.excused else "FAILED"


def _handed_over(_state: RunState, event: e.HandedOver) -> list[Line]:
    return _ok(f"branch {one_line(event.branch)} at {event.commit[:12]}: {changes(event.files)}")


def _step_failed(_state: RunState, event: e.StepFailed) -> list[Line]:
    later = "given up" if event.retry_ms is None else f"again in {duration(event.retry_ms)}"
    return _bad(f"{one_line(event.step)} failed ({later})", event.problem)[:1]


def _steps_reset(_state: RunState, event: e.StepsReset) -> list[Line]:
    return _step(f"back to {one_line(event.target)}: {one_line(event.because, WORDS)}")


def _dead_lettered(_state: RunState, event: e.CommandDeadLettered) -> list[Line]:
    what = f"{one_line(event.command_type)} for {one_line(event.role)}"
    return _bad(
        f"{what} was given up after {count(event.deliveries, 'delivery', 'deliveries')}: {one_line(event.reason)}"
    )


def _log_sealed(_state: RunState, event: e.LogSealed) -> list[Line]:
    """Seals on the way are of no interest to anybody who looks on."""
    if not event.final:
        return []
    known = len(event.cosigned) + len(event.missing)
    who = f"cosigned by {len(event.cosigned)} of {count(known, 'witness', 'witnesses')}" if known else "by no witness"
    missing = f" (missing: {one_line(', '.join(event.missing))})" if event.missing else ""
    return [Line("detail", f"sealed: {count(event.size, 'entry', 'entries')}, {who}{missing}")]


def _violation_found(_state: RunState, event: e.ViolationFound) -> list[Line]:
    whose = f" in the name of {one_line(event.actor)}" if event.actor else ""
    return [
        *_bad(f"the notary found entry {event.entry}{whose} that cannot stand: {one_line(event.reason, REASON)}"),
        *_bad("the run is quarantined: look at it with `maestro log` and `maestro audit`, before you resume it"),
    ]


TELLERS: dict[type[e.Event], Tell] = {
    e.RunStarted: _run_started,
    e.RunForked: _run_forked,
    e.RunPrepared: lambda _, v: _ok(f"branch {one_line(v.branch)}"),
    e.RunPaused: lambda _, v: _told("Paused", v),
    e.RunResumed: lambda _, v: _told("Resumed", v),
    e.RunCancelled: lambda _, v: _told("Cancelled", v),
    e.LogSealed: _log_sealed,
    e.ViolationFound: _violation_found,
    e.RunCompleted: _run_completed,
    e.RunFailed: _run_failed,
    e.RequestRefused: lambda _, v: _bad(f"{one_line(v.request)} was refused: {one_line(v.reason, REASON)}"),
    e.CodebaseDiscovered: _codebase,
    e.PrdDrafted: _prd_drafted,
    e.PlanRefused: lambda _, v: _bad("no plan", v.problem),
    e.TasksGenerated: _tasks_generated,
    e.TasksRefused: lambda _, v: _bad("no tasks", v.problem),
    e.DecisionRecorded: _decision,
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.PullRequestSeen: _pull_request_seen,
    e.DecisionRefused: _decision_refused,
    e.GroupStarted: _group_started,
    e.GroupCompleted: _group_completed,
    e.TaskStarted: _task_started,
    e.AgentReported: _agent_reported,
    e.TaskClaimed: _task_claimed,
    e.TaskFailed: _task_failed,
    e.TaskAccepted: _task_accepted,
    e.TaskRejected: _task_rejected,
    e.TaskRetryScheduled: _retry,
    e.TaskAbandoned: lambda _, v: _bad(f"{one_line(v.task, 40)} given up", v.problem),
    e.TaskMerged: lambda s, v: _ok(f"{task_name(s, v.task)} merged as {v.commit[:12]}"),
    e.MergeRefused: _merge_refused,
    e.IterationStarted: _iteration,
    e.RunChecked: _run_checked,
    e.StepFailed: _step_failed,
    e.StepWorkFailed: lambda _, v: _bad(f"{one_line(v.step)}: attempt {v.attempt} failed", v.problem),
    e.StepsReset: _steps_reset,
    e.HandedOver: _handed_over,
    e.CommandDeadLettered: _dead_lettered,
}
"""Events without a line here are told by those around them; `maestro log` shows every one."""
