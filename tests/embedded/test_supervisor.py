"""Does the supervisor keep its processes up, and leave none behind however it ends?"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maestro.embedded.processes import is_alive
from maestro.embedded.supervisor import GaveUp, Notice, ServiceSpec, Supervisor, read_status
from tests.support.wait import wait_for

NAPPER = """
import os, pathlib, subprocess, sys, time
pathlib.Path(os.environ["PIDS"], f"{os.environ['NAME']}-{os.getpid()}").touch()
if os.environ.get("CHILD"):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    pathlib.Path(os.environ["PIDS"], f"child-{child.pid}").touch()
if os.environ.get("DEAF"):
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.environ.get("ENDS_ITS_OWN"):
    import signal
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    def end(*_):
        time.sleep(0.2)
        print("the child:", child.poll(), flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
print("hello from", os.environ["NAME"], flush=True)
time.sleep(600)
"""
FAILER = "raise SystemExit('this service cannot start: it lacks a thing')"

Make = Callable[..., ServiceSpec]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    modules = tmp_path / "modules"
    modules.mkdir()
    for name, program in (("napper", NAPPER), ("failer", FAILER)):
        (modules / name).mkdir()
        (modules / name / "__init__.py").touch()
        (modules / name / "__main__.py").write_text(program)
    (tmp_path / "pids").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(modules))

    def make(name: str, module: str = "napper", **env: str) -> ServiceSpec:
        env |= {"NAME": name, "PIDS": str(tmp_path / "pids"), "PATH": os.environ["PATH"], "PYTHONPATH": str(modules)}
        return ServiceSpec(name, module, env, tmp_path / f"{name}.log")

    return make


def pids(tmp_path: Path, name: str) -> list[int]:
    return [int(path.name.rpartition("-")[2]) for path in (tmp_path / "pids").glob(f"{name}-*")]


async def until(predicate: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not predicate():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


async def test_it_starts_every_service_with_its_own_environment_and_log(make: Make, tmp_path: Path) -> None:
    supervisor = Supervisor()
    await supervisor.start([make("one"), make("two")])
    try:
        await until(
            lambda: "hello from two" in (tmp_path / "two.log").read_text() if (tmp_path / "two.log").exists() else False
        )
        await until(lambda: len(pids(tmp_path, "one")) == 1)
    finally:
        await supervisor.stop()

    assert "hello from one" in (tmp_path / "one.log").read_text()


async def test_a_killed_service_is_started_again(make: Make, tmp_path: Path) -> None:
    notices: list[Notice] = []
    supervisor = Supervisor(notify=notices.append)
    await supervisor.start([make("one")])
    try:
        await until(lambda: len(pids(tmp_path, "one")) == 1)
        os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)
        await until(lambda: len(pids(tmp_path, "one")) == 2)
        await until(lambda: len(notices) == 3)
    finally:
        await supervisor.stop()

    assert [(notice.what, notice.code) for notice in notices[:3]] == [("started", 0), ("ended", -9), ("restarted", 0)]


async def test_a_service_that_cannot_start_is_given_up_with_its_own_words(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maestro.embedded.supervisor.MAX_QUICK_FAILURES", 3)
    supervisor = Supervisor()
    await supervisor.start([make("bad", "failer")])
    try:
        async with asyncio.timeout(60):
            trouble = await supervisor.trouble
    finally:
        await supervisor.stop()

    assert isinstance(trouble, GaveUp)
    assert "it lacks a thing" in trouble.reason and "exit code 1" in trouble.reason
    assert str(tmp_path / "bad.log") in trouble.mend


async def test_stopping_ends_also_a_deaf_service_and_what_a_service_left_behind(make: Make, tmp_path: Path) -> None:
    supervisor = Supervisor()
    await supervisor.start([make("deaf", DEAF="1"), make("parent", CHILD="1")])
    await until(lambda: bool(pids(tmp_path, "child")) and bool(pids(tmp_path, "deaf")))
    await until(lambda: "hello" in (tmp_path / "deaf.log").read_text())

    await supervisor.stop(grace_s=0.3)

    everyone = [*pids(tmp_path, "deaf"), *pids(tmp_path, "parent"), *pids(tmp_path, "child")]
    assert [pid for pid in everyone if is_alive(pid)] == []


async def test_stopping_asks_a_service_alone_which_ends_its_own_programs_in_order(make: Make, tmp_path: Path) -> None:
    """A git that died of the signal would be told as the task's own failure."""
    log = tmp_path / "one.log"
    supervisor = Supervisor()
    await supervisor.start([make("one", ENDS_ITS_OWN="1")])
    await until(lambda: log.exists() and "hello" in log.read_text())

    await supervisor.stop()

    assert "the child: None" in log.read_text()


async def test_stopping_twice_waits_once(make: Make, tmp_path: Path) -> None:
    supervisor = Supervisor()
    await supervisor.start([make("deaf", DEAF="1")])
    await until(lambda: bool(pids(tmp_path, "deaf")) and "hello" in (tmp_path / "deaf.log").read_text())
    await supervisor.stop(grace_s=0.1)

    await asyncio.wait_for(supervisor.stop(grace_s=600), 60)


async def test_what_runs_can_be_read_while_it_runs(make: Make, tmp_path: Path) -> None:
    supervisor = Supervisor(status_file=tmp_path / "services.json")
    await supervisor.start([make("one")])
    try:
        await until(lambda: any(row.pid for row in read_status(tmp_path / "services.json")))
        [row] = read_status(tmp_path / "services.json")
    finally:
        await supervisor.stop()

    assert (row.name, row.role, row.restarts) == ("one", "napper", 0)
    assert read_status(tmp_path / "services.json") == []


def test_nothing_outlives_a_supervisor_killed_with_9(make: Make, tmp_path: Path) -> None:
    specs = [make("one"), make("deaf", DEAF="1"), make("parent", CHILD="1")]
    starter = _start_elsewhere(specs)
    wait_for(lambda: len(list((tmp_path / "pids").iterdir())) == 4)

    starter.kill()
    starter.wait()

    everyone = [int(path.name.rpartition("-")[2]) for path in (tmp_path / "pids").iterdir()]
    wait_for(lambda: not any(is_alive(pid) for pid in everyone))


def test_nothing_outlives_a_fork_server_killed_with_9_but_its_supervisor_says_so(make: Make, tmp_path: Path) -> None:
    starter = _start_elsewhere([make("one"), make("two")], tell="trouble")
    wait_for(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    forks = int(subprocess.check_output(["pgrep", "-P", str(starter.pid)]).split()[0])

    os.kill(forks, signal.SIGKILL)

    assert starter.stdout is not None
    assert b"the process that holds the services ended" in starter.stdout.read()
    everyone = [int(path.name.rpartition("-")[2]) for path in (tmp_path / "pids").iterdir()]
    wait_for(lambda: not any(is_alive(pid) for pid in everyone))
    starter.wait()


ELSEWHERE = """
import asyncio, json, pathlib, sys
from maestro.embedded.supervisor import ServiceSpec, Supervisor

async def main():
    specs = [ServiceSpec(name, module, env, pathlib.Path(log)) for name, module, env, log in json.loads(sys.argv[1])]
    supervisor = Supervisor()
    await supervisor.start(specs)
    print((await supervisor.trouble).reason, flush=True)
    await supervisor.stop()

asyncio.run(main())
"""


def _start_elsewhere(specs: list[ServiceSpec], tell: str = "") -> subprocess.Popen[bytes]:
    rows = json.dumps([[spec.name, spec.module, dict(spec.env), str(spec.log)] for spec in specs])
    return subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, rows], stdout=subprocess.PIPE if tell else subprocess.DEVNULL
    )
