"""What may a workflow file say? The manifest's models, and the way from a file to a `Workflow` record.

`load_workflow` finds every mistake at once: what a single place shows (keys, kinds, bounds) is checked here, what only
the whole shows (names, targets, cycles, needs) in `workflow_rules.py`. Each comes with its line and its mend.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from pydantic import Field, StringConstraints

from maestro_contracts import records
from maestro_contracts.fields import Count, Duration, Line, Name, RoleName, Text
from maestro_contracts.workflow_rules import broken_rules
from maestro_contracts.yamlcheck import FileModel, validate
from maestro_contracts.yamlfile import InvalidFile, read_yaml

ChoiceKey = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^\S+$")]
Visits = Annotated[int, Field(ge=1, le=100)]


class RetryModel(FileModel):
    """How often and how fast a step's own work is tried again. What is left out comes from the configuration."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = Field(3, description="Attempts, the first one counted.")
    backoff: Duration = Field(1.0, description="The wait before the second attempt.")
    multiplier: float = Field(2.0, ge=1, le=10, description="How much longer each further wait is.")
    jitter: float = Field(0.2, ge=0, le=1, description="The share of the wait that varies.")
    max_backoff: Duration = Field(60.0, description="No wait is longer.")

    def record(self) -> records.Retry:
        return records.Retry(self.max_attempts, self.backoff, self.multiplier, self.jitter, self.max_backoff)


class ChoiceModel(FileModel):
    """One answer that a gate takes."""

    label: Line = Field(description="What a person reads, and may type.")
    key: ChoiceKey = Field(description="The short form that a person may type.")
    target: str = Field("", description="The step to go to, `_fail` to end the run, or empty to go on.")

    def record(self) -> records.Choice:
        return records.Choice(self.label, self.key, self.target)


class StepModel(FileModel):
    """What every step has."""

    name: Name = Field(description="The step's name, once in the file.")
    type: str = Field(description="What it does: one of the types below.")
    phase: int = Field(0, ge=0, le=99, description="The phase people see it under; its end is a checkpoint.")
    title: str = Field("", max_length=200, description="That phase's title; the step's name where it is empty.")
    depends_on: tuple[str, ...] = Field((), description="Steps that must be done first; without any it starts at once.")
    max_visits: Visits | None = Field(None, description="How often it may run again; the file's `max_visits` if unset.")
    retry: RetryModel | None = Field(None, description="Attempts at the step's own work.")

    def record(self, max_visits: int) -> records.Step:
        """The step as the run keeps it."""
        retry = self.retry.record() if self.retry is not None else records.Retry()
        common = records.Step(
            name=self.name,
            kind=self.type,
            phase=self.phase,
            title=self.title or self.name,
            depends_on=self.depends_on,
            max_visits=self.max_visits or max_visits,
            retry=retry,
        )
        return msgspec.structs.replace(common, **self.own())

    def own(self) -> dict[str, object]:
        """The record's fields that only this type of step has."""
        return {}


class InitialiseStep(StepModel):
    """Makes the run's branch `maestro/<run>` at the base commit."""

    type: Literal["initialise"]


class PlanStep(StepModel):
    """Reads the code, asks what is unclear, drafts the PRD."""

    type: Literal["plan"]


class TasksStep(StepModel):
    """Makes epics, tasks and parallel groups from the PRD."""

    type: Literal["tasks"]


class ImplementStep(StepModel):
    """Has the tasks done, validated and merged, group after group."""

    type: Literal["implement"]


class ValidateStep(StepModel):
    """Checks the whole branch afresh: requirements, tests, lint."""

    type: Literal["validate"]


class HandoffStep(StepModel):
    """Marks the PRD implemented and says what the branch holds."""

    type: Literal["handoff"]


class EscalateModel(FileModel):
    """Who may decide as well when nobody has for a while."""

    after: Duration = Field(description="How long the gate waits first.")
    to: tuple[RoleName, ...] = Field(min_length=1, max_length=20, description="The roles that may decide as well.")

    def record(self) -> records.Escalation:
        return records.Escalation(self.after, self.to)


