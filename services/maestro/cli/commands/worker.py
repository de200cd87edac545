"""`maestro worker`: how do more workers help, here or on another host?"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where


def worker(
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"], help="Worker processes.")] = 1,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Run more workers until Ctrl-C.

    They work for MAESTRO_REDIS_URL, else for this repository's live server.
    On another host: copy operator.pub and join/worker from the state directory,
    and name them with MAESTRO_OPERATOR_PUB_FILE and MAESTRO_JOIN_SECRET_FILE.
    """
    from maestro.cli.interrupts import run_async

    if count < 1:
        raise CliError("--count must be at least 1", code=Exit.USAGE)
    return run_async(_worker(count, where))


async def _worker(count: int, where: Where) -> int:
    from maestro.cli.engine import more_workers
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    async with more_workers(place, count) as engine:
        supervisor = engine.supervisor
        assert supervisor is not None
        console.note(f"{count} more worker{'s' * (count != 1)}: {', '.join(supervisor.names)}; Ctrl-C ends them")
        trouble = await supervisor.trouble
        raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)
