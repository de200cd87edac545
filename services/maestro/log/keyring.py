"""Whose key is whose? What the operator said in the system log, kept up to date."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from maestro.log.identity import OPERATOR
from maestro.log.members import Member, enrolled_member, operator_member
from maestro.log.note import VerifyKey
from maestro.log.own import Own
from maestro.log.store import SYSTEM, Entry, Store
from maestro.log.verify import Chains, Commit, examine
from maestro_contracts.events import ActorEnrolled, ActorRevoked, Event

NOTARY = "notary"


class Keyring:
    """The keys that were enrolled, by actor and epoch. The operator's public key is the root of it."""

    def __init__(self, operator: VerifyKey) -> None:
        self._operator = operator
        self._members: dict[tuple[str, str], Member] = {}
        self._roles: dict[str, str] = {}
        self._chains = Chains()
        self.own = Own()
        """What this process signed itself."""
        self.seq = 0
        """The last entry of the system log that is taken in."""
        self.is_believed = False
        """Whether the operator has said anything there yet."""

    @property
    def operator(self) -> VerifyKey:
        """The root of all trust."""
        return self._operator

    def find(self, actor: str, epoch: str) -> Member | None:
        member = self._members.get((actor, epoch))
        if member is None and actor == OPERATOR:
            member = self._members[actor, epoch] = operator_member(self._operator, epoch)
        return member

    def members(self) -> list[Member]:
        """All that were ever enrolled, in order."""
        return [member for member in self._members.values() if member.role != OPERATOR]

    def seal_keys(self) -> list[VerifyKey]:
        """The keys that may sign checkpoints: those of the role that seals, as long as they are not revoked."""
        return [each.key for each in self._members.values() if each.role == NOTARY and each.revoked is None]

    def role_of(self, actor: str) -> str:
        """The role that this actor's processes were enrolled in; empty where there was none."""
        return self._roles.get(actor, "")

    async def refresh(self, store: Store) -> bool:
        """Take in what is new in the system log; True where something was."""
        before = self.seq
        while entries := await store.read(SYSTEM, self.seq):
            self.learn(entries, self.seq)
        return self.seq > before

    def learn(self, entries: Sequence[Entry], after: int) -> None:
        """Take in a page of the system log that was read from `after` on. What is known already is passed over, and so
        is a page that begins too late. Where entries are missing, the operator's chain shows it: what they said
        afterwards is not believed."""
        for entry in entries if after <= self.seq else ():
            if entry.seq <= self.seq:
                continue
            self.seq = entry.seq
            verdict = self._chains.place(examine(entry, SYSTEM, self.find))
            if isinstance(verdict, Commit):
                self.is_believed = True
                for event in verdict.events:
                    self._take(event, verdict.header.ts)

    def _take(self, event: Event, at: int) -> None:
        match event:
            case ActorEnrolled(actor=actor, role=role, epoch=epoch, key=key):
                if actor == OPERATOR or role == OPERATOR or (actor, epoch) in self._members:
                    return
                with suppress(ValueError):
                    raw = base64.b64decode(key, validate=True)
                    self._members[actor, epoch] = enrolled_member(actor, role, epoch, raw)
                    self._roles.setdefault(actor, role)
            case ActorRevoked(actor=actor, epoch=epoch):
                member = self._members.get((actor, epoch))
                if member is not None and member.revoked is None:
                    self._members[actor, epoch] = replace(member, revoked=at)
