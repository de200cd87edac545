"""What may have happened? The glossary of events: past tense, frozen, one union at the end.

A class name is the storage format: renaming one is a migration (see `upcast.py`). An event's id is the slot of the
run's history that it fills (`gate:approve-plan:1:decided`): the log takes each id once, so two events can never
contradict each other over one slot.
"""

from __future__ import annotations

from typing import Literal, dataclass_transform

import msgspec

from maestro_contracts.actions import ActionPart, Grant
from maestro_contracts.records import (
    Choice,
    Codebase,
    Decision,
    Epic,
    Escalation,
    Evidence,
    FileChange,
    GateKind,
    JournalKind,
    Prd,
    Problem,
    Question,
    Ran,
    Repo,
    RequirementVerdict,
    Settings,
    Sighting,
    TaskSpec,
    Vote,
    Workflow,
)


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The base of all events. `version` is the newest version of the class's data."""

    @classmethod
    def type_name(cls) -> str:
        return cls.__name__


# --- said by the operator, in the system log -------------------------------------------------------------------


class ActorEnrolled(Event):
    """A process's key for one life (`epoch`) of it. `key` is the Ed25519 public key, base64."""

    actor: str
    role: str
    epoch: str
    key: str
    host: str = ""


class ActorRevoked(Event):
    """From here on nothing signed with this key is believed."""

    actor: str
    epoch: str
    reason: str


class PersonEnrolled(Event):
    """A person, what they may decide (`roles`, all of them: earlier ones that are not named are taken back), and a key
    of theirs, an OpenSSH public key line; empty where they decide only through a gateway. `name` is for people."""

    person: str
    key: str
    roles: tuple[str, ...]
    name: str
    at: int


class PersonRevoked(Event):
    """From here on nothing signed with the person's key of this fingerprint (`SHA256:...`) decides anything. Without a
    fingerprint: with none of their keys, and they have no role any more."""

    person: str
    fingerprint: str
    reason: str


# --- said by the conductor ---------------------------------------------------------------------------------------


class RunStarted(Event):
    """A run began: what was asked for, on which repository, by which workflow, with which settings."""

    feature: str
    source: Literal["sentence", "spec"]
    text: str
    repo: Repo
    workflow: Workflow
    settings: Settings
    requested_by: str
    at: int


class RunForked(Event):
    """A run began where another one was: at entry `entry` of the log of `parent`, whose bytes have this SHA-256. What
    was said there until then comes along as it stands in that log: `entries` are the exact bytes of entries 1 to
    `entry`, `blobs` the large data that they name. Each counts for what its author signed, and for no more: no approval
    and no grant among them holds here. `feature`, `repo` and `workflow` are the parent's; `settings` too, but for what
    was asked for anew."""

    parent: str
    entry: int
    entry_sha256: str
    entries: tuple[bytes, ...]
    feature: str
    repo: Repo
    workflow: Workflow
    settings: Settings
    requested_by: str
    at: int
    blobs: tuple[bytes, ...] = ()


class StepStarted(Event):
    """A step's attempt began. `visit` counts how often the run came to it, `attempt` the tries of that visit."""

    step: str
    visit: int
    attempt: int
    kind: str
    phase: int
    title: str


class StepCompleted(Event):
    """A step's visit is over. `outcome` is `done`, a gate's key, or a verdict."""

    step: str
    visit: int
    outcome: str = "done"


class StepFailed(Event):
    """`retry_ms` is None where the step is given up."""

    step: str
    visit: int
    attempt: int
    problem: Problem
    retry_ms: int | None = None


class StepsReset(Event):
    """These steps will run again, since `by` sent the run back to `target`."""

    target: str
    steps: tuple[str, ...]
    by: str
    because: str


class IterationStarted(Event):
    """The refine loop's next round: what failed, as tasks."""

    number: int
    tasks: tuple[TaskSpec, ...]
    because: tuple[str, ...]


class GroupStarted(Event):
    """The tasks of one parallel group of a step may start."""

    group: int
    tasks: tuple[str, ...]
    step: str = ""


class GroupCompleted(Event):
    """Every task of the group is settled: merged or given up."""

    group: int
    step: str = ""


class TaskDispatched(Event):
    """`base` is the commit of the run's branch that the task starts from."""

    task: str
    attempt: int
    base: str = ""


class ValidationRequested(Event):
    """Validators were asked for their votes on the claim of this attempt."""

    task: str
    attempt: int


