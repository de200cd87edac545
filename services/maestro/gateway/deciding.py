"""How does an answer get from an authenticated person to a gate? One way for the page, the API and callbacks.

The gateway decides nothing: it asks the gatekeeper, and waits until the log says what became of this very answer. It
signs what it was told, with its own enrolled key, for the person who had logged in; a person may send their own
signature instead.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from maestro.bus.client import ask
from maestro.gateway.answers import find_gate, gate_version
from maestro.gateway.problems import Refusal
from maestro.gateway.watching import Watched, Watcher
from maestro.log.note import SigningKey
from maestro.people import Directory
from maestro.runs.state import GateState
from maestro_contracts import events as e
from maestro_contracts.commands import Command, DecideGate, RevokeGrant
from maestro_contracts.decision import DecisionStatement, encode
from maestro_contracts.envelope import Unreadable
from maestro_contracts.records import Choice
from maestro_contracts.workflow_rules import fold_answer, match_choice

WAIT_S = 30.0
GOOD_FOR_MS = 10 * 60_000
"""So long the gateway's word for a person is good; how long a person's own is, they say themselves."""
STATUS: dict[str, int] = {
    "bad_choice": 400,
    "unauthenticated": 401,
    "not_your_gate": 403,
    "unknown_gate": 404,
    "already_decided": 409,
    "wrong_version": 409,
    "expired": 410,
}
"""Why the gatekeeper refused an answer, as HTTP says it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers. `version` names what they saw (empty: not said); sent twice with one `key`, it is one
    answer. `statement` and `signature` are there where the person signed for themselves."""

    gate: str
    choice: str
    by: str
    via: str
    visit: int = 0
    version: str = ""
    text: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    statement: str = ""
    signature: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of an answer that was taken: it decided the gate, or counts beside others."""

    outcome: Literal["decided", "counted"]
    gate: GateState


class Carrier:
    """Carries answers. `key` is this gateway's, as it is enrolled; None where it vouches for nobody."""

    def __init__(self, watcher: Watcher, directory: Directory | None = None, key: SigningKey | None = None) -> None:
        self._watcher, self._directory, self._key = watcher, directory, key

    async def decide(self, run: str, answer: Answer, wait_s: float = WAIT_S) -> Given:
        """Carry an answer, and wait for the log's word on it. Raises Refusal with what became of it else."""
        watched = await self._watcher.fresh(run)
        if watched is None:
            raise Refusal(404, "there is no such run", "list them with GET /api/v1/runs")
        gate = _gate(watched, answer)
        id = command_id(run, answer)
        if id not in watched.verdicts:
            check_is_open(watched, gate, answer.version)
            choice = choice_of(gate, answer.choice)
            await self._send(watched, id, await self._command(watched, gate, choice, answer), wait_s)
        return _outcome(watched, gate, watched.verdicts[id], answer)

    async def revoke(self, run: str, grant: str, by: str, via: str, why: str, wait_s: float = WAIT_S) -> None:
        """Take a standing approval back. Raises Refusal."""
        watched = await self._watcher.fresh(run)
        standing = watched.grants.get(grant) if watched else None
        if watched is None or standing is None:
            raise Refusal(404, "there is no such grant", "list them with GET /api/v1/grants")
        if standing.revoked is not None:
            raise Refusal(409, f"already revoked by {standing.revoked.vote.person}", "it covers nothing any more")
        from maestro_contracts.actions import grant_digest

        digest = grant_digest(standing.issued.grant)
        statement = self._statement(run, f"grant:{grant}", by, visit=1, choice="revoke", text=why, digest=digest)
        attested = await self._attested(statement)
        command = RevokeGrant(grant, by, via, why, statement if attested else "", "", attested)
        id = f"revoke:{uuid4().hex}"
        await self._send(watched, id, command, wait_s)
        verdict = watched.verdicts[id]
        if isinstance(verdict, e.DecisionRefused):
            raise Refusal(STATUS.get(verdict.code, 403), verdict.reason, "nothing was revoked")

    async def statement(self, run: str, answer: Answer) -> bytes:
        """The exact bytes that a person signs for this answer. Raises Refusal."""
        watched = await self._watcher.fresh(run)
        if watched is None:
            raise Refusal(404, "there is no such run", "list them with GET /api/v1/runs")
        gate = _gate(watched, answer)
        check_is_open(watched, gate, answer.version)
        return self._of_gate(watched, gate, choice_of(gate, answer.choice), answer).encode()

    # --- sending ------------------------------------------------------------------------------------------------------

    async def _command(self, watched: Watched, gate: GateState, choice: Choice, answer: Answer) -> DecideGate:
        statement, attested = answer.statement, ""
        if not answer.signature:
            statement = self._of_gate(watched, gate, choice, answer)
            attested = await self._attested(statement)
        return DecideGate(
            gate=gate.gate,
            choice=choice.key,
            by=answer.by,
            via=answer.via,
            visit=gate.visit,
            text=answer.text,
            answers=dict(answer.answers),
            conditions=answer.conditions,
            statement=statement if answer.signature or attested else "",
            signature=answer.signature,
            attested=attested,
        )

    def _of_gate(self, watched: Watched, gate: GateState, choice: Choice, answer: Answer) -> str:
        opened = gate.opened
        assert opened is not None
        return self._statement(
            watched.run,
            gate.gate,
            answer.by,
            visit=gate.visit,
            choice=choice.key,
            text=answer.text,
            conditions=answer.conditions,
            answers=dict(answer.answers),
            digest=opened.digest,
            policy=opened.policy_sha256,
        )

    def _statement(
        self,
        run: str,
        gate: str,
        person: str,
        *,
        choice: str,
        visit: int = 0,
        text: str = "",
        conditions: tuple[str, ...] = (),
        answers: dict[str, str] | None = None,
        digest: str = "",
        policy: str = "",
    ) -> str:
        now = time.time_ns() // 1_000_000
        said = DecisionStatement(
            run=run,
            gate=gate,
            visit=visit,
            choice=choice,
            text=text,
            conditions=conditions,
            answers=answers or {},
            digest=digest,
            policy=policy,
            person=person,
            at=now,
            expires=now + GOOD_FOR_MS,
            nonce=uuid4().hex,
        )
        try:
            return encode(said).decode()
        except Unreadable as error:
            raise Refusal(400, str(error), "nothing was decided") from None

    async def _attested(self, statement: str) -> str:
        """This gateway's signature line; empty where nobody was ever enrolled, since then nobody is asked for one."""
        if self._directory is None or self._key is None:
            return ""
        await self._directory.refresh(self._watcher.store)
        if not self._directory.listing():
            return ""
        text = statement.encode()
        return self._key.sign_note(text)[len(text) + 1 :].decode().strip()

    async def _send(self, watched: Watched, id: str, command: Command, wait_s: float) -> None:
        """Ask, and wait until the log says what became of it."""
        await ask(self._watcher.store, watched.run, command, id)
        end = time.monotonic() + wait_s
        while id not in watched.verdicts and not self._watcher.closing.is_set():
            left = end - time.monotonic()
            if left <= 0:
                break
            await self._watcher.changed(watched, left)
        if id not in watched.verdicts:
            raise Refusal(
                503,
                "no gatekeeper has taken the answer yet; it stays in the queue",
                "send it again with the same Idempotency-Key: it counts once",
                Retry_After="5",
            )


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


