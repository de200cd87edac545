"""What would a captain write down? The run's questions, decisions, blockers and milestones, made from its events.

The journal is derived: the same log gives the same entries. People and agents add to it by events of their own
(`JournalEntryAdded`); what a person has looked at is marked (`JournalReviewed`), and what a person decided needs no
further look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from maestro.approvals.book import NO_PERSON
from maestro.projections.history import Commit, Timed
from maestro.projections.text import count, fence, one_line, prose, utc, visible
from maestro_contracts import events as e
from maestro_contracts.records import JournalKind as Kind
from maestro_contracts.records import Problem

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `id` is the address of the event that it was made from, with a number behind it where one event makes
    several. `hitl_reviewed`: a person decided it or has looked at it. `options` are what people may choose."""

    id: str
    at: int
    kind: Kind
    author: str
    title: str
    content: str = ""
    tags: tuple[str, ...] = ()
    task: str = ""
    files: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    hitl_reviewed: bool = False
    reviewed_by: str = ""
    note: str = ""


@dataclass(slots=True)
class Journal:
    """The entries in order, by id. `gates` are the entries that gates made when they opened, by gate and visit;
    `proposed` the tasks that actions were proposed for, by proposal."""

    entries: dict[str, Entry] = field(default_factory=dict)
    gates: dict[tuple[str, int], str] = field(default_factory=dict)
    proposed: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


def write_down(journal: Journal, commit: Commit) -> Journal:
    """The journal with what one more commit adds. Changes `journal` in place and returns it."""
    for index, (record, event) in enumerate(zip(commit.records, commit.events, strict=True)):
        writer = _WRITERS.get(type(event))
        if writer is not None:
            writer(journal, Timed(commit.seq, index, commit.header.ts, commit.header.actor, record.id, event))
    return journal


def chosen(
    journal: Journal,
    *,
    kinds: Sequence[str] = (),
    tags: Sequence[str] = (),
    author: str = "",
    task: str = "",
    since: int = 0,
    unreviewed: bool = False,
) -> list[Entry]:
    """The entries that have one of the kinds (any, where none is named), all of the tags, and the rest as given."""
    return [
        entry
        for entry in journal
        if (not kinds or entry.kind in kinds)
        and set(tags) <= set(entry.tags)
        and (not author or entry.author == author)
        and (not task or entry.task == task)
        and entry.at >= since
        and not (unreviewed and entry.hitl_reviewed)
    ]


def as_dict(entry: Entry) -> dict[str, Any]:
    """The entry for other programs."""
    return {
        "id": entry.id,
        "type": entry.kind,
        "at": utc(entry.at),
        "author": entry.author,
        "title": entry.title,
        "content": entry.content,
        "tags": list(entry.tags),
        "context": {"task": entry.task, "files": list(entry.files), "related": list(entry.related)},
        "options": list(entry.options),
        "hitl_reviewed": entry.hitl_reviewed,
        "reviewed_by": entry.reviewed_by,
        "note": entry.note,
    }