class TaskAccepted(Event):
    """A quorum of validators accepted the claim, each on the tree that was claimed."""

    task: str
    attempt: int
    tree: str = ""
    votes: int = 0


class TaskRejected(Event):
    """The claim did not stand up."""

    task: str
    attempt: int
    problem: Problem


class TaskRetryScheduled(Event):
    """The attempt came to nothing; the next one starts in `delay_ms`."""

    task: str
    attempt: int
    problem: Problem
    delay_ms: int
    strategy: str = "retry"


class TaskAbandoned(Event):
    """The task is given up: another attempt cannot help, or there were enough."""

    task: str
    attempt: int
    problem: Problem


class MergeRequested(Event):
    """The accepted claim is next to be merged into the run's branch."""

    task: str
    attempt: int


class CheckpointRequested(Event):
    """The state of the run's branch is to be kept under this number."""

    number: int
    name: str
    commit: str = ""


class GateRequested(Event):
    """A gate that is no step of the workflow is needed: the planner's questions."""

    gate: str
    visit: int
    step: str


MAESTRO = "maestro"
"""Who did it where no person did."""


class RunPaused(Event):
    """Nothing new is started until somebody resumes the run. `by` is a person, or `MAESTRO` where only a person can
    mend why it does not go on."""

    by: str
    why: str = ""


class RunResumed(Event):
    """The run goes on where it was paused."""

    by: str


class RunCancelled(Event):
    """A person ended the run; work under way is stopped."""

    by: str
    why: str = ""


class RunCompleted(Event):
    """Every step is done."""

    at: int


class RunFailed(Event):
    """The run ended since `step` could not be done."""

    step: str
    problem: Problem
    at: int


class RequestRefused(Event):
    """A person's request to the conductor that could not be carried out."""

    request: str
    by: str
    reason: str


# --- said by the planner -------------------------------------------------------------------------------------------


class CodebaseDiscovered(Event):
    """What the planner read in the repository."""

    codebase: Codebase


class QuestionsAsked(Event):
    """The planner cannot write the PRD before people have answered these."""

    step: str
    visit: int
    questions: tuple[Question, ...]


class PrdDrafted(Event):
    """A version of the PRD, as data and as the file's exact text."""

    step: str
    visit: int
    prd: Prd
    path: str
    sha256: str
    markdown: str


class PlanRefused(Event):
    """The planner could not draft a PRD."""

    step: str
    visit: int
    attempt: int
    problem: Problem


# --- said by the task generator --------------------------------------------------------------------------------------


class TasksGenerated(Event):
    """The graph of tasks that covers the PRD."""

    step: str
    visit: int
    epics: tuple[Epic, ...]
    tasks: tuple[TaskSpec, ...]


class TasksRefused(Event):
    """The task generator could not make a graph that covers the PRD."""

    step: str
    visit: int
    attempt: int
    problem: Problem


class DecisionRecorded(Event):
    """A choice that Maestro made itself, with its reasons."""

    decision: Decision


# --- said by the gatekeeper -------------------------------------------------------------------------------------------


class GateOpened(Event):
    """People are asked. `deadline` is the time at which `default` is taken; None: it waits for a person for ever.

    `digest` is what a decision is bound to: the SHA-256 of the action, else of the artifact, else of the question as it
    is asked; a signed decision names it, and `policy_sha256`. Who may decide: people with one of `roles` (none: any
    person), of them only `people` where these are named, never `proposer`. `quorum` of them must choose the same way
    on; `of` (0: all who may) is how many are counted when it is asked whether so many can still be reached. `veto`: one
    choice of another way ends the gate. `commit` is what a gate's `command` is run on. `proposal`, `level`, `context`,
    `impact`, `reversibility` and `diff` are there where it is about an action (`kind` action; `step` is then empty)."""

    gate: str
    visit: int
    step: str
    prompt: str
    choices: tuple[Choice, ...]
    opened: int
    freeform: bool = False
    deadline: int | None = None
    default: str = ""
    auto: bool = False
    quorum: int = 1
    artifact_sha256: str = ""
    questions: tuple[Question, ...] = ()
    kind: GateKind = "approval"
    digest: str = ""
    policy_sha256: str = ""
    roles: tuple[str, ...] = ()
    of: int = 0
    people: tuple[str, ...] = ()
    veto: bool = False
    escalate: Escalation | None = None
    remind_s: float | None = None
    conditions: bool = False
    command: str = ""
    every_s: float = 0.0
    commit: str = ""
    proposal: str = ""
    proposer: str = ""
    level: int = 0
    context: str = ""
    impact: str = ""
    reversibility: str = ""
    diff: str = ""


