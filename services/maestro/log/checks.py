"""Is a write one that a store can carry out? Checked before anything is sent; the same for every store."""

from __future__ import annotations

import hashlib
import re

from maestro.log.store import Ack, DeadLetter, Send, Timer, Write
from maestro_contracts.envelope import MAX_ENTRY

RUN = re.compile(r"[a-z0-9][a-z0-9-]{0,39}").fullmatch
ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch
MESSAGE_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}").fullmatch
BLOB = "blob:"
"""Ids of blobs stand in the same index as ids of events and commands, under this prefix."""


def check(write: Write) -> None:
    """Raises ValueError for a write that contradicts itself or names things that cannot be."""
    _need(RUN(write.run), f"{write.run!r} is no run id: up to 40 of a-z, 0-9 and '-'")
    ids = [id for note in write.notes for id in note.ids]
    _need(len(set(ids)) == len(ids), "a write takes each id once")
    _need(all(note.ids for note in write.notes), "a note takes at least one id; without one, a resend would repeat it")
    if bad := [id for id in ids if not id or id.startswith(BLOB) or not id.isprintable() or " " in id]:
        raise ValueError(f"these are no ids: {bad!r}")
    _need(all(0 < len(note.body) < MAX_ENTRY for note in write.notes), f"a note has up to {MAX_ENTRY} bytes")
    asked: list[Send | Timer | Ack] = [*write.sends, *write.timers, *write.acks]
    for role in {each.role for each in asked}:
        _need(ROLE(role), f"{role!r} is no role")
    for ack in write.acks:
        if not ack.ids or not all(map(MESSAGE_ID, ack.ids)):
            raise ValueError(f"{ack.ids!r}: not ids of messages")
    for sha, data in write.blobs:
        _need(hashlib.sha256(data).hexdigest() == sha, f"blob {sha}: its content has another hash")


def check_letter(write: Write, letter: DeadLetter) -> None:
    """Raises ValueError, as `check` does."""
    check(write)
    _need(ROLE(letter.role), f"{letter.role!r} is no role")
    _need(MESSAGE_ID(letter.id), f"{letter.id!r} is no id of a message")


def _need(condition: object, reason: str) -> None:
    if not condition:
        raise ValueError(reason)
