"""What stands on a run's page? Everything the templates need, from what was read of the run. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maestro.gateway.answers import gate_version, waiting
from maestro.gateway.differences import Difference, between, of_text
from maestro.gateway.graph import Graph, graph, look, words
from maestro.gateway.watching import Watched
from maestro.projections import facts
from maestro.projections.log_view import PHASES, LogLine
from maestro.projections.text import one_line
from maestro.runs.state import GateState, RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Requirement
from maestro_contracts.workflow_rules import FAIL

LINES = 40
"""Of the timeline, on a run's page."""
STATUS_LOOKS = {
    "running": "working",
    "completed": "done",
    "failed": "failed",
    "cancelled": "failed",
    "paused": "waiting",
    "none": "waiting",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. `look`: done, working, failed, waiting."""

    title: str
    look: str


@dataclass(frozen=True, slots=True)
class Button:
    """A choice to press. `is_end`: it gives the run up; `is_first`: the one that most will want."""

    choice: Choice
    is_end: bool
    is_first: bool
    shortcut: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One gate that waits, with all that one must know to answer it."""

    run: str
    feature: str
    gate: GateState
    opened: e.GateOpened
    version: str
    salt: str
    buttons: tuple[Button, ...]
    votes: tuple[e.GateVoted, ...] = ()
    plan: str = ""
    wanted: tuple[Requirement, ...] = ()
    plan_title: str = ""
    changed: Difference | None = None
    difference: Difference | None = None
    action: e.ActionClassified | None = None
    proposed: e.ActionProposed | None = None
    error: str = ""
    mend: str = ""
    text: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> str:
        """What the forge shows of the merge that it waits for."""
        return facts.seen_at_forge(self.gate.seen.sighting) if self.gate.seen is not None else ""

    @property
    def id(self) -> str:
        return panel_id(self.run, self.gate)

    @property
    def key(self) -> str:
        """Makes what this very form sends one answer, however often it is sent; after a refusal it is another form."""
        form = f"{self.salt}\0{self.run}\0{self.version}\0{len(self.gate.refused)}"
        return hashlib.sha256(form.encode()).hexdigest()[:32]


def panel_id(run: str, gate: GateState) -> str:
    """Of the element that shows it."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in gate.gate)
    return f"gate-{run}-{plain}-{gate.visit}"


def panels(watched: Watched, salt: str) -> list[Panel]:
    """The gates at which people are asked now, oldest first."""
    return [panel(watched, gate, salt) for gate in waiting(watched.state)]


def panel(watched: Watched, gate: GateState, salt: str, **told: Any) -> Panel:
    """A gate as it is now. `salt` is the session's own."""
    state, opened = watched.state, gate.opened
    assert opened is not None
    plan, title, changed = _plan(state, opened)
    return Panel(
        run=state.run,
        feature=state.feature,
        gate=gate,
        opened=opened,
        version=gate_version(opened),
        salt=salt,
        buttons=_buttons(opened),
        votes=tuple(gate.votes),
        plan=plan,
        wanted=state.prd.requirements if state.prd and plan else (),
        plan_title=title,
        changed=changed,
        difference=of_text(opened.diff) if opened.diff else None,
        action=watched.classified.get(opened.proposal),
        proposed=watched.proposed.get(opened.proposal),
        **told,
    )


def _buttons(opened: e.GateOpened) -> tuple[Button, ...]:
    ends = [choice.target == FAIL for choice in opened.choices]
    first = next((n for n, (choice, end) in enumerate(zip(opened.choices, ends, strict=True)) if not end), 0)
    return tuple(
        Button(choice, end, number == first and not choice.target, _shortcut(choice.key, opened.choices))
        for number, (choice, end) in enumerate(zip(opened.choices, ends, strict=True))
    )


def _shortcut(key: str, choices: tuple[Choice, ...]) -> str:
    """One letter or digit that means this choice alone."""
    wanted = key.casefold()
    alone = sum(choice.key.casefold() == wanted for choice in choices) == 1
    return wanted if len(wanted) == 1 and wanted.isalnum() and alone else ""


def _plan(state: RunState, opened: e.GateOpened) -> tuple[str, str, Difference | None]:
    """The PRD that a gate is about, its title, and what is new in it."""
    if state.prd is None or opened.artifact_sha256 != state.prd_sha256 or not state.prd_sha256:
        return "", "", None
    version = state.prd.version
    text = state.prd_texts.get(version, "")
    before = state.prd_texts.get(version - 1)
    changed = between(before, text) if before is not None else None
    return text, f"{state.prd_path}, version {version}", changed


@dataclass(frozen=True, slots=True)
class TaskRow:
    task: TaskState
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class RunPageView:
    """A run as its page shows it."""

    state: RunState
    look: str
    phases: tuple[Phase, ...]
    done: int
    total: int
    graph: Graph
    tasks: tuple[TaskRow, ...]
    gates: tuple[GateState, ...]
    lines: tuple[LogLine, ...]
    trespasses: tuple[str, ...]


def run_page(watched: Watched) -> RunPageView:
    state = watched.state
    return RunPageView(
        state=state,
        look=STATUS_LOOKS.get(state.status, "waiting"),
        phases=tuple(phases(state)),
        done=len(facts.done_tasks(state)),
        total=facts.task_count(state),
        graph=graph(state),
        tasks=tuple(TaskRow(task, look(task), words(task)) for task in state.tasks.values()),
        gates=tuple(gate for gate in state.gates.values() if gate.opened is not None and gate.status != "open"),
        lines=tuple(reversed(watched.told.history.lines[-LINES:])),
        trespasses=tuple(facts.trespasses(state)),
    )


def phases(state: RunState) -> list[Phase]:
    """A run's phases in order, each as its steps stand."""
    found: dict[int, list[str]] = {}
    titles: dict[int, str] = {}
    for step in state.steps.values():
        found.setdefault(step.step.phase, []).append(step.status)
        titles.setdefault(step.step.phase, step.step.title or step.step.name)
    return [
        Phase(PHASES.get(number, one_line(titles[number], 30)) if number else "Steps", _look(found[number]))
        for number in sorted(found)
    ]


def _look(statuses: list[str]) -> str:
    if "failed" in statuses:
        return "failed"
    if all(status == "done" for status in statuses):
        return "done"
    return "waiting" if all(status == "waiting" for status in statuses) else "working"