def check_is_open(watched: Watched, gate: GateState, version: str = "") -> None:
    """Raises Refusal where the gate takes no answer, or asks something else than the version says."""
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
    if version and version != gate_version(opened):
        raise Refusal(409, "the gate asks something else by now", "look at it again, and answer what it asks now")


def choice_of(gate: GateState, given: str) -> Choice:
    """The choice that is meant. Raises Refusal where it is none."""
    assert gate.opened is not None
    choice = match_choice(gate.opened.choices, given)
    if choice is None:
        known = ", ".join(f"{each.key} ({each.label})" for each in gate.opened.choices)
        raise Refusal(400, "that is none of the gate's choices; nothing was decided", f"its choices: {known}")
    return choice


def _outcome(watched: Watched, gate: GateState, verdict: e.Event, answer: Answer) -> Given:
    gate = watched.state.gates[gate.gate, gate.visit]
    match verdict:
        case e.GateVoted():
            _check_same(verdict.vote.key, verdict.vote.choice, verdict.text, answer)
            return Given("decided" if gate.decided is not None else "counted", gate)
        case e.GateDecided():
            _check_same(verdict.key, verdict.choice, verdict.text, answer)
            return Given("decided", gate)
        case e.DecisionRefused():
            raise _refused(verdict, gate)
        case _:
            raise TypeError(f"{type(verdict).__name__} is no answer to a decision")


def _check_same(key: str, label: str, text: str, answer: Answer) -> None:
    given = fold_answer(answer.choice)
    if given not in (fold_answer(key), fold_answer(label)) or text.strip() != answer.text.replace("\r\n", "\n").strip():
        raise Refusal(409, "this Idempotency-Key was used for another answer", "use a new one for a new answer")


def _refused(verdict: e.DecisionRefused, gate: GateState) -> Refusal:
    if verdict.code == "already_decided" and gate.decided is not None:
        return _already(gate.decided)
    status = STATUS.get(verdict.code, 0)
    if not status:
        if gate.decided is not None:
            return _already(gate.decided)
        status = 410 if gate.closed is not None else 400
    return Refusal(status, verdict.reason, "nothing was decided", decided_by=_decider(gate) if status == 409 else None)


def _decider(gate: GateState) -> str | None:
    return gate.decided.approver if gate.decided else None


def _already(said: e.GateDecided) -> Refusal:
    return Refusal(
        409, f"already decided by {said.approver}: {said.choice}", "nothing is left to decide", decided_by=said.approver
    )
