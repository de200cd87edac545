"""How long does a task wait that could start? 50 tasks a second, from ready to start, as the server's clock sees it.

A task is ready in the moment in which the write is carried out that says its predecessor is done, and starts with the
write that says so: between them lie the conductor's reading, deciding, signing and writing, the queue, and the
worker's. For the floor it is ready when its message is queued. Both moments come from the server's MONITOR.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.figures import Figure, percentile
from benchmarks.floor import bare_loop
from benchmarks.setting import Place, Scale, place
from benchmarks.stack import stack
from benchmarks.writing import probe_run
from maestro.bus.client import ask

RATE = 50
TARGETS_MS = {0.5: 3.0, 0.99: 8.0}
RUN = re.compile(r"\{p00\}:run:([^:]+):log")
QUEUED = re.compile(r"XADD \S+:q:\S+ .*?task:(T-\d+):1")
STARTED = re.compile(r"task:([^:]+):1/started:1")


@dataclass(slots=True)
class Moments:
    """When tasks became ready and when they started, by name; seconds of the server's clock."""

    ready: dict[str, float] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)

    def waits_ms(self) -> list[float]:
        return [(self.started[name] - at) * 1000 for name, at in self.ready.items() if name in self.started]


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    seconds = scale.of(30, 3)
    with place("always") as here:
        floor = await bare_moments(here, seconds)
        ours = await our_moments(here, seconds)
    return [
        Figure(
            benchmark="latency",
            what=f"task ready to task start at {RATE} tasks/s, p{share * 100:g} of {len(ours)}",
            value=percentile(ours, share),
            unit="ms",
            floor=percentile(floor, share),
            floor_what="bare batch loop",
            target=target,
            of="value",
            sense="at most",
        )
        for share, target in TARGETS_MS.items()
    ]


async def our_moments(here: Place, seconds: int) -> list[float]:
    """Runs of two tasks, one after the other; the second one's wait counts."""
    moments = Moments()

    def see(at: float, command: str) -> None:
        if not command.startswith("FCALL"):
            return  # MONITOR tells the commands inside a function too
        run, task = RUN.search(command), STARTED.search(command)
        if run and task and task[1] == "probe-1-1":
            moments.ready[run[1]] = at  # a no-op task's start and claim are one write
        elif run and task:
            moments.started[run[1]] = at

    async with stack(here, ["conductor", "worker"]) as services:
        await services.run_to_the_end(["warm"], [50])

        async def send(i: int) -> None:
            await ask(services.store, f"latency-{i}", probe_run([1, 1]), "start")

        async with watched(here, see):
            await at_a_rate(send, RATE / 2, seconds)
            await settle(moments, seconds * RATE // 2)
    return moments.waits_ms()


async def bare_moments(here: Place, seconds: int) -> list[float]:
    moments = Moments()

    def see(at: float, command: str) -> None:
        queued = QUEUED.match(command)
        if queued:
            moments.ready[queued[1]] = at
        elif command.startswith("FCALL"):
            for name in STARTED.findall(command):
                moments.started.setdefault(name, at)

    async with bare_loop(here) as loop:
        loop.go()

        async def send(i: int) -> None:
            await loop.send([("bare-latency", f"T-{i}")])

        async with watched(here, see):
            await at_a_rate(send, RATE, seconds)
            await settle(moments, seconds * RATE)
    return moments.waits_ms()


async def at_a_rate(send: Callable[[int], Awaitable[None]], rate: float, seconds: int) -> None:
    """Open loop: a slow answer delays nothing that is sent after it."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    async with asyncio.TaskGroup() as group:
        for i in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + i / rate - clock()))
            group.create_task(_awaited(send, i))


async def _awaited(send: Callable[[int], Awaitable[None]], i: int) -> None:
    await send(i)


async def settle(moments: Moments, wanted: int) -> None:
    async with asyncio.timeout(30):
        while len(moments.started) < wanted:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def watched(here: Place, see: Callable[[float, str], None]) -> AsyncIterator[None]:
    """Tell `see` of every command that the server carries out, and when."""
    client = here.client()
    async with client.monitor() as monitor:

        async def look() -> None:
            async for said in monitor.listen():
                see(said["time"], said["command"])

        task = asyncio.create_task(look())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    await client.aclose()