class GateVoted(Event):
    """One person's answer at a gate. With the vote that ends the gate, `GateDecided` stands in the same commit.
    `conditions` are what goes with a yes ('yes, but ...')."""

    gate: str
    visit: int
    step: str
    vote: Vote
    nonce: str = ""
    text: str = ""
    conditions: tuple[str, ...] = ()
    answers: dict[str, str] = {}


class GateDecided(Event):
    """`via` is the channel: `cli`, `web`, `rest`, `tui`, `mcp`, `script`; or nobody's: `deadline` (the default was
    taken), `auto` (--auto-approve), `timer` and `command` (what such a gate waits for has come). `approver` names the
    deciding people, `votes` are their signed words, `conditions` hold for all later work."""

    gate: str
    visit: int
    step: str
    choice: str
    key: str
    target: str
    approver: str
    via: str
    at: int
    text: str = ""
    answers: dict[str, str] = {}
    conditions: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()


class GateClosed(Event):
    """The gate needs no answer any more: the run was cancelled, or the deadline passed without a default."""

    gate: str
    visit: int
    step: str
    because: str
    expired: bool = False


class GateReminded(Event):
    """The gate still waits: the `number`th reminder, for whoever may decide."""

    gate: str
    visit: int
    number: int
    at: int
    to: tuple[str, ...] = ()


class GateEscalated(Event):
    """Nobody has decided for too long: from here on people with the roles `to` may as well."""

    gate: str
    visit: int
    to: tuple[str, ...]
    at: int


RefusalCode = Literal[
    "",
    "bad_choice",
    "unauthenticated",
    "not_your_gate",
    "unknown_gate",
    "already_decided",
    "wrong_version",
    "expired",
]
"""Why an answer was none, as HTTP says it: 400, 401, 403, 404, 409, 409, 410."""


class DecisionRefused(Event):
    """An answer that was no answer. Nothing changed. `gate` is `grant:<id>` or `audit:<proposal>` where it was about
    no gate."""

    gate: str
    visit: int
    given: str
    by: str
    reason: str
    code: RefusalCode = ""
    via: str = ""


class ActionProposed(Event):
    """Somebody wants to do this. `digest` covers the exact action, `summary` is for people (redacted); `claimed` is the
    level that they say it has (0: they say none). `by` is a worker's name, `agent` the kind of its agent, `why` what
    that says it is for (redacted)."""

    proposal: str
    task: str
    attempt: int
    by: str
    digest: str
    summary: str
    agent: str = ""
    claimed: int = 0
    why: str = ""


class ActionClassified(Event):
    """The action's level, computed from its payload by the policy named here and the code whose SHA-256 is `judge`: the
    same three always give the same level. `asked` is the digest of what people are asked about (the parts above level
    1; empty at level 1). `violation`: what was claimed is lower than the level."""

    proposal: str
    level: int
    policy_version: str
    policy_sha256: str
    parts: tuple[ActionPart, ...] = ()
    asked: str = ""
    violation: str = ""
    judge: str = ""


class ApprovalGiven(Event):
    """The action may be done once, until `expires` (ms; 0: while the run goes on), exactly as `digest` says. `by` tells
    why: `policy` (level 1), `prd` (listed in the approved PRD), `grant` (see `grant`), `auto` (--auto-approve),
    `person` (at `gate`; `approvers` names them), `same` (people approved the same, as
    `took_over` that was not used, or file by file when this attempt was about to write it)."""

    proposal: str
    digest: str
    level: int
    by: Literal["policy", "prd", "grant", "auto", "person", "same"]
    policy_sha256: str
    at: int
    approvers: tuple[str, ...] = ()
    expires: int = 0
    grant: str = ""
    gate: str = ""
    visit: int = 0
    took_over: str = ""
    asked: str = ""
    conditions: tuple[str, ...] = ()


class ActionRejected(Event):
    """The action may not be done. `by` is who rejected it; `abort`: the run is to end as well."""

    proposal: str
    digest: str
    by: str
    reason: str
    at: int
    gate: str = ""
    visit: int = 0
    abort: bool = False


class AgentSlowed(Event):
    """The agent's work on this task has asked people so often (`asks`) that this question waits for `delay_ms`."""

    proposal: str
    task: str
    asks: int
    delay_ms: int


