"""The negative control: a worker as one writes it without thinking. It says its claim in one call and acknowledges the
task in another, and makes up a new id for each thing it says. A campaign that does not catch it proves nothing."""

from __future__ import annotations

import asyncio
import sys
from uuid import uuid4

from maestro.bus.runtime import Tools, run_service
from maestro.bus.service import Context, Delivery, Outcome, Said, Service
from maestro.worker.service import make_service as make_honest_service
from maestro_contracts.commands import DoTask

BETWEEN_S = 0.5
"""What lies between saying and acknowledging: a slow network, a garbage collection, a swapped-out page."""


def make_service(tools: Tools) -> Service:
    honest = make_honest_service(tools)
    assert honest.handlers is not None
    do_task = honest.handlers[DoTask]

    async def handle(delivery: Delivery, ctx: Context) -> Outcome:
        outcome = await do_task(delivery, ctx)
        renamed = tuple(Said(uuid4().hex, said.event, said.cause) for said in outcome.events)
        await ctx.say(Outcome(outcome.run, renamed, advance=True))
        await asyncio.sleep(BETWEEN_S)
        return Outcome(outcome.run, advance=False)

    return Service(role="worker", handlers={DoTask: handle}, parallel=2, batch_size=1)


if __name__ == "__main__":
    sys.exit(run_service(make_service, "worker"))
