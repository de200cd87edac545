"""How does an answer at a gate become the person's own word? Its statement, signed with their key, goes along."""

from __future__ import annotations

import secrets

import msgspec

from maestro.cli.own_key import OwnKey
from maestro.people import sign
from maestro_contracts.commands import DecideGate
from maestro_contracts.decision import DecisionStatement, encode
from maestro_contracts.events import GateOpened

GOOD_FOR_MS = 10 * 60_000
"""A statement that nobody has taken by then decides nothing any more."""


def signed(command: DecideGate, opened: GateOpened, run: str, own: OwnKey | None, now: int) -> DecideGate:
    """The command in the name of whoever signs it; as it is where nobody can. `choice` is a choice's key. It is about
    `opened` as it was shown: its visit, its digest, its policy. May wait for a person (a passphrase, an agent that
    asks): call it in a thread. Raises KeyRefused, and Unreadable where the text cannot be signed."""
    if own is None:
        return command
    statement = encode(
        DecisionStatement(
            run=run,
            gate=opened.gate,
            visit=opened.visit,
            choice=command.choice,
            text=command.text,
            conditions=command.conditions,
            answers=command.answers,
            digest=opened.digest,
            policy=opened.policy_sha256,
            person=own.person,
            at=now,
            expires=now + GOOD_FOR_MS,
            nonce=secrets.token_hex(16),
        )
    )
    signature = sign(statement, own.signer)
    return msgspec.structs.replace(
        command, by=own.person, visit=opened.visit, statement=statement.decode(), signature=signature
    )
