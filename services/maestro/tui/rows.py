"""What stands in the window's tables? Pure: from a run's state to rows of visible text."""

from __future__ import annotations

from collections.abc import Iterator

from maestro.projections.journal import MARKS, Journal
from maestro.projections.text import duration, one_line, utc
from maestro.runs.state import RunState, TaskState

RUNS = ("Run", "Status", "Tasks", "Gates", "Started", "Took", "Feature")
TASKS = ("Task", "Group", "Status", "Try", "Worker", "Took", "Title")
GATES = ("Gate", "Level", "Waits since", "Until", "Question")
JOURNAL = ("", "When", "Author", "Entry", "Seen")

Row = tuple[str, ...]


def run_row(state: RunState, now: int) -> Row:
    done = sum(task.status == "done" for task in state.tasks.values())
    waits = len(open_gates(state))
    took = duration(max(0, (state.ended or now) - state.started)) if state.started else ""
    gates = f"{waits} wait" if waits > 1 else "1 waits" if waits else ""
    started = utc(state.started)[:19].replace("T", " ")
    return state.run, state.status, f"{done}/{len(state.tasks)}", gates, started, took, one_line(state.feature, 60)


def open_gates(state: RunState) -> list[str]:
    """The gates that wait for a person, as `name:visit`, the oldest first."""
    if state.ended_for_good:
        return []
    return [f"{gate.gate}:{gate.visit}" for gate in state.open_gates() if gate.opened is not None]


def task_rows(state: RunState, now: int) -> Iterator[Row]:
    """The tasks by parallel group, in each in the order of their ids."""
    for task in sorted(state.tasks.values(), key=lambda task: (task.spec.group, task.spec.id)):
        yield _task(task, now)


def _task(task: TaskState, now: int) -> Row:
    running = task.started and task.status != "dispatched"
    took = duration(max(0, (task.ended or now) - task.started)) if running else ""
    tries = str(task.attempt) if task.attempt else ""
    why = f"  ({one_line(task.problem.reason, 80)})" if task.problem is not None and task.status != "done" else ""
    title = one_line(task.spec.title, 80) + why
    group = f"P:{task.spec.group}"
    return one_line(task.spec.id, 20), group, task.status, tries, one_line(task.worker, 20), took, title


def gate_rows(state: RunState, now: int) -> Iterator[tuple[str, Row]]:
    """Key and row of each gate that waits."""
    for gate in state.open_gates() if not state.ended_for_good else ():
        opened = gate.opened
        if opened is None:
            continue
        until = f"{duration(max(0, opened.deadline - now))} left" if opened.deadline else ""
        since = duration(max(0, now - opened.opened))
        level = str(opened.level) if opened.level else ""
        yield f"{gate.gate}:{gate.visit}", (one_line(gate.gate, 40), level, since, until, one_line(opened.prompt, 100))


def journal_rows(journal: Journal) -> Iterator[tuple[str, Row]]:
    for entry in journal:
        when = utc(entry.at)[11:19]
        seen = "seen" if entry.hitl_reviewed else ""
        yield entry.id, (MARKS[entry.kind], when, one_line(entry.author, 24), one_line(entry.title, 110), seen)
