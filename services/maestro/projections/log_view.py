"""How does one event read as one line? For `execution-log.md`, `maestro log` and everybody who follows a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from maestro.projections.text import count, duration, one_line, utc, visible
from maestro_contracts import events as e
from maestro_contracts.records import Problem

SHORT = 160
"""Characters of a summary's free text; the log itself has all of it."""


class LogLine(NamedTuple):
    """One event as people read it. `phase` is set where a step of that phase begins."""

    address: str
    at: str
    actor: str
    type: str
    summary: str
    phase: str = ""

    def __str__(self) -> str:
        return f"{self.address:>7}  {self.at}  {self.actor:<18}  {self.type:<20}  {self.summary}".rstrip()


def log_line(address: str, at: int, actor: str, event: e.Event) -> LogLine:
    """The line of an event with its address (`seq.i`), time (ms since the epoch) and author."""
    name = type(event).__name__
    return LogLine(address, utc(at), visible(actor), name, summary(event), _phase(event))


def summary(event: e.Event) -> str:
    """What happened, in one visible line."""
    return one_line(SUMMARIES[type(event)](event))


def _phase(event: e.Event) -> str:
    if isinstance(event, e.StepStarted) and event.phase:
        return one_line(f"{event.phase}: {PHASES.get(event.phase, event.title or event.step)}", 80)
    return ""


PHASES = {1: "Planning", 2: "Task generation", 3: "Implementation", 4: "Validation", 5: "Handoff"}


def _short(text: str) -> str:
    return one_line(text, SHORT)


def _why(problem: Problem | None) -> str:
    return f"{problem.kind}: {_short(problem.reason)}" if problem else "no reason given"


def _try(event: Any) -> str:
    return f"{event.task}, attempt {event.attempt}"


def _visit(event: Any) -> str:
    return event.step if event.visit <= 1 else f"{event.step}, visit {event.visit}"


def _later(ms: int | None) -> str:
    return "given up" if ms is None else f"again in {duration(ms)}"


def _claimed(event: e.TaskClaimed) -> str:
    says = "; ".join(f"says `{_short(ran.command)}` exited {ran.exit_code}" for ran in event.says)
    parts = [f"{_try(event)} by {event.worker}", f"commit {event.commit[:12]}" if event.commit else "", says]
    return ", ".join(part for part in [*parts, _short(event.summary)] if part)


def _voted(event: e.VoteCast) -> str:
    why = f": {_why(event.problem)}" if event.problem else ""
    return f"{_try(event)}: {event.validator} says {event.verdict} of tree {event.tree[:12]}{why}"


def _decided(event: e.GateDecided) -> str:
    text = f', "{_short(event.text)}"' if event.text else ""
    return f"{event.gate}: {event.choice} by {event.approver} via {event.via}{text}"


def _opened(event: e.GateOpened) -> str:
    choices = ", ".join(choice.label for choice in event.choices)
    until = f", default {event.default} at {utc(event.deadline)}" if event.deadline else ""
    return f"{event.gate}: {_short(event.prompt)} [{choices}]{until}"


def _checked(event: e.RunChecked) -> str:
    met = sum(1 for requirement in event.requirements if requirement.verdict == "met")
    return f"{event.step}: {event.verdict}, {met} of {len(event.requirements)} requirements met, tree {event.tree[:12]}"


def _codebase(event: e.CodebaseDiscovered) -> str:
    found = event.codebase
    languages = ", ".join(name for name, _ in found.languages) or "no known language"
    return f"{count(found.files, 'file')}, {languages}; tests: {'; '.join(found.test_commands) or 'none found'}"


def _run_started(event: e.RunStarted) -> str:
    who = f"asked by {event.requested_by}, workflow {event.workflow.name}"
    return f"{event.feature}, {who}, base {event.repo.base[:12]}"


def _sighting(event: e.PullRequestSeen) -> str:
    seen = event.sighting
    known = f"#{seen.request} {seen.state}" if seen.request else seen.state
    at = f", {_short(seen.url)}" if seen.url else ""
    merged = f", as {seen.merge_commit[:12]}" if seen.merge_commit else ""
    return f"{event.gate}: pull request {known}{at}{merged}" + (f": {_why(seen.problem)}" if seen.problem else "")


def _vote(event: e.GateVoted) -> str:
    but = f", but {_short('; '.join(event.conditions))}" if event.conditions else ""
    text = f', "{_short(event.text)}"' if event.text else ""
    return f"{event.gate}: {event.vote.choice} by {event.vote.person} via {event.vote.via}{but}{text}"


