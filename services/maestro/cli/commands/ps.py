"""`maestro ps`: which processes work here, and what waits for them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maestro.cli import console
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.where import Place
    from maestro.embedded.supervisor import ProcessStatus


def ps(*, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008 - frozen, no options given
    """List the service processes of this repository and the lengths of their queues."""
    from maestro.cli.interrupts import run_async

    return run_async(_ps(where, listing))


async def _ps(where: Where, listing: Listing) -> int:
    from maestro.cli.where import find_place
    from maestro.embedded.supervisor import read_status

    place = await find_place(where.repo)
    processes = read_status(place.own.services) if place.own else []
    queues = await _queues(place)
    if listing.json:
        console.write_json({"processes": [_row(p) for p in processes], "queues": queues})
    else:
        _tables(processes, queues)
    return Exit.OK


async def _queues(place: Place) -> list[dict[str, Any]]:
    """Nothing where no server runs: none is started just to count."""
    from maestro.cli.engine import reading
    from maestro.embedded.server import live_endpoint
    from maestro.embedded.stack import ROLES

    if not place.remote_url and (place.own is None or live_endpoint(place.own.server) is None):
        return []
    async with reading(place) as engine:
        return [
            {
                "role": role,
                "waiting": await engine.store.queue_length(role),
                "dead": len(await engine.store.dead_letters(role)),
            }
            for role in ROLES
        ]


def _row(process: ProcessStatus) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(process)


def _tables(processes: list[ProcessStatus], queues: list[dict[str, Any]]) -> None:
    import time

    from maestro.projections.text import duration

    now = int(time.time() * 1000)
    rows = [
        (p.name, str(p.pid or "-"), str(p.restarts), duration(max(0, now - p.since)) if p.since else "", p.log)
        for p in processes
    ]
    console.table(("NAME", "PID", "RESTARTS", "UP", "LOG"), rows, "nothing runs here; `maestro up` or `maestro run`")
    if queues:
        console.write()
        shown = [(str(q["role"]), str(q["waiting"]), str(q["dead"])) for q in queues]
        console.table(("QUEUE", "WAITING", "GIVEN UP"), shown, "no queues")
