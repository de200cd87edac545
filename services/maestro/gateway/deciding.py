"""How does an answer get from an authenticated person to a gate? One way for the page, the API and callbacks.

The gateway decides nothing: it asks the gatekeeper, and waits until the log says what became of this very answer.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from maestro.bus.client import ask
from maestro.gateway.problems import Refusal
from maestro.gateway.views import find_gate, gate_version
from maestro.gateway.watching import Watched, Watcher
from maestro.runs.state import GateState
from maestro_contracts import events as e
from maestro_contracts.commands import DecideGate
from maestro_contracts.records import Choice
from maestro_contracts.workflow_rules import match_choice

WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers. `version` names what they saw (empty: not said); sent
    twice with one `key`, it is one answer."""

    gate: str
    choice: str
    by: str
    via: str
    visit: int = 0
    version: str = ""
    text: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


async def decide(watcher: Watcher, run: str, answer: Answer, wait_s: float = WAIT_S) -> GateState:
    """The gate as this answer left it: decided by it. Raises Refusal with what became of it else."""
    watched = watcher.get(run)
    if watched is None:
        raise Refusal(404, f"there is no run {run}", "list them with GET /api/v1/runs")
    id = command_id(run, answer)
    gate = _gate(watched, answer)
    if id not in watched.verdicts:
        _check_is_open(watched, gate, answer)
        choice = _choice(gate, answer.choice)
        command = DecideGate(
            gate.gate, choice.key, answer.by, answer.via, gate.visit, answer.text, dict(answer.answers)
        )
        await ask(watcher.store, run, command, id)
        await _verdict(watcher, watched, id, wait_s)
    return _outcome(watched, gate, id, answer)


def command_id(run: str, answer: Answer) -> str:
    """The same for the same key, person and gate: the log takes each id once."""
    given = "\0".join((run, answer.gate, str(answer.visit), answer.by, answer.key))
    return f"decide:{hashlib.sha256(given.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _gate(watched: Watched, answer: Answer) -> GateState:
    gate = find_gate(watched.state, answer.gate, answer.visit)
    if gate is None:
        raise no_such_gate(watched.run)
    return gate


def no_such_gate(run: str) -> Refusal:
    return Refusal(404, "the run has no such gate", f"list them with GET /api/v1/runs/{run}/gates")


def _check_is_open(watched: Watched, gate: GateState, answer: Answer) -> None:
    opened = gate.opened
    assert opened is not None
    if gate.decided is not None:
        raise _already(gate.decided)
    if gate.closed is not None and gate.closed.expired:
        raise Refusal(410, f"too late: {gate.closed.because}", "nothing was decided")
    if gate.closed is not None:
        raise Refusal(410, f"the gate is closed: {gate.closed.because}", "it needs no answer any more")
    if watched.state.ended_for_good:
        raise Refusal(410, f"the run has {watched.state.status}", "its gates need no answer any more")
    if answer.version and answer.version != gate_version(opened):
        raise Refusal(409, "the gate asks something else by now", "look at it again, and answer what it asks now")


def _choice(gate: GateState, given: str) -> Choice:
    assert gate.opened is not None
    choice = match_choice(gate.opened.choices, given)
    if choice is None:
        known = ", ".join(f"{each.key} ({each.label})" for each in gate.opened.choices)
        raise Refusal(400, "that is none of the gate's choices; nothing was decided", f"its choices: {known}")
    return choice


async def _verdict(watcher: Watcher, watched: Watched, id: str, wait_s: float) -> None:
    """Wait until the log says what became of the answer."""
    end = time.monotonic() + wait_s
    while id not in watched.verdicts and not watcher.closing.is_set():
        left = end - time.monotonic()
        if left <= 0:
            break
        await watcher.changed(watched, left)
    if id not in watched.verdicts:
        raise Refusal(
            503,
            "no gatekeeper has taken the answer yet; it stays in the queue",
            "send it again with the same Idempotency-Key: it counts once",
            Retry_After="5",
        )


def _outcome(watched: Watched, gate: GateState, id: str, answer: Answer) -> GateState:
    verdict = watched.verdicts[id]
    gate = watched.state.gates[gate.gate, gate.visit]
    if isinstance(verdict, e.GateDecided):
        if fold(verdict.key) != fold(answer.choice) and fold(verdict.choice) != fold(answer.choice):
            raise Refusal(409, "this Idempotency-Key was used for another answer", "use a new one for a new answer")
        return gate
    assert isinstance(verdict, e.DecisionRefused)
    if gate.decided is not None:
        raise _already(gate.decided)
    if gate.closed is not None or "deadline" in verdict.reason:
        raise Refusal(410, verdict.reason, "nothing was decided")
    raise Refusal(400, verdict.reason, "nothing was decided")


def fold(text: str) -> str:
    return text.strip().casefold()


def _already(said: e.GateDecided) -> Refusal:
    return Refusal(
        409, f"already decided by {said.approver}: {said.choice}", "nothing is left to decide", decided_by=said.approver
    )
