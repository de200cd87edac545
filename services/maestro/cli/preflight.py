"""Can this run start? Everything that a person could have got wrong is found here, before anything is started."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.given_secrets import check_no_secrets
from maestro.cli.own_paths import check_names, check_prd
from maestro.cli.request import Asked, check_repository
from maestro.cli.where import CONFIG_FILE, Place, here
from maestro_contracts.commands import StartRun
from maestro_contracts.config import NO_AGENT, Config, agent_of, needs_agent, settings_of, with_overrides
from maestro_contracts.records import AgentSpec, PolicyText, Repo, Workflow

if TYPE_CHECKING:
    from maestro.agents.playbook import Playbook

MAX_SPEC_BYTES = 1024 * 1024
MAX_RUN_ID = 40
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Start:
    """A run that may start: its id, the command that starts it, and the playbook of its agent where it has one."""

    run: str
    command: StartRun
    playbook: Playbook | None = None


async def prepare(place: Place, asked: Asked, by: str) -> Start:
    """Raises CliError, GitProblem, InvalidFile, NoSuchWorkflow: each names the thing, the reason and the mend."""
    repo = await _repo(place, asked)
    workflow = _workflow(place, asked)
    agent, playbook = _agent(place, asked, workflow)
    feature, source, text = _request(asked, workflow)
    if any(step.kind == "plan" for step in workflow.steps):
        await _check_prd(place, repo.base, feature)
    settings = settings_of(
        place.config,
        agent=agent,
        auto_approve=asked.auto_approve,
        interactive=asked.interactive,
        policies=_policies(place),
    )
    command = StartRun(feature, source, text, repo, workflow, settings, by)
    check_no_secrets(_recorded(asked, command))
    return Start(new_run_id(feature), command, playbook)


def _recorded(asked: Asked, command: StartRun) -> Iterator[tuple[str, str]]:
    """The texts of people's that the run's first event holds."""
    agent = command.settings.agent
    yield (f"the specification {asked.spec}" if asked.spec else "the request"), command.text
    yield "the agent's playbook", agent.playbook
    yield "the agent's command", " ".join(agent.command)
    if command.settings.forge is not None:
        yield "forge.token, which is the name of a credential and not its value", command.settings.forge.token
    for step in command.workflow.steps:
        yield f"step {step.name} of the workflow", "\n".join((step.prompt, step.command, *step.contract.values()))
    for policy in command.settings.policies:
        yield policy.file, policy.text


def _policies(place: Place) -> tuple[PolicyText, ...]:
    """The user's and the project's policy, as the run keeps them. Their examples are run here, before anything starts.
    Raises InvalidFile with every mistake."""
    from maestro.policy.loading import user_file
    from maestro_contracts.policy_file import PROJECT_FILE

    if not (place.folder() / PROJECT_FILE).exists() and not user_file().exists():
        return ()
    from maestro.policy.loading import load_policy

    sources = load_policy(place.folder(), remember=place.state.root / "policies").sources
    return tuple(PolicyText(source.layer, source.file, source.text) for source in sources if source.layer != "shipped")


def new_run_id(feature: str) -> str:
    """`<slug>-<6 of a-z2-7>`"""
    plain = unicodedata.normalize("NFKD", feature).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: MAX_RUN_ID - 7].rstrip("-") or "run"
    return f"{slug}-{''.join(secrets.choice(ID_ALPHABET) for _ in range(6))}"


# --- the repository ------------------------------------------------------------------------------------------------


async def _repo(place: Place, asked: Asked) -> Repo:
    git = check_repository(place, asked)
    base = await _commit(place.folder(), asked.base) if asked.base else git.head
    await check_names(place.folder(), base, beads=place.config.tracker.beads)
    return Repo(url=str(place.folder()), base=base, branch="" if asked.base else git.branch)


async def _check_prd(place: Place, base: str, feature: str) -> None:
    from maestro.planner.prd import slug

    await check_prd(place.folder(), base, slug(feature))


async def _commit(repo: Path, revision: str) -> str:
    from maestro.git.command import git

    if revision.startswith("-"):
        raise CliError(f"--base {revision!r} is no revision", "name a branch, a tag or a commit")
    found = await git(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", cwd=repo, ok=(0, 1, 128)
    )
    if not found.text:
        raise CliError(f"--base {revision!r} is no commit of {repo}", "name a branch, a tag or a commit that is there")
    return found.text


# --- the workflow --------------------------------------------------------------------------------------------------


def _workflow(place: Place, asked: Asked) -> Workflow:
    """A file is looked for from here where the command line names it, else from the repository."""
    from maestro.workflows import find_workflow

    forge = place.config.forge.record() is not None
    if asked.workflow:
        found, source = find_workflow(asked.workflow, here(), forge=forge), asked.workflow
    else:
        found, source = find_workflow(place.config.workflow, place.folder(), forge=forge), place.config.workflow
    return with_overrides(found, place.config, source)


# --- the agent -----------------------------------------------------------------------------------------------------


def _agent(place: Place, asked: Asked, workflow: Workflow) -> tuple[AgentSpec, Playbook | None]:
    if asked.agent:
        agent = parse_agent(asked.agent, place.config)
        folder = here()
    else:
        agent, folder = agent_of(place.config), place.folder()
    if agent.kind == NO_AGENT and needs_agent(workflow):
        raise CliError(
            "no agent is configured, so nobody could do the tasks",
            "give one with --agent script:play.yaml or --agent command:'program arguments', "
            f"or write agent: into {CONFIG_FILE}",
        )
    if agent.kind == "script":
        return _with_playbook(agent, folder)
    if agent.kind == "command":
        _check_program(agent, place)
    return agent, None


def parse_agent(text: str, config: Config) -> AgentSpec:
    """`script:FILE` or `command:PROGRAM ARGUMENTS`, with the limits of the configuration. Raises CliError."""
    kind, colon, rest = text.partition(":")
    limits = agent_of(config)
    if colon and kind == "script" and rest:
        return msgspec.structs.replace(limits, kind="script", playbook=rest, command=())
    if colon and kind == "command":
        try:
            words = tuple(shlex.split(rest))
        except ValueError as error:
            raise CliError(f"--agent {text!r} cannot be split into words: {error}", "close its quotes") from None
        if words:
            return msgspec.structs.replace(limits, kind="command", command=words, playbook="")
    raise CliError(
        f"--agent {text!r} names no agent",
        "write --agent script:play.yaml or --agent command:'program arguments'",
        Exit.USAGE,
    )


def _with_playbook(agent: AgentSpec, folder: Path) -> tuple[AgentSpec, Playbook]:
    """The playbook's text goes along with the run: workers on other hosts have no such file."""
    from maestro.agents.playbook import load_playbook

    path = folder / Path(agent.playbook).expanduser()
    text = _read_text(path, "the playbook", "name it as in --agent script:play.yaml")
    return msgspec.structs.replace(agent, playbook=text if "\n" in text else f"{text}\n"), load_playbook(
        text, str(path)
    )


