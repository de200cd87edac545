"""May this process join? Only one that knows its role's join secret."""

from __future__ import annotations

import base64
import binascii
import hmac

from maestro.log.identity import OPERATOR, proof
from maestro_contracts.commands import Enrol
from maestro_contracts.events import ActorEnrolled
from maestro_contracts.roles import ROLES

KEY_SIZE = 32


def decide(asked: Enrol, secret: bytes) -> ActorEnrolled | str:
    """The enrolment, or why not. `secret` is the join secret of the role that is asked for."""
    if asked.role not in ROLES or OPERATOR in (asked.role, asked.actor):
        return f"nobody can join as {asked.role!r} under the name {asked.actor!r}"
    if not hmac.compare_digest(asked.proof.encode(), proof(asked, secret).encode()):
        return f"{asked.actor} does not know the join secret for {asked.role}"
    try:
        key = base64.b64decode(asked.key, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_SIZE:
        return f"{asked.actor} gave no Ed25519 public key"
    return ActorEnrolled(asked.actor, asked.role, asked.epoch, asked.key, asked.host)
