"""`maestro run`: how does a feature request become a branch? Checks, starts what is needed, follows to the end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Place, Where

if TYPE_CHECKING:
    from maestro.agents.playbook import Playbook
    from maestro.cli.engine import Engine
    from maestro.cli.follow import Following
    from maestro.cli.gates import GateDesk
    from maestro.cli.own_key import OwnKey
    from maestro.cli.request import Asked
    from maestro.cli.show import Show
    from maestro.runs.state import RunState


BEGINS_MS = 20_000
"""How long a request that waits may take until somebody has taken it, now that everybody is there."""


@Parameter(name="*")
@dataclass(frozen=True)
class Attending:
    """Options that say how a run is attended to."""

    no_input: Annotated[bool, Parameter(help="Never ask; end with exit code 5 at a gate.")] = False
    answers_from_playbook: Annotated[
        bool, Parameter(help="Answer gates from the playbook of the agent, and say so.")
    ] = False
    json: Annotated[bool, Parameter(name="--json", help="Print what it came to as JSON.")] = False
    workers: Annotated[int | None, Parameter(help="Worker processes, where they are started here.")] = None


def run(
    *feature: Annotated[str, Parameter(help="What shall be built, in a sentence.")],
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    spec: Annotated[Path | None, Parameter(help="A Markdown specification: headings, requirements, checks.")] = None,
    agent: Annotated[str, Parameter(help="script:PLAYBOOK or command:'PROGRAM ARGUMENTS'.")] = "",
    yes: Annotated[
        bool, Parameter(name=["--yes", "--auto-approve"], help="Take the default at gates that have one.")
    ] = False,
    workflow: Annotated[str, Parameter(help="A built-in workflow's name, or a manifest's file.")] = "",
    base: Annotated[str, Parameter(help="The commit to start from; without it, HEAD.")] = "",
    allow_dirty: Annotated[
        bool, Parameter(help="Start from HEAD even where files are not committed; they stay as they are.")
    ] = False,
    set_: Annotated[
        tuple[str, ...], Parameter(name="--set", help="key=value over the configuration; may be repeated.")
    ] = (),
    attending: Attending = Attending(),
) -> int:
    """Plan, ask, implement, validate and hand over a branch for one feature.

    A sentence alone is not enough without a language model: at a terminal the
    planner then asks for a specification; --spec gives one at once.
    Ctrl-C stops; `maestro resume RUN` goes on.
    """
    from maestro.cli.interrupts import run_async
    from maestro.cli.request import Asked

    asked = Asked(
        feature=" ".join(feature),
        spec=spec,
        agent=agent,
        workflow=workflow,
        base=base,
        allow_dirty=allow_dirty,
        auto_approve=yes,
        interactive=asks(attending),
    )
    return run_async(_run(asked, where, attending, set_))


def asks(attending: Attending) -> bool:
    return console.is_interactive() and not attending.no_input and not attending.json


async def _run(asked: Asked, where: Where, attending: Attending, overrides: tuple[str, ...]) -> int:
    from maestro.cli.where import find_place

    place = await find_place(where.repo, overrides=overrides)
    place.folder()
    return await start_and_follow(place, asked, attending, "run")


async def start_and_follow(place: Place, asked: Asked, attending: Attending, command: str) -> int:
    """Check, start, follow; the exit code."""
    from maestro.cli.person import who
    from maestro.cli.request import check_repository
    from maestro.embedded.stack import warm_up

    check_repository(place, asked)
    # The fork server imports beside us from here on, so nothing heavy comes before it.
    warm = None if place.remote_url else warm_up()
    try:
        from maestro.cli.preflight import prepare

        start = await prepare(place, asked, who(place.repo))

        from maestro.bus.client import ask
        from maestro.cli.engine import working
        from maestro.log.store import StoreCorrupt, StoreUnavailable

        async with (
            driving(place, command, start.run),
            working(place, command, start.run, warm=warm, workers=attending.workers or 0) as engine,
        ):
            await pause_others(engine, start.run)
            place.private().note_run(start.run)
            try:
                await ask(engine.store, start.run, start.command, "start")
            except (StoreUnavailable, StoreCorrupt):
                place.private().forget_run(start.run)
                raise
            return await attend(engine, start.run, attending, start.playbook)
    finally:
        if warm is not None:
            await warm.stop()


@contextlib.asynccontextmanager
async def driving(place: Place, command: str, run: str) -> AsyncIterator[None]:
    """This command drives the run: nobody else does on this repository. On the way out says how to come back."""
    from maestro.cli.engine import take_run_lock
    from maestro.embedded.state_dir import exclude_flow

    lock = take_run_lock(place, command, run)
    try:
        exclude_flow(place.folder())
        yield
    finally:
        lock.let_go()


async def pause_others(engine: Engine, run: str) -> None:
    """An interrupted run does not go on by itself, only because the services that it needs are there for another."""
    from maestro.bus.client import ask
    from maestro.cli.lost import is_asked_for
    from maestro.cli.person import who
    from maestro.runs.follow import load
    from maestro_contracts.commands import PauseRun

    if not engine.is_ours:
        return
    own = engine.place.private()
    for other in own.unfinished():
        if other == run:
            continue
        state = await load(engine.store, engine.keyring(), other)
        is_asked = state.status == "none" and await is_asked_for(engine.store, other)
        if is_asked:
            # Only what has begun can be paused.
            await engine.store.tail({other: 0}, BEGINS_MS)
        if state.status == "running" or is_asked:
            await ask(engine.store, other, PauseRun(who(engine.place.repo), f"{run} is worked on"))
            console.note(f"the run {other} was interrupted and is paused; go on with it: maestro resume {other}")
        elif state.ended_for_good or state.status == "none":
            own.note_run(other, state.status)


async def attend(
    engine: Engine,
    run: str,
    attending: Attending,
    playbook: Playbook | None,
    *,
    quiet_history: bool = False,
    given: Mapping[str, str] | None = None,
) -> int:
    """Follow the run to its end, see to its gates, and say what it came to."""
    from maestro.cli.follow import Files, Following
    from maestro.cli.show import Show

    show = Show(live=console.is_interactive() and not attending.json, quiet=attending.json)
    desk = desk_for(engine, run, attending, playbook, show, await own_key_of(engine))
    if given:
        from maestro.cli.gates import Given

        desk = Given(given, desk)
    following = Following(engine, run, show, desk, Files(engine.place.repo))
    if quiet_history:
        await following.catch_up()
    try:
        state = await following.to_the_end(
            lambda now: now.ended_for_good or following.hindrance is not None or never_begins(now)
        )
    except CliError:
        raise
    except BaseException:
        if not following.state.ended_for_good:
            console.note(f"\n{how_to_come_back(engine.place, run)}")
        raise
    if never_begins(state):
        engine.place.private().forget_run(run)
        why = state.refusals[-1].reason if state.refusals else state.violations[-1]
        raise CliError(f"the run {run} was not started: {why}", "nothing was done", Exit.RUN_FAILED)
    if following.hindrance is not None:
        raise to_be_mended(run, following.hindrance.why)
    engine.place.private().note_run(run, state.status)
    return conclude(following, state, attending)


def never_begins(state: RunState) -> bool:
    """The request was refused, or what was said of it is not believed."""
    return state.status == "none" and state.seq > 0 and bool(state.refusals or state.violations)


def to_be_mended(run: str, why: str) -> CliError:
    """A run that paused itself: nobody here can do more for it."""
    reason, _, mend = why.rpartition("; ")
    go_on = f"then go on with it: maestro resume {run}"
    return CliError(
        f"the run {run} is paused: {reason or mend}", f"{mend}; {go_on}" if reason else go_on, Exit.RUN_FAILED
    )


async def own_key_of(engine: Engine) -> OwnKey | None:
    """What the person here signs with; made and enrolled at the first run on a private server."""
    from maestro.cli.own_key import ensure_own_key

    return (await ensure_own_key(engine))[0]


def desk_for(
    engine: Engine, run: str, attending: Attending, playbook: Playbook | None, show: Show, own: OwnKey | None
) -> GateDesk:
    """Who sees to the gates."""
    from maestro.cli.gates import Asking, Scripted, Telling, sender
    from maestro.cli.person import who

    send = sender(engine.store, run, own)
    by = own.person if own else who(engine.place.repo)
    desk: GateDesk
    if asks(attending):
        desk = Asking(run, show, send, by)
    else:
        desk = Telling(run, show, send, by, give_up=attending.no_input)
    return Scripted(playbook, desk) if playbook is not None and attending.answers_from_playbook else desk


def how_to_come_back(place: Place, run: str) -> str:
    if place.remote_url:
        return f"The run goes on without this command. Follow it again with:  maestro watch {run}"
    return f"The run is kept. Go on with it:  maestro resume {run}\nStopping ... (Ctrl-C again: at once)"


def conclude(following: Following, state: RunState, attending: Attending) -> int:
    """What the run came to, for people or as JSON; the exit code."""
    from maestro.projections.files import metadata

    if attending.json:
        console.write_json(metadata(state))
    elif state.status == "completed":
        for line in next_steps(following):
            console.write(line)
    else:
        console.write(f"\n  report   maestro report {state.run}")
    return Exit.OK if state.status == "completed" else Exit.RUN_FAILED


def next_steps(following: Following) -> list[str]:
    state = following.state
    if state.handed_over is None:
        return []
    base = state.handed_over.base[:12]
    return [
        "",
        f"  report   maestro report {state.run}",
        f"  changes  git diff {base}...{state.branch}",
        f"  take it  git merge {state.branch}",
    ]
