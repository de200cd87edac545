"""What was changed, where can one go back to, and what did not work the first time?"""

from __future__ import annotations

from maestro.projections import facts
from maestro.projections.history import History, Timed
from maestro.projections.log_view import summary
from maestro.projections.text import cell_code, code, count, duration, fence, prose, table, utc
from maestro.runs.state import RunState
from maestro_contracts import events as e
from maestro_contracts.records import FileChange

WORDS: dict[type[e.Event], str] = {
    e.StepFailed: "A step failed",
    e.StepsReset: "The run went back",
    e.IterationStarted: "An iteration started",
    e.TaskFailed: "A worker gave up",
    e.MergeRefused: "A merge was refused",
    e.StepWorkFailed: "A step's work failed",
    e.PlanRefused: "The planner could not plan",
    e.TasksRefused: "The plan gave no tasks",
    e.RequestRefused: "A request was refused",
    e.CommandDeadLettered: "A command was given up",
    e.GateClosed: "A gate was closed",
    e.RunPaused: "The run was paused",
    e.RunResumed: "The run was resumed",
}
KINDS = {"A": "added", "M": "changed", "D": "deleted", "R": "renamed", "T": "type changed"}


def changes(state: RunState, _history: History) -> list[str]:
    files = facts.changed_files(state)
    if not files:
        return ["No file was changed."]
    added = sum(max(change.added, 0) for change in files)
    removed = sum(max(change.removed, 0) for change in files)
    lines = [f"{count(len(files), 'file')}, {count(added, 'line')} added, {count(removed, 'line')} removed."]
    if state.handed_over is None:
        lines[0] += " The run is not handed over: this adds up what the merged tasks changed."
    return [*lines, "", *table(("File", "Change", "Added", "Removed"), [_change(change) for change in files])]


def _change(change: FileChange) -> tuple[str, ...]:
    kind = KINDS.get(change.status[:1], prose(change.status))
    if change.added < 0:
        return cell_code(change.path), f"{kind} (binary)", "", ""
    return cell_code(change.path), kind, f"+{change.added}", f"-{change.removed}"


def checkpoints(state: RunState, _history: History) -> list[str]:
    made = [checkpoint for checkpoint in state.checkpoints.values() if checkpoint.ref]
    if not made:
        return ["No checkpoint was made."]
    rows = [(str(c.number), prose(c.name), cell_code(c.commit[:12]), cell_code(c.ref), utc(c.at)) for c in made]
    head = ("Number", "After", "Commit", "Ref", "When (UTC)")
    return ["Each is a commit of the branch that one can go back to.", "", *table(head, rows)]


def setbacks(state: RunState, history: History) -> list[str]:
    lines = [line for timed in history.setbacks for line in _setback(timed, history)]
    lines += [f"- Out of place in the log: {prose(text)}" for text in state.violations]
    return lines or ["Nothing: everything held at the first attempt."]


def _setback(timed: Timed, history: History) -> list[str]:
    when = utc(timed.at)
    match timed.event:
        case e.TaskRejected() as event:
            return [*_rejection(event, when, timed.address), *_found(event, history)]
        case e.TaskRetryScheduled() as event:
            after = f" after {duration(event.delay_ms)}"
            return [f"- {when}: {code(event.task)} is tried again{after} ({prose(event.strategy)})."]
        case e.TaskAbandoned() as event:
            why = prose(event.problem.reason, 300)
            return [f"- {when}: **{code(event.task)} is given up** after attempt {event.attempt}: {why}"]
        case event:
            return [f"- {when}: {WORDS[type(event)]}: {prose(summary(event))}"]


def _rejection(event: e.TaskRejected, when: str, address: str) -> list[str]:
    why = f"{prose(event.problem.reason, 300)} ({event.problem.kind}, event {address})"
    return [f"- {when}: **{code(event.task)}, attempt {event.attempt}, was rejected**: {why}"]


def _found(event: e.TaskRejected, history: History) -> list[str]:
    """What the worker said beside what validators found."""
    claim = history.claims.get((event.task, event.attempt))
    says = claim.says if claim else ()
    who = code(claim.worker) if claim else ""
    lines = [f"  - {who} said: {code(ran.command)} exited {ran.exit_code}" for ran in says]
    for timed in history.votes:
        vote = timed.event
        if isinstance(vote, e.VoteCast) and (vote.task, vote.attempt) == (event.task, event.attempt):
            lines += _failures(vote)
    return lines


def _failures(vote: e.VoteCast) -> list[str]:
    lines = []
    for evidence in vote.evidence:
        if not evidence.passed:
            lines.append(f"  - {code(vote.validator)} ran {code(evidence.command)} and it exited {evidence.exit_code}:")
            end = _end(evidence.tail)
            lines += ["", *(f"    {line}" for line in fence(end)), ""] if end else []
    return lines


def _end(tail: str, lines: int = 12, width: int = 200) -> str:
    """The last lines of an output, enough to see what went wrong."""
    return "\n".join(line[:width] for line in tail.strip(" \t\r\n").split("\n")[-lines:])
