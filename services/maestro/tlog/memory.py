"""What was the last checkpoint that we signed? A small file of our own (SQLite), apart from the server that keeps logs.

Whoever signs checkpoints must never sign two histories, nor an older one after a newer. What is remembered here is on
disk before a signature leaves the process, and two processes on one file cannot both go on from the same place.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from maestro.tlog.merkle import EMPTY_ROOT

_SCHEMA = """
CREATE TABLE IF NOT EXISTS closed (origin TEXT PRIMARY KEY, head INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tree (
    origin TEXT PRIMARY KEY,
    origin_hash TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last tree of a log that was signed for. `note` is what was signed, with the signature."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: bytes = b""


class MemoryLost(RuntimeError):
    """The file cannot be used. The message names it, and the mend."""


class Memory:
    """Of one signer. Not to be shared between signers."""

    def __init__(self, path: Path) -> None:
        """Raises MemoryLost."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._lost(error) from None

    def last(self, origin: str) -> Remembered:
        """Raises MemoryLost."""
        try:
            row = self._base.execute("SELECT size, root, note FROM tree WHERE origin = ?", (origin,)).fetchone()
        except sqlite3.Error as error:
            raise self._lost(error) from None
        return Remembered(*row) if row else Remembered()

    def note_of(self, origin_hash: str) -> bytes | None:
        """The note of the log whose origin has this SHA-256 (hex); None where there is none. Raises MemoryLost."""
        try:
            row = self._base.execute("SELECT note FROM tree WHERE origin_hash = ?", (origin_hash,)).fetchone()
        except sqlite3.Error as error:
            raise self._lost(error) from None
        return bytes(row[0]) if row else None

    def advance(self, origin: str, before: Remembered, after: Remembered) -> bool:
        """Remember `after`, on disk, where `before` is what is remembered; False where it is not. Raises MemoryLost."""
        new = (after.size, after.root, after.note)
        try:
            if before.size or before.note:
                done = self._base.execute(
                    "UPDATE tree SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?",
                    (*new, origin, before.size, before.root),
                )
            else:
                done = self._base.execute(
                    "INSERT INTO tree (size, root, note, origin, origin_hash) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (*new, origin, hashlib.sha256(origin.encode()).hexdigest()),
                )
        except sqlite3.Error as error:
            raise self._lost(error) from None
        return done.rowcount == 1

    def closed(self, origin: str) -> int:
        """The last entry of a log that nothing more is expected of; 0 where that is not known. Raises MemoryLost."""
        try:
            row = self._base.execute("SELECT head FROM closed WHERE origin = ?", (origin,)).fetchone()
        except sqlite3.Error as error:
            raise self._lost(error) from None
        return int(row[0]) if row else 0

    def note_closed(self, origin: str, head: int) -> None:
        """Raises MemoryLost."""
        try:
            self._base.execute("INSERT OR REPLACE INTO closed (origin, head) VALUES (?, ?)", (origin, head))
        except sqlite3.Error as error:
            raise self._lost(error) from None

    def close(self) -> None:
        self._base.close()

    def _lost(self, error: Exception) -> MemoryLost:
        return MemoryLost(
            f"{self._path}, which remembers what was signed, cannot be used ({error}); restore it from a copy that is "
            "not older than the last signature, or remove it together with its key and make a new one"
        )
