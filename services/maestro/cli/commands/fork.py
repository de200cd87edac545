"""`maestro fork`: how does a run go on otherwise than it did? A new run begins where another one was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.run import Attending, asks, attend, driving, pause_others
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Place, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.runs.state import RunState
    from maestro_contracts.commands import ForkRun


def fork(
    run: str,
    /,
    *,
    at: Annotated[str, Parameter(help="After which entry the new run begins; or a time, as for `maestro replay`.")],
    answer: Annotated[
        tuple[str, ...],
        Parameter(help="GATE=CHOICE: your answer when the new run comes there; may be repeated."),
    ] = (),
    yes: Annotated[
        bool, Parameter(name=["--yes", "--auto-approve"], help="Take the default at gates that have one.")
    ] = False,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    attending: Attending = Attending(),  # noqa: B008
) -> int:
    """Start a new run from a point of another one, with its git branch and its state as they were there.

    The other run is not touched. What was approved in it is not approved in the
    new one, and a gate whose answer was not used up yet is asked again.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_fork(run, at, _answers(answer), yes, where, attending))


def _answers(given: tuple[str, ...]) -> dict[str, str]:
    """Raises CliError."""
    answers: dict[str, str] = {}
    for each in given:
        gate, equals, choice = each.partition("=")
        if not (gate and equals and choice.strip()):
            raise CliError(f"--answer {each!r} names no gate and choice", "write --answer GATE=CHOICE", Exit.USAGE)
        if gate in answers:
            raise CliError(f"--answer is given twice for {gate}", "give one answer for each gate", Exit.USAGE)
        answers[gate] = choice
    return answers


async def _fork(run: str, at: str, answers: Mapping[str, str], yes: bool, where: Where, attending: Attending) -> int:
    from maestro.cli.engine import working
    from maestro.cli.preflight import new_run_id
    from maestro.cli.where import find_place
    from maestro.embedded.stack import warm_up

    place = await find_place(where.repo, run=run)
    place.folder()
    new = new_run_id(run.rpartition("-")[0] or run)
    warm = None if place.remote_url else warm_up()
    try:
        async with (
            driving(place, "fork", new),
            working(place, "fork", new, warm=warm, workers=attending.workers or 0) as engine,
        ):
            return await _start(
                engine, new, await _prepare(engine, run, at, answers, yes, attending), answers, attending
            )
    finally:
        if warm is not None:
            await warm.stop()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The command that starts the fork, and the state that it will begin with."""

    command: ForkRun
    state: RunState


async def _start(
    engine: Engine, new: str, prepared: _Prepared, answers: Mapping[str, str], attending: Attending
) -> int:
    from maestro.bus.client import ask
    from maestro.cli.commands.resume import playbook_of
    from maestro.log.store import StoreCorrupt, StoreUnavailable

    await pause_others(engine, new)
    engine.place.private().note_run(new)
    console.note(f"{new} goes on from entry {prepared.command.entry} of {prepared.command.parent}")
    try:
        await ask(engine.store, new, prepared.command, "fork")
    except (StoreUnavailable, StoreCorrupt):
        engine.place.private().forget_run(new)
        raise
    return await attend(engine, new, attending, playbook_of(prepared.state, attending), given=answers)


async def _prepare(
    engine: Engine, run: str, at: str, answers: Mapping[str, str], yes: bool, attending: Attending
) -> _Prepared:
    """Whatever could be wrong is found before anything begins. Raises CliError."""
    from maestro.cli.commands.replay import entry_at, folded
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.person import who
    from maestro.log.commit import note_hash
    from maestro_contracts.commands import ForkRun

    if await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    entry = await entry_at(engine, run, at)
    found = await engine.store.read(run, entry - 1, 1) if entry else []
    state = (await folded(engine, run, entry)).state
    if not found or state.status == "none":
        raise CliError(
            f"{run} had not begun at entry {entry}", "name a later entry: `maestro log` shows all", Exit.USAGE
        )
    command = ForkRun(
        parent=run,
        entry=entry,
        entry_sha256=note_hash(found[0].body),
        by=who(engine.place.repo),
        auto_approve=yes,
        interactive=asks(attending),
    )
    _put_back(state, command)
    _check_answers(state, command, answers)
    await _check_commit(engine.place, state, run)
    return _Prepared(command, state)


def _put_back(state: RunState, command: ForkRun) -> None:
    """What the fork will begin with."""
    from maestro.runs.forking import go_on_from
    from maestro_contracts.events import RunForked

    assert state.repo and state.workflow and state.settings, "it has begun"
    about = (state.feature, state.repo, state.workflow, state.settings, command.by, 0)
    go_on_from(state, RunForked(command.parent, command.entry, command.entry_sha256, (), *about))


def _check_answers(state: RunState, command: ForkRun, answers: Mapping[str, str]) -> None:
    """An answer that could never be given, or would be none, is refused before anything begins. Raises CliError."""
    from maestro.cli.answers import listed
    from maestro_contracts.workflow_rules import match_choice
    from maestro_contracts.yamlfile import did_you_mean

    gates = {name: step for name, step in state.steps.items() if step.step.kind == "gate"}
    for gate, choice in answers.items():
        if gate not in gates:
            raise CliError(
                f"the workflow of {command.parent} has no gate {gate!r}", did_you_mean(gate, list(gates)), Exit.USAGE
            )
        if gates[gate].status == "done":
            raise CliError(
                f"at entry {command.entry} of {command.parent} the gate {gate} was decided and its answer used",
                "name an entry before what followed from it: `maestro replay --explain steps.<step>.status` shows when",
                Exit.USAGE,
            )
        if match_choice(gates[gate].step.choices, choice) is None:
            raise CliError(
                f"{choice!r} is none of the choices of {gate}",
                f"its choices: {listed(gates[gate].step.choices)}",
                Exit.USAGE,
            )


async def _check_commit(place: Place, state: RunState, run: str) -> None:
    """The commit that the parent's branch was at may be gone where somebody deleted the branch. Raises CliError."""
    from maestro.git.command import git
    from maestro.git.workspace import is_url

    url = state.repo.url if state.repo else ""
    if not state.head or is_url(url) or place.remote_url:
        return
    wanted = f"{state.head}^{{commit}}"
    there = await git(
        "rev-parse", "--verify", "--quiet", "--end-of-options", wanted, cwd=place.folder(), ok=(0, 1, 128)
    )
    if not there.text:
        reason = f"the commit {state.head[:12]}, where the branch of {run} was, is not in {place.folder()} any more"
        raise CliError(reason, "put its branch back, or fork from an earlier entry")
