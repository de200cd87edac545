"""What is known of a run? The tables that the fold of its log fills (see `fold.py`).

The state is changed in place, by the fold alone (a run of a hundred thousand events would otherwise copy its tables a
hundred thousand times). What is due next is kept in `Due` as the events come, so that a decider looks only at what
changed and never at the whole run.
"""

from __future__ import annotations

from copy import copy

import msgspec

from maestro_contracts import events as e
from maestro_contracts.records import (
    Codebase,
    Decision,
    Epic,
    Prd,
    Problem,
    Question,
    Repo,
    Settings,
    Step,
    TaskSpec,
    Workflow,
)

SETTLED = frozenset({"done", "failed"})
ENDED = frozenset({"completed", "failed", "cancelled"})


class TaskState(msgspec.Struct, gc=False):
    """One task. `status`: waiting, ready, dispatched, running, claimed, validating, accepted, merging, done,
    unsettled (an attempt ended badly and nothing is decided yet), retrying, failed. `kind` is its step's. `attempt`
    never starts over for one id; `first` is what it was when this task was planned."""

    spec: TaskSpec
    step: str
    visit: int = 1
    kind: str = "implement"
    status: str = "waiting"
    attempt: int = 0
    first: int = 0
    delivery: int = 0
    worker: str = ""
    started: int = 0
    ended: int = 0
    retry_at: int = 0
    base: str = ""
    commit: str = ""
    claim: e.TaskClaimed | None = None
    votes: list[e.VoteCast] = []
    problem: Problem | None = None
    problems: list[Problem] = []


class StepState(msgspec.Struct, gc=False):
    """One step. `status`: waiting, running, retrying, done, failed. `visit` counts from 1; `answer` is the event that
    settles this visit, once it is there."""

    step: Step
    status: str = "waiting"
    visit: int = 0
    attempt: int = 0
    outcome: str = ""
    started: int = 0
    ended: int = 0
    retry_at: int = 0
    answer: e.Event | None = None
    problem: Problem | None = None


class Lane(msgspec.Struct, gc=False):
    """The parallel groups of one step that runs tasks. `group` is the open one (0: none yet), `left` how many of its
    tasks are not settled."""

    step: str
    visit: int
    groups: dict[int, list[str]] = {}
    group: int = 0
    left: int = 0


class GateState(msgspec.Struct, gc=False):
    """One visit of a gate. `status`: asked (not open yet), open, decided, closed. `escalated` are the roles that may
    decide as well by now. A gate about an action belongs to no step."""

    gate: str
    visit: int
    step: str
    status: str = "asked"
    opened: e.GateOpened | None = None
    decided: e.GateDecided | None = None
    closed: e.GateClosed | None = None
    refused: list[e.DecisionRefused] = []
    votes: list[e.GateVoted] = []
    reminders: int = 0
    escalated: tuple[str, ...] = ()
    ran: e.GateCommandRan | None = None
    seen: e.PullRequestSeen | None = None


class ActionState(msgspec.Struct, gc=False):
    """One proposed action. `status`: proposed, waiting (people are asked), approved, rejected, begun, done, failed."""

    proposed: e.ActionProposed
    status: str = "proposed"
    classified: e.ActionClassified | None = None
    slowed: e.AgentSlowed | None = None
    gate: str = ""
    approval: e.ApprovalGiven | None = None
    rejected: e.ActionRejected | None = None
    started: e.EffectStarted | None = None
    ended: e.EffectEnded | None = None
    approved_after: e.EffectApproved | None = None
    rolled_back: e.RolledBack | None = None
    at: int = 0


class GrantState(msgspec.Struct, gc=False):
    """One standing approval: how often it was used, and who took it back."""

    issued: e.GrantIssued
    used: int = 0
    revoked: e.GrantRevoked | None = None


class Checkpoint(msgspec.Struct, gc=False):
    """A commit that the run can go back to; `ref` is empty until it is made."""

    number: int
    name: str
    commit: str = ""
    ref: str = ""
    at: int = 0


