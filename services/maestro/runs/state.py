"""What is a run's state? The fold of its log: `evolve(state, event)` and nothing else.

The state is changed in place (a run of a hundred thousand events would otherwise copy its tables a hundred thousand
times); nobody but `evolve` changes it. What is due next (`ready`, `claimed`, `accepted`, ...) is kept up to date by
`evolve`, so that a decider looks only at what changed and never at the whole run.
"""

from __future__ import annotations

from typing import Any

import msgspec

from maestro_contracts import events as e
from maestro_contracts.records import (
    Codebase,
    Decision,
    Epic,
    FileChange,
    Prd,
    Problem,
    Question,
    Repo,
    Settings,
    Step,
    TaskSpec,
    Workflow,
)


class TaskState(msgspec.Struct):
    """One task. `status`: waiting, ready, dispatched, running, claimed, validating, accepted, merging, done,
    retrying, failed."""

    spec: TaskSpec
    status: str = "waiting"
    attempt: int = 0
    iteration: int = 0
    waits_for: int = 0
    worker: str = ""
    started: int = 0
    ended: int = 0
    claim: e.TaskClaimed | None = None
    votes: list[e.VoteCast] = []
    feedback: list[str] = []
    problems: list[Problem] = []
    base: str = ""
    commit: str = ""


class StepState(msgspec.Struct):
    """One step. `status`: waiting, ready, running, retrying, done, skipped, failed. `visit` counts from 1."""

    step: Step
    status: str = "waiting"
    visit: int = 0
    attempt: int = 0
    outcome: str = ""
    started: int = 0
    ended: int = 0
    problem: Problem | None = None


class GateState(msgspec.Struct):
    """One visit of a gate. `status`: asked (not open yet), open, decided, closed."""

    gate: str
    visit: int
    step: str
    status: str = "asked"
    opened: e.GateOpened | None = None
    decided: e.GateDecided | None = None
    refused: list[e.DecisionRefused] = []


class Checkpoint(msgspec.Struct):
    number: int
    name: str
    commit: str = ""
    ref: str = ""
    at: int = 0


class Timed(msgspec.Struct):
    """An event with its address and its author, for timelines."""

    seq: int
    at: int
    actor: str
    id: str
    event: e.Event


class RunState(msgspec.Struct):
    """Everything known of a run. `status`: none, running, paused, cancelled, completed, failed."""

    run: str
    seq: int = 0
    status: str = "none"
    feature: str = ""
    source: str = ""
    text: str = ""
    requested_by: str = ""
    repo: Repo | None = None
    workflow: Workflow | None = None
    settings: Settings | None = None
    started: int = 0
    ended: int = 0
    last: int = 0
    problem: Problem | None = None
    failed_step: str = ""
    steps: dict[str, StepState] = {}
    gates: dict[tuple[str, int], GateState] = {}
    open_gates: dict[tuple[str, int], bool] = {}
    context: dict[str, str] = {}
    codebase: Codebase | None = None
    questions: tuple[Question, ...] = ()
    answers: dict[str, str] = {}
    revision: str = ""
    prd: Prd | None = None
    prd_path: str = ""
    prd_markdown: str = ""
    prd_sha256: str = ""
    prd_status: str = ""
    prd_files: dict[str, str] = {}
    epics: tuple[Epic, ...] = ()
    tasks: dict[str, TaskState] = {}
    groups: dict[int, list[str]] = {}
    group: int = 0
    group_open: int = 0
    iteration: int = 0
    checkpoints: dict[int, Checkpoint] = {}
    checked: e.RunChecked | None = None
    checks: list[e.RunChecked] = []
    decisions: list[Decision] = []
    head: str = ""
    handed_over: e.HandedOver | None = None
    files: tuple[FileChange, ...] = ()
    refusals: list[e.RequestRefused] = []
    dead_letters: list[e.CommandDeadLettered] = []
    violations: list[str] = []
    due: dict[str, dict[Any, bool]] = {}
    """What the conductor owes, by kind: insertion-ordered sets kept by `evolve` alone (see `agenda`)."""
    merging: str = ""
    in_flight: int = 0
