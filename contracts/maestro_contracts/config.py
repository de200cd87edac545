"""What may `.flow/maestro/config.yaml` say, and who honours each key?

`USED_BY` has one line for each key; a test keeps it complete, and `docs/reference/config.md` is made from it. The way
from a file to what a run keeps: `load_config`, then `settings_of` (for `StartRun.settings`), `with_overrides` (for
`StartRun.workflow`) and `environment_of` (for the service processes).
"""

from __future__ import annotations

import pathlib
import re
from typing import Annotated, Final, Literal

import msgspec
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from maestro_contracts import records
from maestro_contracts.fields import Count, RoleName, wrong
from maestro_contracts.workflow_rules import match_choice
from maestro_contracts.yamlcheck import FileModel, validate
from maestro_contracts.yamlfile import FileProblem, InvalidFile, did_you_mean, read_yaml, read_yaml_file

FILE = ".flow/maestro/config.yaml"
NO_AGENT: Final = "none"
"""The kind of agent where none is configured: fine for workflows that need none (see `needs_agent`)."""

Seconds = Annotated[float, Field(gt=0, le=366 * 86_400)]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Command = Annotated[str, StringConstraints(min_length=1, max_length=16_384)]


def _server_url(url: str) -> str:
    schemes = ("redis://", "rediss://", "unix://")
    if url and not url.startswith(schemes):
        raise wrong(f"{url!r} is no server's address", "write redis://host:port/0 or unix:///path/to.sock")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise wrong("a password does not belong here", "put it into a file (mode 0600) and name that: password_file")
    return url


class AgentConfig(FileModel):
    """Which coding agent does the tasks."""

    kind: Literal["none", "script", "command"] = Field(NO_AGENT, description="The backend.")
    playbook: str = Field("", description="`script`: the playbook's file, relative to the repository.")
    command: tuple[str, ...] = Field((), description="`command`: the program and its arguments.")
    env: tuple[EnvName, ...] = Field((), description="Names of environment variables that the agent may see.")
    credentials: tuple[EnvName, ...] = Field(
        (), description="Names of secrets that the agent needs; where a worker has none, a person is asked for it."
    )
    timeout_seconds: Seconds = Field(1800.0, description="A task that takes longer is killed.")
    output_limit_bytes: Annotated[int, Field(ge=1024)] = Field(
        1_048_576, description="An agent that prints more is killed."
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> AgentConfig:
        if self.kind == "script" and not self.playbook:
            raise wrong("an agent of kind script needs a playbook", "add playbook: play.yaml")
        if self.kind == "command" and not self.command:
            raise wrong("an agent of kind command needs a command", "add command: [program, argument]")
        return self


class WorkersConfig(FileModel):
    """How many workers run where Maestro starts them itself."""

    processes: Annotated[int, Field(ge=1, le=256)] = Field(2, description="Worker processes.")
    parallel: Annotated[int, Field(ge=1, le=256)] = Field(2, description="Tasks at once in each process.")
    batch: Annotated[int, Field(ge=1, le=1024)] = Field(8, description="Messages taken from the queue at once.")
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        15.0, description="A worker silent for longer loses its task to another."
    )
    max_in_flight: Annotated[int, Field(ge=1, le=65_536)] = Field(
        512, description="Tasks of one run that are asked for at once, however many workers there are."
    )


class ValidationConfig(FileModel):
    """What validators run beside each task's own check."""

    test_commands: tuple[Command, ...] = Field(
        (), description="The project's tests; empty: those that discovery finds."
    )
    lint_commands: tuple[Command, ...] = Field(
        (), description="The project's linters; empty: those that discovery finds."
    )
    timeout_seconds: Seconds = Field(900.0, description="A check that takes longer has failed.")
    validators: Annotated[int, Field(ge=1, le=15)] = Field(
        1, description="How many validators vote on each claim; more than half must accept. Best an odd number."
    )
    parallel: Annotated[int, Field(ge=1, le=256)] = Field(2, description="Claims at once in each validator process.")


class RefineConfig(FileModel):
    """How often what did not hold is tried again as new tasks."""

    max_iterations: Annotated[int, Field(ge=0, le=20)] | None = Field(
        None, description="Rounds of every `refine` step; unset: the workflow's own number."
    )


