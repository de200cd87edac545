"""People with real keys, for tests of whoever decides about their word."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from maestro.log.note import SigningKey, Unverified, open_note
from maestro.people import PublicKey, sign, verify
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.decision import DecisionStatement, decode, encode

GATEWAY = SigningKey.generate("maestro/gateway-1@ab12cd34")


class Key:
    """An Ed25519 key in memory that signs as an SSH key does."""

    def __init__(self, name: str) -> None:
        self._key = SigningKey.generate(f"maestro/{name}")
        self.public = PublicKey(self._key.verify_key.key, name)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


@dataclass
class Townsfolk:
    """Keeps `maestro.gatekeeper.people.People`: who is here, with which roles."""

    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def meet(self, name: str, *roles: str) -> Townsfolk:
        self.roles[name], self.keys[name] = roles, Key(name)
        return self

    def anybody(self) -> bool:
        return bool(self.roles)

    def signed(self, statement: bytes, signature: str) -> DecisionStatement:
        said = decode(statement)
        if said.person not in self.keys or said.person in self.revoked:
            raise Unverified(f"nobody is enrolled as {said.person}")
        verify(statement, signature, self.keys[said.person].public.line)
        return said

    def attested(self, statement: bytes, line: str) -> DecisionStatement:
        open_note(statement + b"\n" + line.encode() + b"\n", [GATEWAY.verify_key])
        return decode(statement)

    def may(self, person: str, roles: Iterable[str]) -> bool:
        wanted = set(roles)
        known = person in self.roles and person not in self.revoked
        return known and (not wanted or bool(wanted & {*self.roles[person]}))

    def how_many(self, roles: Iterable[str], named: Iterable[str]) -> int:
        wanted, only = tuple(roles), set(named)
        return sum(self.may(person, wanted) for person in self.roles if not only or person in only)

    def is_process(self, name: str) -> bool:
        return name.startswith("worker")

    # --- what they say --------------------------------------------------------------------------------------------

    def statement(self, opened: e.GateOpened, person: str, key: str, now: int, **more: Any) -> DecisionStatement:
        first: dict[str, Any] = {
            "run": "try-abc234",
            "gate": opened.gate,
            "visit": opened.visit,
            "choice": key,
            "digest": opened.digest,
            "policy": opened.policy_sha256,
            "person": person,
            "at": now,
            "expires": now + 600_000,
            "nonce": f"nonce-{next(self.numbers)}",
        }
        return DecisionStatement(**{**first, **more})

    def says(self, opened: e.GateOpened, person: str, key: str, now: int, **more: Any) -> c.DecideGate:
        """The person's signed answer."""
        return self.sent(self.statement(opened, person, key, now, **more))

    def sent(self, said: DecisionStatement, *, by_key_of: str = "") -> c.DecideGate:
        text = encode(said)
        return msgspec.structs.replace(
            _bare(said), statement=text.decode(), signature=sign(text, self.keys[by_key_of or said.person])
        )

    def through_gateway(self, opened: e.GateOpened, person: str, key: str, now: int, **more: Any) -> c.DecideGate:
        said = self.statement(opened, person, key, now, **more)
        text = encode(said)
        line = GATEWAY.sign_note(text).decode().rpartition("\n\n")[2].strip()
        return msgspec.structs.replace(_bare(said), via="web", statement=text.decode(), attested=line)


def _bare(said: DecisionStatement) -> c.DecideGate:
    return c.DecideGate(
        gate=said.gate,
        choice=said.choice,
        by=said.person,
        via="cli",
        visit=said.visit,
        text=said.text,
        answers=said.answers,
        conditions=said.conditions,
    )
