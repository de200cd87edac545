"""Which words did people sign, so that a stranger can check them with `ssh-keygen`? Collected from the log. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maestro.log.verify import Commit, Rejected
from maestro.people import Directory
from maestro.people.exporting import ALLOWED, allowed_signers
from maestro_contracts import events as e
from maestro_contracts.records import Vote

FOLDER = "decisions/"


@dataclass(frozen=True, slots=True)
class SignedWord:
    """One person's signed statement, and the event that holds it."""

    at: str
    vote: Vote


class Words:
    """Hears a log's entries and keeps each vote once."""

    def __init__(self) -> None:
        self.signed: list[SignedWord] = []

    def hear(self, verdict: Commit | Rejected) -> None:
        if not isinstance(verdict, Commit):
            return
        for index, event in enumerate(verdict.events):
            if isinstance(event, e.GateVoted | e.GrantIssued | e.GrantRevoked | e.EffectApproved | e.RollBackOrdered):
                self.signed.append(SignedWord(f"{verdict.seq}.{index}", event.vote))

    def files(self, directory: Directory) -> Iterator[tuple[str, bytes]]:
        """The statements that people signed with their own keys, their signatures, and whose keys count."""
        own = [word for word in self.signed if word.vote.statement and word.vote.signature]
        for word in own:
            stem = f"{FOLDER}{word.at}.{re.sub(r'[^a-z0-9_-]', '_', word.vote.person)[:40]}"
            yield f"{stem}.statement", word.vote.statement.encode()
            yield f"{stem}.statement.sig", word.vote.signature.encode()
        if own:
            yield ALLOWED, allowed_signers(directory.listing()).encode()
