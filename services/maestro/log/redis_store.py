"""How does a Redis or Valkey server keep the log? The promises of `store.py`, carried out by the functions in
`functions.lua`.

Keys (`p` is the partition, a hash tag): `{p}:run:<run>:log` and `:blob` are the truth and are never trimmed. `:head`
(seq, and how many ids were taken) and `:dd` (id to seq) are an index of it, made again from the log when a write finds
them missing. `:junk` holds what somebody put into the log that cannot stand there. Queues are `{p}:q:<role>`, dead
letters `{p}:dlq:<role>`, timers `{p}:timers` with their commands in `{p}:timers:d`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from maestro.log.checks import BLOB, RUN, check, check_letter
from maestro.log.library import LIBRARY
from maestro.log.login import PERSON, read_login, with_tls
from maestro.log.queues import GROUP, Taken
from maestro.log.redis_link import ATTEMPTS, CUT_OFF, PAUSE_S, Call, Link, NoFunction, NoGroup, NotLoaded, bare, text
from maestro.log.redis_rebuild import Rebuild
from maestro.log.store import (
    SYSTEM,
    Appended,
    Conflict,
    DeadLetter,
    Duplicate,
    Entry,
    Lost,
    Result,
    StoreCorrupt,
    StoreUnavailable,
    Write,
)

REBUILD_TRIES = 8
FIRE_BATCH = 500
TAIL_PAGE = 128
"""A page of so many entries is still in the processor's cache when its reader comes to use it: half the cost of 500."""


