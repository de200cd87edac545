"""How is the bare loop timed? Its queue is filled first; the clock runs from its first read until nothing is left."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
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
    xadd: str

    def go(self) -> None:
        (self.folder / "go").touch()

    async def send(self, tasks: Sequence[tuple[str, str]]) -> None:
        """Queue these tasks, given as run and task id."""
        pipeline = self.client.pipeline(transaction=False)
        for run, task in tasks:
            pipeline.execute_command(self.xadd, bare.QUEUE, "*", "__data__", message(run, task))
        await pipeline.execute()


def message(run: str, task: str) -> bytes:
    """The command of a no-op task, as the conductor sends it."""
    command = DoTask(TaskSpec(id=task, title="", agent=PROBE), 1, Repo("/nowhere", "0" * 40), "0" * 40, PROBE)
    return write_command(command, id=f"task:{task}:1", run=run, cause=f"task:{task}:1/dispatched")


@asynccontextmanager
async def bare_loop(here: Place) -> AsyncIterator[BareLoop]:
    client, folder = here.client(), Path(tempfile.mkdtemp(dir=here.folder))
    await client.delete(bare.QUEUE)
    await client.xgroup_create(bare.QUEUE, bare.GROUP, id="0", mkstream=True)
    asked = [sys.executable, "-m", "benchmarks.bare", here.url, str(here.password_file), str(folder)]
    process = subprocess.Popen(asked, cwd=ROOT)
    try:
        while not (folder / "ready").exists():
            assert process.poll() is None, "the bare loop did not start"
            await asyncio.sleep(0.02)
        yield BareLoop(process.pid, client, folder, here.called("XADD"))
    finally:
        process.terminate()
        process.wait(20)
        await client.aclose()


def waves(runs: Sequence[str], widths: Sequence[int]) -> list[tuple[str, str]]:
    """The tasks of these runs in the order in which Maestro would dispatch them: group by group, run by run."""
    return [(run, f"T-{group}-{i}") for group, width in enumerate(widths) for run in runs for i in range(width)]


async def drain(here: Place, runs: Sequence[str], widths: Sequence[int]) -> Drained:
    """Let the bare loop do the tasks of these runs, all of them waiting."""
    tasks = waves(runs, widths)
    async with bare_loop(here) as loop:
        for start in range(0, len(tasks), 1000):
            await loop.send(tasks[start : start + 1000])
        before = processes.cpu_seconds([loop.pid, here.pid])
        started = time.perf_counter()
        loop.go()
        while await loop.client.xlen(bare.QUEUE):
            await asyncio.sleep(0.005)
        took = time.perf_counter() - started
        return Drained(took, processes.cpu_seconds([loop.pid, here.pid]) - before)
