"""How is the bare loop timed? Its queue is filled first; the clock runs from its first read until nothing is left."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio as redis

from benchmarks import bare, processes
from benchmarks.machine import ROOT
from benchmarks.setting import Place
from maestro_contracts.commands import DoTask
from maestro_contracts.envelope import write_command
from maestro_contracts.records import AgentSpec, Repo, TaskSpec

PROBE = AgentSpec(kind="probe")


@dataclass(frozen=True, slots=True)
class Drained:
    """What the bare loop took for some tasks: seconds, and CPU seconds of it and the server together."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class BareLoop:
    """The process of the bare loop, ready to begin."""

    pid: int
    client: redis.Redis
    folder: Path

    def go(self) -> None:
        (self.folder / "go").touch()

    async def send(self, run: str, tasks: range) -> None:
        pipeline = self.client.pipeline(transaction=False)
        for i in tasks:
            pipeline.xadd(bare.QUEUE, {"__data__": message(run, f"T-{i}")})
        await pipeline.execute()


def message(run: str, task: str) -> bytes:
    """The command of a no-op task, as the conductor sends it."""
    command = DoTask(TaskSpec(id=task, title="", agent=PROBE), 1, Repo("/nowhere", "0" * 40), "0" * 40, PROBE)
    return write_command(command, id=f"task:{task}:1", run=run, cause=f"task:{task}:1/dispatched")


@asynccontextmanager
async def bare_loop(here: Place, run: str) -> AsyncIterator[BareLoop]:
    client, folder = here.client(), Path(tempfile.mkdtemp(dir=here.folder))
    await client.delete(bare.QUEUE)
    await client.xgroup_create(bare.QUEUE, bare.GROUP, id="0", mkstream=True)
    asked = [sys.executable, "-m", "benchmarks.bare", here.url, str(here.password_file), run, str(folder)]
    process = subprocess.Popen(asked, cwd=ROOT)
    try:
        while not (folder / "ready").exists():
            assert process.poll() is None, "the bare loop did not start"
            await asyncio.sleep(0.02)
        yield BareLoop(process.pid, client, folder)
    finally:
        process.terminate()
        process.wait(20)
        await client.aclose()


async def drain(here: Place, tasks: int, run: str) -> Drained:
    """Let the bare loop do so many waiting tasks."""
    async with bare_loop(here, run) as loop:
        for start in range(0, tasks, 1000):
            await loop.send(run, range(start, min(start + 1000, tasks)))
        before = processes.cpu_seconds([loop.pid, here.pid])
        started = time.perf_counter()
        loop.go()
        while await loop.client.xlen(bare.QUEUE):
            await asyncio.sleep(0.005)
        took = time.perf_counter() - started
        return Drained(took, processes.cpu_seconds([loop.pid, here.pid]) - before)
