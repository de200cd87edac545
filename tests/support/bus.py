"""A consumer of a test: a real process that runs `bus_service`, on a real server, with its diary and its lines."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import redis

from maestro.bus.client import ask
from maestro.log.commit import parse_commit
from maestro.log.store import Store
from maestro_contracts import commands as c
from maestro_contracts.records import AgentSpec, Repo, TaskSpec
from tests.support import bus_service
from tests.support.servers import Server
from tests.support.wait import wait_for

RUN = "run-aaaaaa"


# Importing a service takes a second, forking one that has imported it a hundredth.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.bus_service", "pytest"])


def _main(role: str, kind: str, env: dict[str, str], log: str) -> None:
    """The consumer's process: what `python -m tests.support.bus_service <role> <kind>` does."""
    os.environ.update(env)
    err = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(err, 2)
    sys.argv = ["bus_service", role, kind]
    sys.exit(bus_service.main())


@dataclass(slots=True)
class Consumer:
    """A process; `exit_code` is None while it lives."""

    process: BaseProcess
    log: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        return self.process.exitcode

    def lines(self) -> list[dict[str, Any]]:
        """What it logged; a line that is half written is left out."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def says(self, event: str) -> bool:
        return any(event in line.get("event", "") for line in self.lines())

    def ready(self) -> Consumer:
        def seen() -> bool:
            assert self.exit_code is None, f"it ended with {self.exit_code}:\n{self.log.read_text()}"
            return self.says("ready")

        wait_for(seen, 20, "the service's ready line")
        return self

    def signal(self, which: signal.Signals) -> None:
        os.kill(self.pid, which)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout: float = 30) -> int:
        """Its exit code, once it has ended."""
        self.process.join(timeout)
        assert self.exit_code is not None, f"it did not end within {timeout:g} s:\n{self.log.read_text()}"
        return self.exit_code


@dataclass(slots=True)
class Stage:
    """Everything a test of the bus needs: a server, a folder, and consumers that end with the test."""

    server: Server
    folder: Path
    consumers: list[Consumer] = field(default_factory=list)

    @property
    def diary(self) -> list[list[str]]:
        """What handlers did, in order: process id, `begin` or `end`, command id, delivery count."""
        path = self.folder / "diary"
        return [line.split(" ") for line in path.read_text().splitlines()] if path.exists() else []

    def begun(self, command: str) -> list[str]:
        """The process ids of those that began a command."""
        return [line[0] for line in self.diary if line[1] == "begin" and line[2] == command]

    def ended(self) -> set[str]:
        return {line[2] for line in self.diary if line[1] == "end"}

    def consumer(self, role: str = "worker", kind: str = "one", **env: str) -> Consumer:
        settings = {
            "MAESTRO_REDIS_URL": self.server.url,
            "MAESTRO_STATE_DIR": str(self.folder / "state"),
            "BUS_DIARY": str(self.folder / "diary"),
            "MAESTRO_LOG_LEVEL": "info",
        }
        log = self.folder / f"consumer-{len(self.consumers)}.log"
        log.touch()
        process = FORKS.Process(target=_main, args=(role, kind, settings | env, str(log)))
        process.start()
        self.consumers.append(Consumer(process, log))
        return self.consumers[-1]

    def client(self) -> redis.Redis:
        return self.server.client()

    def junk(self, role: str, *fields: dict[str | bytes, Any]) -> None:
        client = self.client()
        for each in fields:
            client.xadd(f"{{p00}}:q:{role}", each)  # type: ignore[arg-type]

    def close(self) -> None:
        for consumer in self.consumers:
            if consumer.exit_code is None:
                consumer.thaw()
                consumer.kill()


def stage(server: Server, folder: Path) -> Iterator[Stage]:
    made = Stage(server, folder)
    try:
        yield made
    finally:
        made.close()


def task(id: str, script: str) -> c.DoTask:
    return c.DoTask(TaskSpec(id=id, title=id, description=script), 1, Repo("", ""), "", AgentSpec("probe"))


async def give(store: Store, id: str, script: str = "", run: str = RUN) -> str:
    """Queue a task whose handler does what the script says; returns the command's id."""
    return await ask(store, run, task(id, script), f"task:{id}:1")


async def said(store: Store, run: str = RUN) -> list[tuple[str, str]]:
    """Type and id of all events of a run, in order."""
    found = []
    for entry in await store.read(run):
        found += [(record.type, record.id) for record in parse_commit(entry.body).records]
    return found


def seen(kind: str, events: list[tuple[str, str]]) -> list[str]:
    return [id for type, id in events if type == kind]
