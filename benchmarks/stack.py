"""How are the real services started for a benchmark? As `python -m maestro.<role>`, each its own process, warm."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import redis.asyncio as redis

from benchmarks import processes
from benchmarks.machine import ROOT
from benchmarks.setting import Place
from benchmarks.writing import probe_run
from maestro.log.redis_store import open_store
from maestro.log.store import Send, Store, Write
from maestro_contracts.envelope import write_command

READY_S = 30.0
AT_ONCE = {"worker": 256}
"""A worker for small tasks takes many at once; by default two, since a coding agent's task takes minutes."""
ENDED = (b'"type":"RunCompleted"', b'"type":"RunFailed"')


@dataclass(slots=True)
class Stack:
    """Services that run beside a server."""

    here: Place
    store: Store
    services: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def pids(self) -> list[int]:
        return [self.here.pid, *(service.pid for service in self.services.values())]

    def cpu_seconds(self) -> float:
        """What all of them together have used, the server too."""
        return processes.cpu_seconds(self.pids)

    async def run_to_the_end(self, runs: Sequence[str], widths: Sequence[int]) -> float:
        """Start these runs at once, as one who asks for many would; returns the seconds until the last one ended."""
        client, asked = self.here.client(), probe_run(widths)
        requests = [Send(asked.to, write_command(asked, id="start", run=run)) for run in runs]
        left = list(runs)
        started = time.perf_counter()
        await self.store.write([Write(run, sends=(request,)) for run, request in zip(runs, requests, strict=True)])
        while left:
            if await _not_ended(client, left[:1]):
                await asyncio.sleep(0.005)
            else:
                left = await _not_ended(client, left)
        took = time.perf_counter() - started
        await client.aclose()
        return took


async def _not_ended(client: redis.Redis, runs: Sequence[str]) -> list[str]:
    """Those of the runs that go on."""
    pipeline = client.pipeline(transaction=False)
    for run in runs:
        pipeline.xrevrange(f"{{p00}}:run:{run}:log", count=1)
    return [run for run, last in zip(runs, await pipeline.execute(), strict=True) if not _is_end(run, last)]


def _is_end(run: str, last: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> bool:
    text = last[0][1].get(b"n", b"") if last else b""
    if ENDED[1] in text:
        raise AssertionError(f"run {run} failed: {text.decode(errors='replace')}")
    return ENDED[0] in text


@asynccontextmanager
async def stack(here: Place, roles: Sequence[str]) -> AsyncIterator[Stack]:
    """The registrar and these roles, ready; a role may come more than once. All ended at the end."""
    store = await open_store(here.url, here.users)
    made = Stack(here, store)
    try:
        for role in ("registrar", *roles):
            name = f"{role}-{len(made.services) + 1}"
            made.services[name] = _start(here, role, name)
        await asyncio.gather(*(_ready(here, name, service) for name, service in made.services.items()))
        yield made
    finally:
        await store.close()
        for service in made.services.values():
            service.terminate()
        for service in made.services.values():
            service.wait(20)


def _start(here: Place, role: str, name: str) -> subprocess.Popen[bytes]:
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith("MAESTRO_")},
        "MAESTRO_REDIS_URL": here.url,
        "MAESTRO_REDIS_PASSWORD_FILE": here.users,
        "MAESTRO_STATE_DIR": str(here.folder / "state"),
        "MAESTRO_HEALTH_FILE": str(here.folder / "health" / name),
        "MAESTRO_ACTOR": name,
        "MAESTRO_LOG_LEVEL": "warning",
    }
    if role in AT_ONCE:
        env |= {"MAESTRO_PARALLEL": str(AT_ONCE[role]), "MAESTRO_BATCH": str(AT_ONCE[role])}
    if role in ("notary", "witness"):
        address = f"unix:{here.folder / 'w'}"
        env |= {"MAESTRO_WITNESS_BIND": address, "MAESTRO_WITNESS_URL": address}
    log = (here.folder / "logs" / f"{name}.log").open("wb")
    with log:
        return subprocess.Popen([sys.executable, "-m", f"maestro.{role}"], cwd=ROOT, env=env, stdout=log, stderr=log)


async def _ready(here: Place, name: str, service: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not (here.folder / "health" / name).exists():
        if service.poll() is not None or time.monotonic() > deadline:
            said = (here.folder / "logs" / f"{name}.log").read_text(errors="replace")[-2000:]
            raise AssertionError(f"{name} did not get ready (exit code {service.poll()}): {said}")
        await asyncio.sleep(0.02)
