"""What does Maestro cost while nothing happens? Memory of each service, CPU of all of them and the server."""

from __future__ import annotations

import asyncio

from benchmarks import processes
from benchmarks.figures import Figure
from benchmarks.setting import Scale, place
from benchmarks.stack import stack

ROLES = ("conductor", "planner", "taskgen", "gatekeeper", "worker", "validator", "integrator")
MEMORY_MIB, CPU_PERCENT = 80.0, 2.0


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    seconds = scale.of(60, 5)
    with place("always") as here:
        async with stack(here, ROLES) as services:
            await services.run_to_the_end(["warm"], [10])
            await asyncio.sleep(2)
            before = services.cpu_seconds()
            await asyncio.sleep(seconds)
            cpu = (services.cpu_seconds() - before) / seconds * 100
            memory = {name: processes.resident_mib(process.pid) for name, process in services.services.items()}
    largest = max(memory, key=lambda name: memory[name])
    return [
        Figure(
            "idle", f"memory of the largest idle service ({largest})", memory[largest], "MiB", **at_most(MEMORY_MIB)
        ),
        Figure(
            "idle", f"CPU of {len(memory)} idle services and the server", cpu, "% of a core", **at_most(CPU_PERCENT)
        ),
    ]


def at_most(target: float) -> dict[str, object]:
    return {"target": target, "of": "value", "sense": "at most"}
