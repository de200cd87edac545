"""What may be asked for? The glossary of commands: imperative, frozen, one union at the end.

Each command goes to one role's queue. Handling one twice changes nothing: its id names what it asks for
(`task:T-003:2`), and the log takes each id once.
"""

from __future__ import annotations

from typing import ClassVar, dataclass_transform

import msgspec

from maestro_contracts.actions import Grant
from maestro_contracts.proposals import Proposal
from maestro_contracts.records import (
    AgentSpec,
    Choice,
    Codebase,
    Escalation,
    Forge,
    GateKind,
    JournalKind,
    Prd,
    Question,
    Ran,
    Repo,
    Requirement,
    Settings,
    Sighting,
    TaskSpec,
    Workflow,
)


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Command(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The base of all commands. `to` is the role whose queue takes it."""

    to: ClassVar[str]


# --- to the registrar -----------------------------------------------------------------------------------------------


class Enrol(Command):
    """Introduce my key. `proof` is the HMAC-SHA256 of the other fields with the role's join secret, hex."""

    to: ClassVar[str] = "registrar"
    actor: str
    role: str
    epoch: str
    key: str
    proof: str
    host: str = ""


# --- to the conductor -----------------------------------------------------------------------------------------------


class StartRun(Command):
    """Start a run. A second one for the same run changes nothing."""

    to: ClassVar[str] = "conductor"
    feature: str
    source: str
    text: str
    repo: Repo
    workflow: Workflow
    settings: Settings
    by: str


class ForkRun(Command):
    """Start this run where `parent` was after its entry `entry` (its bytes' SHA-256 is `entry_sha256`). The parent is
    not touched. `auto_approve` and `interactive` hold for this run, whatever the parent had."""

    to: ClassVar[str] = "conductor"
    parent: str
    entry: int
    entry_sha256: str
    by: str
    auto_approve: bool = False
    interactive: bool = False


class Advance(Command):
    """The run's log has grown: see what is due. Carries nothing; the log says it all."""

    to: ClassVar[str] = "conductor"


class RecoverRun(Command):
    """Send again every command whose answer is still missing (after a loss of the queues)."""

    to: ClassVar[str] = "conductor"
    by: str = ""


class PauseRun(Command):
    """Start nothing new until `ResumeRun`."""

    to: ClassVar[str] = "conductor"
    by: str
    why: str = ""


class ResumeRun(Command):
    """Go on with a paused run."""

    to: ClassVar[str] = "conductor"
    by: str


class CancelRun(Command):
    """End the run now."""

    to: ClassVar[str] = "conductor"
    by: str
    why: str = ""


class RetryDue(Command):
    """A retry's delay is over (a timer's command). Exactly one of `task` and `step` (with its `visit`) is set;
    `attempt` is the attempt that may start now."""

    to: ClassVar[str] = "conductor"
    task: str = ""
    step: str = ""
    visit: int = 0
    attempt: int = 0


# --- to the planner -------------------------------------------------------------------------------------------------


class DraftPlan(Command):
    """Read the repository and draft a version of the PRD, or ask what must be known for it."""

    to: ClassVar[str] = "planner"
    step: str
    visit: int
    attempt: int
    feature: str
    source: str
    text: str
    repo: Repo
    version: int
    interactive: bool = False
    revision: str = ""
    answers: dict[str, str] = {}
    previous: Prd | None = None
    test_commands: tuple[str, ...] = ()
    lint_commands: tuple[str, ...] = ()


# --- to the task generator --------------------------------------------------------------------------------------------


class GenerateTasks(Command):
    """Make epics, tasks and parallel groups that cover the PRD."""

    to: ClassVar[str] = "taskgen"
    step: str
    visit: int
    attempt: int
    prd: Prd
    codebase: Codebase
    min_epics: int = 5
    max_epics: int = 7


# --- to the gatekeeper ------------------------------------------------------------------------------------------------


class OpenGate(Command):
    """Ask people. `timeout_s` starts when the gate opens; `auto_approve` is the run's, `auto` the gate's own word. For
    the other fields see `GateOpened`. A timer gate goes on when its timeout is over; a command gate has its `command`
    run at `commit` every `every_s` until it passes, and closes at its timeout; a pull-request gate has the forge asked
    every `every_s` whether the run's branch was merged with `commit` in it."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    step: str
    prompt: str
    choices: tuple[Choice, ...]
    freeform: bool = False
    timeout_s: float | None = None
    default: str = ""
    auto: bool = False
    auto_approve: bool = False
    quorum: int = 1
    artifact_sha256: str = ""
    questions: tuple[Question, ...] = ()
    kind: GateKind = "approval"
    roles: tuple[str, ...] = ()
    of: int = 0
    people: tuple[str, ...] = ()
    veto: bool = False
    escalate: Escalation | None = None
    remind_s: float | None = None
    conditions: bool = False
    command: str = ""
    every_s: float = 30.0
    repo: Repo | None = None
    commit: str = ""


class DecideGate(Command):
    """A person's answer. `visit` 0 means the visit that is open now. `statement` is the exact text that was signed: by
    the person (`signature`, armoured SSHSIG) or by a gateway for them (`attested`, the signature line of a signed note
    over it). What the statement says must be what the fields say."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    choice: str
    by: str
    via: str
    visit: int = 0
    text: str = ""
    answers: dict[str, str] = {}
    conditions: tuple[str, ...] = ()
    statement: str = ""
    signature: str = ""
    attested: str = ""


class GateDeadline(Command):
    """The deadline's timer fired."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int


class GateReminder(Command):
    """The timer of the `number`th reminder fired."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    number: int


class GateEscalation(Command):
    """The timer fired after which others may decide as well."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int


class PollGate(Command):
    """It is time to run a gate's command, or to ask the forge, for the `number`th time (a timer's command)."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    number: int
    repo: Repo
    commit: str


