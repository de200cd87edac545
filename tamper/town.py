"""Who is there to write a history? An operator, processes with keys of their own, people, a notary and witnesses."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro.log.author import Author
from maestro.log.identity import OPERATOR, OPERATOR_KEY_NAME, Identity, key_name
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Appended
from maestro.people import PublicKey, sign
from maestro.tlog.checkpoint import Checkpoint, origin_of, parse_signed, sign_checkpoint
from maestro.tlog.cosignature import cosign, cosigner_of
from maestro.tlog.merkle import Frontier
from maestro.tlog.policy import Policy, Witness, k_of
from maestro_contracts import events as e
from maestro_contracts.decision import DecisionStatement, encode
from maestro_contracts.records import Vote

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""
POLICY = "70" * 32
WITNESSES = ("w1", "w2", "w3")
WITNESSES = ("w1", "w2", "w3")


@dataclass(frozen=True)
class Said:
    id: str
    event: e.Event
    cause: str = ""


def seed(name: str) -> bytes:
    """The same keys each time, so that a campaign can be repeated."""
    return hashlib.sha256(f"maestro/tamper/{name}".encode()).digest()


class PersonKey:
    """A person's key in memory: a signer."""

    def __init__(self, name: str) -> None:
        self._key = SigningKey(f"maestro/{name}", seed(name))
        self.public = PublicKey(self._key.verify_key.key, name)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


@dataclass
class Town:
    """Everybody's keys, and the log of one run as they write it. Each commit comes a second after the one before."""

    run: str
    now: int = START
    operator: SigningKey = field(default_factory=lambda: SigningKey(OPERATOR_KEY_NAME, seed(OPERATOR)))
    authors: dict[str, Author] = field(default_factory=dict)
    people: dict[str, PersonKey] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    system: list[bytes] = field(default_factory=list)
    said: int = 0

    def __post_init__(self) -> None:
        self.authors[OPERATOR] = Author(Identity(OPERATOR, OPERATOR, "0badcafe", self.operator))

    def join(self, actor: str, role: str) -> Author:
        """A process with a key of its own, introduced by the operator."""
        epoch = hashlib.sha256(actor.encode()).hexdigest()[:8]
        key = SigningKey(key_name(actor, epoch), seed(actor))
        self.authors[actor] = author = Author(Identity(actor, role, epoch, key))
        public = base64.b64encode(key.verify_key.key).decode()
        self.introduce(e.ActorEnrolled(actor, role, epoch, public, "laptop"))
        return author

    def meet(self, person: str, *roles: str) -> PersonKey:
        self.people[person] = key = PersonKey(person)
        self.introduce(e.PersonEnrolled(person, key.public.line, roles, person.title(), self.now))
        return key

    def introduce(self, *events: e.Event) -> None:
        """The operator says something in the system log."""
        self.system += self._note(OPERATOR, SYSTEM, events)

    def say(self, actor: str, *events: e.Event) -> None:
        self.bodies += self._note(actor, self.run, events)

    def _note(self, actor: str, run: str, events: Sequence[e.Event]) -> list[bytes]:
        self.now += 1000
        says = []
        for event in events:
            self.said += 1
            says.append(Said(f"slot:{self.said}", event))
        author = self.authors[actor]
        draft = author.draft(run, says, ts=self.now)
        author.settle(draft, Appended(0))
        return [note.body for note in draft.notes]

    # --- seals --------------------------------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        return origin_of(self.operator.verify_key, self.run)

    def witness_key(self, name: str) -> SigningKey:
        return SigningKey(f"witness.example/{name}", seed(name))

    def policy(self, k: int = 2) -> Policy:
        """`k` of the town's three witnesses."""
        return k_of(k, [Witness(name, cosigner_of(self.witness_key(name))) for name in WITNESSES])

    def checkpoint(self, bodies: Sequence[bytes], by: str = "notary-1") -> bytes:
        """What the notary signs about these entries."""
        tree = Frontier()
        for body in bodies:
            tree.append(body)
        return sign_checkpoint(Checkpoint(self.origin, tree.size, tree.root), self.authors[by].identity.key)

    def cosigned(self, note: bytes, *witnesses: str) -> bytes:
        text = parse_signed(note).text
        return note + b"".join(cosign(text, self.witness_key(name), self.now // 1000) for name in witnesses)

    def seal(self, *, final: bool = False, witnesses: Sequence[str] = ("w1", "w2"), later: Sequence[str] = ()) -> None:
        """The notary seals what stands there, with the cosignatures that have come and those that come later."""
        note = self.cosigned(self.checkpoint(self.bodies), *witnesses)
        signed, missing = parse_signed(note).checkpoint, tuple(sorted({*WITNESSES} - {*witnesses}))
        root = signed.root.hex()
        self.say("notary-1", e.LogSealed(signed.size, root, note.decode(), tuple(witnesses), missing, final))
        if later:
            note = self.cosigned(note, *later)
            self.say("notary-1", e.SealCosigned(signed.size, note.decode(), (*witnesses, *later)))

    # --- people -------------------------------------------------------------------------------------------------------

    def vote(self, person: str, opened: e.GateOpened, key: str, *, text: str = "") -> e.GateVoted:
        """A person's signed answer at a gate, as the gatekeeper writes it down."""
        choice = next(each for each in opened.choices if each.key == key)
        statement = self.statement(
            person,
            gate=opened.gate,
            visit=opened.visit,
            choice=key,
            text=text,
            digest=opened.digest,
            policy=opened.policy_sha256,
        )
        vote = self.signed(person, statement, choice.label, key)
        return e.GateVoted(opened.gate, opened.visit, opened.step, vote, statement.nonce, text)

    def statement(self, person: str, **about: object) -> DecisionStatement:
        self.said += 1
        at = self.now + 1000
        fixed = {"run": self.run, "person": person, "at": at, "expires": at + 600_000, "nonce": f"nonce-{self.said}"}
        return DecisionStatement(**{**fixed, **about})  # type: ignore[arg-type]

    def signed(self, person: str, statement: DecisionStatement, label: str, key: str) -> Vote:
        text = encode(statement)
        signature = sign(text, self.people[person])
        return Vote(person, label, key, self.now + 1000, "cli", "person", text.decode(), signature)


__all__ = ["POLICY", "START", "PersonKey", "Said", "Town", "seed"]
