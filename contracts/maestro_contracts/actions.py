"""What is asked and approved about actions? Their parts as judged, standing grants, and the digests that bind them.

An action is one proposal, or several that are one effect (a task's change, file by file). An approval is bound to the
digest of the whole; what people are asked, and what makes two questions the same, is the digest of the parts above
level 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from maestro_contracts.proposals import EffectRecord
from maestro_contracts.records import Record

ACTIONS_MAGIC = "maestro/actions/v1"
GRANT_MAGIC = "maestro/grant/v1"


class ActionPart(Record):
    """One part of a proposed action as it was judged: what it is about (redacted), its own digest and its level.
    `diff` is what it changes in a file, as a unified difference, redacted and shortened."""

    kind: str
    about: str
    digest: str
    level: int = 0
    effects: tuple[EffectRecord, ...] = ()
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    diff: str = ""


class Grant(Record):
    """A standing approval of actions like these. An action falls under it when each of its effects above level 1 has
    one of the kinds `effects`, one of the places `where` and a target that fits one of `paths` (globs), as far as these
    are given, and, where `command` is given, when it is a shell command that begins with exactly these words.
    `level` is the highest that it covers. It ends at `expires` (ms since the epoch) or after `uses`."""

    id: str
    expires: int
    effects: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    level: int = 2
    uses: int = 1
    why: str = ""


def joint_digest(digests: Iterable[str]) -> str:
    """The digest of an action of several parts: that of the part where there is one, else SHA-256 over the line
    `maestro/actions/v1` and the parts' digests, one line each, in order. Lower-case hex; empty for no part."""
    every = tuple(digests)
    if len(every) <= 1:
        return "".join(every)
    return hashlib.sha256("".join(f"{line}\n" for line in (ACTIONS_MAGIC, *every)).encode()).hexdigest()


def grant_digest(grant: Grant) -> str:
    """SHA-256 over the line `maestro/grant/v1` and the grant as one line of JSON, in the order of its fields, those
    that have their default left out. Lower-case hex."""
    return hashlib.sha256(GRANT_MAGIC.encode() + b"\n" + msgspec.json.encode(grant) + b"\n").hexdigest()
