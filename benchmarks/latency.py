"""How long does a task wait that could start? 50 tasks a second, as the server's clock sees it (MONITOR).

Two waits. From queued to started: from the write that puts the task's message into the workers' queue to the write that
says it has started. That is what the bare loop does, and what other systems' published figures tell. And from its
predecessor's end to its start, which is what people wait for: the conductor's reading, deciding, signing and writing
come before the queue. The bare loop has nothing like it.
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
QUEUED = re.compile(r"XADD\S* \S+:q:\S+ .*?task:(T-\d+):1")
DISPATCHED = re.compile(r"task:([^:]+):1/dispatched")
STARTED = re.compile(r"task:([^:]+):1/started:1")
FIRST, SECOND = "probe-1-1", "probe-2-1"


@dataclass(slots=True)
class Moments:
    """When tasks were queued and when they started, by run and name; seconds of the server's clock."""

    queued: dict[tuple[str, str], float] = field(default_factory=dict)
    started: dict[tuple[str, str], float] = field(default_factory=dict)

    def waits_ms(self) -> list[float]:
        """From queued to started."""
        return [(self.started[task] - at) * 1000 for task, at in self.queued.items() if task in self.started]

    def hops_ms(self) -> list[float]:
        """From the end of a run's first task to the start of its second one. A no-op task's start and end are one
        write."""
        ends = {run: at for (run, task), at in self.started.items() if task == FIRST}
        return [(at - ends[run]) * 1000 for (run, task), at in self.started.items() if task == SECOND and run in ends]


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    seconds = scale.of(30, 3)
    with place("always") as here:
        floor = (await bare_moments(here, seconds)).waits_ms()
        ours = await our_moments(here, seconds)
    waits, hops = ours.waits_ms(), ours.hops_ms()
    return [
        *(
            Figure(
                benchmark="latency",
                what=f"task queued to task start at {RATE} tasks/s, p{share * 100:g} of {len(waits)}",
                value=percentile(waits, share),
                unit="ms",
                floor=percentile(floor, share),
                floor_what="bare batch loop",
                target=target,
                of="value",
                sense="at most",
            )
            for share, target in TARGETS_MS.items()
        ),
        *(
            Figure(
                benchmark="latency",
                what=f"predecessor's end to task start, through the conductor, p{share * 100:g} of {len(hops)}",
                value=percentile(hops, share),
                unit="ms",
            )
            for share in TARGETS_MS
        ),
    ]


async def our_moments(here: Place, seconds: int) -> Moments:
    """Runs of two tasks, one after the other."""
    moments = Moments()

    def see(at: float, command: str) -> None:
        run = RUN.search(command)
        if run is None or not command.startswith("FCALL"):
            return  # MONITOR tells the commands inside a function too
        for found, when in ((DISPATCHED, moments.queued), (STARTED, moments.started)):
            for task in set(found.findall(command)):
                when.setdefault((run[1], task), at)

    async with stack(here, ["conductor", "worker"]) as services:
        await services.run_to_the_end(["warm"], [50])

        async def send(i: int) -> None:
            await ask(services.store, f"latency-{i}", probe_run([1, 1]), "start")

        async with watched(here, see):
            await at_a_rate(send, RATE / 2, seconds)
            await settle(moments, seconds * RATE)
    return moments


async def bare_moments(here: Place, seconds: int) -> Moments:
    moments = Moments()

    def see(at: float, command: str) -> None:
        queued = QUEUED.match(command)
        if queued:
            moments.queued["", queued[1]] = at
        elif command.startswith("FCALL"):
            for name in STARTED.findall(command):
                moments.started.setdefault(("", name), at)

    async with bare_loop(here) as loop:
        loop.go()

        async def send(i: int) -> None:
            await loop.send([("bare-latency", f"T-{i}")])

        async with watched(here, see):
            await at_a_rate(send, RATE, seconds)
            await settle(moments, seconds * RATE)
    return moments


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
