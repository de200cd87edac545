"""What does a log store promise? The interface that the Redis store and the in-memory store both keep.

Promises, in one place:
- A write is one call and all or nothing: duplicates removed by id, entries appended, next commands queued, timers set
  and unset, blobs kept, handled messages acknowledged and deleted.
- When a write returns `Appended`, it is as durable as the server's fsync setting says (`always`: on disk).
- A run's entries are numbered 1, 2, 3, ... without a gap; what was returned once is never changed.
- Every id is taken once per run. Sending the same write again changes nothing and says `Duplicate`.
- A write that acknowledges a message is refused (`Lost`) when that message is no longer this consumer's: somebody
  else took it over. That is the fence against a worker that slept past its lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Send(msgspec.Struct, frozen=True, gc=False):
    """A command for a role's queue: the bytes of a `CommandRecord`."""

    role: str
    message: bytes


class Timer(msgspec.Struct, frozen=True, gc=False):
    """A durable timer: at `due` (ms since the epoch) `message` goes to `role`'s queue, exactly once."""

    id: str
    due: int
    role: str
    message: bytes


class Ack(msgspec.Struct, frozen=True, gc=False):
    """Messages of a role's queue that this write has handled, as taken by `consumer`."""

    role: str
    consumer: str
    ids: tuple[str, ...]


class Note(msgspec.Struct, frozen=True, gc=False):
    """One entry to append: a signed note's exact bytes and the ids (commands answered, events said) that it takes."""

    body: bytes
    ids: tuple[str, ...]


class Write(msgspec.Struct, frozen=True, gc=False):
    """One atomic write to one run. `expected` is the run's last seq where the decision depends on it, else None."""

    run: str
    notes: tuple[Note, ...] = ()
    expected: int | None = None
    sends: tuple[Send, ...] = ()
    timers: tuple[Timer, ...] = ()
    unset: tuple[str, ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    acks: tuple[Ack, ...] = ()


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Done. `seq` is the run's last seq now."""

    seq: int


class Duplicate(msgspec.Struct, frozen=True, gc=False):
    """These ids were taken before, by the entries with these seqs. Where `whole`, every id of the write was: it had
    happened already, and its messages are acknowledged now. Else nothing was written. `same` where those entries are
    the very notes of this write: an earlier sending of it got through."""

    taken: dict[str, int]
    whole: bool
    same: bool = False


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """The run's last seq is `seq`, not the expected one. Nothing was written: fold again and decide again."""

    seq: int


class Lost(msgspec.Struct, frozen=True, gc=False):
    """These messages are not this consumer's any more. Nothing was written: drop the work."""

    ids: tuple[str, ...]


Result = Appended | Duplicate | Conflict | Lost


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry as stored: its place and its exact bytes."""

    seq: int
    body: bytes


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """A message that was given up: what it was, from which queue, why, after how many deliveries."""

    id: str
    role: str
    message: bytes
    reason: str
    deliveries: int


class StoreUnavailable(ConnectionError):
    """The server cannot be reached. The message says which address and what to do."""


class StoreCorrupt(RuntimeError):
    """The stored log contradicts itself: stop and look."""


class LogWentBack(StoreCorrupt):
    """What this process read or wrote stands in the log no more: begin anew."""


class Store(Protocol):
    """See the module's promises."""

    async def write(self, writes: Sequence[Write]) -> list[Result]:
        """Carry out several writes in one round trip, each atomic by itself, in order. Raises StoreUnavailable."""
        ...

    async def read(self, run: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Up to `limit` entries with seq > after, in order. Junk that is no entry is passed over."""
        ...

    async def tail(self, after: dict[str, int], block_ms: int) -> dict[str, list[Entry]]:
        """New entries of several runs; waits up to `block_ms` for the first."""
        ...

    async def head(self, run: str) -> int:
        """The run's last seq; 0 where there is none."""
        ...

    async def blob(self, run: str, sha256: str) -> bytes | None:
        """A large payload by its SHA-256; None where it is not there or does not match its hash."""
        ...

    async def runs(self) -> list[str]:
        """All runs that have a log, sorted, the system log left out."""
        ...

    async def fire(self, now: int | None = None) -> int | None:
        """Queue the commands of all timers due at `now` (None: the server's clock), each exactly once. Returns when
        the next one is due (ms), or None."""
        ...

    async def dead_letter(self, write: Write, letter: DeadLetter) -> Result:
        """Move a message to the dead-letter queue, acknowledge it and append `write`'s notes, in one call."""
        ...

    async def dead_letters(self, role: str) -> list[DeadLetter]: ...

    async def queue_length(self, role: str) -> int:
        """Messages of a role's queue that are not handled yet (waiting and in work)."""
        ...

    async def queued(self, role: str) -> list[bytes]:
        """The messages of a role's queue that are not handled yet, oldest first."""
        ...

    async def rebuild(self, run: str) -> int:
        """Make head and id index again from the log alone; returns the number of entries. Done by itself when a
        write finds them missing."""
        ...

    async def close(self) -> None: ...


SYSTEM = "system"
"""The run id of the log that holds enrolments: what every reader must know before it can verify anything."""
