"""How does a PRD become a graph of tasks? One task for each requirement, ordered so that nothing collides.

A requirement is split only where its text says so itself: two or more open checkboxes below it (`- [ ] ...`) are its
parts, each a task; the last one carries the requirement's check and waits for the others.
"""

from __future__ import annotations

import heapq
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from maestro.taskgen import epics as epic_rules
from maestro.taskgen.graph import check_graph
from maestro.taskgen.overlap import overlap
from maestro.taskgen.roles import role_of
from maestro.taskgen.touch import Touch, apart, touch
from maestro_contracts.commands import GenerateTasks
from maestro_contracts.records import Decision, Epic, Prd, Problem, Requirement, TaskSpec

MAX_TASKS = 5_000
TITLE_WIDTH = 80

_PART = re.compile(r"^- \[ \] (?P<text>.+(?:\n {2,}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Generated:
    epics: tuple[Epic, ...]
    tasks: tuple[TaskSpec, ...]
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    problem: Problem


@dataclass(frozen=True, slots=True)
class _Piece:
    """A task to be: the requirement's place, its text, and the places of the pieces that must be done before."""

    requirement: int
    text: str
    last: bool
    before: tuple[int, ...]
    touch: Touch


def generate(request: GenerateTasks) -> Generated | Refused:
    """The graph of a PRD. The same request gives the same graph."""
    prd = request.prd
    wrong = _what_is_wrong(prd)
    if wrong:
        return _refused(wrong, "Mend the PRD: send it back at its gate with a revision")
    pieces = _pieces(prd.requirements)
    if len(pieces) > MAX_TASKS:
        return _refused(f"it would be {len(pieces)} tasks, more than {MAX_TASKS}", "Split the PRD into several runs")
    needs, groups = _schedule(pieces)
    epics, tasks = _written(request, pieces, needs, groups)
    problems = check_graph(prd, epics, tasks)
    if problems:
        return _refused("the graph does not hold: " + "; ".join(problems[:5]), "Mend the PRD's dependencies and files")
    return Generated(epics, tasks, _decisions(request, epics, tasks))


def _refused(reason: str, mend: str) -> Refused:
    return Refused(Problem("structural", reason, mend))


def _what_is_wrong(prd: Prd) -> str:
    ids = [requirement.id for requirement in prd.requirements]
    if not ids:
        return "the PRD has no requirements"
    for id in ids:
        if not id or ids.count(id) > 1:
            return f"the requirement id {id!r} is not there exactly once"
    known = set(ids)
    for requirement in prd.requirements:
        for other in requirement.depends_on:
            if other not in known:
                return f"{requirement.id} depends on {other}, which is no requirement of the PRD"
    return ""


# --- pieces -----------------------------------------------------------------------------------------------------------


def _pieces(requirements: Sequence[Requirement]) -> list[_Piece]:
    """All pieces in the order of the PRD; those of one requirement stand together, the last one last."""
    texts = [_parts(requirement.text) for requirement in requirements]
    last_of: dict[str, int] = {}
    place = -1
    for requirement, parts in zip(requirements, texts, strict=True):
        place += len(parts)
        last_of[requirement.id] = place
    pieces: list[_Piece] = []
    for position, (requirement, parts) in enumerate(zip(requirements, texts, strict=True)):
        needed = tuple(last_of[id] for id in requirement.depends_on)
        first = len(pieces)
        for number, text in enumerate(parts, 1):
            last = number == len(parts)
            siblings = tuple(range(first, first + number - 1)) if last else ()
            pieces.append(_Piece(position, text, last, (*needed, *siblings), touch(requirement, text)))
    return pieces


def _parts(text: str) -> list[str]:
    parts = [re.sub(r"\n {2}", "\n", match["text"]).strip() for match in _PART.finditer(text)]
    return parts if len(parts) > 1 else [text]


# --- order and groups -------------------------------------------------------------------------------------------------


def _schedule(pieces: Sequence[_Piece]) -> tuple[list[tuple[int, ...]], list[int]]:
    """What each piece waits for, and its group (from 1): the first one after all it waits for in which it is apart
    from all others. Pieces whose files overlap also wait for each other, in order."""
    needs: list[tuple[int, ...]] = [()] * len(pieces)
    groups = [0] * len(pieces)
    ancestors = [0] * len(pieces)
    members: dict[int, list[int]] = {}
    done: list[int] = []
    for place in _in_order(pieces):
        waits = list(pieces[place].before)
        known = _union(waits, ancestors)
        for other in reversed(done):
            if not known >> other & 1 and _same_files(pieces[place], pieces[other]):
                waits.append(other)
                known |= ancestors[other] | 1 << other
        group = 1 + max((groups[other] for other in waits), default=0)
        while any(not apart(pieces[place].touch, pieces[other].touch) for other in members.get(group, ())):
            group += 1
        needs[place], groups[place], ancestors[place] = tuple(sorted(set(waits))), group, known
        members.setdefault(group, []).append(place)
        done.append(place)
    return needs, groups


def _union(places: Sequence[int], ancestors: Sequence[int]) -> int:
    """The set (a bit for each place) of these and all they wait for."""
    known = 0
    for place in places:
        known |= ancestors[place] | 1 << place
    return known


def _same_files(one: _Piece, two: _Piece) -> bool:
    return overlap(one.touch.files, two.touch.files)


def _in_order(pieces: Sequence[_Piece]) -> list[int]:
    """Each piece after all that it needs, otherwise as the PRD has them; those in a circle are put at the end."""
    waiting = [len(set(piece.before)) for piece in pieces]
    followers: list[list[int]] = [[] for _ in pieces]
    for place, piece in enumerate(pieces):
        for other in set(piece.before):
            followers[other].append(place)
    ready = [place for place, count in enumerate(waiting) if count == 0]
    order: list[int] = []
    while ready:
        place = heapq.heappop(ready)
        order.append(place)
        for follower in followers[place]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    return order + sorted(set(range(len(pieces))) - set(order))


# --- as records -------------------------------------------------------------------------------------------------------


def _written(
    request: GenerateTasks, pieces: Sequence[_Piece], needs: Sequence[tuple[int, ...]], groups: Sequence[int]
) -> tuple[tuple[Epic, ...], tuple[TaskSpec, ...]]:
    requirements = request.prd.requirements
    roles = [role_of(requirement, requirement.text) for requirement in requirements]
    titles = [_title(requirement.text) for requirement in requirements]
    found = epic_rules.buckets(requirements, roles, titles, request.min_epics, request.max_epics)
    epic_of = {member: f"E-{number}" for number, bucket in enumerate(found, 1) for member in bucket.members}
    tasks = tuple(
        TaskSpec(
            id=_task_id(place),
            title=_title(piece.text),
            group=groups[place],
            epic=epic_of[piece.requirement],
            description=_description(request.prd, requirements[piece.requirement], piece.text),
            role=roles[piece.requirement],
            depends_on=tuple(_task_id(other) for other in needs[place]),
            files=requirements[piece.requirement].files,
            requirements=(requirements[piece.requirement].id,),
            check=requirements[piece.requirement].check if piece.last else "",
        )
        for place, piece in enumerate(pieces)
    )
    epics = tuple(
        Epic(
            id=f"E-{number}",
            title=bucket.title,
            tasks=tuple(task.id for task in tasks if task.epic == f"E-{number}"),
            requirements=tuple(requirements[member].id for member in bucket.members),
        )
        for number, bucket in enumerate(found, 1)
    )
    return epics, tasks


def _task_id(place: int) -> str:
    return f"T-{place + 1:03d}"


def _title(text: str) -> str:
    first = next((line for line in text.split("\n") if line.strip()), "")
    return textwrap.shorten(re.sub(r"(\*\*|__)(.+?)\1", r"\2", first).rstrip(" ."), TITLE_WIDTH, placeholder=" ...")


def _description(prd: Prd, requirement: Requirement, text: str) -> str:
    """All that an agent needs to know of its task: the text, where it belongs, and the constraints."""
    parts = [text]
    if text != requirement.text:
        parts.append(f"This is one part of the requirement {requirement.id}:\n\n{requirement.text}")
    if prd.constraints:
        parts.append("Constraints:\n" + "\n".join(f"- {constraint}" for constraint in prd.constraints))
    return "\n\n".join(parts)


def _decisions(request: GenerateTasks, epics: Sequence[Epic], tasks: Sequence[TaskSpec]) -> tuple[Decision, ...]:
    count, version = len(request.prd.requirements), request.prd.version
    decisions = epic_rules.decision(len(epics), count, request.min_epics, request.max_epics, version)
    unknown = [task.id for task in tasks if not task.files]
    if not unknown or len(tasks) == 1:
        return decisions
    return (
        *decisions,
        Decision(
            id=f"groups-v{version}",
            topic="Which tasks without named files may run side by side",
            decision="Those that name no path, symbol or module in common",
            rationale="Their requirements do not say which files they change; a collision shows when they are merged",
            confidence=0.6,
            alternatives=("one after the other", "`Files:` for each requirement"),
            evidence=tuple(unknown),
        ),
    )