class GateStep(StepModel):
    """Waits: for people (`approval`), for a time (`timer`), for a command that passes (`command`), for a merge
    (`pull-request`). Of people only an answer that is exactly one choice's key or label decides."""

    type: Literal["gate"]
    gate: Literal["approval", "timer", "command", "pull-request"] = Field("approval", description="What it waits for.")
    prompt: Text = Field(description="What is asked, or what is waited for.")
    choices: tuple[ChoiceModel, ...] = Field((), max_length=20, description="The answers it takes; people need one.")
    freeform: bool = Field(False, description="Whether a text may come with the choice.")
    timeout: Duration | None = Field(None, description="After this the default is taken, or the gate closes expired.")
    default: str = Field("", description="A choice's key or label: taken at the timeout, and by `--auto-approve`.")
    auto: bool = Field(True, description="Whether `--auto-approve` may take the default; false: always a person.")
    quorum: int = Field(1, ge=1, le=100, description="How many people must choose the same way on.")
    roles: tuple[RoleName, ...] = Field((), max_length=20, description="Who may decide: people with such a role.")
    of: int | tuple[Line, ...] = Field(0, description="Out of how many, or out of which people by name.")
    veto: bool = Field(False, description="Whether one choice of another way ends it.")
    escalate: EscalateModel | None = Field(None, description="Who may decide as well when nobody has for a while.")
    remind: Duration | None = Field(None, description="How often it reminds whoever may decide.")
    conditions: bool = Field(False, description="Whether a yes may come with conditions for later tasks.")
    command: str = Field("", max_length=16_384, description="What a command gate runs until it passes.")
    every: Duration = Field(30.0, description="How often that is run, or the forge is asked whether it was merged.")

    def own(self) -> dict[str, object]:
        return {
            "gate": self.gate,
            "roles": self.roles,
            "of": self.of if isinstance(self.of, int) else len(self.of),
            "people": () if isinstance(self.of, int) else self.of,
            "veto": self.veto,
            "escalate": self.escalate.record() if self.escalate else None,
            "remind_s": self.remind,
            "conditions": self.conditions,
            "command": self.command.strip(),
            "every_s": self.every,
            "prompt": self.prompt.strip(),
            "choices": tuple(choice.record() for choice in self.choices) or self._waits(),
            "freeform": self.freeform,
            "timeout_s": self.timeout,
            "default": self.default,
            "auto": self.auto,
            "quorum": self.quorum,
        }

    def _waits(self) -> tuple[records.Choice, ...]:
        """A gate that waits for no person goes on by itself; only people need choices."""
        return () if self.gate == "approval" else (records.Choice("go on", "g"),)


class RefineStep(StepModel):
    """Sends what did not hold back to an `implement` step, as new tasks."""

    type: Literal["refine"]
    target: str = Field(description="The `implement` step that does the tasks.")
    max_iterations: int = Field(3, ge=0, le=20, description="How often at most.")

    def own(self) -> dict[str, object]:
        return {"target": self.target, "max_iterations": self.max_iterations}


Contract = Annotated[
    dict[Line, Text],
    Field(default_factory=dict, description="What it must leave behind: a name and a shell command that proves it."),
]


class CommandStep(StepModel):
    """Runs a shell command in a worktree; what it changes is validated and merged as a task's result is."""

    type: Literal["command"]
    command: Text = Field(description="The shell command; exit code 0 is success.")
    timeout: Duration | None = Field(None, description="After this it is killed.")
    contract: Contract

    def own(self) -> dict[str, object]:
        return {"command": self.command.strip(), "timeout_s": self.timeout, "contract": dict(self.contract)}


class AgentStep(StepModel):
    """Gives one task to the configured agent, within the agent's own limits."""

    type: Literal["agent"]
    prompt: Text = Field(description="What the agent is to do.")
    role: str = Field("", max_length=40, description="The persona that the agent takes.")
    contract: Contract

    def own(self) -> dict[str, object]:
        contract = dict(self.contract)
        return {"prompt": self.prompt.strip(), "role": self.role, "contract": contract}


class ProbeStep(StepModel):
    """No-op tasks that measure the path through queues and workers: no agent, no worktree, no change."""

    type: Literal["probe"]
    widths: tuple[Count, ...] = Field((1,), min_length=1, description="How many tasks each group has, in order.")

    def own(self) -> dict[str, object]:
        return {"prompt": ",".join(str(width) for width in self.widths)}


AnyStep = Annotated[
    InitialiseStep
    | PlanStep
    | GateStep
    | TasksStep
    | ImplementStep
    | ValidateStep
    | RefineStep
    | HandoffStep
    | CommandStep
    | AgentStep
    | ProbeStep,
    Field(discriminator="type"),
]


class Manifest(FileModel):
    """A workflow file."""

    version: Literal[1] = Field(1, description="The format's version.")
    name: Name = Field(description="The workflow's name.")
    description: str = Field("", description="For people.")
    max_visits: Visits = Field(5, description="How often a step may run again, where it does not say so itself.")
    steps: tuple[AnyStep, ...] = Field(min_length=1, max_length=200, description="The steps, in the order of reading.")


def load_workflow(text: str, source_name: str, *, forge: bool = False) -> records.Workflow:
    """A manifest's text as the record that a run keeps. `forge`: whether one is configured, so that gates may wait for
    a merge there. Raises InvalidFile with every mistake found."""
    document = read_yaml(text, source_name)
    manifest = validate(document, Manifest)
    workflow = records.Workflow(
        name=manifest.name,
        steps=tuple(step.record(manifest.max_visits) for step in manifest.steps),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        max_visits=manifest.max_visits,
    )
    problems = [document.problem(path, reason, mend) for path, reason, mend in broken_rules(workflow, forge=forge)]
    if problems:
        raise InvalidFile(problems)
    return workflow
