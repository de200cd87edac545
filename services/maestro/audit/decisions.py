"""Is this a decision that somebody made who may? Gates, votes, and every signed word, held against the people of then.

Pure. The gatekeeper's own rules are asked again (`gatekeeper/words.py`, `counting.py`); what it concluded counts for
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro.audit.findings import Property
from maestro.audit.people import PeopleThen
from maestro.gatekeeper.answers import Refused
from maestro.gatekeeper.counting import outcome
from maestro.gatekeeper.words import About, Sent, Word, check_entitled, word_of
from maestro.log.keyring import Keyring
from maestro.people import Directory
from maestro_contracts import events as e
from maestro_contracts.records import Approvals, Vote

NOBODYS = frozenset({"auto", "deadline", "timer", "command"})
"""Channels of decisions that no person made."""
SKEW_MS = 60_000
NEVER_AUTO = 3


@dataclass(slots=True)
class GateSeen:
    """One visit of a gate, as far as it may be believed. `valid`: it was decided as its own rules say."""

    opened: e.GateOpened
    escalated: tuple[str, ...] = ()
    voted: list[e.GateVoted] = field(default_factory=list)
    decided: e.GateDecided | None = None
    valid: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when something was said: the event's address, the time of its commit, and of the log there (ms)."""

    at: str
    ts: int
    log_time: int


