"""Whose word did a decision rest on at its time? The gatekeeper's questions about people, answered for the past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maestro.log.keyring import Keyring
from maestro.log.note import Unverified, open_note
from maestro.people import Directory
from maestro_contracts.decision import DecisionStatement, decode
from maestro_contracts.envelope import Unreadable


@dataclass(frozen=True, slots=True)
class PeopleThen:
    """Keeps `maestro.gatekeeper.people.People` as it was at the time `at` (ms)."""

    directory: Directory
    keyring: Keyring
    at: int

    def anybody(self) -> bool:
        return any(
            person.standings[0].since <= self.at and not person.is_revoked(self.at)
            for person in self.directory.listing()
        )

    def signed(self, statement: bytes, signature: str) -> DecisionStatement:
        return self.directory.check(statement, signature, self.at).statement

    def attested(self, statement: bytes, line: str) -> DecisionStatement:
        members = (member for member in self.keyring.members() if member.role == "gateway")
        keys = [member.key for member in members if member.revoked is None or self.at < member.revoked]
        try:
            said = decode(statement)
            open_note(statement + b"\n" + line.strip().encode() + b"\n", keys)
        except (Unreadable, UnicodeError) as error:
            raise Unverified(f"no gateway vouches for it: {error}") from None
        if not self.may(said.person, ()):
            raise Unverified(f"nobody is enrolled as {said.person}")
        return said

    def may(self, person: str, roles: Iterable[str]) -> bool:
        return self.directory.may(person, roles, self.at)

    def how_many(self, roles: Iterable[str], named: Iterable[str]) -> int:
        wanted, only = tuple(roles), set(named)
        people = (person.person for person in self.directory.listing() if person.standings[0].since <= self.at)
        return sum(self.may(person, wanted) for person in people if not only or person in only)

    def is_process(self, name: str) -> bool:
        return bool(self.keyring.role_of(name))
