"""What could somebody change? Twenty-odd classes of changes of an honest history, by strangers and by insiders.

Each class takes chance and gives a changed history, or None where this draw would change nothing. A stranger changes
bytes. An insider has keys: those of the processes, of the notary, of fewer witnesses than are needed; what they sign is
signed rightly, and the log after it is written anew with its chains and its seals, as far as their keys reach.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import msgspec

from maestro.log.commit import build_commit, build_record, note_hash, parse_commit
from maestro.log.note import SigningKey
from maestro_contracts import events as e
from maestro_contracts.envelope import CommitHeader, EventRecord, read_event
from tamper.sample import RUN
from tamper.town import Town

Bodies = list[bytes]


@dataclass(frozen=True, slots=True)
class History:
    """The honest history, parsed once, and another run of the same town to take entries from."""

    town: Town
    bodies: tuple[bytes, ...]
    headers: tuple[CommitHeader, ...]
    records: tuple[tuple[EventRecord, ...], ...]
    events: tuple[tuple[e.Event, ...], ...]
    other: tuple[bytes, ...]

    @classmethod
    def of(cls, town: Town, other: Town) -> History:
        parsed = [parse_commit(body) for body in town.bodies]
        return cls(
            town,
            tuple(town.bodies),
            tuple(each.header for each in parsed),
            tuple(each.records for each in parsed),
            tuple(tuple(map(read_event, each.records)) for each in parsed),
            tuple(other.bodies),
        )

    def where(self, kind: type[e.Event]) -> list[tuple[int, int]]:
        """Entry and event index of each event of a kind."""
        return [
            (at, index)
            for at, events in enumerate(self.events)
            for index, event in enumerate(events)
            if isinstance(event, kind)
        ]


def flip(raw: bytes, chance: Random, start: int = 0, end: int | None = None) -> bytes:
    """One bit of a part turned."""
    at = chance.randrange(start, len(raw) if end is None else end)
    return raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]


# --- strangers: bytes -----------------------------------------------------------------------------------------------


def flip_in_entry(history: History, chance: Random) -> Bodies:
    bodies, at = list(history.bodies), chance.randrange(len(history.bodies))
    bodies[at] = flip(bodies[at], chance, 0, bodies[at].rfind(b"\n\n"))
    return bodies


def flip_in_signature(history: History, chance: Random) -> Bodies:
    bodies, at = list(history.bodies), chance.randrange(len(history.bodies))
    bodies[at] = flip(bodies[at], chance, bodies[at].rfind(b"\n\n"))
    return bodies


def delete(history: History, chance: Random) -> Bodies:
    bodies = list(history.bodies)
    del bodies[chance.randrange(len(bodies) - 1)]
    return bodies


def duplicate(history: History, chance: Random) -> Bodies:
    bodies, at = list(history.bodies), chance.randrange(len(history.bodies))
    bodies.insert(chance.randrange(at, len(bodies)) + 1, bodies[at])
    return bodies


def swap(history: History, chance: Random) -> Bodies:
    bodies = list(history.bodies)
    one, two = chance.sample(range(len(bodies)), 2)
    bodies[one], bodies[two] = bodies[two], bodies[one]
    return bodies


def truncate(history: History, chance: Random) -> Bodies:
    """Its end cut off, where somebody who kept the last checkpoint looks (see `campaign`)."""
    return list(history.bodies[: chance.randrange(len(history.bodies))])


def insert(history: History, chance: Random) -> Bodies:
    """An entry made up by nobody in particular, at any place."""
    bodies = list(history.bodies)
    body = chance.choice(bodies)
    start = chance.randrange(len(body))
    bodies.insert(chance.randrange(len(bodies) + 1), body[:start] + chance.randbytes(20) + body[start + 20 :])
    return bodies


def replay_from_another_run(history: History, chance: Random) -> Bodies:
    bodies = list(history.bodies)
    bodies.insert(chance.randrange(len(bodies) + 1), chance.choice(history.other))
    return bodies


# --- insiders: rightly signed ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Rewriter:
    """Writes a history again from a place on, with every key but those of people and of most witnesses."""

    history: History
    witnesses: tuple[str, ...] = ("w1",)

    def rewritten(self, start: int, events: dict[int, list[e.Event]], seals: bool = False) -> Bodies:
        """The history with other events in some entries; every later entry of those authors follows in its chain.
        `seals`: the notary seals the new history, and these witnesses cosign it."""
        history, town = self.history, self.history.town
        bodies: Bodies = list(history.bodies[:start])
        last: dict[tuple[str, str], str] = {}
        for at, header in enumerate(history.headers[:start]):
            last[header.actor, header.epoch] = note_hash(history.bodies[at])
        changed: set[tuple[str, str]] = set()
        for at in range(start, len(history.bodies)):
            header, who = history.headers[at], (history.headers[at].actor, history.headers[at].epoch)
            new = events.get(at)
            if seals and header.actor == "notary-1":
                new = [self._sealed(event, bodies) for event in history.events[at]]
            if new is None and who not in changed:
                bodies.append(history.bodies[at])
            else:
                changed.add(who)
                said = list(history.events[at]) if new is None else new
                header = msgspec.structs.replace(header, aprev=last.get(who, ""))
                bodies.append(signed(header, said, town.authors[header.actor].identity.key, history.records[at]))
            last[who] = note_hash(bodies[-1])
        return bodies

    def _sealed(self, event: e.Event, bodies: Bodies) -> e.Event:
        town = self.history.town
        if isinstance(event, e.LogSealed):
            note = town.cosigned(town.checkpoint(bodies), *self.witnesses)
            size, root = note.split(b"\n")[1:3]
            return msgspec.structs.replace(
                event, size=int(size), root=base64.b64decode(root).hex(), note=note.decode(), cosigned=self.witnesses
            )
        if isinstance(event, e.SealCosigned):
            note = town.cosigned(town.checkpoint(bodies[: event.size]), *self.witnesses)
            return msgspec.structs.replace(event, note=note.decode(), cosigned=self.witnesses)
        return event


def signed(header: CommitHeader, events: list[e.Event], key: SigningKey, records: tuple[EventRecord, ...]) -> bytes:
    """An entry that says these events, under the ids of those that stood there."""
    lines = []
    for index, event in enumerate(events):
        id = records[index].id if index < len(records) else f"more:{header.actor}:{header.aseq}:{index}"
        lines.append(build_record(id, event)[0])
    return build_commit(header, lines, key)


def change_event(history: History, at: int, index: int, event: e.Event, *, seals: bool = True) -> Bodies:
    events = list(history.events[at])
    events[index] = event
    return Rewriter(history).rewritten(at, {at: events}, seals)


def forge_unenrolled(history: History, chance: Random) -> Bodies:
    """An entry of an author's, signed with a key that nobody introduced."""
    bodies, at = list(history.bodies), chance.randrange(len(history.bodies))
    header = history.headers[at]
    own = history.town.authors[header.actor].identity.key
    key = SigningKey(own.name, chance.randbytes(32))
    bodies[at] = signed(header, list(history.events[at]), key, history.records[at])
    return bodies