class Decisions:
    """Follows the gates of one run, and finds what was no decision."""

    def __init__(self, run: str, keyring: Keyring, directory: Directory, found: Property) -> None:
        self._run, self._keyring, self._directory, self._found = run, keyring, directory, found
        self.gates: dict[tuple[str, int], GateSeen] = {}
        self.approvals = Approvals()
        self.auto_approve = False
        self._nonces: set[str] = set()

    HEARS: tuple[type[e.Event], ...] = (
        e.RunStarted,
        e.RunForked,
        e.GateOpened,
        e.GateEscalated,
        e.GateVoted,
        e.GateDecided,
    )

    def read(self, place: Place, _actor: str, event: e.Event) -> None:
        match event:
            case e.RunStarted(settings=settings) | e.RunForked(settings=settings):
                self.approvals, self.auto_approve = settings.approvals, settings.auto_approve
            case e.GateOpened():
                self.gates.setdefault((event.gate, event.visit), GateSeen(event))
            case e.GateEscalated() if (event.gate, event.visit) in self.gates:
                seen = self.gates[event.gate, event.visit]
                seen.escalated = (*seen.escalated, *event.to)
            case e.GateVoted():
                self._voted(place, event)
            case e.GateDecided():
                self._decided(place, event)
            case _:
                return

    def word(self, place: Place, vote: Vote, about: About, choice: str) -> Word | None:
        """A person's word about this, where it is one; else None, with a finding."""
        if not _near(vote.at, place):
            self._found.breaks(place.at, f"{vote.person}'s word is said to be of another time than its entry")
            return None
        sent = Sent(vote.person, vote.via, vote.statement, vote.signature, vote.attested)
        people = PeopleThen(self._directory, self._keyring, vote.at)
        try:
            word = word_of(sent, about, people, self._nonces, vote.at)
            if word.statement is not None and word.statement.choice != choice:
                raise Refused(f"it was signed for {word.statement.choice}, not for {choice}")
        except Refused as refused:
            self._found.breaks(place.at, f"{vote.person} did not decide this: {refused}")
            return None
        if word.nonce:
            self._nonces.add(word.nonce)
        if not word.signed:
            self._found.cannot_tell(place.at, f"nobody signed this for {vote.person}: nobody was enrolled then")
        elif word.signed != vote.signed:
            self._found.breaks(place.at, f"it is said to be signed by a {vote.signed or 'nobody'}, and is not")
        self._found.count("decisions of people")
        return word

    def entitled(self, place: Place, word: Word, roles: Sequence[str], named: Sequence[str], proposer: str) -> bool:
        """Whether that person had a say there then; a finding where not."""
        people = PeopleThen(self._directory, self._keyring, place.ts)
        try:
            check_entitled(word.person, people, roles, named, proposer, signed=bool(word.signed))
        except Refused as refused:
            self._found.breaks(place.at, f"{word.person} had no say here: {refused}")
            return False
        return True

    # --- gates --------------------------------------------------------------------------------------------------------

    def _voted(self, place: Place, event: e.GateVoted) -> None:
        seen, vote = self.gates.get((event.gate, event.visit)), event.vote
        if seen is None:
            return self._found.breaks(place.at, f"{vote.person} answered at {event.gate}, which was not open")
        opened = seen.opened
        about = About(self._run, opened.gate, opened.visit, opened.digest, opened.policy_sha256)
        word = self.word(place, vote, about, vote.key)
        if word is None or not self._says_the_same(place, word, event):
            return
        if word.signed == "gateway" and opened.level >= NEVER_AUTO and self.approvals.own_key:
            return self._found.breaks(place.at, f"{vote.person} did not sign with their own key, as level 3 needs here")
        roles = (*opened.roles, *seen.escalated) if opened.roles else ()
        people = PeopleThen(self._directory, self._keyring, place.ts)
        named = () if seen.escalated and people.may(word.person, seen.escalated) else opened.people
        if self.entitled(place, word, roles, named, opened.proposer):
            if any(each.vote.person == vote.person for each in seen.voted):
                return self._found.breaks(place.at, f"{vote.person} answered at {event.gate} a second time")
            seen.voted.append(event)

    def _says_the_same(self, place: Place, word: Word, event: e.GateVoted) -> bool:
        said = word.statement
        if said is None or (said.text, said.conditions, said.answers) == (event.text, event.conditions, event.answers):
            return True
        # A text is trimmed before it is kept.
        if (said.text.strip(), said.conditions) == (event.text.strip(), event.conditions) and not event.answers:
            return True
        self._found.breaks(place.at, f"what {event.vote.person} signed is not what the log says beside it")
        return False

    def _decided(self, place: Place, event: e.GateDecided) -> None:
        seen = self.gates.get((event.gate, event.visit))
        if seen is None:
            return self._found.breaks(place.at, f"{event.gate} was decided and never opened")
        if seen.decided is not None:
            return self._found.breaks(place.at, f"{event.gate} was decided a second time")
        seen.decided = event
        opened = seen.opened
        if not any((each.key, each.target) == (event.key, event.target) for each in opened.choices):
            return self._found.breaks(place.at, f"{event.gate}: {event.key!r} is none of its choices")
        seen.valid = (
            self._by_nobody(place, seen, event) if event.via in NOBODYS else self._by_people(place, seen, event)
        )
        self._found.count("gates")

    def _by_nobody(self, place: Place, seen: GateSeen, event: e.GateDecided) -> bool:
        opened, why = seen.opened, ""
        if opened.level >= NEVER_AUTO:
            why = "level 3 needs a person, whatever the flags"
        elif event.via == "auto" and not (opened.auto and self.auto_approve):
            why = "nothing allowed --auto-approve here"
        elif event.via in {"deadline", "timer"} and (opened.deadline is None or _latest(place) < opened.deadline):
            why = "its time had not come"
        elif event.via == "command" and opened.kind != "command":
            why = "it waits for no command"
        if why:
            self._found.breaks(place.at, f"{event.gate} was decided by {event.via}: {why}")
        return not why

    def _by_people(self, place: Place, seen: GateSeen, event: e.GateDecided) -> bool:
        """The votes that its decision names must be votes that were cast there, and come to this choice."""
        opened, cast = seen.opened, {each.vote for each in seen.voted}
        strangers = [vote.person for vote in event.votes if vote not in cast]
        if strangers:
            self._found.breaks(place.at, f"{event.gate}: no vote of {', '.join(strangers)} stands in the log")
            return False
        people = PeopleThen(self._directory, self._keyring, place.ts)
        roles = (*opened.roles, *seen.escalated) if opened.roles else ()
        voters = opened.of if opened.of and not opened.people else people.how_many(roles, opened.people)
        came_to = outcome(opened, seen.voted, voters)
        if came_to != event.key:
            what = f"its votes come to {came_to!r}" if came_to else "its votes come to nothing yet"
            self._found.breaks(place.at, f"{event.gate} was decided as {event.key!r}, and {what}")
            return False
        return True


def _near(at: int, place: Place) -> bool:
    """Whether a time that somebody wrote down fits the entry in which it stands."""
    return abs(at - place.ts) <= SKEW_MS


def _latest(place: Place) -> int:
    """The time of an entry, as far as others in the log bear it out."""
    return max(place.ts, place.log_time) + SKEW_MS
