"""Who is this, and may they decide here? What the deciders ask about people; the answers come from the system log.

Pure: `Town` looks at a directory and a keyring as they were read, at one time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from maestro.log.keyring import Keyring
from maestro.log.note import Unverified, VerifyKey, open_note
from maestro.people import Directory
from maestro_contracts.decision import DecisionStatement, decode
from maestro_contracts.envelope import Unreadable


class People(Protocol):
    """What is known of people at the time of one decision."""

    def anybody(self) -> bool:
        """Whether anybody was ever enrolled: then every decision must be signed, also where all are revoked by now."""
        ...

    def signed(self, statement: bytes, signature: str) -> DecisionStatement:
        """What a person says under their own key. Raises Unverified."""
        ...

    def attested(self, statement: bytes, line: str) -> DecisionStatement:
        """What a gateway says that a person said to it. Raises Unverified."""
        ...

    def may(self, person: str, roles: Iterable[str]) -> bool:
        """Whether they are known, not revoked, and have one of these roles (none: any person may)."""
        ...

    def how_many(self, roles: Iterable[str], named: Iterable[str]) -> int:
        """How many may decide: those with one of the roles, of them only the named ones where some are."""
        ...

    def is_process(self, name: str) -> bool:
        """Whether a process was enrolled under this name: no worker passes for a person."""
        ...


@dataclass(frozen=True, slots=True)
class Town:
    """Keeps `People`, at the time `now` (ms)."""

    directory: Directory
    keyring: Keyring
    now: int

    def anybody(self) -> bool:
        return bool(self.directory.listing())

    def signed(self, statement: bytes, signature: str) -> DecisionStatement:
        return self.directory.check(statement, signature).statement

    def attested(self, statement: bytes, line: str) -> DecisionStatement:
        try:
            said = decode(statement)
            open_note(statement + b"\n" + line.strip().encode() + b"\n", self._gateways())
        except (Unreadable, UnicodeError) as error:
            raise Unverified(f"no gateway vouches for it: {error}") from None
        if not self.may(said.person, ()):
            raise Unverified(f"nobody is enrolled as {said.person}")
        return said

    def _gateways(self) -> list[VerifyKey]:
        members = (member for member in self.keyring.members() if member.role == "gateway" and member.revoked is None)
        return [member.key for member in members]

    def may(self, person: str, roles: Iterable[str]) -> bool:
        return self.directory.may(person, roles)

    def how_many(self, roles: Iterable[str], named: Iterable[str]) -> int:
        wanted, only = tuple(roles), set(named)
        people = (person.person for person in self.directory.listing())
        return sum(self.may(person, wanted) for person in people if not only or person in only)

    def is_process(self, name: str) -> bool:
        return bool(self.keyring.role_of(name))


@dataclass(frozen=True, slots=True)
class Nobody:
    """Keeps `People` where nobody is enrolled."""

    def anybody(self) -> bool:
        return False

    def signed(self, statement: bytes, signature: str) -> DecisionStatement:
        raise Unverified("nobody is enrolled")

    def attested(self, statement: bytes, line: str) -> DecisionStatement:
        raise Unverified("nobody is enrolled")

    def may(self, person: str, roles: Iterable[str]) -> bool:
        return not tuple(roles)

    def how_many(self, roles: Iterable[str], named: Iterable[str]) -> int:
        return 0

    def is_process(self, name: str) -> bool:
        return False
