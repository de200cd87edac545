"""May this checkpoint be cosigned? The rules of c2sp.org/tlog-witness, `add-checkpoint`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maestro.tlog.checkpoint import Checkpoint, SignedCheckpoint, is_signed_by, parse_signed
from maestro.tlog.cosignature import Cosigner
from maestro.tlog.exchange import Request, read_request
from maestro.tlog.memory import Remembered
from maestro.tlog.merkle import EMPTY_ROOT, verify_consistency
from maestro.tlog.policy import Log
from maestro_contracts.envelope import Unreadable


@dataclass(frozen=True, slots=True)
class Cosign:
    """It may: this checkpoint goes on from what was remembered."""

    signed: SignedCheckpoint
    before: Remembered


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not. `status` is the HTTP status; `known` the size that is remembered, where the client knows another.
    `alarm`: somebody shows another history than the one that was seen."""

    status: int
    reason: str
    origin: str = ""
    known: int | None = None
    alarm: bool = False


def decide(body: bytes, logs: Sequence[Log], own: Cosigner, last: Callable[[str], Remembered]) -> Cosign | Refused:
    """The verdict on a request's body. `last` says what is remembered of an origin; it is asked only for known ones."""
    try:
        request = read_request(body)
        signed = parse_signed(request.note)
    except Unreadable as error:
        return Refused(400, str(error))
    checkpoint = signed.checkpoint
    keys = [key for log in logs if (key := log.key_for(checkpoint.origin)) is not None]
    if not keys:
        return Refused(404, "no log that this witness knows", checkpoint.origin)
    if not any(is_signed_by(signed, key) for key in keys):
        return Refused(403, "the log did not sign this checkpoint", checkpoint.origin)
    return _against(request, signed, own, last(checkpoint.origin))


def _against(request: Request, signed: SignedCheckpoint, own: Cosigner, before: Remembered) -> Cosign | Refused:
    checkpoint = signed.checkpoint
    if request.old > checkpoint.size:
        return Refused(400, "the old size is larger than the new one", checkpoint.origin)
    if _was_signed_here(signed, own) and checkpoint.size > before.size:
        reason = f"this witness cosigned {checkpoint.size} entries and remembers {before.size}: its memory is old"
        return Refused(409, reason, checkpoint.origin, before.size, alarm=True)
    if request.old != before.size:
        reason = f"this witness has seen {before.size} entries, the client says {request.old}"
        return Refused(409, reason, checkpoint.origin, before.size, alarm=checkpoint.size < before.size)
    if reason := _inconsistent(request, checkpoint, before):
        return Refused(422, reason, checkpoint.origin, alarm=True)
    return Cosign(signed, before)


def _was_signed_here(signed: SignedCheckpoint, own: Cosigner) -> bool:
    return any(own.cosigned_at(signed.text, each) is not None for each in signed.signatures)


def _inconsistent(request: Request, checkpoint: Checkpoint, before: Remembered) -> str:
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return "an empty tree has another root"
    if not verify_consistency(request.old, before.root, checkpoint.size, checkpoint.root, request.proof):
        return f"the tree of {checkpoint.size} entries does not continue the {before.size} that were seen"
    return ""