def forge_wrong_role(history: History, chance: Random) -> Bodies:
    """An enrolled process says, in its own place, what only another role may."""
    at = chance.choice([at for at, header in enumerate(history.headers) if header.actor != "notary-1"])
    role = _role(history, at)
    foreign = [each for each in range(len(history.bodies)) if _role(history, each) != role]
    return Rewriter(history).rewritten(at, {at: list(history.events[chance.choice(foreign)])})


def _role(history: History, at: int) -> str:
    return history.town.authors[history.headers[at].actor].identity.role


def forge_revoked(history: History, chance: Random) -> Bodies:
    """A worker whose key was revoked claims something."""
    bodies, who = list(history.bodies), history.town.authors["worker-9"].identity
    at = chance.randrange(len(bodies))
    task, ts = f"T-00{chance.randrange(1, 4)}", history.headers[at].ts
    claim = e.TaskClaimed(task, chance.randrange(1, 9), 1, "worker-9", chance.randbytes(20).hex(), "ab" * 20)
    header = CommitHeader(RUN, "worker-9", who.epoch, 1, "", ts)
    bodies.insert(at, signed(header, [claim], who.key, ()))
    return bodies


def equivocate(history: History, chance: Random) -> Bodies:
    """An author says something else in a place where it has spoken already."""
    bodies, at = list(history.bodies), chance.randrange(len(history.bodies))
    header = history.headers[at]
    key = history.town.authors[header.actor].identity.key
    header = msgspec.structs.replace(header, ts=header.ts + chance.randrange(1, 1_000_000))
    again = signed(header, list(history.events[at]), key, history.records[at])
    bodies.insert(chance.randrange(at, len(bodies)) + 1, again)
    return bodies


