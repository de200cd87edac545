"""Does compose.yaml do what it promises? The real file, the real image, a real run from the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from maestro import demo
from tests.support.composing import Composed, checked, give_to_containers, prepare

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

SERVICES = (
    "registrar",
    "conductor",
    "planner",
    "taskgen",
    "gatekeeper",
    "worker",
    "validator",
    "integrator",
    "gateway",
    "notary",
)
KEY = "operator.key"
SEALS, WITNESSES = 1, 3
PUBLIC = ("operator.pub", "host.env", "users.acl", "server.conf", "witnesses.policy", "logs")


@pytest.fixture(scope="module")
def composed(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    made = prepare(tmp_path_factory.mktemp("compose"))
    try:
        made.up(worker=3)
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def finished(composed: Composed) -> dict[str, Any]:
    """The demo's run, started from this host and done by the containers."""
    files = demo.unpack(composed.repos / "demo")
    give_to_containers(composed.repos)
    asked = ["--repo", str(files.repo), "--spec", str(files.spec), "--agent", f"script:{files.playbook}"]
    said = composed.maestro("run", *asked, "--no-input", "--answers-from-playbook", "--json")
    result: dict[str, Any] = json.loads(said)
    return result


def inspected(container: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(on_host("docker", "inspect", container))
    return found[0]


def on_host(*command: str) -> str:
    return checked([*command], cwd=Path("/"), env=dict(os.environ))


def test_three_workers_share_the_tasks_of_a_run(composed: Composed, finished: dict[str, Any]) -> None:
    events = [json.loads(line) for line in composed.maestro("log", finished["run"], "--json").splitlines()]
    workers = {event["actor"] for event in events if event["type"] == "TaskClaimed"}
    assert len(workers) == 3
    assert len([event for event in events if event["type"] == "TaskMerged"]) == 8


def test_the_run_leaves_its_branch_in_the_hosts_repository_and_the_tree_alone(finished: dict[str, Any]) -> None:
    git = ("git", "-c", "safe.directory=*", "-C", finished["repo"]["url"])
    tasks = on_host(*git, "log", "--format=%(trailers:key=Maestro-Task,valueonly)", f"maestro/{finished['run']}")
    assert {f"T-00{number}" for number in range(1, 9)} <= set(tasks.split())
    assert on_host(*git, "status", "--porcelain") == ""


def test_people_are_introduced_in_the_registrars_container_and_nowhere_else(composed: Composed) -> None:
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPk8oTXFl4c+mz63hhXHsqKElNGYxgM5J4wpm/+PLNNS"
    composed.inside("registrar", "maestro", "keys", "enrol", "zoe", "--key", line, "--role", "dba")
    [zoe] = json.loads(composed.maestro("keys", "list", "--json"))
    assert (zoe["person"], zoe["key"], zoe["roles"]) == ("zoe", line, ["dba"])


def test_the_page_is_published_on_loopback_alone_and_shows_the_run(
    composed: Composed, finished: dict[str, Any]
) -> None:
    [gateway] = composed.containers("gateway")
    [binding] = inspected(gateway)["NetworkSettings"]["Ports"]["8420/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    token = composed.inside("gateway", "maestro", "web", "token", "zoe").strip()
    api = f"http://127.0.0.1:{binding['HostPort']}/api/v1"
    headers = {"Authorization": f"Bearer {token}"}
    shown = httpx.get(f"{api}/runs/{finished['run']}", headers=headers, trust_env=False, timeout=60).json()
    assert (shown["status"], len(shown["tasks"])) == ("completed", 8)


def test_nothing_is_root_and_nothing_can_write_its_file_system(composed: Composed) -> None:
    for container in composed.containers():
        found = inspected(container)
        host, name = found["HostConfig"], found["Name"]
        assert found["Config"]["User"].split(":")[0] not in ("", "0", "root"), name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"], name
        assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"]), name


def test_only_the_registrar_sees_the_operators_key_and_each_role_only_its_own_secret(composed: Composed) -> None:
    seen = {service: composed.inside(service, "ls", "/run/secrets").split() for service in SERVICES}
    assert {service for service, names in seen.items() if KEY in names} == {"registrar"}
    for service in SERVICES[1:]:
        assert sorted(seen[service]) == ["join", "operator.pub"]
        assert composed.inside(service, "ls", "/run/login").split() == [service]
        own = (composed.secrets / "join" / service).read_text()
        assert composed.inside(service, "cat", "/run/secrets/join") == own


def test_no_secret_is_in_an_environment(composed: Composed) -> None:
    files = [path for path in composed.secrets.rglob("*") if path.is_file() and "memory.db" not in path.name]
    secrets = [path.read_text().strip() for path in files if path.name not in PUBLIC]
    joins = {path.name for path in files if path.parent.name == "join"}
    users = {path.name for path in files if path.parent.name == "server"}
    assert joins >= set(SERVICES[1:]) and users >= set(SERVICES)
    keys = 1 + SEALS + WITNESSES
    assert len(secrets) == keys + len(users) + len(joins), "the keys, the passwords, the joins"
    for container in composed.containers():
        environment = " ".join(inspected(container)["Config"]["Env"])
        assert [secret for secret in secrets if secret in environment] == []


def test_the_server_is_published_on_loopback_alone_and_wants_its_password(composed: Composed) -> None:
    [server] = composed.containers("redis")
    bindings = inspected(server)["NetworkSettings"]["Ports"]["6379/tcp"]
    assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}
    assert "NOAUTH" in composed.inside("redis", "valkey-cli", "keys", "*")
    health = ("valkey-cli", "--user", "health", "--pass", "-", "--no-auth-warning")
    assert "NOPERM" in composed.inside("redis", *health, "keys", "*")


def test_no_services_password_is_for_the_server_or_for_a_log_but_by_our_functions(composed: Composed) -> None:
    log = "{p00}:run:system:log"
    attacks = (
        ["flushall"],
        ["config", "get", "*"],
        ["shutdown", "nosave"],
        ["xtrim", log, "maxlen", "0"],
        ["del", log],
    )
    for service in SERVICES:
        login = ("--user", service, "--pass", (composed.secrets / "server" / service).read_text())
        for command in attacks:
            said = composed.inside("redis", "valkey-cli", "--no-auth-warning", *login, *command)
            assert "NOPERM" in said, (service, command)
        said = composed.inside("redis", "valkey-cli", "--no-auth-warning", *login, "xadd", log, "*", "n", "x")
        assert "unknown command" in said, service


def test_the_log_outlives_the_containers(composed: Composed, finished: dict[str, Any]) -> None:
    before = composed.maestro("log", finished["run"]).splitlines()
    composed.docker_compose("rm", "--stop", "--force", "--volumes")
    composed.up(worker=3)
    after = composed.maestro("log", finished["run"]).splitlines()
    assert after[: len(before)] == before
    assert all(" notary" in line for line in after[len(before) :]), "a witness may be heard of after the last seal"
    assert len(before) > 50
