"""What does a queue's entry ask for? One entry at a time, so that what cannot be read harms nothing but itself."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from maestro.bus.service import Delivery
from maestro.log.checks import RUN
from maestro_contracts.envelope import CommandRecord, Unreadable, read_command

EXCERPT = 200
_decode_record = msgspec.json.Decoder(CommandRecord).decode


@dataclass(frozen=True, slots=True)
class Junk:
    """An entry that is no command for this role, and why; `run`, `command` and `type` as far as they can be read."""

    message_id: str
    message: bytes
    count: int
    why: str
    run: str = ""
    command: str = ""
    type: str = ""


def read_entry(queue: str, message_id: str, message: bytes | None, count: int) -> Delivery | Junk:
    """What an entry's field `__data__` (None: it has none) asks of the role whose queue this is."""
    if message is None:
        return Junk(message_id, b"", count, "the entry has no field __data__")
    try:
        record, command = read_command(message)
    except (Unreadable, RecursionError) as error:
        return _junk(message_id, message, count, str(error) or "nested too deeply")
    if not _is_named(record):
        ids = f"run {record.run[:EXCERPT]!r}, command {record.id[:EXCERPT]!r}"
        return _junk(message_id, message, count, f"not both of these are ids: {ids}")
    if command.to != queue:
        return _junk(message_id, message, count, f"{record.type} is for the role {command.to}, not for {queue}")
    return Delivery(command, record.id, record.run, record.cause, count, message_id, queue)


def _junk(message_id: str, message: bytes, count: int, why: str) -> Junk:
    try:
        record = _decode_record(message)
    except (msgspec.MsgspecError, RecursionError):
        return Junk(message_id, message, count, why)
    if not _is_named(record):
        return Junk(message_id, message, count, why)
    return Junk(message_id, message, count, why, record.run, record.id, record.type[:EXCERPT])


def _is_named(record: CommandRecord) -> bool:
    return bool(RUN(record.run)) and bool(record.id) and record.id.isprintable() and " " not in record.id