def rewritten_by_notary(history: History, chance: Random) -> Bodies:
    """One event is left out or said otherwise, and the notary seals what came of it, with no witness."""
    return _rewritten(history, chance, ())


def rewritten_with_too_few_witnesses(history: History, chance: Random) -> Bodies:
    return _rewritten(history, chance, (chance.choice(("w1", "w2", "w3")),))


def _rewritten(history: History, chance: Random, witnesses: tuple[str, ...]) -> Bodies:
    at = chance.choice([at for at, header in enumerate(history.headers) if header.actor != "notary-1"])
    said = e.CommandDeadLettered(chance.randbytes(8).hex(), "Advance", "conductor", 5, "as if")
    events = [*history.events[at], said] if history.headers[at].actor != "operator" else []
    return Rewriter(history, witnesses).rewritten(at, {at: events}, seals=True)


# --- insiders: what may not be --------------------------------------------------------------------------------------


def _approvals(history: History) -> list[tuple[int, int, e.ApprovalGiven]]:
    """Where approvals of level 2 and 3 stand."""
    found = []
    for at, index in history.where(e.ApprovalGiven):
        event = history.events[at][index]
        assert isinstance(event, e.ApprovalGiven)
        if event.level > 1:
            found.append((at, index, event))
    return found


def approval_moved(history: History, chance: Random) -> Bodies:
    """The approval of one action is given to what another effect does."""
    at, index, event = chance.choice(_approvals(history))
    return change_event(history, at, index, msgspec.structs.replace(event, digest=chance.randbytes(32).hex()))


def effect_changed(history: History, chance: Random) -> Bodies:
    """Something else is done than was approved."""
    at, index = chance.choice(history.where(e.EffectStarted))
    event = history.events[at][index]
    return change_event(history, at, index, msgspec.structs.replace(event, digest=chance.randbytes(32).hex()))


def approval_used_twice(history: History, chance: Random) -> Bodies:
    at, index = chance.choice(history.where(e.EffectStarted))
    event, actor = history.events[at][index], history.headers[at].actor
    later = chance.choice([each for each in range(at, len(history.bodies)) if history.headers[each].actor == actor])
    return Rewriter(history).rewritten(later, {later: [*history.events[later], event]}, seals=True)


def approval_expired(history: History, chance: Random) -> Bodies:
    """The approval had ended before the effect began."""
    at, index, event = chance.choice([each for each in _approvals(history) if each[2].expires])
    early = event.at - chance.randrange(1, 10_000_000)
    return change_event(history, at, index, msgspec.structs.replace(event, expires=early))


def self_approved(history: History, chance: Random) -> Bodies:
    """Whoever proposed it is said to have approved it, or a process is."""
    at, index, event = chance.choice(_approvals(history))
    who = chance.choice(("worker-1", "worker-2", "gatekeeper-1", "conductor-1"))
    return change_event(history, at, index, msgspec.structs.replace(event, by="person", approvers=(who,)))


def approved_without_people(history: History, chance: Random) -> Bodies:
    """The policy, a PRD that lists nothing, or a flag is said to have approved it."""
    at, index, event = chance.choice(_approvals(history))
    by = chance.choice(("policy", "prd", "auto"))
    return change_event(history, at, index, msgspec.structs.replace(event, by=by, approvers=(), gate="", visit=0))


def vote_forged(history: History, chance: Random) -> Bodies:
    """A person's word is altered by the gatekeeper."""
    at, index = chance.choice(history.where(e.GateVoted))
    event = history.events[at][index]
    assert isinstance(event, e.GateVoted)
    vote = event.vote
    altered = chance.choice(
        (
            msgspec.structs.replace(
                vote, person=chance.choice(("eve", "worker-1", "ben" if vote.person == "ada" else "ada"))
            ),
            msgspec.structs.replace(vote, statement=vote.statement.replace('"visit":1', '"visit":2')),
            msgspec.structs.replace(vote, key="r", choice="reject"),
            msgspec.structs.replace(vote, statement="", signature="", signed=""),
        )
    )
    return change_event(history, at, index, msgspec.structs.replace(event, vote=altered))


