"""May this process join? Only one that knows its role's join secret, under a name that is not somebody else's."""

from __future__ import annotations

import base64
import hmac
import re

from maestro.log.identity import OPERATOR, proof
from maestro_contracts.commands import Enrol
from maestro_contracts.events import ActorEnrolled
from maestro_contracts.roles import ROLES

KEY_SIZE = 32
JOINING = tuple(role for role in ROLES if role not in (OPERATOR, "registrar"))
"""The roles that a process can be introduced in."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def decide(asked: Enrol, secret: bytes, role_before: str = "") -> ActorEnrolled | str:
    """The enrolment, or why not. `secret` is the join secret of the role that is asked for; `role_before` the role that
    an earlier process of this name had."""
    if asked.role not in JOINING or asked.actor == OPERATOR:
        return f"nobody can join as {asked.role!r} under the name {asked.actor!r}"
    if not _NAME.fullmatch(asked.actor) or not _NAME.fullmatch(asked.epoch):
        return f"{asked.actor!r} in epoch {asked.epoch!r} is no name; use 1 to 64 of A-Z a-z 0-9 . _ -"
    if not hmac.compare_digest(asked.proof.encode(), proof(asked, secret).encode()):
        return f"{asked.actor} does not know the join secret for {asked.role}"
    if role_before not in ("", asked.role):
        return f"{asked.actor} is the name of a {role_before}; a {asked.role} needs another one"
    try:
        key = base64.b64decode(asked.key, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        return f"{asked.actor} gave no Ed25519 public key"
    return ActorEnrolled(asked.actor, asked.role, asked.epoch, asked.key, asked.host)
