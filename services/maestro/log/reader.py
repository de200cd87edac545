"""What does a run's log say, as far as it may be believed? Each entry becomes a `Commit` or is `Rejected`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from maestro.log.keyring import Keyring
from maestro.log.store import SYSTEM, Entry, Store
from maestro.log.verify import Chains, Commit, Examined, Rejected, examine, resolve

__all__ = ["Commit", "Reader", "Rejected", "commits", "new_of"]

SHARE = 32
"""A thread takes this many entries at once. Verifying lets go of Python's lock, decoding takes it again: threads that
do one after the other for each entry give it to each other all the time, and none waits long for it."""
WAIT_MS = 5000


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="verify")


class Reader:
    """Reads one run, from one entry on, page by page. `after` > 0 takes each author's first commit there as it is,
    since what came before it was not read."""

    def __init__(self, store: Store, keyring: Keyring, run: str, after: int = 0) -> None:
        self._store, self._keyring, self._run = store, keyring, run
        self._chains = Chains(strict=after == 0)
        self._fetched = after
        self.seq = after
        """The last entry that was handed out."""

    async def new(self, wait_ms: int = 0) -> list[Commit | Rejected]:
        """The next page of entries, in order; empty where there is nothing new. Waits up to `wait_ms` for the first."""
        return await self._believe(await self._examine(await self._fetch(wait_ms)))

    async def all(self) -> AsyncIterator[list[Commit | Rejected]]:
        """Page after page, to the end. The next page is fetched and verified while one is being used."""
        ahead = asyncio.create_task(self._next())
        try:
            while seen := await ahead:
                ahead = asyncio.create_task(self._next())
                yield await self._believe(seen)
        finally:
            ahead.cancel()
            self._fetched = self.seq

    async def _next(self) -> list[Examined]:
        return await self._examine(await self._fetch(0))

    async def _fetch(self, wait_ms: int) -> list[Entry]:
        return (await _fetch_together([self], wait_ms))[0]

    async def _examine(self, entries: Sequence[Entry]) -> list[Examined]:
        if len(entries) < SHARE:
            return self._share(entries)
        loop = asyncio.get_running_loop()
        shares = [entries[i : i + SHARE] for i in range(0, len(entries), SHARE)]
        done = await asyncio.gather(*(loop.run_in_executor(_threads(), self._share, share) for share in shares))
        return [seen for share in done for seen in share]

    def _share(self, entries: Sequence[Entry]) -> list[Examined]:
        run, find = self._run, self._keyring.find
        return [examine(entry, run, find) for entry in entries]

    async def _believe(self, page: list[Examined]) -> list[Commit | Rejected]:
        verdicts = []
        for seen in page:
            if seen.unknown:
                await self._keyring.refresh(self._store)
                seen = examine(Entry(seen.seq, seen.body), self._run, self._keyring.find)
            for index, sha in seen.missing:
                resolve(seen, index, await self._store.blob(self._run, sha))
            verdicts.append(self._chains.place(seen))
        if page:
            self.seq = page[-1].seq
        return verdicts


async def new_of(readers: Sequence[Reader]) -> list[list[Commit | Rejected]]:
    """The next page of each of several runs, fetched in one call. They share one store and one keyring."""
    if not readers:
        return []
    pages = await _fetch_together(readers, 0)
    return [await reader._believe(await reader._examine(page)) for reader, page in zip(readers, pages, strict=True)]


async def _fetch_together(readers: Sequence[Reader], wait_ms: int) -> list[list[Entry]]:
    """New entries of the runs, and in the same call what is new of keys: a key that was revoked before an entry was
    written is known as revoked when the entry is read."""
    store, keyring = readers[0]._store, readers[0]._keyring
    after = {SYSTEM: keyring.seq, **{reader._run: reader._fetched for reader in readers}}
    pages = await store.tail(after, wait_ms)
    if SYSTEM in pages:
        keyring.learn(pages[SYSTEM])
        await keyring.refresh(store)
    found = [pages.get(reader._run, []) for reader in readers]
    for reader, entries in zip(readers, found, strict=True):
        if entries:
            reader._fetched = entries[-1].seq
    return found


async def commits(
    store: Store, keyring: Keyring, run: str, after: int = 0, follow: bool = False
) -> AsyncIterator[Commit | Rejected]:
    """All of a run's commits with seq > `after`, in order; with `follow` it goes on waiting for more."""
    reader = Reader(store, keyring, run, after)
    async for page in reader.all():
        for verdict in page:
            yield verdict
    while follow:
        for verdict in await reader.new(WAIT_MS):
            yield verdict
