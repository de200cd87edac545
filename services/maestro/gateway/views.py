"""What does the gateway tell of runs, gates and events? The answers of the API as data.

Times are RFC 3339 in UTC, empty where they are not known. What people and agents wrote is handed out as they wrote it:
whoever shows it escapes it.
"""

from __future__ import annotations

from typing import Any, Literal, dataclass_transform

import msgspec

from maestro_contracts.actions import Grant
from maestro_contracts.records import Choice, Problem, Question


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class View(msgspec.Struct, frozen=True):
    """The base of all answers."""


class RunSummary(View):
    """One line of the list of runs."""

    run: str
    feature: str
    status: str
    requested_by: str
    started: str
    ended: str
    last_event: str
    seq: int
    branch: str
    tasks: int
    done: int
    open_gates: list[str]


class StepView(View):
    name: str
    kind: str
    phase: int
    title: str
    status: str
    visit: int
    attempt: int
    outcome: str
    started: str
    ended: str


class TaskView(View):
    """A task. `votes` are validators' verdicts on the newest claim."""

    id: str
    title: str
    epic: str
    group: int
    step: str
    depends_on: list[str]
    requirements: list[str]
    status: str
    attempt: int
    worker: str
    commit: str
    votes: list[str]
    started: str
    ended: str
    problem: Problem | None


class CheckpointView(View):
    number: int
    name: str
    commit: str
    ref: str
    at: str


class DecidedView(View):
    """How a gate ended. `via` is the channel."""

    choice: str
    key: str
    by: str
    via: str
    at: str
    text: str
    answers: dict[str, str]


class VoteView(View):
    """One person's answer, and who signed it: they themselves (`person`), a gateway for them, or nobody."""

    person: str
    choice: str
    via: str
    signed: Literal["person", "gateway", ""]


class RefusedView(View):
    given: str
    by: str
    reason: str


class GateView(View):
    """A gate. `version` changes with what is asked: send it back with a decision (`If-Match` or `version`)."""

    run: str
    gate: str
    visit: int
    step: str
    status: Literal["open", "decided", "closed"]
    version: str
    prompt: str
    choices: list[Choice]
    freeform: bool
    questions: list[Question]
    quorum: int
    opened: str
    deadline: str
    default: str
    artifact_sha256: str
    kind: str
    level: int
    roles: list[str]
    people: list[str]
    conditions: bool
    digest: str
    policy_sha256: str
    proposal: str
    context: str
    impact: str
    reversibility: str
    diff: str
    votes: list[VoteView]
    decided: DecidedView | None
    closed_because: str
    expired: bool
    refused: list[RefusedView]


class GrantView(View):
    """A standing approval. `good`: it covers something now."""

    run: str
    grant: Grant
    given_by: str
    given: str
    used: int
    good: bool
    revoked_by: str


class JournalView(View):
    """An entry of a run's journal. `id` is the address of the event that it was made from."""

    id: str
    type: Literal["question", "decision", "blocker", "milestone"]
    at: str
    author: str
    title: str
    content: str
    tags: list[str]
    task: str
    files: list[str]
    related: list[str]
    options: list[str]
    hitl_reviewed: bool
    reviewed_by: str
    note: str


class RunView(View):
    """All that is known of how a run stands."""

    run: str
    feature: str
    status: str
    source: str
    text: str
    requested_by: str
    started: str
    ended: str
    seq: int
    events: int
    branch: str
    head: str
    iteration: int
    problem: Problem | None
    failed_step: str
    prd_path: str
    prd_status: str
    prd_version: int
    steps: list[StepView]
    tasks: list[TaskView]
    gates: list[GateView]
    checkpoints: list[CheckpointView]
    violations: list[str]


class EventView(View):
    """One event. `address` is `seq.index`; `cause` the command or event it follows from. Where `rejected` is set, the
    entry is not believed, for this reason, and says nothing else."""

    address: str
    seq: int
    index: int
    id: str
    type: str
    at: str
    actor: str
    role: str
    cause: str
    data: dict[str, Any]
    rejected: str = ""


class EventPage(View):
    """`next` is what to give as `after` for the next page; `head` is the log's last entry: where both are the
    same, that is all so far."""

    items: list[EventView]
    next: int
    head: int


class RunPage(View):
    """`next` is what to give as `cursor` for the next page; empty on the last one."""

    items: list[RunSummary]
    next: str


class GatePage(View):
    items: list[GateView]