class JudgeGate(Command):
    """A gate's command has been run for the `number`th time; the log says how it ended."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    number: int
    repo: Repo
    commit: str


class JudgePullRequest(Command):
    """The forge was asked for the `number`th time; the log says what was seen last. `wait_s`: how long the forge asked
    to be left alone."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    number: int
    repo: Repo
    commit: str
    wait_s: float = 0.0


class CloseGate(Command):
    """The run ended: no answer is needed any more."""

    to: ClassVar[str] = "gatekeeper"
    gate: str
    visit: int
    because: str


class ProposeAction(Command):
    """May I do this? `parts` are the exact action; what they claim of themselves is compared and not believed. `why` is
    what the agent says that it is for."""

    to: ClassVar[str] = "gatekeeper"
    proposal: str
    task: str
    attempt: int
    by: str
    parts: tuple[Proposal, ...]
    agent: str = ""
    why: str = ""


class ProposeChange(Command):
    """May what this attempt changed go onto the run's branch? The gatekeeper reads the change itself, from `base` to
    `commit`; `ref` is where another host finds it."""

    to: ClassVar[str] = "gatekeeper"
    proposal: str
    task: str
    attempt: int
    by: str
    repo: Repo
    base: str
    commit: str
    ref: str = ""
    agent: str = ""


class AskPeople(Command):
    """The delay of a question is over (a timer's command): its gate may open now."""

    to: ClassVar[str] = "gatekeeper"
    proposal: str


class IssueGrant(Command):
    """A person's standing approval. The signed statement's digest is that of the grant."""

    to: ClassVar[str] = "gatekeeper"
    grant: Grant
    by: str
    via: str
    statement: str = ""
    signature: str = ""
    attested: str = ""


class RevokeGrant(Command):
    """A person takes a standing approval back."""

    to: ClassVar[str] = "gatekeeper"
    grant: str
    by: str
    via: str
    why: str = ""
    statement: str = ""
    signature: str = ""
    attested: str = ""


class ApproveAfter(Command):
    """A person approves an effect after the fact. The signed statement's digest is the effect's."""

    to: ClassVar[str] = "gatekeeper"
    proposal: str
    by: str
    via: str
    why: str = ""
    statement: str = ""
    signature: str = ""
    attested: str = ""


class RollBack(Command):
    """A person wants an effect undone. The signed statement's digest is the effect's."""

    to: ClassVar[str] = "gatekeeper"
    proposal: str
    by: str
    via: str
    why: str = ""
    statement: str = ""
    signature: str = ""
    attested: str = ""


class AddJournalEntry(Command):
    """Write into the run's journal (see `JournalEntryAdded`)."""

    to: ClassVar[str] = "gatekeeper"
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


class ReviewJournalEntry(Command):
    """A person has looked at this entry (its address)."""

    to: ClassVar[str] = "gatekeeper"
    entry: str
    by: str
    note: str = ""
    via: str = ""


# --- to a worker ------------------------------------------------------------------------------------------------------


