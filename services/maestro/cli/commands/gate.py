"""`maestro gate`: which gates wait, and how does a person decide one from any terminal?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.deciding import (
    about,
    chosen_key,
    gate_as_json,
    is_too_late,
    latest,
    meant,
    send_answer,
    states_of,
    still_open,
)
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.runs.state import GateState, RunState
    from maestro_contracts import events as e
    from maestro_contracts.records import Vote

Run = Annotated[str, Parameter(name="--run", help="The run; without it, the only one whose gate of that name waits.")]
Text = Annotated[str, Parameter(help="A text to go with the answer; @FILE reads it.")]


def list_(*, run: Run = "", where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List the gates that wait for an answer, over all runs of this repository."""
    from maestro.cli.interrupts import run_async

    return run_async(_list(run, where, listing))


async def _list(run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        rows = [(state.run, gate) for state in await states_of(engine, run) for gate in _waiting(state)]
    if listing.json:
        console.write_json([gate_as_json(name, gate) for name, gate in rows])
    else:
        console.table(
            ("RUN", "GATE", "VISIT", "CHOICES", "PROMPT"), [_row(name, gate) for name, gate in rows], "no gate waits"
        )
    return Exit.OK


def _waiting(state: RunState) -> list[GateState]:
    return [] if state.ended_for_good else state.open_gates()


def _row(run: str, gate: GateState) -> tuple[str, ...]:
    from maestro.cli.answers import listed
    from maestro.projections.text import one_line

    assert gate.opened is not None
    return run, one_line(gate.gate), str(gate.visit), listed(gate.opened.choices), one_line(gate.opened.prompt, 80)


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
                    console.write_line(gate_as_json(name, gate))
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
        state, found = latest(await states_of(engine, run), gate)
    if listing.json:
        console.write_json(gate_as_json(state.run, found))
    else:
        _print_gate(state.run, found)
    return Exit.OK


def _signed(vote: Vote) -> str:
    return {"person": ", signed with their own key", "gateway": ", signed by a gateway for them"}.get(vote.signed, "")


def _print_gate(run: str, gate: GateState) -> None:
    from maestro.cli.answers import how_to_decide
    from maestro.projections.facts import seen_at_forge
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
        if is_too_late(gate):
            console.write(f"  too late: nobody can answer it any more, and {run} ends it as soon as it goes on")
    if gate.seen is not None:
        console.write(f"  {one_line(seen_at_forge(gate.seen.sighting), 600)}")
    for voted in gate.votes:
        vote = voted.vote
        who = f"{one_line(vote.person)} via {vote.via} at {utc(vote.at)}{_signed(vote)}"
        console.write(f"  {one_line(vote.choice)} by {who}")
    if gate.decided is not None:
        said = gate.decided
        console.write(f"  {one_line(said.choice)} by {one_line(said.approver)} via {said.via} at {utc(said.at)}")
        if said.text:
            console.write(f"  {one_line(said.text)}")
    elif gate.opened is not None and gate.status == "open" and not is_too_late(gate):
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
        state, found = meant([s for s in await states_of(engine, run) if not s.ended_for_good or run], gate)
        opened = still_open(state, found)
        word = _giving_up(opened) if choice is None else chosen_key(opened, choice)
        outcome = await send_answer(engine, state, found, word, text, answers, given.conditions, key=given.key)
        still_ours = engine.is_ours
    console.note(outcome)
    if still_ours:
        console.note(f"go on with the run: maestro resume {state.run}")
    return Exit.OK


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