class RetryConfig(FileModel):
    """How a failed attempt is tried again: tasks, and the steps whose manifest does not say otherwise."""

    max_retry_attempts: Annotated[int, Field(ge=0, le=20)] = Field(2, description="Attempts after the first one.")
    backoff_seconds: Seconds = Field(1.0, description="The wait before the first retry.")
    backoff_multiplier: Annotated[float, Field(ge=1, le=10)] = Field(
        2.0, description="How much longer each further wait is."
    )
    jitter: Annotated[float, Field(ge=0, le=1)] = Field(0.2, description="The share of the wait that varies.")
    max_backoff_seconds: Seconds = Field(60.0, description="No wait is longer.")

    def record(self) -> records.Retry:
        return records.Retry(
            max_attempts=self.max_retry_attempts + 1,
            backoff_s=self.backoff_seconds,
            multiplier=self.backoff_multiplier,
            jitter=self.jitter,
            max_backoff_s=self.max_backoff_seconds,
        )


class PlanningConfig(FileModel):
    """How a plan is cut, and how long people have to answer it."""

    min_epics: Count = Field(5, description="Fewest epics, where the PRD allows.")
    max_epics: Count = Field(7, description="Most epics.")
    gate_timeout_seconds: Seconds | None = Field(
        None, description="Deadline of the gates right after a `plan` step; unset: the workflow's own."
    )
    gate_default: str = Field("", description="Their default choice (key or label); empty: the workflow's own.")

    @model_validator(mode="after")
    def _is_a_range(self) -> PlanningConfig:
        if self.min_epics > self.max_epics:
            raise wrong(f"min_epics ({self.min_epics}) is more than max_epics ({self.max_epics})", "swap them")
        return self


class ApprovalsConfig(FileModel):
    """Who decides about actions that the policy does not let run unasked."""

    level2: tuple[RoleName, ...] = Field((), description="Roles that may decide at level 2; none: any person.")
    level3: tuple[RoleName, ...] = Field((), description="Roles that may decide at level 3; none: any person.")
    quorum: int = Field(1, ge=1, le=20, description="How many people must approve at level 3.")
    own_key: bool = Field(False, description="Whether level 3 needs a person's own key, not a gateway's word for them.")
    good_for_seconds: Seconds = Field(86_400.0, description="An approval that is not used by then ends.")

    def record(self) -> records.Approvals:
        return records.Approvals(self.level2, self.level3, self.quorum, self.own_key, self.good_for_seconds)


