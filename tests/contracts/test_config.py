"""What does the configuration say, is each key honoured, and how is each mistake shown?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maestro.workflows import load_builtin
from maestro_contracts.config import (
    NO_AGENT,
    USED_BY,
    Config,
    agent_of,
    environment_of,
    load_config,
    needs_agent,
    parse_config,
    settings_of,
    with_overrides,
)
from maestro_contracts.records import AgentSpec, Retry, Step, Workflow
from maestro_contracts.reference import leaf_fields
from maestro_contracts.yamlfile import FileProblem, InvalidFile

FORGE = "forge: {kind: github, repository: a/b"
CHANGED: dict[str, tuple[str, Any]] = {
    "agent.kind": ("agent: {kind: script, playbook: p.yaml}", "script"),
    "agent.playbook": ("agent: {playbook: p.yaml}", "p.yaml"),
    "agent.command": ("agent: {command: [me, -x]}", ("me", "-x")),
    "agent.env": ("agent: {env: [TOKEN]}", ("TOKEN",)),
    "agent.credentials": ("agent: {credentials: [SECRET]}", ("SECRET",)),
    "agent.timeout_seconds": ("agent: {timeout_seconds: 5}", 5.0),
    "agent.output_limit_bytes": ("agent: {output_limit_bytes: 2048}", 2048),
    "workers.parallel": ("workers: {parallel: 3}", "3"),
    "workers.batch": ("workers: {batch: 4}", "4"),
    "workers.lease_seconds": ("workers: {lease_seconds: 7.5}", "7.5"),
    "validation.test_commands": ("validation: {test_commands: [make test]}", ("make test",)),
    "validation.lint_commands": ("validation: {lint_commands: [make lint]}", ("make lint",)),
    "validation.timeout_seconds": ("validation: {timeout_seconds: 6}", 6.0),
    "refine.max_iterations": ("refine: {max_iterations: 1}", 1),
    "retry.max_retry_attempts": ("retry: {max_retry_attempts: 5}", 6),
    "retry.backoff_seconds": ("retry: {backoff_seconds: 9}", 9.0),
    "retry.backoff_multiplier": ("retry: {backoff_multiplier: 3.5}", 3.5),
    "retry.jitter": ("retry: {jitter: 0}", 0.0),
    "retry.max_backoff_seconds": ("retry: {max_backoff_seconds: 11}", 11.0),
    "planning.min_epics": ("planning: {min_epics: 2}", 2),
    "planning.max_epics": ("planning: {max_epics: 9}", 9),
    "planning.gate_timeout_seconds": ("planning: {gate_timeout_seconds: 12}", 12.0),
    "planning.gate_default": ("planning: {gate_default: x}", "x"),
    "approvals.level2": ("approvals: {level2: [lead]}", ("lead",)),
    "approvals.level3": ("approvals: {level3: [security]}", ("security",)),
    "approvals.quorum": ("approvals: {quorum: 2}", 2),
    "approvals.own_key": ("approvals: {own_key: true}", True),
    "approvals.good_for_seconds": ("approvals: {good_for_seconds: 60}", 60.0),
    "forge.kind": ("forge: {kind: gitlab, repository: a/b}", "gitlab"),
    "forge.url": (f"{FORGE}, url: 'https://git.example.org/api/v3/'}}", "https://git.example.org/api/v3"),
    "forge.repository": ("forge: {kind: github, repository: me/mine}", "me/mine"),
    "forge.token": (f"{FORGE}, token: FORGE_TOKEN}}", "FORGE_TOKEN"),
    "forge.target": (f"{FORGE}, target: main}}", "main"),
    "forge.timeout_seconds": (f"{FORGE}, timeout_seconds: 3}}", 3.0),
    "sealing.witnesses": ("sealing: {witnesses: /w.policy}", "/w.policy"),
    "sealing.level": ("sealing: {level: '2'}", "2"),
    "sealing.entries": ("sealing: {entries: 9}", "9"),
    "sealing.seconds": ("sealing: {seconds: 0.25}", "250"),
    "sealing.anchors": ("sealing: {anchors: [git, 'file:/s']}", "git file:/s"),
    "tracker.beads": ("tracker: {beads: true}", True),
    "server.url": ("server: {url: 'redis://h:1/0'}", "redis://h:1/0"),
    "server.password_file": ("server: {password_file: /p}", "/p"),
    "logging.level": ("logging: {level: debug}", "debug"),
    "logging.format": ("logging: {format: console}", "console"),
    "state_dir": ("state_dir: /s", "/s"),
    "validation.validators": ("validation: {validators: 3}", 3),
    "validation.parallel": ("validation: {parallel: 4}", "4"),
    "workers.max_in_flight": ("workers: {max_in_flight: 7}", 7),
}
"""For each key a file that changes it, and the value as whoever honours it receives it."""

READ_DIRECTLY = {"version", "workflow", "workers.processes", "server.fsync"}
"""Keys that the command line and the supervisor read from the configuration itself."""


def received(text: str) -> dict[str, Any]:
    """Everything that the rest of Maestro receives of a configuration."""
    config = parse_config(text, "config.yaml")
    workflow = with_overrides(load_builtin("autonomous"), config)
    gate = next(step for step in workflow.steps if step.kind == "gate")
    refine = next(step for step in workflow.steps if step.kind == "refine")
    settings = settings_of(config)
    forge = settings.forge
    agent, retry, env = settings.agent, settings.retry, environment_of(config, "worker")
    sealing = environment_of(config, "notary")
    assert gate.retry == retry
    return {
        "agent.kind": agent.kind,
        "agent.playbook": agent.playbook,
        "agent.command": agent.command,
        "agent.env": agent.env,
        "agent.credentials": agent.credentials,
        "agent.timeout_seconds": agent.timeout_s,
        "agent.output_limit_bytes": agent.output_limit,
        "workers.parallel": env["MAESTRO_PARALLEL"],
        "workers.batch": env["MAESTRO_BATCH"],
        "workers.lease_seconds": env["MAESTRO_LEASE_SECONDS"],
        "validation.test_commands": settings.test_commands,
        "validation.lint_commands": settings.lint_commands,
        "validation.timeout_seconds": settings.check_timeout_s,
        "validation.validators": settings.validators,
        "validation.parallel": environment_of(config, "validator")["MAESTRO_PARALLEL"],
        "workers.max_in_flight": settings.max_in_flight,
        "refine.max_iterations": refine.max_iterations,
        "retry.max_retry_attempts": retry.max_attempts,
        "retry.backoff_seconds": retry.backoff_s,
        "retry.backoff_multiplier": retry.multiplier,
        "retry.jitter": retry.jitter,
        "retry.max_backoff_seconds": retry.max_backoff_s,
        "planning.min_epics": settings.min_epics,
        "planning.max_epics": settings.max_epics,
        "planning.gate_timeout_seconds": gate.timeout_s,
        "planning.gate_default": gate.default,
        "approvals.level2": settings.approvals.level2,
        "approvals.level3": settings.approvals.level3,
        "approvals.quorum": settings.approvals.quorum,
        "approvals.own_key": settings.approvals.own_key,
        "approvals.good_for_seconds": settings.approvals.good_for_s,
        "forge.kind": forge and forge.kind,
        "forge.url": forge and forge.url,
        "forge.repository": forge and forge.repository,
        "forge.token": forge and forge.token,
        "forge.target": forge and forge.target,
        "forge.timeout_seconds": forge and forge.timeout_s,
        "sealing.witnesses": env.get("MAESTRO_WITNESSES"),
        "sealing.level": env["MAESTRO_SEALED_LEVEL"],
        "sealing.entries": sealing["MAESTRO_SEAL_ENTRIES"],
        "sealing.seconds": sealing["MAESTRO_SEAL_MS"],
        "sealing.anchors": sealing["MAESTRO_SEAL_ANCHORS"],
        "tracker.beads": settings.beads,
        "server.url": env.get("MAESTRO_REDIS_URL"),
        "server.password_file": env.get("MAESTRO_REDIS_PASSWORD_FILE"),
        "logging.level": env["MAESTRO_LOG_LEVEL"],
        "logging.format": env["MAESTRO_LOG_FORMAT"],
        "state_dir": env.get("MAESTRO_STATE_DIR"),
    }


def problem(text: str) -> FileProblem:
    with pytest.raises(InvalidFile) as caught:
        parse_config(text, "config.yaml")
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


# --- each key is honoured ---------------------------------------------------------------------------------------


def test_every_key_has_somebody_who_honours_it_and_nobody_honours_more() -> None:
    keys = {key for key, _ in leaf_fields(Config)}
    assert keys == set(USED_BY)
    assert keys == set(CHANGED) | READ_DIRECTLY


@pytest.mark.parametrize("key", CHANGED)
def test_a_key_reaches_whoever_honours_it(key: str) -> None:
    text, wanted = CHANGED[key]
    assert received("")[key] != wanted
    assert received(text)[key] == wanted


@pytest.mark.parametrize("key", sorted(READ_DIRECTLY - {"version"}))
def test_a_key_that_is_read_directly_keeps_what_is_written(key: str) -> None:
    values = {"workflow": ("mine.yaml", "workflow: mine.yaml"), "workers.processes": (7, "workers: {processes: 7}")}
    values |= {"server.fsync": ("everysec", "server: {fsync: everysec}")}
    wanted, text = values[key]
    found: Any = parse_config(text, "config.yaml")
    for part in key.split("."):
        found = getattr(found, part)
    assert found == wanted


# --- where it comes from, where it goes -------------------------------------------------------------------------


def test_without_a_file_everything_is_the_default(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.yaml") == Config()


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "version: 1\n"])
def test_an_empty_file_is_the_default_too(text: str) -> None:
    assert parse_config(text, "config.yaml") == Config()


def test_the_defaults_are_those_of_the_records() -> None:
    settings = settings_of(Config(), agent=AgentSpec("script"))
    assert settings.retry == Retry()
    assert (settings.min_epics, settings.max_epics, settings.check_timeout_s) == (5, 7, 900.0)
    agent = AgentSpec("script")
    assert (agent_of(Config()).timeout_s, agent_of(Config()).output_limit) == (agent.timeout_s, agent.output_limit)


def test_the_command_lines_agent_goes_before_the_files() -> None:
    config = parse_config("agent: {kind: script, playbook: p.yaml}", "config.yaml")
    assert settings_of(config, agent=AgentSpec("command", ("x",))).agent.kind == "command"
    assert settings_of(config).agent.kind == "script"


def test_without_any_agent_the_kind_says_so() -> None:
    assert settings_of(Config()).agent.kind == NO_AGENT


def test_only_workflows_that_do_tasks_need_an_agent() -> None:
    assert needs_agent(load_builtin("autonomous"))
    assert not needs_agent(load_builtin("probe"))


def test_how_a_run_is_started_is_kept_in_its_settings() -> None:
    settings = settings_of(Config(), auto_approve=True, interactive=True)
    assert (settings.auto_approve, settings.interactive) == (True, True)


def test_overrides_touch_only_what_they_name() -> None:
    workflow = load_builtin("autonomous")
    assert with_overrides(workflow, Config()) == workflow


def test_a_steps_own_retry_goes_before_the_configurations() -> None:
    own = Workflow("w", (Step("a", "probe", retry=Retry(max_attempts=9)), Step("b", "probe")))
    config = parse_config("retry: {max_retry_attempts: 1}", "config.yaml")
    assert [step.retry.max_attempts for step in with_overrides(own, config).steps] == [9, 2]


def test_a_gate_default_that_the_gate_does_not_have_is_refused() -> None:
    config = parse_config("planning: {gate_default: aprove}", "config.yaml")
    with pytest.raises(InvalidFile, match=r"planning.gate_default: 'aprove' is no choice.*\n.*did you mean 'approve'"):
        with_overrides(load_builtin("autonomous"), config)


def test_gates_elsewhere_keep_their_own_deadline() -> None:
    workflow = Workflow("w", (Step("plan", "plan"), Step("ask", "gate", depends_on=("other",)), Step("other", "probe")))
    config = parse_config("planning: {gate_timeout_seconds: 5}", "config.yaml")
    assert with_overrides(workflow, config).steps[1].timeout_s is None


def test_only_who_does_tasks_or_looks_at_claims_is_told_how_much_at_once() -> None:
    assert "MAESTRO_PARALLEL" not in environment_of(Config(), "planner")


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field", "mend"),
    [
        ("wrokflow: x", "wrokflow", "did you mean 'workflow'?"),
        ("agent: {kid: script}", "agent.kid", "did you mean 'kind'?"),
        ("retry: {jiter: 0}", "retry.jiter", "did you mean 'jitter'?"),
        ("validation: {validator: 3}", "validation.validator", "did you mean 'validators'?"),
        ("workers: {parallel: '3'}", "workers.parallel", "write a number without quotes"),
        ("tracker: {beads: yes}", "tracker.beads", "write true or false, without quotes"),
        ("agent: {command: me}", "agent.command", "write [a, b], or one '- ' line for each"),
        ("logging:", "logging", "write a value, or remove the line"),
    ],
)
def test_a_mistake_names_the_key_and_the_mend(text: str, field: str, mend: str) -> None:
    found = problem("# first line\n" + text)
    assert (found.line, found.field, found.mend) == (2, field, mend)


@pytest.mark.parametrize(
    "text",
    [
        "version: 2",
        "agent: {kind: gpt}",
        "agent: {kind: script}",
        "agent: {kind: command}",
        "agent: {env: ['A=B']}",
        "agent: {output_limit_bytes: 1}",
        "agent: {timeout_seconds: 0}",
        "workers: {processes: 0}",
        "workers: {lease_seconds: 0.1}",
        "retry: {max_retry_attempts: -1}",
        "planning: {min_epics: 8, max_epics: 3}",
        "server: {url: 'http://x'}",
        "server: {url: 'redis://:secret@h:1/0'}",
        "server: {fsync: never}",
        "logging: {level: loud}",
        "workflow: ''",
        "- a list",
    ],
)
def test_a_value_that_nobody_could_honour_is_refused(text: str) -> None:
    assert problem(text).reason


def test_a_password_in_the_address_is_refused_without_repeating_it() -> None:
    assert "secret" not in str(problem("server: {url: 'redis://user:secret@h:1/0'}"))


# --- a forge ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "url"), [("github", "https://api.github.com"), ("gitlab", "https://gitlab.com/api/v4")]
)
def test_the_public_forge_of_a_kind_need_not_be_written(kind: str, url: str) -> None:
    forge = settings_of(parse_config(f"forge: {{kind: {kind}, repository: a/b}}", "c")).forge
    assert forge is not None and (forge.url, forge.repository, forge.token) == (url, "a/b", "")


def test_without_a_forge_a_run_keeps_none() -> None:
    assert settings_of(Config()).forge is None


@pytest.mark.parametrize(
    ("text", "field", "mend"),
    [
        ("forge: {kind: github}", "forge", "owner/name"),
        ("forge: {repository: a/b}", "forge", "kind: github"),
        ("forge: {kind: github, repository: group/sub/name}", "forge", "owner/name"),
        ("forge: {kind: github, repository: name}", "forge.repository", "owner/name"),
        ("forge: {kind: github, repository: a/..}", "forge.repository", "owner/name"),
        ("forge: {kind: github, repository: 'a/b?x'}", "forge.repository", "owner/name"),
        (f"{FORGE}, url: 'http://git.example.org/api'}}", "forge.url", "https://"),
        (f"{FORGE}, url: 'http://127.0.0.1.example.org/api'}}", "forge.url", "https://"),
        (f"{FORGE}, url: 'https://me:secret@git.example.org'}}", "forge.url", "without user"),
        (f"{FORGE}, url: 'https://git.example.org/?a=b'}}", "forge.url", "without user"),
        (f"{FORGE}, token: glpat-not-a-name}}", "forge.token", ""),
    ],
)
def test_a_forge_that_could_not_be_asked_is_refused_with_its_field_and_mend(text: str, field: str, mend: str) -> None:
    found = problem(text)
    assert found.field == field
    assert mend in found.mend


def test_groups_may_lie_in_groups_at_a_gitlab_and_this_machine_may_be_asked_in_the_clear() -> None:
    text = "forge: {kind: gitlab, repository: group/sub/name, url: 'http://127.0.0.1:8080/api/v4/'}"
    forge = settings_of(parse_config(text, "c")).forge
    assert forge is not None
    assert (forge.url, forge.repository) == ("http://127.0.0.1:8080/api/v4", "group/sub/name")