def as_json(run: str, entries: Sequence[Entry]) -> str:
    """The entries as one JSON document."""
    document = {"run": run, "entries": [as_dict(entry) for entry in entries]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_markdown(run: str, entries: Sequence[Entry]) -> str:
    """The entries for people, in order."""
    lines = [f"# Journal of {prose(run)}", ""]
    for entry in entries:
        lines += [*_markdown(entry), ""]
    if not entries:
        lines += ["Nothing to tell.", ""]
    return "\n".join(lines)


MARKS: dict[Kind, str] = {"question": "?", "decision": "→", "blocker": "✗", "milestone": "✓"}


def _markdown(entry: Entry) -> Iterator[str]:
    yield f"## {MARKS[entry.kind]} {prose(entry.title)}"
    yield ""
    by = f", looked at by {prose(entry.reviewed_by)}" if entry.reviewed_by else ""
    seen = f"decided or seen by a person{by}" if entry.hitl_reviewed else "**no person has looked at it**"
    yield f"{entry.kind} by {prose(entry.author)}, {utc(entry.at)}, `{entry.id}`: {seen}"
    if entry.content:
        yield from ("", *fence(entry.content))
    if entry.options:
        yield from ("", "Options: " + ", ".join(prose(option) for option in entry.options))
    context = [("Task", entry.task), ("Files", ", ".join(entry.files)), ("See", ", ".join(entry.related))]
    said = [f"{name}: {prose(value)}" for name, value in (*context, ("Tags", ", ".join(entry.tags))) if value]
    if said:
        yield from ("", " · ".join(said))
    if entry.note:
        yield from ("", f"Note: {prose(entry.note)}")


# --- from events -----------------------------------------------------------------------------------------------


def _add(
    journal: Journal, timed: Timed, kind: Kind, title: str, content: str = "", *, number: int = 0, **more: Any
) -> str:
    id = f"{timed.address}.{number}" if number else timed.address
    author = more.pop("author", timed.actor)
    journal.entries[id] = Entry(id, timed.at, kind, visible(author), one_line(title, 200), content, **more)
    return id


def _problem(problem: Problem) -> str:
    return f"{problem.reason}\n\n{problem.mend}".rstrip()


def _run_started(journal: Journal, timed: Timed) -> None:
    event: e.RunStarted = timed.event  # type: ignore[assignment]
    said = f"Workflow {event.workflow.name}, from {event.repo.base[:12]}."
    _add(journal, timed, "milestone", f"The run began: {event.feature}", said, author=event.requested_by, tags=("run",))


def _run_forked(journal: Journal, timed: Timed) -> None:
    event: e.RunForked = timed.event  # type: ignore[assignment]
    said = f"Workflow {event.workflow.name}. What was approved there is not approved here."
    title = f"The run goes on from entry {event.entry} of {event.parent}: {event.feature}"
    _add(journal, timed, "milestone", title, said, author=event.requested_by, tags=("run",))


def _run_ended(journal: Journal, timed: Timed) -> None:
    match timed.event:
        case e.RunCompleted():
            _add(journal, timed, "milestone", "The run is completed", tags=("run",))
        case e.RunFailed(step=step, problem=problem):
            _add(journal, timed, "blocker", f"The run failed at {step}", _problem(problem), tags=("run", problem.kind))


def _by_a_person(journal: Journal, timed: Timed) -> None:
    words: dict[type[e.Event], str] = {e.RunPaused: "paused", e.RunResumed: "resumed", e.RunCancelled: "cancelled"}
    event: Any = timed.event
    title = f"The run was {words[type(timed.event)]}"
    why = getattr(event, "why", "")
    _add(journal, timed, "decision", title, why, author=event.by, tags=("run",), hitl_reviewed=True)


def _paused(journal: Journal, timed: Timed) -> None:
    """By a person it is a decision; where nobody could go on, a person has to do something."""
    event: e.RunPaused = timed.event  # type: ignore[assignment]
    if event.by == e.MAESTRO:
        _add(journal, timed, "blocker", "The run waits for a person", event.why, tags=("run",))
    else:
        _by_a_person(journal, timed)


def _questions(journal: Journal, timed: Timed) -> None:
    event: e.QuestionsAsked = timed.event  # type: ignore[assignment]
    for number, question in enumerate(event.questions, 1):
        tags = ("planning", question.id)
        _add(
            journal, timed, "question", question.text, question.why, number=number, tags=tags, options=question.options
        )


def _drafted(journal: Journal, timed: Timed) -> None:
    event: e.PrdDrafted = timed.event  # type: ignore[assignment]
    title = f"PRD v{event.prd.version}: {count(len(event.prd.requirements), 'requirement')}"
    _add(journal, timed, "milestone", title, event.path, tags=("planning", "prd"), files=(event.path,))


def _decided_itself(journal: Journal, timed: Timed) -> None:
    event: e.DecisionRecorded = timed.event  # type: ignore[assignment]
    made = event.decision
    content = f"{made.decision}\n\nWhy: {made.rationale}\nConfidence: {made.confidence:.0%}"
    _add(journal, timed, "decision", made.topic, content, tags=("maestro", made.id), options=made.alternatives)


def _gate_opened(journal: Journal, timed: Timed) -> None:
    event: e.GateOpened = timed.event  # type: ignore[assignment]
    options = tuple(choice.label for choice in event.choices)
    # What an agent may never do unasked stops it until somebody decides.
    kind: Kind = "blocker" if event.level >= 3 else "question"
    tags = ("gate", event.gate) + ((f"level-{event.level}",) if event.level else ())
    content = "\n".join(part for part in (event.context, event.impact, event.reversibility) if part)
    task = journal.proposed.get(event.proposal, "")
    id = _add(journal, timed, kind, event.prompt, content, tags=tags, task=task, options=options)
    journal.gates[event.gate, event.visit] = id


def _proposed(journal: Journal, timed: Timed) -> None:
    event: e.ActionProposed = timed.event  # type: ignore[assignment]
    journal.proposed[event.proposal] = event.task


def _classified(journal: Journal, timed: Timed) -> None:
    event: e.ActionClassified = timed.event  # type: ignore[assignment]
    if event.violation:
        title = f"An action was said to be less than it is: level {event.level}"
        task = journal.proposed.get(event.proposal, "")
        _add(journal, timed, "blocker", title, event.violation, tags=("violation",), task=task)


def _rejected(journal: Journal, timed: Timed) -> None:
    event: e.ActionRejected = timed.event  # type: ignore[assignment]
    asked = journal.gates.get((event.gate, event.visit), "")
    _add(
        journal,
        timed,
        "decision",
        "An action was rejected",
        event.reason,
        author=event.by,
        tags=("action",),
        task=journal.proposed.get(event.proposal, ""),
        related=(asked,) if asked else (),
        hitl_reviewed=bool(event.gate),
    )


def _granted(journal: Journal, timed: Timed) -> None:
    event: e.GrantIssued = timed.event  # type: ignore[assignment]
    title = f"Standing approval {event.grant.id}"
    by = event.vote.person
    _add(journal, timed, "decision", title, author=by, tags=("grant",), hitl_reviewed=True)


def _added(journal: Journal, timed: Timed) -> None:
    event: e.JournalEntryAdded = timed.event  # type: ignore[assignment]
    _add(
        journal,
        timed,
        event.kind,
        event.title,
        event.content,
        author=event.author,
        tags=event.tags,
        task=event.task,
        files=event.files,
        related=event.related,
        options=event.options,
        hitl_reviewed=event.by_person,
    )


def _reviewed(journal: Journal, timed: Timed) -> None:
    event: e.JournalReviewed = timed.event  # type: ignore[assignment]
    entry = journal.entries.get(event.entry)
    if entry is not None:
        journal.entries[event.entry] = replace(entry, hitl_reviewed=True, reviewed_by=event.by, note=event.note)


def _gate_decided(journal: Journal, timed: Timed) -> None:
    event: e.GateDecided = timed.event  # type: ignore[assignment]
    asked = journal.gates.get((event.gate, event.visit), "")
    by_person = event.via not in NO_PERSON
    answers = "\n".join(f"{question}: {answer}" for question, answer in event.answers.items())
    content = "\n\n".join(part for part in (event.text, answers) if part)
    tags = ("gate", event.gate, event.via)
    _add(
        journal,
        timed,
        "decision",
        f"{event.gate}: {event.choice}",
        content,
        author=event.approver,
        tags=tags,
        related=(asked,) if asked else (),
        hitl_reviewed=by_person,
    )
    if asked and by_person:
        journal.entries[asked] = replace(journal.entries[asked], hitl_reviewed=True, reviewed_by=event.approver)


def _gate_closed(journal: Journal, timed: Timed) -> None:
    event: e.GateClosed = timed.event  # type: ignore[assignment]
    if event.expired:
        asked = journal.gates.get((event.gate, event.visit), "")
        related = (asked,) if asked else ()
        _add(journal, timed, "blocker", f"Nobody decided {event.gate}", event.because, tags=("gate",), related=related)


def _abandoned(journal: Journal, timed: Timed) -> None:
    event: e.TaskAbandoned = timed.event  # type: ignore[assignment]
    title = f"{event.task} was given up after {count(event.attempt, 'attempt')}"
    _add(journal, timed, "blocker", title, _problem(event.problem), tags=("task", event.problem.kind), task=event.task)


def _iteration(journal: Journal, timed: Timed) -> None:
    event: e.IterationStarted = timed.event  # type: ignore[assignment]
    title = f"Refining, round {event.number}: {count(len(event.tasks), 'task')}"
    _add(journal, timed, "decision", title, "\n".join(event.because), tags=("refine",))


def _given_up(journal: Journal, timed: Timed) -> None:
    event: e.CommandDeadLettered = timed.event  # type: ignore[assignment]
    title = f"{event.command_type} was given up after {count(event.deliveries, 'delivery', 'deliveries')}"
    _add(journal, timed, "blocker", title, f"{event.command}: {event.reason}", tags=("dead-letter", event.role))


def _checkpoint(journal: Journal, timed: Timed) -> None:
    event: e.CheckpointMade = timed.event  # type: ignore[assignment]
    title = f"Checkpoint {event.number}: {event.name}"
    _add(journal, timed, "milestone", title, f"{event.ref} at {event.commit}", tags=("checkpoint",))


def _merged(journal: Journal, timed: Timed) -> None:
    event: e.TaskMerged = timed.event  # type: ignore[assignment]
    _add(journal, timed, "milestone", f"{event.task} is merged", event.commit, tags=("task",), task=event.task)


def _handed_over(journal: Journal, timed: Timed) -> None:
    event: e.HandedOver = timed.event  # type: ignore[assignment]
    title = f"Branch {event.branch} is handed over: {count(len(event.files), 'file')} changed"
    _add(journal, timed, "milestone", title, event.commit, tags=("handoff",), files=tuple(f.path for f in event.files))


_WRITERS: dict[type[e.Event], Callable[[Journal, Timed], None]] = {
    e.RunStarted: _run_started,
    e.RunForked: _run_forked,
    e.RunCompleted: _run_ended,
    e.RunFailed: _run_ended,
    e.RunPaused: _paused,
    e.RunResumed: _by_a_person,
    e.RunCancelled: _by_a_person,
    e.QuestionsAsked: _questions,
    e.PrdDrafted: _drafted,
    e.DecisionRecorded: _decided_itself,
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.ActionProposed: _proposed,
    e.ActionClassified: _classified,
    e.ActionRejected: _rejected,
    e.GrantIssued: _granted,
    e.JournalEntryAdded: _added,
    e.JournalReviewed: _reviewed,
    e.TaskAbandoned: _abandoned,
    e.IterationStarted: _iteration,
    e.CommandDeadLettered: _given_up,
    e.CheckpointMade: _checkpoint,
    e.TaskMerged: _merged,
    e.HandedOver: _handed_over,
}
"""The events that a captain would write down."""
