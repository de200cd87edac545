"""What do events and commands have in common to talk about? The value records they share.

Each record is frozen and carries its defaults, so that an old log without a newer field still reads. Times are
milliseconds since the Unix epoch (`_ms` at the end of the name when a duration); hashes are lower-case hex.
"""

from __future__ import annotations

from typing import Literal, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The base of all value records: frozen, compact on the wire."""


ErrorClass = Literal[
    "transient",
    "agent_crash",
    "agent_refused",
    "time_out",
    "output_limit",
    "no_change",
    "check_failed",
    "false_claim",
    "tests_tampered",
    "merge_conflict",
    "scope_violation",
    "environment",
    "ambiguous",
    "structural",
    "cancelled",
    "not_approved",
]


JournalKind = Literal["question", "decision", "blocker", "milestone"]


class Problem(Record):
    """Why something did not work: `kind` decides the retry, `reason` and `mend` are for people."""

    kind: ErrorClass
    reason: str
    mend: str = ""


class Repo(Record):
    """Where the work happens. `url` is a path or a git URL; `base` the commit the run starts from."""

    url: str
    base: str
    branch: str = ""


class AgentSpec(Record):
    """Which agent does a task. `kind` names the backend: `script`, `command` or `probe`. `env` are names of variables
    that it may see, `credentials` names of secrets that it cannot do without; values are never recorded."""

    kind: str
    command: tuple[str, ...] = ()
    playbook: str = ""
    env: tuple[str, ...] = ()
    timeout_s: float = 1800.0
    output_limit: int = 1_048_576
    credentials: tuple[str, ...] = ()


class Requirement(Record):
    """One thing that must be true at the end. `check` is a shell command whose exit code 0 proves it."""

    id: str
    text: str
    priority: Literal["must", "should", "could"] = "must"
    check: str = ""
    files: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    section: str = ""
    role: str = ""


class Prd(Record):
    """The product requirements document as data; `markdown` is the file's exact text."""

    feature: str
    slug: str
    version: int
    priority: str
    requirements: tuple[Requirement, ...]
    related_issues: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    body: str = ""
    allows: tuple[str, ...] = ()
    """The level 2 actions that whoever approves the PRD approves with it, each as `<effect> <target>`:
    `dependency requests`, `ci .github/workflows/test.yml`."""


class Codebase(Record):
    """What reading the repository told, without running any of it."""

    languages: tuple[tuple[str, int], ...] = ()
    frameworks: tuple[str, ...] = ()
    dependency_files: tuple[str, ...] = ()
    test_commands: tuple[str, ...] = ()
    lint_commands: tuple[str, ...] = ()
    layout: tuple[str, ...] = ()
    files: int = 0
    head: str = ""
    branch: str = ""


class Question(Record):
    """One thing the planner must know. `options` may be empty (free text)."""

    id: str
    text: str
    why: str = ""
    options: tuple[str, ...] = ()
    default: str = ""


class Choice(Record):
    """One answer a gate takes. `target` is a step's name, `_fail`, or empty for 'go on'."""

    label: str
    key: str
    target: str = ""


GateKind = Literal["approval", "timer", "command", "pull-request", "action"]
"""What ends a gate: people; its time; a command that passes; a merge at the forge; people, about one action."""


class Escalation(Record):
    """Who may decide as well when nobody has for `after_s` seconds: the roles `to`."""

    after_s: float
    to: tuple[str, ...]


class Vote(Record):
    """One person's signed word at a gate. `statement` is the exact text that was signed; `signed` tells by whom: the
    person's own key (`signature`, armoured SSHSIG) or a gateway for a person who had logged in (`attested`, the
    signature line of a C2SP signed note over the statement). `via` is the channel."""

    person: str
    choice: str
    key: str
    at: int
    via: str
    signed: Literal["person", "gateway", ""] = ""
    statement: str = ""
    signature: str = ""
    attested: str = ""


class Epic(Record):
    """A part of the work that a person would name."""

    id: str
    title: str
    tasks: tuple[str, ...]
    requirements: tuple[str, ...] = ()


class TaskSpec(Record):
    """One piece of work for one agent. `group` counts from 1; `check` proves it; `files` is where it may write
    (paths or globs; empty: anywhere); `may_be_empty` where doing it need not change a file."""

    id: str
    title: str
    group: int = 1
    epic: str = ""
    description: str = ""
    role: str = "backend"
    depends_on: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    check: str = ""
    agent: AgentSpec | None = None
    may_be_empty: bool = False


