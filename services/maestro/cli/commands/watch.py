"""`maestro watch`: what is a run doing, and what did it do? Told from its first event on."""

from __future__ import annotations

from maestro.cli import console
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Place, Where


def watch(run: str, /, *, where: Where = Where()) -> int:  # noqa: B008 - frozen, no options given
    """Follow a run: everything it did so far, and then what it does, to its end."""
    from maestro.cli.interrupts import run_async

    return run_async(_watch(run, where))


async def _watch(run: str, where: Where) -> int:
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading
    from maestro.cli.follow import Following
    from maestro.cli.show import Show
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        last = await engine.store.head(run)
        if last == 0:
            raise await no_such_run(engine, run)
        following = Following(engine, run, Show(live=console.is_interactive()))
        if engine.is_ours:
            state = await following.to_the_end(lambda state: following.seq >= last or state.ended_for_good)
        else:
            state = await following.to_the_end()
    if not state.ended_for_good:
        console.note(_nobody(place, run))
        return Exit.OK
    return Exit.OK if state.status == "completed" else Exit.RUN_FAILED


def _nobody(place: Place, run: str) -> str:
    return f"that is all so far, and nobody works on it: go on with `maestro resume {run}`"
