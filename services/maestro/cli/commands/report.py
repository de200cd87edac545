"""`maestro report`: what did a run come to?"""

from __future__ import annotations

from maestro.cli import console
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where


def report(run: str, /, *, where: Where = Where()) -> int:  # noqa: B008 - frozen, no options given
    """Print the run's report in Markdown: from the log, not from a file."""
    from maestro.cli.interrupts import run_async

    return run_async(_report(run, where))


async def _report(run: str, where: Where) -> int:
    from maestro.cli.commands.replay import folded
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        projector = await folded(engine, run, await engine.store.head(run))
        if projector.state.status == "none":
            raise await no_such_run(engine, run)
    console.write(projector.report().rstrip("\n"))
    return Exit.OK