class FileChange(Record):
    """One changed file with its added and removed lines (-1 for a binary file)."""

    path: str
    added: int
    removed: int
    status: str = "M"


class Ran(Record):
    """A command that somebody says they ran, and the exit code they say it had."""

    command: str
    exit_code: int


class Evidence(Record):
    """A command that a validator ran itself. `tail` is the end of its output, `output_sha256` covers all of it;
    `excused`: it failed in the same way without the change."""

    command: str
    exit_code: int
    duration_ms: int
    passed: bool
    output_sha256: str = ""
    tail: str = ""
    what: str = ""
    excused: bool = False


class RequirementVerdict(Record):
    """Whether a requirement holds on the checked tree."""

    id: str
    verdict: Literal["met", "not_met", "cannot_tell"]
    why: str = ""


class Retry(Record):
    """How often and how fast to try again. `jitter` is the share of the delay that varies (0 to 1)."""

    max_attempts: int = 3
    backoff_s: float = 1.0
    multiplier: float = 2.0
    jitter: float = 0.2
    max_backoff_s: float = 60.0


class Step(Record):
    """One step of a workflow, as the manifest declared it (see `manifest.py` for the file's format)."""

    name: str
    kind: str
    phase: int = 0
    title: str = ""
    role: str = ""
    depends_on: tuple[str, ...] = ()
    prompt: str = ""
    command: str = ""
    choices: tuple[Choice, ...] = ()
    freeform: bool = False
    timeout_s: float | None = None
    default: str = ""
    auto: bool = False
    quorum: int = 1
    gate: GateKind = "approval"
    roles: tuple[str, ...] = ()
    of: int = 0
    people: tuple[str, ...] = ()
    veto: bool = False
    escalate: Escalation | None = None
    remind_s: float | None = None
    conditions: bool = False
    every_s: float = 30.0
    target: str = ""
    max_visits: int = 5
    max_iterations: int = 3
    retry: Retry = Retry()
    contract: dict[str, str] = {}


class Workflow(Record):
    """A workflow as it was when the run started, with the hash of the file it came from."""

    name: str
    steps: tuple[Step, ...]
    sha256: str = ""
    max_visits: int = 5


class PolicyText(Record):
    """A policy's file, as it was when the run started."""

    layer: Literal["user", "project"]
    file: str
    text: str


class Approvals(Record):
    """Who decides about actions. `level2` and `level3` are the roles of which a person needs one (none: any person),
    `quorum` how many people must approve at level 3; `own_key`: at level 3 a gateway's word for a person is not enough,
    their own key must sign. An approval that is not used ends after `good_for_s`."""

    level2: tuple[str, ...] = ()
    level3: tuple[str, ...] = ()
    quorum: int = 1
    own_key: bool = False
    good_for_s: float = 86_400.0


class Forge(Record):
    """Where pull or merge requests are: `url` of its API (no `/` at the end), `repository` as `owner/name`. `token` is
    the name of a credential, never its value; empty: asked without any. `target`: the branch into which a request must
    be merged; empty: any."""

    kind: Literal["github", "gitlab"]
    url: str
    repository: str
    token: str = ""
    target: str = ""
    timeout_s: float = 10.0


class Sighting(Record):
    """What was seen of a branch's pull or merge request at the forge. `unknown`: the forge could not be asked, and
    `problem` says why. With a `problem` it decides nothing, whatever the state: it may have been merged without the
    run's work in it. `head` is the commit that was to be merged; `merge_commit` what the forge made of it."""

    state: Literal["none", "open", "merged", "closed", "unknown"]
    request: int = 0
    url: str = ""
    head: str = ""
    merge_commit: str = ""
    problem: Problem | None = None


class Settings(Record):
    """The settings a run keeps for its whole life, taken from the configuration when it started. `policies` apply on
    top of the shipped one: the user's, then the project's."""

    agent: AgentSpec
    auto_approve: bool = False
    interactive: bool = False
    beads: bool = False
    max_in_flight: int = 512
    validators: int = 1
    retry: Retry = Retry()
    test_commands: tuple[str, ...] = ()
    lint_commands: tuple[str, ...] = ()
    check_timeout_s: float = 900.0
    min_epics: int = 5
    max_epics: int = 7
    policies: tuple[PolicyText, ...] = ()
    approvals: Approvals = Approvals()
    forge: Forge | None = None


class Decision(Record):
    """A choice Maestro made itself: shown in the report, kept in `.flow/maestro/decisions/`."""

    id: str
    topic: str
    decision: str
    rationale: str
    confidence: float
    alternatives: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
