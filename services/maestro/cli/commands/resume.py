"""`maestro resume`, `pause`, `cancel`: how does a person steer a run that has started?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.run import Attending, attend, driving, pause_others
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Place, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.runs.state import RunState


def resume(
    run: str,
    /,
    *,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    attending: Attending = Attending(),  # noqa: B008
) -> int:
    """Go on with a run that was interrupted or paused, or that a crash cut off.

    Where another maestro works on the run already, this one follows it.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_resume(run, where, attending))


async def _resume(run: str, where: Where, attending: Attending) -> int:
    from maestro.cli.engine import run_lock, working
    from maestro.cli.where import find_place
    from maestro.embedded.lock import is_taken, read_holder
    from maestro.embedded.stack import warm_up

    place = await find_place(where.repo, run=run)
    lock = run_lock(place)
    holder = read_holder(lock.path)
    if is_taken(lock.path) and holder is not None and holder.run == run:
        console.note(f"maestro {holder.command} (pid {holder.pid}) works on it already; following")
        return await _join(place, run, attending)
    warm = None if place.remote_url else warm_up()
    try:
        async with (
            driving(place, "resume", run),
            working(place, "resume", run, warm=warm, workers=attending.workers or 0) as engine,
        ):
            return await _go_on(engine, run, attending)
    finally:
        if warm is not None:
            await warm.stop()


async def _join(place: Place, run: str, attending: Attending) -> int:
    from maestro.cli.engine import reading

    async with reading(place) as engine:
        state = await load_run(engine, run)
        if state.status == "paused":
            await _ask_to_go_on(engine, state)
        return await attend(engine, run, attending, None, quiet_history=True)


async def _go_on(engine: Engine, run: str, attending: Attending) -> int:
    from maestro.cli.lost import is_asked_for

    if await is_asked_for(engine.store, run):
        await pause_others(engine, run)
        return await attend(engine, run, attending, None)
    state = await load_run(engine, run)
    if state.status == "none":
        raise await no_such_run(engine, run)
    if state.ended_for_good:
        console.note(f"the run {run} has ended already ({state.status}); `maestro report {run}` tells of it")
        return Exit.OK if state.status == "completed" else Exit.RUN_FAILED
    _check_folder(engine, state)
    await pause_others(engine, run)
    await _ask_to_go_on(engine, state)
    return await attend(engine, run, attending, playbook_of(state, attending), quiet_history=True)


async def _ask_to_go_on(engine: Engine, state: RunState) -> None:
    from maestro.bus.client import ask
    from maestro.cli.person import who
    from maestro_contracts.commands import RecoverRun, ResumeRun

    by = who(engine.place.repo)
    if state.status == "paused":
        await ask(engine.store, state.run, ResumeRun(by))
    await ask(engine.store, state.run, RecoverRun(by))


def _check_folder(engine: Engine, state: RunState) -> None:
    """A run works on the folder that it recorded, which may be a worktree that was removed since."""
    from maestro.git.workspace import is_url

    recorded = state.repo.url if state.repo else ""
    if not recorded or Path(recorded).is_dir() or is_url(recorded) or engine.place.remote_url:
        return
    branch = f" {state.repo.branch}" if state.repo and state.repo.branch else ""
    raise CliError(
        f"the folder {recorded}, on which the run {state.run} works, is gone",
        f"put it back: git -C {engine.place.folder()} worktree add --force {recorded}{branch}",
    )


def playbook_of(state: RunState, attending: Attending):  # type: ignore[no-untyped-def]
    if not attending.answers_from_playbook or state.settings is None or state.settings.agent.kind != "script":
        return None
    from maestro.agents.script import read_playbook

    return read_playbook(state.settings.agent.playbook)


async def load_run(engine: Engine, run: str) -> RunState:
    """The state of a run. Raises CliError, naming runs that there are, where there is none of that name."""
    from maestro.runs.follow import load

    state = await load(engine.store, engine.keyring(), run)
    if state.status == "none" and await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    return state


async def no_such_run(engine: Engine, run: str) -> CliError:
    from maestro.cli.lost import is_asked_for, nothing_left
    from maestro_contracts.yamlfile import did_you_mean

    known = await engine.store.runs()
    started_here = engine.place.own is not None and engine.place.own.knows(run)
    if run in known and not started_here:
        return CliError(f"nothing in the log {run!r} can be believed, so it is no run", f"see it: maestro log {run}")
    if await is_asked_for(engine.store, run):
        return CliError(f"the run {run} has not begun: its request waits", f"begin it: maestro resume {run}")
    if started_here:
        # A service that outlived the log may have written behind it: nothing of that can be believed.
        what = f"the run {run} was started here, but {_the_server(engine)} has no log of it: it is gone, or never began"
        return await nothing_left(engine.place, run, what)
    where = f" of {engine.place.repo}" if engine.place.repo else ""
    mend = did_you_mean(run, known) if known else "start one with `maestro run`, or name its repository with --repo"
    return CliError(f"there is no run {run!r}{where}", mend)


def _the_server(engine: Engine) -> str:
    return f"the server at {engine.store.link.address}" if engine.place.remote_url else "the private server"


def pause(
    run: str,
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, for the log.")] = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Pause a run: what is being done ends, nothing new starts.

    `maestro resume RUN` goes on.
    """
    from maestro.cli.interrupts import run_async
    from maestro_contracts.commands import PauseRun

    return run_async(_steer(run, where, lambda by: PauseRun(by, why), "paused"))


def cancel(
    run: str,
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, for the log.")] = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Cancel a run for good: agents are stopped, its branch and its log stay."""
    from maestro.cli.interrupts import run_async
    from maestro_contracts.commands import CancelRun

    return run_async(_steer(run, where, lambda by: CancelRun(by, why), "cancelled"))


async def _steer(run: str, where: Where, command, wanted: str) -> int:  # type: ignore[no-untyped-def]
    from maestro.bus.client import ask
    from maestro.cli.engine import steering
    from maestro.cli.follow import Following
    from maestro.cli.person import who
    from maestro.cli.show import Show
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with steering(place) as engine:
        following = Following(engine, run, Show(live=False))
        state = await following.catch_up()
        if state.status == "none":
            raise await no_such_run(engine, run)
        if state.ended_for_good or state.status == wanted:
            console.note(f"the run {run} is {state.status} already")
            return Exit.OK if state.status == wanted else Exit.BAD_INPUT
        refused = len(state.refusals)
        await ask(engine.store, run, command(who(place.repo)))
        await following.to_the_end(lambda s: s.status == wanted or s.ended_for_good or len(s.refusals) > refused)
        return Exit.OK if following.state.status == wanted else Exit.RUN_FAILED
