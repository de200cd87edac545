"""Which keys may be believed? An enrolled actor, its role and its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maestro.log.identity import OPERATOR, OPERATOR_KEY_NAME, key_name
from maestro.log.note import VerifyKey


@dataclass(frozen=True, slots=True)
class Member:
    """An enrolled key. `revoked` is the time (ms) from which nothing signed with it is believed."""

    actor: str
    role: str
    epoch: str
    key: VerifyKey
    revoked: int | None = None


Find = Callable[[str, str], Member | None]
"""The member of an actor and an epoch."""


def operator_member(key: VerifyKey, epoch: str) -> Member:
    """The operator is known without enrolment, under one key in every epoch."""
    return Member(OPERATOR, OPERATOR, epoch, VerifyKey(OPERATOR_KEY_NAME, key.key))


def enrolled_member(actor: str, role: str, epoch: str, key: bytes) -> Member:
    """Raises KeyRefused where the key is none."""
    return Member(actor, role, epoch, VerifyKey(key_name(actor, epoch), key))
