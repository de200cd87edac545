"""`maestro up`: how do the server and the services stay, whatever runs come and go?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.embedded.supervisor import Supervisor


def up(
    *,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    workers: Annotated[int | None, Parameter(help="Worker processes; without it, the configuration's number.")] = None,
) -> int:
    """Keep the server and the services running until Ctrl-C.

    `maestro run` then uses them. Where a server is configured
    (MAESTRO_REDIS_URL), the services are started against that one.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_up(where, workers or 0))


async def _up(where: Where, workers: int) -> int:
    from maestro.cli.engine import serving
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    async with serving(place, workers) as engine:
        supervisor = engine.supervisor
        assert supervisor is not None
        await _until_enrolled(engine, supervisor)
        await _go_on(engine)
        console.note("ready; Ctrl-C stops everything, and what is not finished goes on at the next start")
        trouble = await supervisor.trouble
        raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)


async def _go_on(engine: Engine) -> None:
    """Runs that were interrupted go on now."""
    from maestro.bus.client import ask
    from maestro.cli.person import who
    from maestro.runs.follow import load
    from maestro_contracts.commands import RecoverRun

    own = engine.place.own
    for run in own.unfinished() if own else ():
        state = await load(engine.store, engine.keyring(), run)
        if state.status == "running":
            await ask(engine.store, run, RecoverRun(who(engine.place.repo)))
            console.note(f"goes on: {run}")


async def _until_enrolled(engine: Engine, supervisor: Supervisor) -> None:
    """Every process has a key that is believed: from now on what is asked is done. The registrar needs none, and a
    witness is known by the trust policy alone."""
    keyring = engine.keyring()
    await keyring.refresh(engine.store)
    before = len(keyring.members())
    wanted = {name for name in supervisor.names if not name.startswith(("registrar", "witness"))}
    while not supervisor.trouble.done() and wanted - {member.actor for member in keyring.members()[before:]}:
        await keyring.refresh(engine.store)
        await asyncio.sleep(0.05)