def _check_program(agent: AgentSpec, place: Place) -> None:
    """Where the workers run on this machine, the program must be here. A path counts from each task's worktree."""
    program = agent.command[0]
    if place.remote_url or os.sep in program or shutil.which(program):
        return
    raise CliError(f"the agent's program {program!r} is not on PATH", "install it, or give its full path")


# --- the request ---------------------------------------------------------------------------------------------------


def _request(asked: Asked, workflow: Workflow) -> tuple[str, str, str]:
    """The feature's name, where its text comes from, and the text."""
    if asked.spec is not None:
        text = _read_text(asked.spec.expanduser(), "the specification", "name a Markdown file with --spec")
        if not text.strip():
            raise CliError(f"the specification {asked.spec} is empty", "write what shall be built into it")
        if not asked.interactive:
            _check_specification(text, asked.spec)
        return asked.feature or _title(text) or asked.spec.stem, "spec", text
    if asked.feature.strip():
        return asked.feature.strip(), "sentence", asked.feature.strip()
    if any(step.kind == "plan" for step in workflow.steps):
        raise CliError(
            "nothing was asked for",
            "say what shall be built: maestro run 'Add tags to notes', or maestro run --spec FILE",
            Exit.USAGE,
        )
    return workflow.name, "sentence", workflow.name


def _check_specification(text: str, path: Path) -> None:
    """Where nobody can be asked, a specification that cannot be planned from is refused before anything starts."""
    from maestro.planner.errors import SpecificationError
    from maestro.planner.specification import parse

    try:
        parse(text)
    except SpecificationError as error:
        raise CliError(f"{path}: {error.problem.reason}", error.problem.mend) from None


def _title(text: str) -> str:
    heading = re.search(r"^#\s+(.+?)\s*#*\s*$", text, flags=re.MULTILINE)
    return heading[1][:200] if heading else ""


def _read_text(path: Path, what: str, mend: str) -> str:
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise CliError(f"{what} {path} is larger than {MAX_SPEC_BYTES // 1024} KiB", "shorten it")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CliError(f"{what} {path} is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    except OSError as error:
        raise CliError(f"{what} {path} cannot be read: {error.strerror}", mend) from None