def _approved(event: e.ApprovalGiven) -> str:
    who = f" ({', '.join(event.approvers)})" if event.approvers else f" {event.grant}" if event.grant else ""
    return f"{event.proposal}, level {event.level}, by {event.by}{who}, action {event.digest[:12]}"


def _witnesses(event: e.LogSealed | e.SealCosigned) -> str:
    without = f", not by {', '.join(event.missing)}" if event.missing else ""
    return f"cosigned by {len(event.cosigned)} of {len(event.cosigned) + len(event.missing)}{without}"


def _sealed(event: e.LogSealed) -> str:
    kind = "the whole run" if event.final else "so far"
    return f"{kind}, {count(event.size, 'entry', 'entries')}, root {event.root[:12]}, {_witnesses(event)}"


def _for(roles: tuple[str, ...]) -> str:
    return f", for {', '.join(roles)}" if roles else ""


SUMMARIES: dict[type[e.Event], Callable[[Any], str]] = {
    e.ActorEnrolled: lambda v: f"{v.actor} as {v.role}, epoch {v.epoch}" + (f", on {v.host}" if v.host else ""),
    e.ActorRevoked: lambda v: f"{v.actor}, epoch {v.epoch}: {_short(v.reason)}",
    e.PersonEnrolled: lambda v: f"{v.person} as {', '.join(v.roles) or 'nothing'}",
    e.PersonRevoked: lambda v: f"{v.person}, {v.fingerprint or 'every key'}: {_short(v.reason)}",
    e.RunStarted: _run_started,
    e.RunForked: lambda v: f"from entry {v.entry} of {v.parent}, asked by {v.requested_by}",
    e.StepStarted: lambda v: f"{_visit(v)} ({v.kind})" + (f", attempt {v.attempt}" if v.attempt > 1 else ""),
    e.StepCompleted: lambda v: f"{_visit(v)}: {v.outcome}",
    e.StepFailed: lambda v: f"{_visit(v)}: {_why(v.problem)}; {_later(v.retry_ms)}",
    e.StepsReset: lambda v: f"back to {v.target} by {v.by}: {_short(v.because)}",
    e.IterationStarted: lambda v: f"number {v.number}, {count(len(v.tasks), 'task')}: {_short('; '.join(v.because))}",
    e.GroupStarted: lambda v: f"group {v.group}: {', '.join(v.tasks)}",
    e.GroupCompleted: lambda v: f"group {v.group}",
    e.TaskDispatched: _try,
    e.ValidationRequested: _try,
    e.TaskAccepted: lambda v: f"{_try(v)}, {count(v.votes, 'vote')} on tree {v.tree[:12]}",
    e.TaskRejected: lambda v: f"{_try(v)}: {_why(v.problem)}",
    e.TaskRetryScheduled: lambda v: f"{_try(v)}: {v.strategy} in {duration(v.delay_ms)} ({v.problem.kind})",
    e.TaskAbandoned: lambda v: f"{_try(v)}: {_why(v.problem)}",
    e.MergeRequested: _try,
    e.CheckpointRequested: lambda v: f"checkpoint {v.number}, {v.name}",
    e.GateRequested: lambda v: f"{v.gate} for {v.step}",
    e.RunPaused: lambda v: f"by {v.by}" + (f": {_short(v.why)}" if v.why else ""),
    e.RunResumed: lambda v: f"by {v.by}",
    e.RunCancelled: lambda v: f"by {v.by}" + (f": {_short(v.why)}" if v.why else ""),
    e.RunCompleted: lambda v: f"at {utc(v.at)}",
    e.RunFailed: lambda v: f"at step {v.step}: {_why(v.problem)}",
    e.RequestRefused: lambda v: f"{v.request} by {v.by}: {_short(v.reason)}",
    e.CodebaseDiscovered: _codebase,
    e.QuestionsAsked: lambda v: f"{_visit(v)}: {_short(' '.join(q.text for q in v.questions))}",
    e.PrdDrafted: lambda v: f"{v.path}, {count(len(v.prd.requirements), 'requirement')}",
    e.PlanRefused: lambda v: f"{_visit(v)}: {_why(v.problem)}",
    e.TasksGenerated: lambda v: f"{count(len(v.tasks), 'task')} in {count(len(v.epics), 'epic')}",
    e.TasksRefused: lambda v: f"{_visit(v)}: {_why(v.problem)}",
    e.DecisionRecorded: lambda v: f"{_short(v.decision.topic)}: {_short(v.decision.decision)}",
    e.GateOpened: _opened,
    e.GateDecided: _decided,
    e.GateClosed: lambda v: f"{v.gate}: {_short(v.because)}",
    e.DecisionRefused: lambda v: f"{v.gate}: `{_short(v.given)}` by {v.by}: {_short(v.reason)}",
    e.TaskStarted: lambda v: f"{_try(v)} by {v.worker}" + (f", delivery {v.delivery}" if v.delivery > 1 else ""),
    e.AgentReported: lambda v: f"{_try(v)}: {_short(v.text)}",
    e.TaskClaimed: _claimed,
    e.TaskFailed: lambda v: f"{_try(v)} by {v.worker}: {_why(v.problem)}",
    e.VoteCast: _voted,
    e.RunChecked: _checked,
    e.RunPrepared: lambda v: f"branch {v.branch} at {v.commit[:12]}",
    e.PrdCommitted: lambda v: f"version {v.version}, {v.status}, {v.path} in {v.commit[:12]}",
    e.TaskMerged: lambda v: f"{_try(v)} as {v.commit[:12]}",
    e.MergeRefused: lambda v: f"{_try(v)}: {_why(v.problem)}" + (f" ({', '.join(v.conflicts)})" if v.conflicts else ""),
    e.CheckpointMade: lambda v: f"checkpoint {v.number}, {v.name}, at {v.commit[:12]}",
    e.StepWorkFailed: lambda v: f"{_visit(v)}: {_why(v.problem)}",
    e.HandedOver: lambda v: f"branch {v.branch} at {v.commit[:12]}, {count(len(v.files), 'file')} changed",
    e.GateVoted: _vote,
    e.GateReminded: lambda v: f"{v.gate} still waits, reminder {v.number}" + _for(v.to),
    e.GateEscalated: lambda v: f"{v.gate} waits too long" + _for(v.to),
    e.GateCommandRan: lambda v: f"{v.gate}: `{_short(v.command)}` exited {v.exit_code} at {v.commit[:12]}",
    e.PullRequestSeen: _sighting,
    e.ActionProposed: lambda v: f"{v.proposal} by {v.by} for {_try(v)}: {_short(v.summary)}",
    e.ActionClassified: lambda v: (
        f"{v.proposal}: level {v.level}" + (f", {_short(v.violation)}" if v.violation else "")
    ),
    e.ApprovalGiven: _approved,
    e.ActionRejected: lambda v: (
        f"{v.proposal} by {v.by}: {_short(v.reason)}" + (", and the run ends" if v.abort else "")
    ),
    e.AgentSlowed: lambda v: f"{v.task} has asked {count(v.asks, 'time')}: {v.proposal} waits {duration(v.delay_ms)}",
    e.GrantIssued: lambda v: f"{v.grant.id} by {v.vote.person}: {_short(v.grant.why)}".rstrip(": "),
    e.GrantRevoked: lambda v: f"{v.grant} by {v.vote.person}: {_short(v.why)}".rstrip(": "),
    e.EffectApproved: lambda v: f"{v.proposal} afterwards by {v.vote.person}: {_short(v.why)}".rstrip(": "),
    e.RollBackOrdered: lambda v: f"{v.proposal} by {v.vote.person}: {_short(v.why)}".rstrip(": "),
    e.EffectStarted: lambda v: f"{v.proposal} by {v.by}, action {v.digest[:12]}",
    e.EffectEnded: lambda v: f"{v.proposal}: {v.outcome}" + (f", {_short(v.detail)}" if v.detail else ""),
    e.RolledBack: lambda v: f"{v.proposal}: {v.reverts[:12]} undone by {v.commit[:12]}",
    e.RollBackFailed: lambda v: f"{v.proposal}: {_why(v.problem)}",
    e.LogSealed: _sealed,
    e.SealCosigned: lambda v: f"{count(v.size, 'entry', 'entries')}, {_witnesses(v)}",
    e.ViolationFound: lambda v: f"entry {v.entry}" + (f" of {v.actor}" if v.actor else "") + f": {_short(v.reason)}",
    e.JournalEntryAdded: lambda v: f"{v.kind} by {v.author}: {_short(v.title)}",
    e.JournalReviewed: lambda v: f"{v.entry} by {v.by}" + (f": {_short(v.note)}" if v.note else ""),
    e.CommandDeadLettered: lambda v: f"{v.command_type} {v.command} of {v.role}: {_short(v.reason)}",
}
