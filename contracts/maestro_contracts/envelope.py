"""How is a statement written down? The commit (what an author signs) and the command message, and their JSON.

A commit's text is `maestro/commit/v1`, one JSON line of header and one JSON line for each event. It is signed as a
C2SP signed note (c2sp.org/signed-note); the signature's key name is `maestro/<actor>@<epoch>`. What is read is never
encoded again to verify it: the bytes that came are the bytes that were signed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from maestro_contracts import upcast
from maestro_contracts.commands import COMMANDS, Command
from maestro_contracts.events import EVENTS, Event

COMMIT_MAGIC = "maestro/commit/v1"
MAX_ENTRY = 60 * 1024
"""An entry stays under this many bytes; larger event data goes to the blob store by its SHA-256."""
MAX_INLINE = 24 * 1024
"""Event data above this many bytes goes to the blob store."""


class CommitHeader(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who says this, in which place of their own chain. `aprev` is the SHA-256 (hex) of the author's previous note
    in this run; `cmd` the first command that it answers; `ts` milliseconds since the Unix epoch."""

    run: str
    actor: str
    epoch: str
    aseq: int
    aprev: str
    ts: int
    cmd: str = ""
    corr: str = ""


class EventRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One event as written. Either `data` is there, or `data_sha256` and `size` name it in the blob store."""

    id: str
    type: str
    v: int
    cause: str = ""
    data: msgspec.Raw = msgspec.Raw()
    data_sha256: str = ""
    size: int = 0


class CommandRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One command as it lies in a queue, in the entry's field `__data__`. `cause` is the id of the event that it
    follows from; empty where a person asked."""

    id: str
    type: str
    run: str
    v: int = 1
    cause: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Unreadable(ValueError):
    """These bytes are not what the contracts say. The message names what is wrong."""


encode = msgspec.json.Encoder().encode
decode_header = msgspec.json.Decoder(CommitHeader).decode
decode_record = msgspec.json.Decoder(EventRecord).decode
_decode_command = msgspec.json.Decoder(CommandRecord).decode
_event_decoders = {name: msgspec.json.Decoder(cls).decode for name, cls in EVENTS.items()}
_command_decoders = {name: msgspec.json.Decoder(cls).decode for name, cls in COMMANDS.items()}
_CURRENT = {name: upcast.current_version(name) for name in EVENTS}


def read_event(record: EventRecord, data: bytes | msgspec.Raw | None = None) -> Event:
    """The typed event of a record; `data` is the blob's bytes where the record only names them. Raises Unreadable."""
    raw = record.data if data is None else data
    try:
        if record.v == _CURRENT[record.type]:
            return _event_decoders[record.type](raw)
        old: dict[str, Any] = msgspec.json.decode(raw)
        return msgspec.convert(upcast.upcast(record.type, record.v, old), EVENTS[record.type])
    except KeyError:
        raise Unreadable(f"event {record.id}: nobody knows the type {record.type!r}") from None
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"event {record.id} ({record.type} v{record.v}): {error}") from None


def write_command(command: Command, *, id: str, run: str, cause: str = "") -> bytes:
    record = CommandRecord(id=id, type=type(command).__name__, run=run, cause=cause, data=msgspec.Raw(encode(command)))
    return encode(record)


def read_command(message: bytes) -> tuple[CommandRecord, Command]:
    """A queue message's record and its typed command. Raises Unreadable."""
    try:
        record = _decode_command(message)
        return record, _command_decoders[record.type](record.data)
    except KeyError:
        raise Unreadable(f"nobody knows a command of type {record.type!r}") from None
    except msgspec.MsgspecError as error:
        raise Unreadable(f"not a command: {error}") from None