def vote_over_another_tree(history: History, chance: Random) -> Bodies:
    """A validator's accepting vote is about another tree than was claimed."""
    votes = [
        (at, index, event)
        for at, index in history.where(e.VoteCast)
        if isinstance(event := history.events[at][index], e.VoteCast) and event.verdict == "accept"
    ]
    at, index, event = chance.choice(votes)
    return change_event(history, at, index, msgspec.structs.replace(event, tree=chance.randbytes(20).hex()))


def accepted_without_quorum(history: History, chance: Random) -> Bodies:
    """Two of three validators say no, and the conductor accepts."""
    accepted = chance.choice(history.where(e.TaskAccepted))
    event = history.events[accepted[0]][accepted[1]]
    assert isinstance(event, e.TaskAccepted)
    changed: dict[int, list[e.Event]] = {}
    for at, index in history.where(e.VoteCast):
        vote = history.events[at][index]
        assert isinstance(vote, e.VoteCast)
        if (vote.task, vote.attempt) == (event.task, event.attempt) and vote.validator != "validator-1":
            changed[at] = [msgspec.structs.replace(vote, verdict="reject")]
    return Rewriter(history).rewritten(min(changed), changed, seals=True)


def event_after_seal(history: History, chance: Random) -> Bodies:
    """An enrolled process goes on talking after the run's end was sealed."""
    town = history.town
    author = chance.choice([name for name in town.authors if name not in ("operator", "worker-9", "notary-1")])
    mine = [at for at, header in enumerate(history.headers) if header.actor == author]
    who, last = town.authors[author].identity, history.headers[mine[-1]] if mine else None
    header = CommitHeader(
        RUN,
        author,
        who.epoch,
        last.aseq + 1 if last else 1,
        note_hash(history.bodies[mine[-1]]) if mine else "",
        history.headers[-1].ts + chance.randrange(1, 100_000),
    )
    said = e.CommandDeadLettered(chance.randbytes(8).hex(), "Advance", "conductor", 5, "as if")
    return [*history.bodies, signed(header, [said], who.key, ())]


def flip_in_checkpoint(history: History, chance: Random) -> Bodies:
    return _checkpoint(history, chance, signatures=False)


def flip_in_cosignature(history: History, chance: Random) -> Bodies:
    return _checkpoint(history, chance, signatures=True)


def _checkpoint(history: History, chance: Random, *, signatures: bool) -> Bodies:
    """The notary writes down a checkpoint of which a bit is wrong, in its text or in a witness's signature."""
    at, index = chance.choice(history.where(e.LogSealed))
    event = history.events[at][index]
    assert isinstance(event, e.LogSealed)
    lines = event.note.split("\n")
    line = chance.randrange(5, len(lines) - 1) if signatures else chance.randrange(3)
    place = chance.randrange(len(lines[line]))
    letter = chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    lines[line] = lines[line][:place] + letter + lines[line][place + 1 :]
    if "\n".join(lines) == event.note:
        lines[line] = lines[line][:-1]
    changed = msgspec.structs.replace(event, note="\n".join(lines))
    return change_event(history, at, index, changed, seals=False)


Mutation = Callable[[History, Random], Bodies]
CLASSES: dict[str, Mutation] = {
    "a bit of an entry": flip_in_entry,
    "a bit of a signature": flip_in_signature,
    "a character of a checkpoint": flip_in_checkpoint,
    "a character of a cosignature": flip_in_cosignature,
    "an entry deleted": delete,
    "an entry twice": duplicate,
    "two entries swapped": swap,
    "the end cut off": truncate,
    "an entry made up": insert,
    "an entry of another run": replay_from_another_run,
    "signed by a key nobody introduced": forge_unenrolled,
    "signed in the wrong role": forge_wrong_role,
    "signed by a revoked key": forge_revoked,
    "two words in one place": equivocate,
    "history rewritten, sealed by the notary alone": rewritten_by_notary,
    "history rewritten, sealed with too few witnesses": rewritten_with_too_few_witnesses,
    "an approval moved to another action": approval_moved,
    "an effect that is not what was approved": effect_changed,
    "an approval used twice": approval_used_twice,
    "an approval that had expired": approval_expired,
    "an approval by its proposer or a process": self_approved,
    "an approval that no person gave": approved_without_people,
    "a person's word altered": vote_forged,
    "a vote over another tree": vote_over_another_tree,
    "an acceptance without its quorum": accepted_without_quorum,
    "an event after the seal": event_after_seal,
}