class Due(msgspec.Struct):
    """What the conductor has still to decide, as insertion-ordered sets of task ids."""

    ready: dict[str, None] = {}
    claimed: dict[str, None] = {}
    voted: dict[str, None] = {}
    unsettled: dict[str, None] = {}
    retrying: dict[str, None] = {}
    accepted: dict[str, None] = {}


class Origin(msgspec.Struct, frozen=True):
    """Where a forked run went on from: an entry of its parent's log, whose bytes have this SHA-256."""

    parent: str
    entry: int
    entry_sha256: str


class RunState(msgspec.Struct):
    """Everything known of a run. `status`: none, running, paused, cancelled, completed, failed. Times are
    milliseconds since the Unix epoch, 0 where not known."""

    run: str
    seq: int = 0
    events: int = 0
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
    lanes: dict[str, Lane] = {}
    gates: dict[tuple[str, int], GateState] = {}
    actions: dict[str, ActionState] = {}
    grants: dict[str, GrantState] = {}
    aborted: Problem | None = None
    context: dict[str, str] = {}
    codebase: Codebase | None = None
    questions: tuple[Question, ...] = ()
    answers: dict[str, str] = {}
    revision: str = ""
    constraints: list[str] = []
    prd: Prd | None = None
    prd_path: str = ""
    prd_sha256: str = ""
    prd_status: str = ""
    prd_texts: dict[int, str] = {}
    """The Markdown of each version of the PRD as drafted."""
    prd_paths: dict[int, str] = {}
    epics: tuple[Epic, ...] = ()
    tasks: dict[str, TaskState] = {}
    backlog: list[TaskSpec] = []
    iteration: int = 0
    iterations: list[e.IterationStarted] = []
    checkpoints: dict[int, Checkpoint] = {}
    checks: list[e.RunChecked] = []
    decisions: list[Decision] = []
    branch: str = ""
    head: str = ""
    merging: str = ""
    in_flight: int = 0
    handed_over: e.HandedOver | None = None
    refusals: list[e.RequestRefused] = []
    dead_letters: list[e.CommandDeadLettered] = []
    violations: list[str] = []
    forked: Origin | None = None
    sealed: e.LogSealed | None = None
    quarantine: e.ViolationFound | None = None
    """What the notary found wrong, until a person resumes the run."""
    due: Due = msgspec.field(default_factory=Due)

    @property
    def ended_for_good(self) -> bool:
        return self.status in ENDED

    def open_gates(self) -> list[GateState]:
        """The gates that wait for somebody, oldest first."""
        return [gate for gate in self.gates.values() if gate.status == "open"]


def clone(state: RunState) -> RunState:
    """A copy that can be folded further without changing the original. What the fold replaces whole is shared."""
    new = copy(state)
    new.steps = {name: copy(step) for name, step in state.steps.items()}
    new.tasks = {name: _clone_task(task) for name, task in state.tasks.items()}
    new.lanes = {name: _clone_lane(lane) for name, lane in state.lanes.items()}
    new.gates = {key: _clone_gate(gate) for key, gate in state.gates.items()}
    new.actions = {name: copy(action) for name, action in state.actions.items()}
    new.grants = {name: copy(grant) for name, grant in state.grants.items()}
    new.checkpoints = dict(state.checkpoints)
    new.due = Due(**{name: dict(getattr(state.due, name)) for name in Due.__struct_fields__})
    for name in _CONTAINERS:
        setattr(new, name, copy(getattr(state, name)))
    return new


_CONTAINERS = (
    "context",
    "answers",
    "constraints",
    "prd_texts",
    "prd_paths",
    "backlog",
    "iterations",
    "checks",
    "decisions",
    "refusals",
    "dead_letters",
    "violations",
)


def _clone_task(task: TaskState) -> TaskState:
    new = copy(task)
    new.votes, new.problems = list(task.votes), list(task.problems)
    return new


def _clone_lane(lane: Lane) -> Lane:
    new = copy(lane)
    new.groups = dict(lane.groups)
    return new


def _clone_gate(gate: GateState) -> GateState:
    new = copy(gate)
    new.refused, new.votes = list(gate.refused), list(gate.votes)
    return new
