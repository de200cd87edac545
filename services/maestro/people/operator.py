"""How does the operator introduce people, and take that back? With the operator's key, in the system log.

What may be said is decided from the directory (pure); `Operator` says it. Only who holds the operator's key can.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maestro.log.author import Author
from maestro.log.identity import Identity
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Store
from maestro.people.directory import Directory, Person
from maestro.people.names import APPROVER, why_no_person, why_no_role
from maestro.people.public import PublicKey
from maestro_contracts.events import Event, PersonEnrolled, PersonRevoked


class Refused(ValueError):
    """This cannot be said of this person. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Said:
    id: str
    event: Event
    cause: str = ""


def enrol(
    directory: Directory,
    person: str,
    key: PublicKey | None,
    roles: Sequence[str] | None,
    at: int,
    *,
    name: str = "",
    role_of: Callable[[str], str] = lambda _: "",
) -> PersonEnrolled:
    """The words that introduce a person, or a further key or other roles of theirs. `roles` None: those that they have,
    and `approver` for somebody new. `role_of` tells which processes there are. Raises Refused."""
    why = why_no_person(person) or next(filter(None, map(why_no_role, roles or ())), "")
    if not why and role_of(person):
        why = f"{person} is the name of a {role_of(person)}; use another one"
    known = directory.person(person)
    why = why or _looks_like_another(directory, person) or (_not_theirs(directory, person, key) if key else "")
    if why:
        raise Refused(why)
    if roles is None:
        roles = known.roles() if known is not None and not known.is_revoked() else (APPROVER,)
    line = f"{key.line} {key.comment}".strip() if key else ""
    return PersonEnrolled(person, line, tuple(dict.fromkeys(roles)), name or (known.name if known else ""), at)


def revoke(directory: Directory, person: str, fingerprint: str, reason: str) -> PersonRevoked:
    """The words that take back one key, or, without a fingerprint, all that a person may. Raises Refused."""
    known = directory.person(person)
    if known is None:
        raise Refused(f"nobody is enrolled as {person!r}; {_who_is_there(directory)}")
    if not reason.strip():
        raise Refused("a revocation needs its reason: it is what people read later; say it with --reason")
    if fingerprint:
        _check_revocable(known, fingerprint)
    elif known.is_revoked():
        raise Refused(f"{person} is revoked already: {known.standing().reason}")
    return PersonRevoked(person, fingerprint, reason.strip())


class Operator:
    """Speaks with the operator's key."""

    def __init__(self, key: SigningKey, store: Store, clock: Callable[[], int]) -> None:
        self._author = Author(Identity.operator(key))
        self._store, self._clock = store, clock

    async def say(self, event: PersonEnrolled | PersonRevoked, directory: Directory) -> Person:
        """Writes it down, and reads it back: the person as everybody sees them now. Raises Refused where somebody else
        was faster and it does not count."""
        kind = "enrolled" if isinstance(event, PersonEnrolled) else "revoked"
        said = Said(f"person:{secrets.token_hex(8)}/{kind}", event)
        await self._author.write(self._store, self._author.draft(SYSTEM, [said], ts=self._clock()))
        await directory.refresh(self._store)
        person = directory.person(event.person)
        if person is None or (isinstance(event, PersonEnrolled) and not _has_key(person, event.key)):
            raise Refused(f"the log does not take this of {event.person}; see who has this key: maestro keys list")
        return person


def _has_key(person: Person, line: str) -> bool:
    return not line or person.key(PublicKey.decode(line).fingerprint) is not None


def _looks_like_another(directory: Directory, person: str) -> str:
    other = next((each.person for each in directory.listing() if each.person.casefold() == person.casefold()), person)
    return f"{person} would be taken for {other}; use another name" if other != person else ""


def _not_theirs(directory: Directory, person: str, key: PublicKey) -> str:
    owner = directory.owner(key.fingerprint)
    if owner is None:
        return ""
    if owner.person != person:
        return f"the key {key.fingerprint} is {owner.person}'s; every person needs a key of their own"
    found = owner.key(key.fingerprint)
    if found is not None and found.revoked is not None:
        return f"the key {key.fingerprint} was revoked and stays so; make another one: maestro keys new"
    return ""


def _check_revocable(person: Person, fingerprint: str) -> None:
    key = person.key(fingerprint)
    if key is None:
        known = ", ".join(each.public.fingerprint for each in person.keys) or "none"
        raise Refused(f"{person.person} has no key {fingerprint}; their keys: {known}")
    if key.revoked is not None:
        raise Refused(f"the key {fingerprint} is revoked already: {key.reason}")


def _who_is_there(directory: Directory) -> str:
    known = ", ".join(each.person for each in directory.listing())
    return f"there are: {known}" if known else "nobody is enrolled yet"