class GrantIssued(Event):
    """A person's standing approval."""

    grant: Grant
    vote: Vote
    nonce: str = ""


class GrantRevoked(Event):
    """The grant covers nothing any more."""

    grant: str
    vote: Vote
    nonce: str = ""
    why: str = ""


class EffectApproved(Event):
    """A person approved after the fact what was done without an approval, or with one that did not hold."""

    proposal: str
    vote: Vote
    nonce: str = ""
    why: str = ""


class RollBackOrdered(Event):
    """A person wants what was done to be undone: the integrator is asked to."""

    proposal: str
    vote: Vote
    nonce: str = ""
    why: str = ""


class JournalEntryAdded(Event):
    """Somebody wrote into the run's journal. `options` are what a blocker lets people choose, `related` the addresses
    of other entries; `by_person`: a person wrote it, so that none needs to look at it again."""

    kind: JournalKind
    author: str
    title: str
    content: str = ""
    tags: tuple[str, ...] = ()
    task: str = ""
    files: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    by_person: bool = False
    via: str = ""


class JournalReviewed(Event):
    """A person has looked at this entry (its address)."""

    entry: str
    by: str
    note: str = ""
    via: str = ""


# --- said by a worker -----------------------------------------------------------------------------------------------


class TaskStarted(Event):
    """`delivery` counts how often the task's command was handed out: a higher one took over from a lost worker."""

    task: str
    attempt: int
    delivery: int
    worker: str
    lease_ms: int = 0


class AgentReported(Event):
    """What the agent said on the way, shortened."""

    task: str
    attempt: int
    text: str
    kind: str = "text"


class TaskClaimed(Event):
    """A worker's word that a task is done. Nothing in it is believed until validators have voted."""

    task: str
    attempt: int
    delivery: int
    worker: str
    commit: str = ""
    tree: str = ""
    base: str = ""
    ref: str = ""
    summary: str = ""
    says: tuple[Ran, ...] = ()
    files: tuple[FileChange, ...] = ()
    duration_ms: int = 0


class TaskFailed(Event):
    """The worker could not do it. `kept` names the ref or folder where unfinished work was kept."""

    task: str
    attempt: int
    delivery: int
    worker: str
    problem: Problem
    tail: str = ""
    kept: str = ""
    duration_ms: int = 0


class EffectStarted(Event):
    """Here the approval is consumed: its slot is taken once. Then the action is done, exactly as `digest` says.
    Said by whoever does it: a worker for its agent, the integrator for a task's change. `command` is what it does it
    for: the same command may go on with what it had begun."""

    proposal: str
    digest: str
    by: str
    at: int
    command: str = ""
    level: int = 0
    policy_sha256: str = ""


class EffectEnded(Event):
    """What came of it. `unknown`: it was begun by somebody who is gone, or by a program that only asked for it."""

    proposal: str
    outcome: Literal["done", "failed", "unknown"]
    detail: str = ""
    commit: str = ""


# --- said by a validator --------------------------------------------------------------------------------------------


class VoteCast(Event):
    """One validator's own look at a claim, bound to the tree it looked at."""

    task: str
    attempt: int
    validator: str
    tree: str
    verdict: Literal["accept", "reject", "cannot_tell"]
    problem: Problem | None = None
    evidence: tuple[Evidence, ...] = ()


