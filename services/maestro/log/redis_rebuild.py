"""How are a run's head and id index made again from its log alone, and junk put aside that cannot stand in a log?

An entry's place is `0-<seq>` without a gap. What stands in its place stays there, even where it is no commit: readers
have seen it, and reject it. What has another id is junk: it is moved to the `:junk` stream, and since a stream never
takes an id below its last one again, the log is copied without it. Commits behind a gap mean that entries were lost;
that is nothing to mend silently.
"""

from __future__ import annotations

import hashlib
import os

from maestro.log.checks import BLOB
from maestro.log.commit import parse_commit
from maestro.log.redis_link import Link
from maestro.log.store import StoreCorrupt
from maestro_contracts.envelope import Unreadable

COPY = 200
IDS = 2000


class Rebuild:
    """One attempt on one run, beside any number of others on the same run."""

    def __init__(self, link: Link, run: str, prefix: str) -> None:
        self._link, self._run = link, run
        self._keys = {what: prefix + what for what in ("log", "head", "dd", "blob", "junk")}
        token = os.urandom(6).hex()
        self._dd, self._log = f"{self._keys['dd']}:{token}", f"{self._keys['log']}:{token}"
        self._ids: list[str | int] = []
        self._seq = 0
        self._last = "0-0"
        self._length = 0
        self._junk: list[str] = []

    async def attempt(self) -> int | None:
        """The number of entries; None where somebody wrote in the meantime."""
        await self._read_log()
        await self._read_blobs()
        await self._send_ids(all=True)
        copy = bool(self._junk) or await self._ends_elsewhere()
        if copy:
            for first in range(1, self._seq + 1, COPY):
                last = min(first + COPY - 1, self._seq)
                await self._link.function("restore_entries", (self._keys["log"], self._log), first, last)
        keys = (*(self._keys[what] for what in ("log", "head", "dd", "junk")), self._dd, self._log)
        args = (self._seq, self._last, self._length, "1" if copy else "0", *self._junk)
        return self._seq if await self._link.function("restore", keys, *args) else None

    async def _read_log(self) -> None:
        known = await self._link.command("HGET", self._keys["head"], "seq")
        async for id, fields in self._link.pages(self._keys["log"]):
            self._last = id.decode()
            self._length += 1
            ids = _ids(fields)
            if id == b"0-%d" % (self._seq + 1):
                self._seq += 1
                for each in ids:
                    self._ids += (each, self._seq)
                await self._send_ids()
            elif ids and id.startswith(b"0-"):
                raise self._lost(f"entry {self._seq + 1} is missing before entry {id[2:].decode()}")
            else:
                self._junk.append(self._last)
        if known is not None and int(known) > self._seq:
            raise self._lost(f"it had {int(known)} entries and has {self._seq} now")

    async def _read_blobs(self) -> None:
        async for id, flat in self._link.pages(self._keys["blob"]):
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
            sha = fields.get(b"s", b"").decode(errors="replace")
            if hashlib.sha256(fields.get(b"b", b"")).hexdigest() == sha:
                self._ids += (BLOB + sha, id.decode())
                await self._send_ids()

    async def _send_ids(self, all: bool = False) -> None:
        if self._ids and (all or len(self._ids) >= IDS):
            await self._link.function("restore_ids", (self._dd,), *self._ids)
            self._ids = []

    async def _ends_elsewhere(self) -> bool:
        """True where the stream's last id is not its last entry's: junk was there and was deleted."""
        if not self._length:
            return bool(await self._link.command("EXISTS", self._keys["log"]))
        flat = await self._link.command("XINFO", "STREAM", self._keys["log"])
        return bool(dict(zip(flat[::2], flat[1::2], strict=True))[b"last-generated-id"] != b"0-%d" % self._seq)

    def _lost(self, what: str) -> StoreCorrupt:
        mend = "stop the run and restore the log from a backup"
        return StoreCorrupt(f"{self._link.address}: run {self._run} has lost entries of its log: {what}; {mend}")


def _ids(fields: list[bytes]) -> tuple[str, ...]:
    """The ids that an entry takes; none where it is no commit."""
    if fields[0] != b"n":
        return ()
    try:
        return parse_commit(fields[1]).ids
    except Unreadable:
        return ()
