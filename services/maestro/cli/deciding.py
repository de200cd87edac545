"""How does a person's answer get from any terminal to the gatekeeper, and what becomes of it?"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.log.reader import Commit
    from maestro.runs.state import GateState, RunState
    from maestro_contracts import events as e


async def states_of(engine: Engine, run: str) -> list[RunState]:
    from maestro.cli.commands.resume import load_run

    names = [run] if run else await engine.store.runs()
    return [await load_run(engine, name) for name in names]


def latest(states: list[RunState], gate: str) -> tuple[RunState, GateState]:
    """The newest visit of the gate, one that waits before one that is decided."""
    from maestro_contracts.yamlfile import did_you_mean

    found = [(state, each) for state in states for each in state.gates.values() if each.gate == gate]
    if not found:
        known = sorted({each.gate for state in states for each in state.gates.values()})
        raise CliError(f"there is no gate {gate!r}", did_you_mean(gate, known) if known else "no gate was opened yet")
    return max(found, key=lambda pair: (pair[1].status == "open", pair[0].started, pair[1].visit))


def meant(states: list[RunState], gate: str, visit: int = 0) -> tuple[RunState, GateState]:
    """The gate that an answer is for: the one of that name that waits. Raises CliError where it waits in several runs,
    so that nobody decides for another run than they think of, or where it does not ask what it asked at that visit."""
    waiting = sorted({s.run for s in states if not s.ended_for_good and gate in {g.gate for g in s.open_gates()}})
    if len(waiting) > 1:
        raise CliError(
            f"the gate {gate} waits in {len(waiting)} runs, and nobody said in which; nothing was decided",
            f"name one with --run: {', '.join(waiting)}",
            Exit.NEEDS_ANSWER,
        )
    state, found = latest(states, gate)
    if visit and visit != found.visit:
        raise CliError(
            f"the gate {gate} of {state.run} is at visit {found.visit} by now, not {visit}; nothing was decided",
            "look at it again: maestro gate show",
            Exit.NEEDS_ANSWER,
        )
    return state, found


def still_open(state: RunState, gate: GateState) -> e.GateOpened:
    if gate.status == "open" and gate.opened is not None and not state.ended_for_good:
        return gate.opened
    by = f" ({gate.decided.choice} by {gate.decided.approver})" if gate.decided else ""
    raise CliError(
        f"the gate {gate.gate} of {state.run} is {gate.status}{by}: it takes no answer", "", Exit.NEEDS_ANSWER
    )


def is_too_late(gate: GateState) -> bool:
    """Its deadline has passed, and what that decides was not said yet."""
    deadline = gate.opened.deadline if gate.opened else None
    return gate.status == "open" and deadline is not None and deadline <= time.time() * 1000


def chosen_key(opened: e.GateOpened, choice: str) -> str:
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


async def send_answer(
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
    id = await sender(engine.store, state.run, own)(command, gate.opened)
    verdict = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            while verdict is None:
                _check_services(engine)
                verdict = verdict_on(id, await follower.step(500))
    return outcome(verdict, follower.state.gates[gate.gate, gate.visit])


def verdict_on(id: str, commits: list[Commit]) -> e.GateVoted | e.DecisionRefused | None:
    """What the gatekeeper made of the answer that was sent under this id, and of no other; None where it is not said
    in these commits."""
    from maestro_contracts.events import DecisionRefused, GateVoted

    said = ((record.cause, event) for each in commits for record, event in zip(each.records, each.events, strict=True))
    return next(
        (event for cause, event in said if cause == id and isinstance(event, GateVoted | DecisionRefused)), None
    )


def _check_services(engine: Engine) -> None:
    if engine.supervisor is not None and engine.supervisor.trouble.done():
        trouble = engine.supervisor.trouble.result()
        raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)


def _still_needed(gate: GateState) -> str:
    assert gate.opened is not None
    return f"{len(gate.votes)} have answered, {gate.opened.quorum} must agree"


def outcome(verdict: e.GateVoted | e.DecisionRefused | None, gate: GateState) -> str:
    """What became of this answer, in words, whatever others said meanwhile. Raises CliError where it did not count."""
    from maestro.projections.text import one_line
    from maestro_contracts.events import DecisionRefused

    if verdict is None:
        raise CliError(
            "no gatekeeper has taken the answer yet; it stays in the queue",
            "does one run? (`maestro ps`); `maestro gate show` tells when it counts",
            Exit.UNAVAILABLE,
        )
    if isinstance(verdict, DecisionRefused):
        mend = "it changed nothing" if verdict.code == "already_decided" else "nothing was decided"
        raise CliError(f"the answer was refused: {verdict.reason}", mend, Exit.NEEDS_ANSWER)
    if gate.decided is not None:
        return f"{gate.gate}: {one_line(gate.decided.choice)} by {one_line(gate.decided.approver)}"
    said = verdict.vote
    return f"{gate.gate}: {one_line(said.person)} says {one_line(said.choice)}; {_still_needed(gate)}"


def gate_as_json(run: str, gate: GateState) -> dict[str, Any]:
    import msgspec

    return {"run": run, **msgspec.to_builtins(gate)}


def about(opened: e.GateOpened) -> list[str]:
    """What a person should know before they answer: what it is about, what it would do, who may decide."""
    from maestro.projections.text import one_line, visible

    lines = [f"level {opened.level}"] if opened.level else []
    for title, text in (("why", opened.context), ("does", opened.impact), ("undo", opened.reversibility)):
        lines += [f"{title + ':':6}{one_line(line)}" for line in text.splitlines()]
    lines += [f"      {visible(line)}" for line in opened.diff.splitlines()]
    waits = {"timer": "its time", "command": "a command: ", "pull-request": "a merge of the run's branch with "}
    if opened.kind in waits:
        what = opened.command if opened.kind == "command" else opened.commit[:12]
        lines.append(f"waits for {waits[opened.kind]}{one_line(what)}")
    if opened.roles or opened.people:
        lines.append(f"for {one_line(', '.join([*opened.roles, *opened.people]))}")
    if opened.quorum > 1:
        lines.append(f"{opened.quorum} people must agree" + ("; one veto ends it" if opened.veto else ""))
    return lines