class DoTask(Command):
    """Do one task from `base` (the commit of the run's branch). `feedback` is why earlier attempts were rejected."""

    to: ClassVar[str] = "worker"
    task: TaskSpec
    attempt: int
    repo: Repo
    base: str
    agent: AgentSpec
    feature: str = ""
    prd_path: str = ""
    feedback: tuple[str, ...] = ()


# --- to a validator ---------------------------------------------------------------------------------------------------


class ValidateClaim(Command):
    """Look at a claim afresh. `says` is what the worker says it ran (`TaskClaimed.says`), to be held against what
    the validator finds."""

    to: ClassVar[str] = "validator"
    task: TaskSpec
    attempt: int
    repo: Repo
    base: str
    commit: str
    tree: str
    ref: str
    test_commands: tuple[str, ...] = ()
    timeout_s: float = 900.0
    says: tuple[Ran, ...] = ()


class ValidateRun(Command):
    """Check the whole branch at `commit`: every requirement, the tests, the linters."""

    to: ClassVar[str] = "validator"
    step: str
    visit: int
    attempt: int
    repo: Repo
    commit: str
    requirements: tuple[Requirement, ...]
    test_commands: tuple[str, ...] = ()
    lint_commands: tuple[str, ...] = ()
    timeout_s: float = 900.0


class RunGateCommand(Command):
    """Run a gate's command in a checkout of `commit`."""

    to: ClassVar[str] = "validator"
    gate: str
    visit: int
    number: int
    repo: Repo
    commit: str
    command: str
    timeout_s: float = 900.0


# --- to the integrator ------------------------------------------------------------------------------------------------


class PrepareRun(Command):
    """Make the run's branch at the repository's base commit, or at a later one (`onto`, for a forked run)."""

    to: ClassVar[str] = "integrator"
    step: str
    visit: int
    attempt: int
    repo: Repo
    onto: str = ""


class CommitPrd(Command):
    """Put this version of the PRD's file on the run's branch."""

    to: ClassVar[str] = "integrator"
    repo: Repo
    version: int
    path: str
    markdown: str
    status: str


class MergeTask(Command):
    """Merge an accepted task. `onto` is where the log says the run's branch is (empty: not said): a branch that
    somebody else moved is refused. `ref` is `TaskClaimed.ref`, under which another host finds the commit."""

    to: ClassVar[str] = "integrator"
    task: str
    attempt: int
    repo: Repo
    commit: str
    title: str
    event: str
    onto: str = ""
    ref: str = ""


class MakeCheckpoint(Command):
    """Keep a commit of the run's branch under a ref."""

    to: ClassVar[str] = "integrator"
    number: int
    name: str
    repo: Repo
    commit: str = ""


class HandOver(Command):
    """Mark the PRD implemented and say what the branch holds."""

    to: ClassVar[str] = "integrator"
    step: str
    visit: int
    attempt: int
    repo: Repo
    prd_path: str = ""
    markdown: str = ""


class AskForge(Command):
    """Ask the forge whether a request to merge the run's branch was merged with `commit` in it. `told` is what the log
    says was seen the last time."""

    to: ClassVar[str] = "integrator"
    gate: str
    visit: int
    number: int
    repo: Repo
    commit: str
    forge: Forge
    told: Sighting | None = None


class RevertChange(Command):
    """Undo a merged commit of the run's branch by a new commit. `what` is for its message."""

    to: ClassVar[str] = "integrator"
    proposal: str
    repo: Repo
    commit: str
    what: str = ""


AnyCommand = (
    Enrol
    | StartRun
    | ForkRun
    | Advance
    | RecoverRun
    | PauseRun
    | ResumeRun
    | CancelRun
    | RetryDue
    | DraftPlan
    | GenerateTasks
    | OpenGate
    | DecideGate
    | GateDeadline
    | GateReminder
    | GateEscalation
    | PollGate
    | JudgeGate
    | JudgePullRequest
    | CloseGate
    | ProposeAction
    | ProposeChange
    | AskPeople
    | IssueGrant
    | RevokeGrant
    | ApproveAfter
    | RollBack
    | AddJournalEntry
    | ReviewJournalEntry
    | DoTask
    | ValidateClaim
    | ValidateRun
    | RunGateCommand
    | PrepareRun
    | CommitPrd
    | MergeTask
    | MakeCheckpoint
    | HandOver
    | AskForge
    | RevertChange
)

COMMANDS: dict[str, type[Command]] = {cls.__name__: cls for cls in AnyCommand.__args__}
