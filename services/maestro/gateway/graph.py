"""How does a run's task graph look? One column for each parallel group, an arrow for each dependency. Pure.

Sizes are in SVG user units. The picture says nothing that the table of tasks below it does not say as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from maestro.projections.text import one_line
from maestro.runs.state import RunState, TaskState

WIDTH, HEIGHT = 168, 56
GAP_X, GAP_Y = 34, 12
TOP, MARGIN = 34, 2
MOST_TASKS = 200
"""A larger graph is a table alone."""
TITLE = 20
"""Characters of a title that fit into a box."""

LOOKS = {
    "done": "done",
    "failed": "failed",
    "unsettled": "retrying",
    "retrying": "retrying",
    "waiting": "waiting",
    "ready": "waiting",
}
"""A task's status as one of few looks; every other one is at work."""
WORDS = {
    "dispatched": "handed out",
    "claimed": "claimed",
    "validating": "being checked",
    "unsettled": "failed once",
    "retrying": "again soon",
    "failed": "given up",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One task at its place."""

    id: str
    title: str
    words: str
    look: str
    x: int
    y: int

    @property
    def label(self) -> str:
        return f"{self.id} {self.title}: {self.words}"


@dataclass(frozen=True, slots=True)
class Column:
    """A parallel group: its heading and the middle of it."""

    title: str
    x: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A dependency as an SVG path."""

    path: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything to draw, and how large it is."""

    boxes: tuple[Box, ...] = ()
    columns: tuple[Column, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    width: int = 0
    height: int = 0


def look(task: TaskState) -> str:
    return LOOKS.get(task.status, "working")


def words(task: TaskState) -> str:
    """A task's status as people say it."""
    return WORDS.get(task.status, task.status)


def graph(state: RunState) -> Graph:
    """The graph of a run's tasks; nothing to draw where there are none, or too many."""
    if not state.tasks or len(state.tasks) > MOST_TASKS:
        return Graph()
    groups = _groups(state)
    boxes: dict[str, Box] = {}
    columns = []
    for number, (title, tasks) in enumerate(groups):
        x = MARGIN + number * (WIDTH + GAP_X)
        columns.append(Column(title, x + WIDTH // 2))
        for row, task in enumerate(tasks):
            y = TOP + row * (HEIGHT + GAP_Y)
            boxes[task.spec.id] = Box(
                one_line(task.spec.id, 12), one_line(task.spec.title, TITLE), words(task), look(task), x, y
            )
    rows = max(len(tasks) for _, tasks in groups)
    width = 2 * MARGIN + len(groups) * WIDTH + (len(groups) - 1) * GAP_X
    height = TOP + rows * (HEIGHT + GAP_Y) - GAP_Y + MARGIN
    return Graph(tuple(boxes.values()), tuple(columns), tuple(_arrows(state, boxes)), width, height)


def _groups(state: RunState) -> list[tuple[str, list[TaskState]]]:
    """The tasks by step, visit and group, in the order in which they run."""
    found: dict[tuple[int, int, int], list[TaskState]] = {}
    steps = list(state.steps)
    for task in state.tasks.values():
        step = steps.index(task.step) if task.step in steps else len(steps)
        found.setdefault((step, task.visit, task.spec.group), []).append(task)
    several = len({key[:2] for key in found}) > 1
    return [(_title(found[key][0], key, several), found[key]) for key in sorted(found)]


def _title(task: TaskState, key: tuple[int, int, int], several: bool) -> str:
    group = f"Group {key[2]}"
    if not several:
        return group
    again = f" {task.visit}" if task.visit > 1 else ""
    return f"{one_line(task.step, 14)}{again}, {group.lower()}"


def _arrows(state: RunState, boxes: dict[str, Box]) -> list[Arrow]:
    arrows = []
    for task in state.tasks.values():
        to = boxes[task.spec.id]
        for name in task.spec.depends_on:
            start = boxes.get(name)
            if start is not None and start is not to:
                arrows.append(Arrow(_curve(start, to), state.tasks[name].status == "done"))
    return arrows


def _curve(start: Box, to: Box) -> str:
    x1, y1 = start.x + WIDTH, start.y + HEIGHT // 2
    x2, y2 = to.x - 2, to.y + HEIGHT // 2
    bend = max(24, (x2 - x1) // 2)
    return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
