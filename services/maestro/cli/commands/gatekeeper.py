"""`maestro gatekeeper`: who sits at this terminal and decides each gate as it opens, whatever run it belongs to?"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.cli.waiting import GateWatch
    from maestro.runs.state import RunState


def gatekeeper(
    *,
    run: Annotated[str, Parameter(help="Only this run's gates.")] = "",
    key: Annotated[str, Parameter(help="The key to sign with, instead of your own.")] = "",
    where: Where = Where(),  # noqa: B008
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Sit at the terminal and decide each gate as it opens: a choice's key,
    a text in your editor. Works over SSH and without colour. With --json each
    gate is one line; each line that is read is an answer:
    {"run": "...", "gate": "...", "visit": 1, "choice": "...", "text": "..."}.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_sit(run, key, where, listing))


async def _sit(run: str, key: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import answering
    from maestro.cli.waiting import GateWatch
    from maestro.cli.where import find_place

    if not listing.json and not sys.stdin.isatty():
        raise CliError("there is no terminal to ask at", "give --json, or use `maestro gate decide`", Exit.USAGE)
    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        watch = GateWatch(engine, run)
        await (_piped(engine, watch, key) if listing.json else _asking(engine, watch, key))
    return Exit.OK


async def _asking(engine: Engine, watch: GateWatch, key: str) -> None:
    from maestro.cli.gates import Presenting, sender
    from maestro.cli.own_key import ensure_own_key
    from maestro.cli.person import who
    from maestro.cli.show import Show

    own, _ = await ensure_own_key(engine, key)
    by, show = own.person if own else who(engine.place.repo), Show(live=False)
    desks: dict[str, Presenting] = {}
    turn, seen = asyncio.Lock(), _Seen()
    show.say("Waiting for gates; Ctrl-C ends this and decides nothing.", "dim")
    try:
        while True:
            for state in await watch.states():
                if state.run not in desks:
                    desks[state.run] = Presenting(state.run, show, sender(engine.store, state.run, own), by, turn)
                if not state.ended_for_good:
                    desks[state.run].look(state)
                for line in _news(state, seen):
                    show.tell(line)
            await asyncio.sleep(0.3)
    finally:
        for desk in desks.values():
            await desk.close()


@dataclass(slots=True)
class _Seen:
    """Which ends and refusals were told."""

    ends: set[tuple[str, str, int]] = field(default_factory=set)
    refused: dict[tuple[str, str, int], int] = field(default_factory=dict)


def _news(state: RunState, seen: _Seen) -> list[str]:
    """What became of gates that were open while somebody sat here."""
    from maestro.projections.text import one_line

    lines = []
    for (name, visit), gate in state.gates.items():
        key = (state.run, name, visit)
        if gate.status == "open":
            lines += [f"  refused: {one_line(said.reason)}" for said in gate.refused[seen.refused.get(key, 0) :]]
            seen.refused[key] = len(gate.refused)
        elif key in seen.refused and key not in seen.ends:
            seen.ends.add(key)
            said = gate.decided
            what = f"{said.choice} by {said.approver}" if said else gate.closed.because if gate.closed else gate.status
            lines.append(f"  {one_line(name)} of {state.run}: {one_line(what)}")
    return lines


async def _piped(engine: Engine, watch: GateWatch, key: str) -> None:
    """Gates go out as lines, answers come in as lines; a line that is none is answered with the reason."""
    from maestro.cli.deciding import gate_as_json

    reading = asyncio.ensure_future(asyncio.to_thread(sys.stdin.buffer.readline))
    telling = asyncio.ensure_future(watch.changed())
    try:
        while True:
            await asyncio.wait({reading, telling}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                for name, gate in telling.result():
                    console.write_line(gate_as_json(name, gate))
                telling = asyncio.ensure_future(watch.changed())
            if reading.done():
                line = reading.result()
                if not line:
                    return
                console.write_line(await _answered(engine, line, key))
                reading = asyncio.ensure_future(asyncio.to_thread(sys.stdin.buffer.readline))
    finally:
        telling.cancel()
        reading.cancel()


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """An answer as a program writes it. `visit`: as the gate's own line says it, so that what is asked anew meanwhile
    is not decided."""

    gate: str
    choice: str
    run: str = ""
    text: str = ""
    visit: int = 0


async def _answered(engine: Engine, line: bytes, key: str) -> dict[str, object]:
    from maestro.cli.deciding import chosen_key, meant, send_answer, states_of, still_open

    try:
        said = msgspec.json.decode(line, type=_Line)
        state, found = meant(await states_of(engine, said.run), said.gate, said.visit)
        word = chosen_key(still_open(state, found), said.choice)
        return {"ok": await send_answer(engine, state, found, word, said.text, {}, (), key=key)}
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return {"error": f"not an answer: {error}"}
    except CliError as error:
        return {"error": error.reason, "mend": error.mend}