class RunChecked(Event):
    """A validator's look at the whole branch for a `validate` step."""

    step: str
    visit: int
    validator: str
    commit: str
    tree: str
    verdict: Literal["met", "not_met", "cannot_tell"]
    requirements: tuple[RequirementVerdict, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class GateCommandRan(Event):
    """A validator ran a gate's command in a checkout of its own for the `number`th time."""

    gate: str
    visit: int
    number: int
    validator: str
    commit: str
    command: str
    exit_code: int
    passed: bool
    tail: str = ""


# --- said by the integrator -----------------------------------------------------------------------------------------


class PullRequestSeen(Event):
    """The integrator asked the forge for the `number`th time about a request to merge the run's branch, which must hold
    `commit`. Said again only where something else is to be seen than the last time."""

    gate: str
    visit: int
    number: int
    integrator: str
    commit: str
    sighting: Sighting


class RunPrepared(Event):
    """The run's branch exists at its base."""

    step: str
    visit: int
    branch: str
    commit: str


class PrdCommitted(Event):
    """The PRD's file stands on the run's branch with this status."""

    version: int
    path: str
    commit: str
    status: str


class TaskMerged(Event):
    """The task's change is on the run's branch; `tree` is what the branch holds now."""

    task: str
    attempt: int
    commit: str
    tree: str


class MergeRefused(Event):
    """The task's change could not be merged; the branch is as it was."""

    task: str
    attempt: int
    problem: Problem
    conflicts: tuple[str, ...] = ()


class CheckpointMade(Event):
    """The checkpoint's ref exists."""

    number: int
    name: str
    commit: str
    ref: str


class StepWorkFailed(Event):
    """The integrator or a validator could not do a step's work (not a verdict: a failure of the doing)."""

    step: str
    visit: int
    attempt: int
    problem: Problem


class HandedOver(Event):
    """The run's branch is finished: where it ends and what it changed."""

    step: str
    visit: int
    branch: str
    commit: str
    tree: str
    base: str
    files: tuple[FileChange, ...] = ()


class RolledBack(Event):
    """What the proposal's effect changed is undone by a new commit on the run's branch."""

    proposal: str
    commit: str
    reverts: str
    tree: str = ""


class RollBackFailed(Event):
    """It cannot be undone by Maestro; the reason is for people."""

    proposal: str
    problem: Problem


# --- said by the notary ----------------------------------------------------------------------------------------------


class LogSealed(Event):
    """The run's log, sealed: its first `size` entries have this Merkle `root` (RFC 6962, hex). `note` is the C2SP
    checkpoint that states it, with the log's signature and the cosignatures that had arrived; `cosigned` and `missing`
    are the names of the witnesses, as the notary's policy calls them. `final`: the run has ended, and this is all of
    it."""

    size: int
    root: str
    note: str
    cosigned: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    final: bool = False


class SealCosigned(Event):
    """Cosignatures that came after their seal was written down. `note` is the checkpoint of `size` again, with all of
    them; the names are as in `LogSealed`."""

    size: int
    note: str
    cosigned: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class ViolationFound(Event):
    """Something in the run's log may not be believed, or is not what it was: entry `entry`, why, and in whose name it
    stands. The run is quarantined: no effect begins in it until a person resumes it."""

    entry: int
    reason: str
    actor: str = ""
    at: int = 0


# --- said by anybody --------------------------------------------------------------------------------------------------


class CommandDeadLettered(Event):
    """A command was given up after too many deliveries; it waits in the dead-letter queue."""

    command: str
    command_type: str
    role: str
    deliveries: int
    reason: str


AnyEvent = (
    ActorEnrolled
    | ActorRevoked
    | PersonEnrolled
    | PersonRevoked
    | RunStarted
    | RunForked
    | StepStarted
    | StepCompleted
    | StepFailed
    | StepsReset
    | IterationStarted
    | GroupStarted
    | GroupCompleted
    | TaskDispatched
    | ValidationRequested
    | TaskAccepted
    | TaskRejected
    | TaskRetryScheduled
    | TaskAbandoned
    | MergeRequested
    | CheckpointRequested
    | GateRequested
    | RunPaused
    | RunResumed
    | RunCancelled
    | RunCompleted
    | RunFailed
    | RequestRefused
    | CodebaseDiscovered
    | QuestionsAsked
    | PrdDrafted
    | PlanRefused
    | TasksGenerated
    | TasksRefused
    | DecisionRecorded
    | GateOpened
    | GateVoted
    | GateDecided
    | GateClosed
    | GateReminded
    | GateEscalated
    | DecisionRefused
    | ActionProposed
    | ActionClassified
    | ApprovalGiven
    | ActionRejected
    | AgentSlowed
    | GrantIssued
    | GrantRevoked
    | EffectApproved
    | RollBackOrdered
    | JournalEntryAdded
    | JournalReviewed
    | TaskStarted
    | AgentReported
    | TaskClaimed
    | TaskFailed
    | EffectStarted
    | EffectEnded
    | VoteCast
    | RunChecked
    | GateCommandRan
    | PullRequestSeen
    | RunPrepared
    | PrdCommitted
    | TaskMerged
    | MergeRefused
    | CheckpointMade
    | StepWorkFailed
    | HandedOver
    | RolledBack
    | RollBackFailed
    | LogSealed
    | SealCosigned
    | ViolationFound
    | CommandDeadLettered
)

EVENTS: dict[str, type[Event]] = {cls.__name__: cls for cls in AnyEvent.__args__}
