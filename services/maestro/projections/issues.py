"""How do a run's epics and tasks look to beads? One JSON line each, as `.beads/issues.jsonl` holds them.

The fields are those of beads' `types.Issue` (github.com/steveyegge/beads, internal/types): a child names its epic by a
`parent-child` dependency, what it waits for by `blocks`; a closed issue, and no other, has `closed_at`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from maestro.runs.state import RunState, TaskState
from maestro_contracts.records import Epic

PREFIX = "maestro"
MAX_TITLE = 500
Status = Literal["open", "in_progress", "closed"]

_PRIORITIES = {"must": 1, "should": 2, "could": 3}
_OPEN = frozenset({"waiting", "ready", "retrying", "failed"})


class Dependency(msgspec.Struct, frozen=True):
    issue_id: str
    depends_on_id: str
    type: Literal["blocks", "parent-child"]
    created_at: str
    created_by: str = PREFIX


class Issue(msgspec.Struct, frozen=True, omit_defaults=True):
    """What beads knows of an issue, as far as a run can tell."""

    id: str
    title: str
    status: Status
    priority: int
    issue_type: Literal["epic", "task"]
    created_at: str
    updated_at: str
    created_by: str = ""
    description: str = ""
    acceptance_criteria: str = ""
    assignee: str = ""
    closed_at: str = ""
    close_reason: str = ""
    external_ref: str = ""
    labels: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()


def to_jsonl(state: RunState) -> str:
    """The run's issues, epics first, each on a line of its own; empty before there are tasks."""
    return "".join(msgspec.json.encode(issue).decode() + "\n" for issue in issues(state))


def issues(state: RunState) -> Iterator[Issue]:
    for epic in state.epics:
        yield _epic(state, epic)
    for task in state.tasks.values():
        yield _task(state, task)


def issue_id(run: str, id: str) -> str:
    """The same for the same run and task, and like no other: `maestro-` and eight hex digits."""
    return f"{PREFIX}-{hashlib.sha256(f'{run}/{id}'.encode()).hexdigest()[:8]}"


def _epic(state: RunState, epic: Epic) -> Issue:
    tasks = [state.tasks[id] for id in epic.tasks if id in state.tasks]
    statuses = {_status(task) for task in tasks}
    status: Status = "in_progress" if len(statuses) > 1 else statuses.pop() if statuses else "open"
    ended = max((task.ended for task in tasks), default=0)
    return Issue(
        id=issue_id(state.run, epic.id),
        title=_title(epic.title),
        status=status,
        priority=min((_priority(state, task) for task in tasks), default=2),
        issue_type="epic",
        created_at=_time(state.started),
        updated_at=_time(max([state.started, *(max(task.started, task.ended) for task in tasks)])),
        created_by=PREFIX,
        closed_at=_time(ended) if status == "closed" else "",
        close_reason="all its tasks are merged" if status == "closed" else "",
        external_ref=f"{PREFIX}:{state.run}/{epic.id}",
        labels=_labels(state, epic.id),
    )


def _task(state: RunState, task: TaskState) -> Issue:
    spec, status = task.spec, _status(task)
    failed = ("failed",) if task.status == "failed" else ()
    return Issue(
        id=issue_id(state.run, spec.id),
        title=_title(spec.title),
        status=status,
        priority=_priority(state, task),
        issue_type="task",
        created_at=_time(state.started),
        updated_at=_time(max(state.started, task.started, task.ended)),
        created_by=PREFIX,
        description=spec.description,
        acceptance_criteria=spec.check,
        assignee=task.worker if status == "in_progress" else "",
        closed_at=_time(task.ended or state.last) if status == "closed" else "",
        close_reason="merged" if status == "closed" else "",
        external_ref=f"{PREFIX}:{state.run}/{spec.id}",
        labels=(*_labels(state, spec.id), f"group-{spec.group}", f"role-{spec.role}", *failed),
        dependencies=tuple(_dependencies(state, task)),
    )


def _dependencies(state: RunState, task: TaskState) -> Iterator[Dependency]:
    own, at = issue_id(state.run, task.spec.id), _time(state.started)
    if any(task.spec.epic == epic.id for epic in state.epics):
        yield Dependency(own, issue_id(state.run, task.spec.epic), "parent-child", at)
    for other in task.spec.depends_on:
        if other in state.tasks:
            yield Dependency(own, issue_id(state.run, other), "blocks", at)


def _status(task: TaskState) -> Status:
    return "closed" if task.status == "done" else "open" if task.status in _OPEN else "in_progress"


def _priority(state: RunState, task: TaskState) -> int:
    """The highest of its requirements'; beads counts from 0, the most urgent."""
    told = {r.id: r.priority for r in state.prd.requirements} if state.prd is not None else {}
    return min((_PRIORITIES[told[id]] for id in task.spec.requirements if id in told), default=2)


def _labels(state: RunState, id: str) -> tuple[str, ...]:
    return (PREFIX, f"run-{state.run}", id)


def _title(text: str) -> str:
    return " ".join(text.split())[:MAX_TITLE] or "untitled"


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