FORGES: Final = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}
"""The kinds of forges, and where the API of each public one is."""
_PUBLIC_HOST = re.compile(r"https://[^/@?#\s]+(?:/[^@?#\s]*)?")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/[^@?#\s]*)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")


def _forge_url(url: str) -> str:
    if url and not url.isprintable():
        raise wrong("the address holds characters that nobody sees", "write https://host/path")
    if url and not (_PUBLIC_HOST.fullmatch(url) or _LOOPBACK.fullmatch(url)):
        mend = "write https://host/path, without user, password or query (http:// on this machine alone)"
        raise wrong(f"{url!r} is no address of a forge's API", mend)
    return url.rstrip("/")


def _repository(name: str) -> str:
    name = name.strip("/")
    if name and (not _REPOSITORY.fullmatch(name) or any(part.strip(".") == "" for part in name.split("/"))):
        raise wrong(f"{name!r} is no repository's name", "write owner/name, as in the address of its page")
    return name


class ForgeConfig(FileModel):
    """Where pull or merge requests are, for gates that wait for a merge."""

    kind: Literal["none", "github", "gitlab"] = Field("none", description="What the forge is.")
    url: Annotated[str, AfterValidator(_forge_url)] = Field(
        "", description="The address of its API where it is your own; empty: the public one of its kind."
    )
    repository: Annotated[str, AfterValidator(_repository)] = Field(
        "", description="The repository there, as `owner/name`."
    )
    token: Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")] = Field(
        "", description="The name of a credential that may read its requests; empty: it is asked without."
    )
    target: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="The branch into which it must be merged; empty: any."
    )
    timeout_seconds: Annotated[float, Field(ge=1, le=120)] = Field(
        10.0, description="How long one look at the forge may take."
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> ForgeConfig:
        if self.kind == "none" and (self.url or self.repository or self.token or self.target):
            raise wrong("it is not said what the forge is", "add kind: github or kind: gitlab")
        if self.kind != "none" and not self.repository:
            raise wrong(f"a forge of kind {self.kind} needs a repository", "add repository: owner/name")
        if self.kind == "github" and self.repository.count("/") != 1:
            raise wrong(f"{self.repository!r} is no repository's name at a GitHub", "write owner/name")
        return self

    def record(self) -> records.Forge | None:
        """None where there is none."""
        if self.kind == "none":
            return None
        url = self.url or FORGES[self.kind]
        return records.Forge(self.kind, url, self.repository, self.token, self.target, self.timeout_seconds)


class SealingConfig(FileModel):
    """How logs are sealed, who has to have cosigned, and what waits for that."""

    witnesses: str = Field("", description="A trust policy's file; empty: `witnesses.policy` in the state directory.")
    level: Literal["1", "2", "3", "none"] = Field(
        "3", description="From this level on an effect waits until its approval is sealed and cosigned."
    )
    entries: Annotated[int, Field(ge=1, le=1_000_000)] = Field(256, description="So many new entries are sealed.")
    seconds: Seconds = Field(1.0, description="Or the oldest of them is this old.")
    anchors: tuple[str, ...] = Field(
        ("git",), description="Where seals are laid down outside: `git`, `file:FOLDER`, an https address."
    )


class TrackerConfig(FileModel):
    """Trackers that are kept up to date beside the log."""

    beads: bool = Field(False, description="Write the tasks to `.beads/issues.jsonl`.")


class ServerConfig(FileModel):
    """Where the log lives."""

    url: Annotated[str, AfterValidator(_server_url)] = Field(
        "", description="A Redis or Valkey server; empty: a private one."
    )
    password_file: str = Field("", description="A file (mode 0600) with its password.")
    fsync: Literal["always", "everysec"] = Field(
        "always", description="The private server's `appendfsync`; `everysec` may lose the last second at a power cut."
    )


class LoggingConfig(FileModel):
    """What service processes write to their logs."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least severe level shown.")
    format: Literal["json", "console"] = Field("json", description="For machines or for people.")


class Config(FileModel):
    """The whole file. Everything in it may be left out."""

    version: Literal[1] = Field(1, description="The format's version.")
    workflow: Annotated[str, StringConstraints(min_length=1)] = Field(
        "autonomous", description="A built-in workflow's name, or a manifest's file relative to the repository."
    )
    agent: AgentConfig = AgentConfig()
    workers: WorkersConfig = WorkersConfig()
    validation: ValidationConfig = ValidationConfig()
    refine: RefineConfig = RefineConfig()
    retry: RetryConfig = RetryConfig()
    planning: PlanningConfig = PlanningConfig()
    approvals: ApprovalsConfig = ApprovalsConfig()
    forge: ForgeConfig = ForgeConfig()
    sealing: SealingConfig = SealingConfig()
    tracker: TrackerConfig = TrackerConfig()
    server: ServerConfig = ServerConfig()
    logging: LoggingConfig = LoggingConfig()
    state_dir: str = Field("", description="Where keys, the private server and worktrees live; empty: the user's own.")


USED_BY: dict[str, str] = {
    "version": "`load_config`: any other number is refused",
    "workflow": "`maestro run`: the manifest of `StartRun.workflow`",
    "agent.kind": "worker: the backend (`Settings.agent`)",
    "agent.playbook": "worker: the `script` backend",
    "agent.command": "worker: the `command` backend",
    "agent.env": "worker: the agent's environment",
    "agent.credentials": "worker: the agent's environment",
    "agent.timeout_seconds": "worker: the agent's time limit",
    "agent.output_limit_bytes": "worker: the agent's output limit",
    "workers.processes": "supervisor: worker processes started",
    "workers.parallel": "worker process: `MAESTRO_PARALLEL`",
    "workers.batch": "worker process: `MAESTRO_BATCH`",
    "workers.lease_seconds": "worker process: `MAESTRO_LEASE_SECONDS`",
    "workers.max_in_flight": "conductor (`Settings.max_in_flight`)",
    "validation.test_commands": "planner and validator (`Settings.test_commands`)",
    "validation.lint_commands": "planner and validator (`Settings.lint_commands`)",
    "validation.timeout_seconds": "validator (`Settings.check_timeout_s`)",
    "validation.validators": "conductor (`Settings.validators`); supervisor: validator processes started",
    "validation.parallel": "validator process: `MAESTRO_PARALLEL`",
    "refine.max_iterations": "conductor (`Step.max_iterations` of `refine` steps)",
    "retry.max_retry_attempts": "conductor (`Retry.max_attempts`, one more)",
    "retry.backoff_seconds": "conductor (`Retry.backoff_s`)",
    "retry.backoff_multiplier": "conductor (`Retry.multiplier`)",
    "retry.jitter": "conductor (`Retry.jitter`)",
    "retry.max_backoff_seconds": "conductor (`Retry.max_backoff_s`)",
    "planning.min_epics": "task generator (`Settings.min_epics`)",
    "planning.max_epics": "task generator (`Settings.max_epics`)",
    "planning.gate_timeout_seconds": "gatekeeper (`Step.timeout_s` of the gates after a `plan` step)",
    "planning.gate_default": "gatekeeper (`Step.default` of the gates after a `plan` step)",
    "approvals.level2": "gatekeeper (`Settings.approvals`): who decides at level 2",
    "approvals.level3": "gatekeeper: who decides at level 3",
    "approvals.quorum": "gatekeeper: how many at level 3",
    "approvals.own_key": "gatekeeper: whose signature counts at level 3",
    "approvals.good_for_seconds": "gatekeeper: how long an approval waits to be used",
    "forge.kind": "integrator (`Settings.forge`); without one `maestro run` refuses gates that wait for a merge",
    "forge.url": "integrator: the address of the forge's API",
    "forge.repository": "integrator: whose requests count",
    "forge.token": "integrator: the credential's name; its value is looked for there",
    "forge.target": "integrator: the branch that a request must go to",
    "forge.timeout_seconds": "integrator: how long one look may take",
    "sealing.witnesses": "notary, worker, integrator: `MAESTRO_WITNESSES`",
    "sealing.level": "worker, integrator: `MAESTRO_SEALED_LEVEL`",
    "sealing.entries": "notary: `MAESTRO_SEAL_ENTRIES`",
    "sealing.seconds": "notary: `MAESTRO_SEAL_MS`",
    "sealing.anchors": "notary: `MAESTRO_SEAL_ANCHORS`",
    "tracker.beads": "projections (`Settings.beads`)",
    "server.url": "every process: `MAESTRO_REDIS_URL`",
    "server.password_file": "every process: `MAESTRO_REDIS_PASSWORD_FILE`",
    "server.fsync": "supervisor: the private server's `appendfsync`",
    "logging.level": "service processes: `MAESTRO_LOG_LEVEL`",
    "logging.format": "service processes: `MAESTRO_LOG_FORMAT`",
    "state_dir": "every process: `MAESTRO_STATE_DIR`",
}
"""Who honours each key. A key that nobody honours is no key."""


def parse_config(text: str, source_name: str) -> Config:
    """A configuration's text. Raises InvalidFile with every mistake found."""
    return validate(read_yaml(text, source_name), Config)


def load_config(path: pathlib.Path) -> Config:
    """The file's configuration; the defaults where there is no file. Raises InvalidFile."""
    return validate(read_yaml_file(path), Config) if path.exists() else Config()


def agent_of(config: Config) -> records.AgentSpec:
    agent = config.agent
    return records.AgentSpec(
        kind=agent.kind,
        command=agent.command,
        playbook=agent.playbook,
        env=agent.env,
        credentials=agent.credentials,
        timeout_s=agent.timeout_seconds,
        output_limit=agent.output_limit_bytes,
    )


def settings_of(
    config: Config,
    *,
    agent: records.AgentSpec | None = None,
    auto_approve: bool = False,
    interactive: bool = False,
    policies: tuple[records.PolicyText, ...] = (),
) -> records.Settings:
    """What a run keeps of the configuration and of the policies. `agent` is the command line's, where one was given."""
    return records.Settings(
        agent=agent or agent_of(config),
        auto_approve=auto_approve,
        interactive=interactive,
        beads=config.tracker.beads,
        retry=config.retry.record(),
        test_commands=config.validation.test_commands,
        lint_commands=config.validation.lint_commands,
        check_timeout_s=config.validation.timeout_seconds,
        validators=config.validation.validators,
        max_in_flight=config.workers.max_in_flight,
        min_epics=config.planning.min_epics,
        max_epics=config.planning.max_epics,
        policies=policies,
        approvals=config.approvals.record(),
        forge=config.forge.record(),
    )


def needs_agent(workflow: records.Workflow) -> bool:
    """True where a run of the workflow cannot go on without a configured agent."""
    return any(step.kind in {"implement", "agent"} for step in workflow.steps)


def with_overrides(workflow: records.Workflow, config: Config, source_name: str = FILE) -> records.Workflow:
    """The workflow as this configuration wants it. Raises InvalidFile where a key does not fit the workflow."""
    plans = {step.name for step in workflow.steps if step.kind == "plan"}
    steps = tuple(_overridden(step, plans, config, source_name) for step in workflow.steps)
    return msgspec.structs.replace(workflow, steps=steps)


def _overridden(step: records.Step, plans: set[str], config: Config, source_name: str) -> records.Step:
    if step.retry == records.Retry():
        step = msgspec.structs.replace(step, retry=config.retry.record())
    if step.kind == "refine" and config.refine.max_iterations is not None:
        return msgspec.structs.replace(step, max_iterations=config.refine.max_iterations)
    if step.kind == "gate" and plans.intersection(step.depends_on):
        return _plan_gate(step, config.planning, source_name)
    return step


def _plan_gate(step: records.Step, planning: PlanningConfig, source_name: str) -> records.Step:
    if planning.gate_timeout_seconds is not None:
        step = msgspec.structs.replace(step, timeout_s=planning.gate_timeout_seconds)
    if not planning.gate_default:
        return step
    if match_choice(step.choices, planning.gate_default) is None:
        answers = [answer for choice in step.choices for answer in (choice.key, choice.label)]
        reason = f"{planning.gate_default!r} is no choice of the gate {step.name!r}"
        mend = did_you_mean(planning.gate_default, answers)
        raise InvalidFile([FileProblem(source_name, 0, "planning.gate_default", reason, mend)])
    return msgspec.structs.replace(step, default=planning.gate_default)


def environment_of(config: Config, role: str) -> dict[str, str]:
    """The environment variables that carry the configuration into a process of that role; unset keys are left out."""
    variables = {
        "MAESTRO_REDIS_URL": config.server.url,
        "MAESTRO_REDIS_PASSWORD_FILE": config.server.password_file,
        "MAESTRO_STATE_DIR": config.state_dir,
        "MAESTRO_LOG_LEVEL": config.logging.level,
        "MAESTRO_LOG_FORMAT": config.logging.format,
    }
    if role == "worker":
        variables |= {
            "MAESTRO_PARALLEL": str(config.workers.parallel),
            "MAESTRO_BATCH": str(config.workers.batch),
            "MAESTRO_LEASE_SECONDS": f"{config.workers.lease_seconds:g}",
        }
    if role in ("worker", "integrator", "notary"):
        variables["MAESTRO_WITNESSES"] = config.sealing.witnesses
    if role in ("worker", "integrator"):
        variables["MAESTRO_SEALED_LEVEL"] = config.sealing.level
    if role == "notary":
        variables |= {
            "MAESTRO_SEAL_ENTRIES": str(config.sealing.entries),
            "MAESTRO_SEAL_MS": str(round(config.sealing.seconds * 1000) or 1),
            "MAESTRO_SEAL_ANCHORS": " ".join(config.sealing.anchors) or "none",
        }
    if role == "validator":
        variables["MAESTRO_PARALLEL"] = str(config.validation.parallel)
    return {name: value for name, value in variables.items() if value}
