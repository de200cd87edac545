"""What may have happened? The glossary of events: past tense, frozen, one union at the end.

A class name is the storage format: renaming one is a migration (see `upcast.py`). An event's id is the slot of the
run's history that it fills (`gate:approve-plan:1:decided`): the log takes each id once, so two events can never
contradict each other over one slot.
"""

from __future__ import annotations

from typing import Literal, dataclass_transform

import msgspec

from maestro_contracts.records import (
    Choice,
    Codebase,
    Decision,
    Epic,
    Evidence,
    FileChange,
    Prd,
    Problem,
    Question,
    Ran,
    Repo,
    RequirementVerdict,
    Settings,
    TaskSpec,
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
    of theirs, an OpenSSH public key line; it is empty where they decide only through a gateway. `name` is for people."""

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


class RunPaused(Event):
    """Nothing new is started until somebody resumes the run."""

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
    """`deadline` is the time at which `default` is taken; None: it waits for a person for ever."""

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


class GateDecided(Event):
    """`via` is the channel: `cli`, `deadline` (the default was taken), `auto` (--auto-approve), `script`."""

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


class GateClosed(Event):
    """The gate needs no answer any more: the run was cancelled, or the deadline passed without a default."""

    gate: str
    visit: int
    step: str
    because: str
    expired: bool = False


class DecisionRefused(Event):
    """An answer that was no answer. Nothing changed."""

    gate: str
    visit: int
    given: str
    by: str
    reason: str


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


# --- said by the integrator -----------------------------------------------------------------------------------------


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
    | GateDecided
    | GateClosed
    | DecisionRefused
    | TaskStarted
    | AgentReported
    | TaskClaimed
    | TaskFailed
    | VoteCast
    | RunChecked
    | RunPrepared
    | PrdCommitted
    | TaskMerged
    | MergeRefused
    | CheckpointMade
    | StepWorkFailed
    | HandedOver
    | CommandDeadLettered
)

EVENTS: dict[str, type[Event]] = {cls.__name__: cls for cls in AnyEvent.__args__}
