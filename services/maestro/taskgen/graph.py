"""Does a graph of tasks hold? Acyclic, covering every requirement, nothing in one group that could collide.

`check_graph` trusts nobody: it says what is wrong with any graph, whoever made it.
"""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from maestro.taskgen.overlap import overlap
from maestro_contracts.records import Epic, Prd, TaskSpec


def check_graph(prd: Prd, epics: Sequence[Epic], tasks: Sequence[TaskSpec]) -> list[str]:
    """Everything that is wrong with the graph, in words; empty where it holds."""
    return [*_ids(tasks), *_dependencies(tasks), *_groups(tasks), *_coverage(prd, tasks), *_epics(epics, tasks)]


def display_title(task: TaskSpec) -> str:
    """The title as people see it: `[P:Group-1] Title`."""
    return f"[P:Group-{task.group}] {task.title}"


def _ids(tasks: Sequence[TaskSpec]) -> Iterator[str]:
    if not tasks:
        yield "there are no tasks"
    for id, count in Counter(task.id for task in tasks).items():
        if count > 1:
            yield f"the task id {id} is there {count} times"
        if not id:
            yield "a task has no id"


def _dependencies(tasks: Sequence[TaskSpec]) -> Iterator[str]:
    known = {task.id for task in tasks}
    for task in tasks:
        for other in task.depends_on:
            if other not in known:
                yield f"{task.id} depends on {other}, which is no task"
    try:
        graphlib.TopologicalSorter({task.id: task.depends_on for task in tasks}).prepare()
    except graphlib.CycleError as error:
        yield f"tasks depend on each other in a circle: {' -> '.join(reversed(error.args[1]))}"


def _groups(tasks: Sequence[TaskSpec]) -> Iterator[str]:
    group_of = {task.id: task.group for task in tasks}
    for task in tasks:
        if task.group < 1:
            yield f"{task.id} is in group {task.group}; groups count from 1"
        for other in task.depends_on:
            if group_of.get(other, 0) >= task.group:
                yield f"{task.id} is in group {task.group}, not after {other} on which it depends"
    used = set(group_of.values())
    for group in range(1, max(used, default=0) + 1):
        if group not in used:
            yield f"group {group} is empty"
        members = [task for task in tasks if task.group == group and task.files]
        for one, two in combinations(members, 2):
            if overlap(one.files, two.files):
                yield f"{one.id} and {two.id} are both in group {group} and may write the same file"


def _coverage(prd: Prd, tasks: Sequence[TaskSpec]) -> Iterator[str]:
    known = [requirement.id for requirement in prd.requirements]
    covered = {id for task in tasks for id in task.requirements}
    for id in known:
        if id not in covered:
            yield f"no task is for the requirement {id}"
    for id in sorted(covered - set(known)):
        yield f"a task names the requirement {id}, which the PRD does not have"


def _epics(epics: Sequence[Epic], tasks: Sequence[TaskSpec]) -> Iterator[str]:
    known = {task.id: task for task in tasks}
    owner: dict[str, str] = {}
    for id, count in Counter(epic.id for epic in epics).items():
        if count > 1:
            yield f"the epic id {id} is there {count} times"
    for epic in epics:
        if not epic.tasks:
            yield f"the epic {epic.id} has no tasks"
        for id in epic.tasks:
            if id not in known:
                yield f"the epic {epic.id} names {id}, which is no task"
            elif known[id].epic != epic.id or owner.setdefault(id, epic.id) != epic.id:
                yield f"{id} does not belong to the epic {epic.id} alone"
    for task in tasks:
        if task.id not in owner:
            yield f"{task.id} belongs to no epic"