class RedisStore:
    """Keeps `store.Store` and `queues.Queues`."""

    def __init__(self, link: Link, partition: str = "p00") -> None:
        self.link = link
        self._p = f"{{{partition}}}:"

    # --- writing ----------------------------------------------------------------------------------------------------

    async def write(self, writes: Sequence[Write]) -> list[Result]:
        """See `Store.write`. Raises ValueError for a write that contradicts itself, StoreCorrupt where a run's log or
        a key cannot be written to; the other writes are carried out all the same."""
        for each in writes:
            check(each)
        return await self._carry_out(writes, [self._call(each) for each in writes])

    async def dead_letter(self, write: Write, letter: DeadLetter) -> Result:
        check_letter(write, letter)
        queues = [self._queue(letter.role), self._p + "dlq:" + letter.role]
        call = self._call(write, "dead_letter", queues)
        first = int(call[2]) - len(queues) + 1
        extra = (first, first + 1, letter.id, letter.role, letter.message, letter.reason, letter.deliveries)
        return (await self._carry_out([write], [call + extra]))[0]

    async def fire(self, now: int | None = None) -> int | None:
        while True:
            keys = (self._p + "timers", self._p + "timers:d")
            fired, due = await self.link.function("fire", keys, "" if now is None else now, FIRE_BATCH)
            if fired < FIRE_BATCH:
                return None if due < 0 else due

    async def _carry_out(self, writes: Sequence[Write], calls: list[Call]) -> list[Result]:
        await self.link.make_ready()
        results: list[Result | None] = [None] * len(writes)
        todo = list(range(len(writes)))
        resent = False
        for attempt in range(ATTEMPTS + REBUILD_TRIES):
            together = len({writes[i].run for i in todo}) < len(todo)
            try:
                replies = await self.link.once([calls[i] for i in todo], together)
            except CUT_OFF as error:
                if attempt + 1 >= ATTEMPTS:
                    raise self.link.unavailable(error) from error
                resent = True
                await asyncio.sleep(PAUSE_S * 2**attempt)
                continue
            todo = await self._settle(writes, todo, replies, results, resent)
            if not todo:
                return [result for result in results if result is not None]
        raise StoreCorrupt(f"{self.link.address}: the index of run {writes[todo[0]].run} cannot be made to fit its log")

    async def _settle(
        self, writes: Sequence[Write], todo: list[int], replies: list[Any], results: list[Result | None], resent: bool
    ) -> list[int]:
        """Take in the replies; returns the writes that were not carried out and must be sent again."""
        again: list[int] = []
        broken: BaseException | None = None
        for i, reply in zip(todo, replies, strict=True):
            if isinstance(reply, RedisError):
                broken = self.link.failed(reply)
                if isinstance(broken, NoFunction):
                    broken = None
                    await self.link.load_functions()
                    again.append(i)
            elif reply[0] == b"R":
                try:
                    await self.rebuild(writes[i].run)
                    again.append(i)
                except StoreCorrupt as error:
                    broken = error
            elif reply[0] == b"F":
                broken = StoreCorrupt(f"{self.link.address}: {text(reply[1])} takes no more entries; {_FULL_MEND}")
            else:
                results[i] = _result(reply, resent)
                if reply[0] == b"A" and writes[i].notes:
                    self.link.seen.entry(self._key(writes[i].run, "log"), reply[1], writes[i].notes[-1].body)
        if broken is not None:
            raise broken
        return again

    def _call(self, write: Write, function: str = "", more_queues: Sequence[str] = ()) -> Call:
        """A write as one FCALL: its sections flat, one after the other (see `layout` in functions.lua)."""
        queues: dict[str, int] = {}
        for role in (*(send.role for send in write.sends), *(ack.role for ack in write.acks)):
            queues.setdefault(self._queue(role), 7 + len(queues))
        keys = [*self._run_keys(write.run), *queues, *more_queues]
        args: list[bytes | str | int] = [
            write.run,
            "" if write.expected is None else write.expected,
            len(write.notes),
            sum(len(note.ids) for note in write.notes),
            len(write.sends),
            len(write.timers),
            len(write.unset),
            len(write.blobs),
            len(write.acks),
        ]
        for note in write.notes:
            args += (note.body, len(note.ids))
        for note in write.notes:
            args += note.ids
        for send in write.sends:
            args += (queues[self._queue(send.role)], send.message)
        for timer in write.timers:
            args += (timer.id, timer.due, timer.role, timer.message)
        args += write.unset
        for sha, data in write.blobs:
            args += (sha, data)
        for ack in write.acks:
            args += (queues[self._queue(ack.role)], ack.consumer, len(ack.ids), *ack.ids)
        name = function or ("complete" if write.acks else "append")
        return ("FCALL", f"{LIBRARY}_{name}", len(keys), *keys, *args)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def read(self, run: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        reply = await self.link.command("XRANGE", self._key(run, "log"), f"0-{after + 1}", f"0-{2**63}", "COUNT", limit)
        return self._noted(run, [_entry(id, fields) for id, fields in reply])

    async def tail(self, after: dict[str, int], block_ms: int) -> dict[str, list[Entry]]:
        after = dict(after)
        runs = {self._key(run, "log").encode(): run for run in after}
        deadline = time.monotonic() + block_ms / 1000
        while after:
            left = deadline - time.monotonic()
            new = {runs[key]: entries for key, entries in await self._new(list(runs), list(after.values()), left)}
            found = {run: [_entry(*each) for each in entries if _in_place(each[0])] for run, entries in new.items()}
            for run, entries in new.items():
                if len(found[run]) < len(entries):
                    await self.rebuild(run)
            found = {run: self._noted(run, entries) for run, entries in found.items() if entries}
            if found or left <= 0:
                return found
        await asyncio.sleep(block_ms / 1000)
        return {}

    def _noted(self, run: str, entries: list[Entry]) -> list[Entry]:
        if entries:
            self.link.seen.entry(self._key(run, "log"), entries[-1].seq, entries[-1].body)
        return entries

    async def _new(self, logs: list[bytes], after: list[int], wait_s: float) -> list[tuple[bytes, list[Any]]]:
        """One look at several logs at the same moment."""
        where = ("STREAMS", *logs, *(f"0-{seq}" for seq in after))
        if wait_s > 0:
            block = max(1, int(wait_s * 1000))
            return await self.link.command("XREAD", "COUNT", TAIL_PAGE, "BLOCK", block, *where, wait_s=wait_s) or []
        return await self.link.command("XREAD", "COUNT", TAIL_PAGE, *where) or []

    async def head(self, run: str) -> int:
        seq = await self.link.command("HGET", self._key(run, "head"), "seq")
        if seq is not None:
            return int(seq)
        return await self.rebuild(run) if await self.link.command("EXISTS", self._key(run, "log")) else 0

    async def blob(self, run: str, sha256: str) -> bytes | None:
        stream = self._key(run, "blob")
        id = await self.link.command("HGET", self._key(run, "dd"), BLOB + sha256)
        if id is not None:
            for _, fields in await self.link.command("XRANGE", stream, id, id):
                return _checked_blob(fields, sha256)
        async for _, fields in self.link.pages(stream):
            if (data := _checked_blob(fields, sha256)) is not None:
                return data
        return None

    async def runs(self) -> list[str]:
        prefix = self._p + "run:"
        found: set[str] = set()
        cursor = 0
        while True:
            match = ("MATCH", _glob(prefix) + "*:log", "COUNT", 1000, "TYPE", "stream")
            cursor, keys = await self.link.command("SCAN", cursor, *match)
            found.update(text(key)[len(prefix) : -len(":log")] for key in keys)
            if not int(cursor):
                return sorted(name for name in found - {SYSTEM} if RUN(name))

    async def dead_letters(self, role: str) -> list[DeadLetter]:
        letters = []
        async for _, flat in self.link.pages(self._p + "dlq:" + role):
            fields = _fields(flat)
            if {b"id", b"role", b"message", b"reason", b"deliveries"} <= fields.keys():
                letters.append(
                    DeadLetter(
                        text(fields[b"id"]),
                        text(fields[b"role"]),
                        fields[b"message"],
                        text(fields[b"reason"]),
                        int(fields[b"deliveries"]),
                    )
                )
        return letters

    async def queue_length(self, role: str) -> int:
        return int(await self.link.command("XLEN", self._queue(role)))

    async def queued(self, role: str) -> list[bytes]:
        return [_fields(flat).get(b"__data__", b"") async for _, flat in self.link.pages(self._queue(role))]

    # --- queues -----------------------------------------------------------------------------------------------------

    async def take(self, role: str, consumer: str, count: int, block_ms: int | None = None) -> list[Taken]:
        """See `Queues.take`."""
        args: Call = ("XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count)
        if block_ms is not None:
            args += ("BLOCK", block_ms)
        args += ("STREAMS", self._queue(role), ">")
        try:
            reply = await self.link.command(*args, wait_s=None if block_ms is None else block_ms / 1000)
        except NoGroup:
            await self.open_queue(role)
            reply = await self.link.command(*args, wait_s=None if block_ms is None else block_ms / 1000)
        entries = reply[0][1] if reply else ()
        return [Taken(text(id), _fields(flat).get(b"__data__", b""), 1) for id, flat in entries]

    async def reclaim(self, role: str, consumer: str, min_idle_ms: int, count: int) -> list[Taken]:
        """See `Queues.reclaim`."""
        try:
            flat = await self.link.function("reclaim", (self._queue(role),), consumer, min_idle_ms, count)
        except NoGroup:
            return []
        return [Taken(text(flat[i]), flat[i + 2], int(flat[i + 1])) for i in range(0, len(flat), 3)]

    async def touch(self, role: str, consumer: str, ids: Sequence[str]) -> list[str]:
        """See `Queues.touch`."""
        return [text(id) for id in await self.link.function("touch", (self._queue(role),), consumer, *ids)]

    async def open_queue(self, role: str) -> None:
        """Make a queue's consumer group, from its very first message on, where there is none."""
        try:
            await self.link.command("XGROUP", "CREATE", self._queue(role), GROUP, "0", "MKSTREAM")
        except StoreCorrupt as error:
            if "BUSYGROUP" not in str(error):
                raise

    # --- making the index again -------------------------------------------------------------------------------------

    async def rebuild(self, run: str) -> int:
        """See `Store.rebuild`. Entries whose id cannot stand in a log are moved to the `:junk` stream. Raises
        StoreCorrupt where entries are missing that were there."""
        for _ in range(REBUILD_TRIES):
            seq = await Rebuild(self.link, run, self._key(run, "")).attempt()
            if seq is not None:
                return seq
        raise StoreUnavailable(f"{self.link.address}: run {run} is written to faster than its index can be made again")

    # --- the server -------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        await self.link.close()

    def _queue(self, role: str) -> str:
        return self._p + "q:" + role

    def _key(self, run: str, what: str) -> str:
        return f"{self._p}run:{run}:{what}"

    def _run_keys(self, run: str) -> tuple[str, ...]:
        prefix = f"{self._p}run:{run}:"
        timers = self._p + "timers"
        return prefix + "log", prefix + "head", prefix + "dd", prefix + "blob", timers, timers + ":d"


_FULL_MEND = "somebody added an entry with the last id there is: look at it with XREVRANGE, and delete the stream's key"


async def open_store(
    url: str, password_file: str | Path | None = None, partition: str = "p00", *, user: str = PERSON
) -> RedisStore:
    """The store on the server at `redis://host:port/0`, `rediss://...` or `unix:///path.sock`. Where `password_file` is
    a folder with a file for each user, as `user`. Raises StoreUnavailable, saying which address and what to do."""
    address = bare(url)
    try:
        store = RedisStore(Link(with_tls(url, os.environ), read_login(password_file, user)), partition)
    except OSError as error:
        raise StoreUnavailable(f"the password file of the server at {address} cannot be read: {error}") from error
    except ValueError as error:
        mend = "write redis://host:port/0, rediss://host:port/0 or unix:///path/to.sock"
        raise StoreUnavailable(f"{address} is no address of a server ({error}); {mend}") from error
    try:
        await store.link.make_ready()
    except NotLoaded:
        return store
    except BaseException:
        await store.close()
        raise
    return store


def _result(reply: list[Any], resent: bool) -> Result:
    code = reply[0]
    if code == b"A":
        return Appended(reply[1])
    if code == b"C":
        return Conflict(reply[1])
    if code == b"L":
        return Lost(tuple(dict.fromkeys(map(text, reply[1:]))))
    taken = {text(reply[i]): reply[i + 1] for i in range(3, len(reply), 2)}
    if resent and reply[2]:
        return Appended(max(taken.values()))
    return Duplicate(taken, bool(reply[1]), bool(reply[2]))


def _in_place(id: bytes) -> bool:
    return id.startswith(b"0-")


def _entry(id: bytes, fields: list[bytes]) -> Entry:
    """Junk that stands where an entry could has no bytes to believe."""
    return Entry(int(id[2:]), fields[1] if fields[0] == b"n" else b"")


def _fields(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _checked_blob(flat: list[bytes], sha256: str) -> bytes | None:
    fields = _fields(flat)
    data = fields.get(b"b", b"")
    if fields.get(b"s") != sha256.encode() or hashlib.sha256(data).hexdigest() != sha256:
        return None
    return data


def _glob(literal: str) -> str:
    return re.sub(r"([\[\]*?\\])", r"\\\1", literal)
