"""`maestro gate`: which gates wait, and how does a person decide one from any terminal?"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.runs.state import GateState, RunState
    from maestro_contracts import events as e
    from maestro_contracts.records import Vote

Run = Annotated[str, Parameter(name="--run", help="The run; without it, the one whose gate of that name waits.")]
Text = Annotated[str, Parameter(help="A text to go with the answer.")]


def list_(*, run: Run = "", where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List the gates that wait for an answer, over all runs of this repository."""
    from maestro.cli.interrupts import run_async

    return run_async(_list(run, where, listing))


async def _list(run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        rows = [(state.run, gate) for state in await _states(engine, run) for gate in _waiting(state)]
    if listing.json:
        console.write_json([_as_json(name, gate) for name, gate in rows])
    else:
        console.table(
            ("RUN", "GATE", "VISIT", "CHOICES", "PROMPT"), [_row(name, gate) for name, gate in rows], "no gate waits"
        )
    return Exit.OK


async def _states(engine: Engine, run: str) -> list[RunState]:
    from maestro.cli.commands.resume import load_run

    names = [run] if run else await engine.store.runs()
    return [await load_run(engine, name) for name in names]


def _waiting(state: RunState) -> list[GateState]:
    return [] if state.ended_for_good else state.open_gates()


def _row(run: str, gate: GateState) -> tuple[str, ...]:
    from maestro.cli.answers import listed
    from maestro.projections.text import one_line

    assert gate.opened is not None
    return run, one_line(gate.gate), str(gate.visit), listed(gate.opened.choices), one_line(gate.opened.prompt, 80)


def _as_json(run: str, gate: GateState) -> dict[str, Any]:
    import msgspec

    return {"run": run, **msgspec.to_builtins(gate)}


def watch_(*, run: Run = "", where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """Show each gate as it opens and as it ends, until you press Ctrl-C. With --json each line is one event."""
    from maestro.cli.interrupts import run_async

    return run_async(_watch(run, where, listing))


async def _watch(run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.waiting import GateWatch
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        watch = GateWatch(engine, run)
        while True:
            for name, gate in await watch.changed():
                if listing.json:
                    console.write_line(_as_json(name, gate))
                else:
                    _print_gate(name, gate)


def show_(gate: str, /, *, run: Run = "", where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """Show a gate: what it asks, its choices, and who decided it."""
    from maestro.cli.interrupts import run_async

    return run_async(_show(gate, run, where, listing))


async def _show(gate: str, run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        state, found = _latest(await _states(engine, run), gate)
    if listing.json:
        console.write_json(_as_json(state.run, found))
    else:
        _print_gate(state.run, found)
    return Exit.OK


def _latest(states: list[RunState], gate: str) -> tuple[RunState, GateState]:
    """The newest visit of the gate, one that waits before one that is decided."""
    from maestro_contracts.yamlfile import did_you_mean

    found = [(state, each) for state in states for each in state.gates.values() if each.gate == gate]
    if not found:
        known = sorted({each.gate for state in states for each in state.gates.values()})
        raise CliError(f"there is no gate {gate!r}", did_you_mean(gate, known) if known else "no gate was opened yet")
    return max(found, key=lambda pair: (pair[1].status == "open", pair[0].started, pair[1].visit))


def about(opened: e.GateOpened) -> list[str]:
    """What a person should know before they answer: what it is about, what it would do, who may decide."""
    from maestro.projections.text import one_line

    lines = [f"level {opened.level}"] if opened.level else []
    for title, text in (("why", opened.context), ("does", opened.impact), ("undo", opened.reversibility)):
        lines += [f"{title + ':':6}{one_line(line, 200)}" for line in text.splitlines()]
    if opened.kind in {"timer", "command"}:
        lines.append(f"waits for {'its time' if opened.kind == 'timer' else 'a command: ' + one_line(opened.command)}")
    if opened.roles or opened.people:
        lines.append(f"for {one_line(', '.join([*opened.roles, *opened.people]))}")
    if opened.quorum > 1:
        lines.append(f"{opened.quorum} people must agree" + ("; one veto ends it" if opened.veto else ""))
    return lines


def _signed(vote: Vote) -> str:
    return {"person": ", signed with their own key", "gateway": ", signed by a gateway for them"}.get(vote.signed, "")


def _print_gate(run: str, gate: GateState) -> None:
    from maestro.cli.answers import how_to_decide
    from maestro.projections.text import one_line, utc

    console.write(f"{one_line(gate.gate)}, visit {gate.visit}, of {run}: {gate.status}")
    if gate.opened is not None:
        console.write(f"  {one_line(gate.opened.prompt)}")
        for line in about(gate.opened):
            console.write(f"  {line}")
        for question in gate.opened.questions:
            options = f" ({', '.join(one_line(option) for option in question.options)})" if question.options else ""
            console.write(f"  {one_line(question.id)}: {one_line(question.text)}{options}")
        for choice in gate.opened.choices:
            target = f" -> {one_line(choice.target)}" if choice.target else ""
            console.write(f"  [{one_line(choice.key)}] {one_line(choice.label)}{target}")
        if gate.opened.deadline is not None:
            console.write(f"  until {utc(gate.opened.deadline)}, then {one_line(gate.opened.default) or 'it closes'}")
    for voted in gate.votes:
        vote = voted.vote
        who = f"{one_line(vote.person)} via {vote.via} at {utc(vote.at)}{_signed(vote)}"
        console.write(f"  {one_line(vote.choice)} by {who}")
    if gate.decided is not None:
        said = gate.decided
        console.write(f"  {one_line(said.choice)} by {one_line(said.approver)} via {said.via} at {utc(said.at)}")
        if said.text:
            console.write(f"  {one_line(said.text)}")
    elif gate.opened is not None and gate.status == "open":
        for command in how_to_decide(run, gate.gate, gate.opened):
            console.write(f"    {command}")


Key = Annotated[str, Parameter(help="The key to sign with, instead of your own.")]
Conditions = Annotated[
    tuple[str, ...], Parameter(name="--condition", help="'Yes, but ...': holds for all later tasks of the run.")
]


def decide_(
    gate: str,
    choice: str,
    /,
    *,
    run: Run = "",
    text: Text = "",
    answer: Annotated[tuple[str, ...], Parameter(help="id=text for each question; @FILE reads it.")] = (),
    condition: Conditions = (),
    key: Key = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Decide a gate. CHOICE is the key or the label of one of its choices; nothing else decides anything."""
    from maestro.cli.interrupts import run_async

    return run_async(_decide(gate, choice, run, Given(text, answer, condition, key), where))


def approve_(
    gate: str,
    /,
    *,
    run: Run = "",
    text: Text = "",
    condition: Conditions = (),
    key: Key = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Decide a gate with its choice `approve`."""
    from maestro.cli.interrupts import run_async

    return run_async(_decide(gate, "approve", run, Given(text, (), condition, key), where))


def reject_(gate: str, /, *, run: Run = "", text: Text = "", key: Key = "", where: Where = Where()) -> int:  # noqa: B008
    """Decide a gate with its one choice that rejects the action, or gives the run up."""
    from maestro.cli.interrupts import run_async

    return run_async(_decide(gate, None, run, Given(text, (), (), key), where))


def revise_(gate: str, text: str, /, *, run: Run = "", key: Key = "", where: Where = Where()) -> int:  # noqa: B008
    """Decide a gate with its choice `revise`; TEXT says what to change, @FILE reads it."""
    from maestro.cli.interrupts import run_async

    return run_async(_decide(gate, "revise", run, Given(text, (), (), key), where))


@dataclass(frozen=True, slots=True)
class Given:
    """What goes with a choice."""

    text: str = ""
    answers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    key: str = ""


async def _decide(gate: str, choice: str | None, run: str, given: Given, where: Where) -> int:
    from maestro.cli.engine import answering
    from maestro.cli.where import find_place

    answers, text = _answers(given.answers), _read(given.text)
    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        state, found = _latest([s for s in await _states(engine, run) if not s.ended_for_good or run], gate)
        opened = _open(state, found)
        word = _giving_up(opened) if choice is None else _chosen(opened, choice)
        outcome = await _send(engine, state, found, word, text, answers, given.conditions, key=given.key)
        still_ours = engine.is_ours
    console.note(outcome)
    if still_ours:
        console.note(f"go on with the run: maestro resume {state.run}")
    return Exit.OK


def _open(state: RunState, gate: GateState) -> e.GateOpened:
    if gate.status == "open" and gate.opened is not None and not state.ended_for_good:
        return gate.opened
    by = f" ({gate.decided.choice} by {gate.decided.approver})" if gate.decided else ""
    raise CliError(
        f"the gate {gate.gate} of {state.run} is {gate.status}{by}: it takes no answer", "", Exit.NEEDS_ANSWER
    )


def _chosen(opened: e.GateOpened, choice: str) -> str:
    from maestro.cli.answers import listed
    from maestro_contracts.workflow_rules import match_choice

    found = match_choice(opened.choices, choice)
    if found is None:
        raise CliError(
            f"{choice!r} is none of the choices of {opened.gate}; nothing was decided",
            f"its choices: {listed(opened.choices)}",
            Exit.NEEDS_ANSWER,
        )
    return found.key


def _giving_up(opened: e.GateOpened) -> str:
    from maestro.cli.answers import listed, takes_answers
    from maestro_contracts.workflow_rules import REJECT

    found = [choice for choice in opened.choices if choice.target == REJECT]
    found = found or [choice for choice in opened.choices if not takes_answers(choice)]
    if len(found) != 1:
        raise CliError(
            f"{opened.gate} has {len(found)} choices that give the run up, so `reject` could mean none or several",
            f"name one with `maestro gate decide`: {listed(opened.choices)}",
            Exit.NEEDS_ANSWER,
        )
    return found[0].key


def _answers(given: tuple[str, ...]) -> dict[str, str]:
    answers = {}
    for each in given:
        id, equals, text = each.partition("=")
        if not equals or not id:
            raise CliError(f"--answer {each!r} answers nothing", "write --answer id=text", Exit.USAGE)
        answers[id] = _read(text)
    return answers


def _read(text: str) -> str:
    """`@FILE` is the file's text."""
    if not text.startswith("@"):
        return text
    from pathlib import Path

    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{text[1:]} cannot be read: {error}", "name a text file behind the @") from None


async def _send(
    engine: Engine,
    state: RunState,
    gate: GateState,
    choice: str,
    text: str,
    answers: dict[str, str],
    conditions: tuple[str, ...] = (),
    *,
    via: str = "cli",
    key: str = "",
) -> str:
    """Send the answer and wait for the gatekeeper's word. Raises CliError where it was refused."""
    import asyncio

    from maestro.cli.gates import sender
    from maestro.cli.own_key import ensure_own_key
    from maestro.cli.person import who
    from maestro.runs.follow import Follower
    from maestro_contracts.commands import DecideGate

    own, _ = await ensure_own_key(engine, key)
    by = own.person if own else who(engine.place.repo)
    assert gate.opened is not None, "an answer goes to a gate that was opened"
    follower = Follower(engine.store, engine.keyring(), state.run, quiet=True)
    await follower.catch_up()
    command = DecideGate(gate.gate, choice, by, via, gate.visit, text, answers, conditions)
    now = follower.state.gates[gate.gate, gate.visit]
    refused, votes = len(now.refused), len(now.votes)
    await sender(engine.store, state.run, own)(command, gate.opened)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            while now.status == "open" and len(now.refused) == refused and len(now.votes) == votes:
                _check_services(engine)
                await follower.step(500)
                now = follower.state.gates[gate.gate, gate.visit]
    return _outcome(now, refused, votes)


def _still_needed(gate: GateState) -> str:
    assert gate.opened is not None
    return f"{len(gate.votes)} have answered, {gate.opened.quorum} must agree"


def _check_services(engine: Engine) -> None:
    if engine.supervisor is not None and engine.supervisor.trouble.done():
        trouble = engine.supervisor.trouble.result()
        raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)


def _outcome(gate: GateState, refused_before: int, votes_before: int) -> str:
    from maestro.projections.text import one_line

    if len(gate.refused) > refused_before:
        raise CliError(f"the answer was refused: {gate.refused[-1].reason}", "nothing was decided", Exit.NEEDS_ANSWER)
    if gate.decided is not None:
        return f"{gate.gate}: {one_line(gate.decided.choice)} by {one_line(gate.decided.approver)}"
    if len(gate.votes) > votes_before and gate.opened is not None:
        said = gate.votes[-1].vote
        return f"{gate.gate}: {one_line(said.person)} says {one_line(said.choice)}; {_still_needed(gate)}"
    if gate.closed is not None:
        raise CliError(f"the gate was closed: {gate.closed.because}", "", Exit.NEEDS_ANSWER)
    raise CliError(
        "no gatekeeper has taken the answer yet; it stays in the queue",
        "does one run? (`maestro ps`); `maestro gate show` tells when it counts",
        Exit.UNAVAILABLE,
    )
