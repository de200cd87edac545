"""What does a task cost that does nothing? Conductor, queue, worker, claim and completion, all of them real processes.

Floor: a bare loop over FastStream's batch subscriber that appends the same signed events through the same functions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, middle
from benchmarks.floor import Drained, drain
from benchmarks.setting import Place, Scale, place
from benchmarks.stack import stack

RATIO, CPU_US, FSYNC_RATIO = 0.5, 150.0, 0.8


@dataclass(frozen=True, slots=True)
class Shape:
    """Which graphs: `graphs` runs at once, each with groups of these widths."""

    name: str
    graphs: int
    widths: tuple[int, ...]

    @property
    def tasks(self) -> int:
        return self.graphs * sum(self.widths)


@dataclass(frozen=True, slots=True)
class Timed:
    """Tasks a second, and CPU microseconds of all processes for each."""

    rate: float
    cpu_us: float


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    big = Shape("one graph", 1, (scale.of(20_000, 2_000),))
    many = Shape("graphs of 1-20-1", scale.of(200, 20), (1, 20, 1))
    rounds = scale.of(5, 2)
    figures: list[Figure] = []
    always: dict[tuple[str, int], float] = {}
    for fsync in ("always", "everysec"):
        with place(fsync) as here:
            for workers in (1, 2):
                for shape in (big, many):
                    ours, floor = await both(here, shape, workers, rounds)
                    what = f"{shape.graphs} x {shape.name}, {workers} worker{'s' * (workers > 1)}, {fsync}"
                    figures += _figures(what, ours, floor)
                    key = shape.name, workers
                    if fsync == "always":
                        always[key] = middle(timed.rate for timed in ours)
                    else:
                        figures.append(_fsync(shape, workers, always[key], middle(timed.rate for timed in ours)))
    return figures


async def both(here: Place, shape: Shape, workers: int, rounds: int) -> tuple[list[Timed], list[Timed]]:
    """The same number of tasks through Maestro and through the bare loop, in turns."""
    ours: list[Timed] = []
    floor: list[Timed] = []
    async with stack(here, ["conductor", *["worker"] * workers]) as services:
        prefix = f"b{here.pid}-{shape.graphs}-{workers}"
        await services.run_to_the_end([f"{prefix}-warm"], [200])
        for i in range(rounds):
            bare = [f"{prefix}-bare-{i}-{graph}" for graph in range(shape.graphs)]
            floor.append(_timed(shape.tasks, await drain(here, bare, shape.widths)))
            before = services.cpu_seconds()
            names = [f"{prefix}-{i}-{graph}" for graph in range(shape.graphs)]
            took = await services.run_to_the_end(names, shape.widths)
            ours.append(_timed(shape.tasks, Drained(took, services.cpu_seconds() - before)))
    return ours, floor


def _timed(tasks: int, drained: Drained) -> Timed:
    return Timed(tasks / drained.seconds, drained.cpu / tasks * 1e6)


def _figures(what: str, ours: Sequence[Timed], floor: Sequence[Timed]) -> list[Figure]:
    rate = Figure(
        benchmark="tasks",
        what=what,
        value=middle(timed.rate for timed in ours),
        unit="tasks/s",
        floor=middle(timed.rate for timed in floor),
        floor_what="bare batch loop",
        target=RATIO,
    )
    cpu = Figure(
        benchmark="tasks",
        what=f"{what}: CPU of all processes",
        value=middle(timed.cpu_us for timed in ours),
        unit="us/task",
        floor=middle(timed.cpu_us for timed in floor),
        floor_what="bare batch loop",
        target=CPU_US,
        of="value",
        sense="at most",
    )
    return [rate, cpu]


def _fsync(shape: Shape, workers: int, always: float, everysec: float) -> Figure:
    return Figure(
        benchmark="tasks",
        what=f"{shape.graphs} x {shape.name}, {workers} worker{'s' * (workers > 1)}: always beside everysec",
        value=always,
        unit="tasks/s",
        floor=everysec,
        floor_what="the same with everysec",
        target=FSYNC_RATIO,
    )
