"""Whose word is this, and what is it about? A signed statement is believed for exactly what it names, once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from maestro.gatekeeper.answers import Refused, check_author, printable, utc
from maestro.gatekeeper.people import People
from maestro.log.note import Unverified
from maestro_contracts.decision import DecisionStatement
from maestro_contracts.records import Vote

SKEW_MS = 60_000
"""So much may the clock of whoever signed be ahead of ours."""
LONGEST_MS = 24 * 3600 * 1000
"""A statement that would be good for longer is a blank cheque."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The parts of a command that say whose word it is."""

    by: str
    via: str
    statement: str = ""
    signature: str = ""
    attested: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the word must be about: `digest` and `policy` as they were shown."""

    run: str
    gate: str
    visit: int
    digest: str
    policy: str


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word that may be believed. Without a statement nobody signed it: nobody is enrolled."""

    person: str
    signed: Literal["person", "gateway", ""]
    sent: Sent
    statement: DecisionStatement | None = None

    @property
    def nonce(self) -> str:
        return self.statement.nonce if self.statement else ""

    def vote(self, choice: str, key: str, now: int) -> Vote:
        sent = self.sent
        return Vote(self.person, choice, key, now, sent.via, self.signed, sent.statement, sent.signature, sent.attested)


def word_of(sent: Sent, about: About, people: People, nonces: Collection[str], now: int) -> Word:
    """Whose word it is, where it is about this and was not said before. Raises Refused."""
    check_author(sent.by, sent.via)
    if not sent.statement:
        if people.anybody():
            raise Refused("it is not signed, and people who decide here sign", "unauthenticated")
        return Word(sent.by, "", sent)
    statement, signed = _verified(sent, people)
    _check_about(statement, about)
    _check_time(statement, now)
    if not statement.nonce or statement.nonce in nonces:
        raise Refused("this very statement was used before", "already_decided")
    if statement.person != sent.by:
        raise Refused(f"it is signed for {printable(statement.person)}, and sent for {sent.by}", "unauthenticated")
    return Word(statement.person, signed, sent, statement)


def check_entitled(
    person: str, people: People, roles: Sequence[str], named: Sequence[str], proposer: str, *, signed: bool
) -> None:
    """Raises Refused where this person has no say here."""
    if person == proposer:
        raise Refused("whoever proposes something does not approve it", "not_your_gate")
    if people.is_process(person):
        raise Refused(f"{person} is a part of Maestro: only people decide", "not_your_gate")
    if named and person not in named:
        raise Refused(f"it is for {', '.join(named)}", "not_your_gate")
    if (signed or roles) and not people.may(person, roles):
        needed = f"it asks for somebody with the role {' or '.join(roles)}" if roles else "they are not enrolled"
        raise Refused(f"{person} may not decide this: {needed}", "not_your_gate")


def _verified(sent: Sent, people: People) -> tuple[DecisionStatement, Literal["person", "gateway"]]:
    text = sent.statement.encode("utf-8", "surrogatepass")
    try:
        if sent.signature:
            return people.signed(text, sent.signature), "person"
        if sent.attested:
            return people.attested(text, sent.attested), "gateway"
    except Unverified as error:
        raise Refused(f"its signature does not hold: {printable(str(error), 400)}", "unauthenticated") from None
    raise Refused("the statement is not signed", "unauthenticated")


def _check_about(said: DecisionStatement, about: About) -> None:
    if said.run != about.run:
        raise Refused(f"it was signed for the run {printable(said.run)}", "unauthenticated")
    if said.gate != about.gate:
        raise Refused(f"it was signed for {printable(said.gate)}", "unauthenticated")
    if said.visit != about.visit:
        raise Refused(f"it was signed for visit {said.visit}, and this is visit {about.visit}", "wrong_version")
    if said.digest != about.digest:
        raise Refused("it was signed for something else than is asked here", "wrong_version")
    if said.policy != about.policy:
        raise Refused("it was signed under another policy than asks here", "wrong_version")


def _check_time(said: DecisionStatement, now: int) -> None:
    if said.at > now + SKEW_MS:
        raise Refused("it is said to be signed in the future: compare the clocks", "unauthenticated")
    if now >= said.expires:
        raise Refused(f"its signature was good until {_when(said.expires)}: sign again", "expired")
    if said.expires - said.at > LONGEST_MS:
        raise Refused("its signature would be good for more than a day: sign for less", "unauthenticated")


def _when(at: int) -> str:
    """A stranger's number is no time before it is looked at."""
    return utc(at) if 0 <= at < 253_402_300_800_000 else str(at)
