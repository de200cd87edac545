"""How do tests of the log make notes and people who say them?"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from maestro.log.author import Author
from maestro.log.commit import build_commit, build_record, commit_ids
from maestro.log.identity import OPERATOR_KEY_NAME, Identity
from maestro.log.keyring import Keyring
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Appended, Note, Store
from maestro_contracts.envelope import CommitHeader
from maestro_contracts.events import ActorEnrolled, AgentReported, Event

ANYBODY = SigningKey("maestro/anybody@1", bytes(32))


@dataclass(frozen=True)
class Said:
    id: str
    event: Event
    cause: str = ""


def said(id: str, text: str = "x") -> Said:
    """Something that a worker may say."""
    return Said(id, AgentReported("T-001", 1, text))


def note(run: str, ids: Sequence[str], answers: Sequence[str] = (), text: str = "x") -> Note:
    """A signed note that takes these ids, by nobody in particular."""
    records = [build_record(id, AgentReported("T-001", 1, text))[0] for id in ids]
    header = CommitHeader(run, "anybody", "1", 1, "", ts=1, cmd=" ".join(answers))
    return Note(build_commit(header, records, ANYBODY), commit_ids(header, records))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class People:
    """An operator, and those whom they introduce."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.key = SigningKey.generate(OPERATOR_KEY_NAME)
        self.operator = Author(Identity.operator(self.key))
        self.now = 1_000

    @property
    def keyring(self) -> Keyring:
        return Keyring(self.key.verify_key)

    async def tell(self, event: Event, id: str) -> None:
        """The operator says something in the system log."""
        self.now += 1
        result = await self.operator.write(self.store, self.operator.draft(SYSTEM, [Said(id, event)], ts=self.now))
        assert isinstance(result, Appended), result

    async def join(self, actor: str, role: str) -> Author:
        """Somebody new, who is believed from now on."""
        who = Identity.fresh(actor, role)
        await self.tell(enrolled(who), f"enrol:{actor}@{who.epoch}/enrolled")
        return Author(who)


def enrolled(who: Identity) -> ActorEnrolled:
    return ActorEnrolled(who.actor, who.role, who.epoch, base64.b64encode(who.key.verify_key.key).decode())
