"""Who are the people, which keys are theirs, and what may they decide? What the operator said in the system log.

Pure but for `refresh`. As for processes, a revocation works by time: what was decided before it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from maestro.log.identity import OPERATOR
from maestro.log.members import Member, operator_member
from maestro.log.note import KeyRefused, Unverified, VerifyKey
from maestro.log.store import SYSTEM, Entry, Store
from maestro.log.verify import Chains, Commit, examine
from maestro.people import sshsig
from maestro.people.names import is_person
from maestro.people.public import PublicKey
from maestro_contracts.decision import DecisionStatement, decode
from maestro_contracts.envelope import Unreadable
from maestro_contracts.events import Event, PersonEnrolled, PersonRevoked


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A person's key. `since` and `revoked` are the times (ms) of the operator's words."""

    public: PublicKey
    since: int
    revoked: int | None = None
    reason: str = ""

    def counts(self, at: int | None = None) -> bool:
        """Whether what it signed at that time (None: now, as far as is known) is its owner's word."""
        return self.revoked is None or (at is not None and at < self.revoked)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may from a time on: `roles`; None where they were revoked."""

    since: int
    roles: tuple[str, ...] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the operator introduced. `name` is for people; `standings` in the order in which they were said."""

    person: str
    name: str
    keys: tuple[PersonKey, ...] = ()
    standings: tuple[Standing, ...] = ()

    def standing(self, at: int | None = None) -> Standing:
        """That of a time; None: that of now. Clocks differ: the first one also counts a little before."""
        if at is None:
            return self.standings[-1]
        return max((each for each in self.standings if each.since <= at), key=_since, default=self.standings[0])

    def roles(self, at: int | None = None) -> tuple[str, ...]:
        return self.standing(at).roles or ()

    def is_revoked(self, at: int | None = None) -> bool:
        return self.standing(at).roles is None

    def key(self, fingerprint: str) -> PersonKey | None:
        return next((key for key in self.keys if key.public.fingerprint == fingerprint), None)


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """A statement, and whose word it is: the person it names signed it with this key of theirs."""

    statement: DecisionStatement
    person: Person
    key: PersonKey


class Directory:
    """The people that were enrolled. The operator's public key is the root of it."""

    def __init__(self, operator: VerifyKey) -> None:
        self._operator = operator
        self._chains = Chains()
        self._people: dict[str, Person] = {}
        self._owners: dict[str, str] = {}
        self.seq = 0
        """The last entry of the system log that is taken in."""

    # --- looking ------------------------------------------------------------------------------------------------

    def person(self, name: str) -> Person | None:
        return self._people.get(name)

    def by_key(self, fingerprint: str, at: int | None = None) -> Person | None:
        """Whose key it is, where it counts at that time (None: now)."""
        owner = self._people.get(self._owners.get(fingerprint, ""))
        key = owner.key(fingerprint) if owner else None
        return owner if key is not None and key.counts(at) else None

    def owner(self, fingerprint: str) -> Person | None:
        """Whose key it is or was, revoked or not."""
        return self._people.get(self._owners.get(fingerprint, ""))

    def roles(self, person: str, at: int | None = None) -> tuple[str, ...]:
        """None for whom nobody knows."""
        found = self._people.get(person)
        return found.roles(at) if found else ()

    def may(self, person: str, roles: Iterable[str] = (), at: int | None = None) -> bool:
        """Whether they are known, not revoked, and have one of these roles (none: any person may)."""
        found = self._people.get(person)
        wanted = set(roles)
        return found is not None and not found.is_revoked(at) and (not wanted or bool(wanted & set(found.roles(at))))

    def listing(self) -> list[Person]:
        """All that were ever enrolled, by name."""
        return sorted(self._people.values(), key=lambda each: each.person)

    def check(self, statement: bytes, armoured: str, at: int | None = None) -> SignedDecision:
        """Whose word a statement is: somebody's whom it names, signed with a key of theirs that counts at that time
        (ms, that of the log and not the statement's own; None: now). What it says is not judged: whether it is about
        this run, and in time. Raises Unverified and nothing else."""
        try:
            said = decode(statement)
        except Unreadable as error:
            raise Unverified(str(error)) from None
        fingerprint = sshsig.signed_by(armoured).fingerprint
        person = self.owner(fingerprint)
        key = person.key(fingerprint) if person else None
        if person is None or key is None:
            raise Unverified(f"nobody is enrolled with the key {fingerprint}")
        if person.person != said.person:
            raise Unverified(f"it is said for {said.person}, and signed with a key of {person.person}")
        if not key.counts(at):
            raise Unverified(f"the key {fingerprint} of {person.person} was revoked: {key.reason or 'no reason given'}")
        sshsig.verify(statement, armoured, key.public.line)
        return SignedDecision(said, person, key)

    # --- learning -----------------------------------------------------------------------------------------------

    async def refresh(self, store: Store) -> bool:
        """Take in what is new in the system log; True where something was."""
        before = self.seq
        while entries := await store.read(SYSTEM, self.seq):
            self.learn(entries, self.seq)
        return self.seq > before

    def learn(self, entries: Sequence[Entry], after: int) -> None:
        """Take in a page of the system log that was read from `after` on. What is known already is passed over, and so
        is a page that begins too late."""
        for entry in entries if after <= self.seq else ():
            if entry.seq <= self.seq:
                continue
            self.seq = entry.seq
            verdict = self._chains.place(examine(entry, SYSTEM, self._find))
            if isinstance(verdict, Commit):
                for event in verdict.events:
                    self._take(event, verdict.header.ts)

    def _find(self, actor: str, epoch: str) -> Member | None:
        """Nobody but the operator introduces people."""
        return operator_member(self._operator, epoch) if actor == OPERATOR else None

    def _take(self, event: Event, at: int) -> None:
        match event:
            case PersonEnrolled() if is_person(event.person):
                self._enrol(event, at)
            case PersonRevoked(person=name, fingerprint=fingerprint, reason=reason) if name in self._people:
                self._revoke(self._people[name], fingerprint, reason, at)

    def _enrol(self, event: PersonEnrolled, at: int) -> None:
        person = self._people.get(event.person, Person(event.person, event.name))
        keys = person.keys
        if event.key:
            try:
                public = PublicKey.decode(event.key)
            except KeyRefused:
                return
            # A key belongs to whom it was enrolled for first, and once revoked it stays so.
            if self._owners.setdefault(public.fingerprint, event.person) != event.person:
                return
            if person.key(public.fingerprint) is None:
                keys = (*keys, PersonKey(public, at))
        standings = (*person.standings, Standing(at, event.roles))
        self._people[event.person] = replace(person, name=event.name or person.name, keys=keys, standings=standings)

    def _revoke(self, person: Person, fingerprint: str, reason: str, at: int) -> None:
        gone = {fingerprint} if fingerprint else {key.public.fingerprint for key in person.keys}
        keys = tuple(_revoked(key, at, reason) if key.public.fingerprint in gone else key for key in person.keys)
        standings = person.standings if fingerprint else (*person.standings, Standing(at, None, reason))
        self._people[person.person] = replace(person, keys=keys, standings=standings)


def _since(standing: Standing) -> int:
    return standing.since


def _revoked(key: PersonKey, at: int, reason: str) -> PersonKey:
    return key if key.revoked is not None else replace(key, revoked=at, reason=reason)
