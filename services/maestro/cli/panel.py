"""What does a run look like right now? A panel below the lines: phases, groups, tasks at work, gates that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maestro.cli.narrate import phase_title
from maestro.projections.text import count, duration, one_line
from maestro.runs.state import RunState, TaskState

AT_WORK = ("dispatched", "running", "claimed", "validating", "accepted", "merging", "retrying")
MAX_TASKS = 12
WORDS = {
    "dispatched": "waits for a worker",
    "claimed": "claimed",
    "validating": "being checked",
    "retrying": "again soon",
}


def panel(state: RunState, now: int, notes: Iterable[str] = (), width: int = 1000) -> RenderableType:
    """The panel at `now` (ms since the epoch), for a terminal of `width` columns."""
    line = _phases(state, now)
    if line.cell_len > width:
        line = _phases(state, now, titles=False)
    parts: list[RenderableType] = [Text(), line]
    parts += _groups(state)
    active = [task for task in state.tasks.values() if task.status in AT_WORK]
    if active:
        parts.append(_tasks(active[:MAX_TASKS], now))
    if len(active) > MAX_TASKS:
        parts.append(Text(f"  and {count(len(active) - MAX_TASKS, 'more task')}", style="dim"))
    parts += [_gate(gate.gate, gate.opened.deadline, now) for gate in state.open_gates() if gate.opened]
    parts += [Text(f"  {one_line(note)}", style="yellow") for note in notes]
    return Group(*parts)


def _phases(state: RunState, now: int, *, titles: bool = True) -> Text:
    """All phases in a line; without `titles` only those that people look for have theirs."""
    text = Text("  ")
    for phase in phases(state):
        mark, style = {"done": ("✓", "green"), "running": ("●", "bold cyan"), "failed": ("✗", "red")}.get(
            phase.status, ("·", "dim")
        )
        is_named = titles or phase.status in ("running", "failed")
        text.append(f"{mark} {phase.title}  " if is_named else f"{mark} ", style=style)
    text.append(duration(max(0, (state.ended or now) - state.started)) if state.started else "", style="dim")
    if state.status not in ("running", "none"):
        text.append(f"  {state.status}", style="yellow")
    return text


class Phase:
    """One phase of a run as it stands. `status`: waiting, running, done, failed."""

    def __init__(self, number: int, title: str, statuses: list[str]) -> None:
        self.number, self.title = number, title
        if "failed" in statuses:
            self.status = "failed"
        elif all(status == "done" for status in statuses):
            self.status = "done"
        else:
            self.status = "waiting" if all(status == "waiting" for status in statuses) else "running"


def phases(state: RunState) -> list[Phase]:
    """The run's phases in order, each with how far its steps are."""
    found: dict[int, list[str]] = {}
    titles: dict[int, str] = {}
    for step in state.steps.values():
        if step.step.phase:
            found.setdefault(step.step.phase, []).append(step.status)
            titles.setdefault(step.step.phase, phase_title(step.step.phase, step.step.title or step.step.name))
    return [Phase(number, titles[number], found[number]) for number in sorted(found)]


def _groups(state: RunState) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for lane in state.lanes.values():
        if lane.group and lane.groups:
            done = Counter(state.tasks[name].status for name in lane.groups.get(lane.group, []))["done"]
            total = len(lane.groups.get(lane.group, []))
            later = len([group for group in lane.groups if group > lane.group])
            then = f", {count(later, 'group')} after it" if later else ""
            lines.append(Text(f"  [P:Group-{lane.group}] {done} of {count(total, 'task')} done{then}", style="bold"))
    return lines


def _tasks(tasks: list[TaskState], now: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for column, style in (
        ("", ""),
        ("task", "cyan"),
        ("title", ""),
        ("status", "yellow"),
        ("worker", "dim"),
        ("", "dim"),
    ):
        least = min(20, max(len(task.spec.id) for task in tasks)) if column == "task" else 1
        table.add_column(column, style=style, no_wrap=True, overflow="ellipsis", min_width=least)
    for task in tasks:
        again = f", attempt {task.attempt}" if task.attempt > 1 else ""
        since = duration(max(0, now - task.started)) if task.started and task.status != "dispatched" else ""
        status = WORDS.get(task.status, task.status) + again
        table.add_row(
            " ", one_line(task.spec.id, 20), one_line(task.spec.title, 50), status, one_line(task.worker, 20), since
        )
    return table


def _gate(gate: str, deadline: int | None, now: int) -> Text:
    until = f", {duration(max(0, deadline - now))} left" if deadline else ""
    return Text(f"  ? {one_line(gate, 60)} waits for an answer{until}", style="bold yellow")
