"""How is nothing left untold? From the log, with a note of how far each address was told: at least once, in order,
again after a while where it was not taken, and after a restart from where it was.

One address that does not answer holds up no other. What was there before an address was configured is not told to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from maestro.bus.logs import get_log
from maestro.gateway.telling import News, news
from maestro.gateway.watching import Watched, Watcher
from maestro.log.reader import Commit, Reader
from maestro.log.store import StoreCorrupt, StoreUnavailable

FIRST_S, MOST_S = 1.0, 300.0
GIVEN_UP_S = 24 * 3600.0
"""News that nobody has taken for so long is left out, so that the next can be told."""
LOOK_S = 5.0


class Address(Protocol):
    """Whom to tell."""

    @property
    def name(self) -> str: ...
    def wants(self, news: News) -> bool: ...
    async def send(self, news: News) -> bool: ...


class Outbox:
    """One address, and how far it was told of each run."""

    def __init__(self, address: Address, watcher: Watcher, folder: Path, url: str) -> None:
        self._address, self._watcher, self._url = address, watcher, url
        self._file = folder / f"told-{address.name}.json"
        self._told: dict[str, int] | None = self._read()

    async def run(self) -> None:
        """Tell, until cancelled."""
        while not self._watcher.ready:
            await self._watcher.changed(None, LOOK_S)
        if self._told is None:
            self._told = {each.run: each.seq for each in self._watcher.runs.values()}
            self._write()
        while True:
            try:
                for watched in list(self._watcher.runs.values()):
                    await self._catch_up(watched)
            except (StoreUnavailable, StoreCorrupt, OSError) as error:
                get_log("outbox").warning("told later", address=self._address.name, error=str(error))
                await asyncio.sleep(LOOK_S)
            await self._watcher.changed(None, LOOK_S)

    async def _catch_up(self, watched: Watched) -> None:
        assert self._told is not None
        # A log that went back has less than was told of it.
        told = self._told[watched.run] = min(self._told.get(watched.run, 0), watched.seq)
        if told >= watched.seq:
            return
        reader = Reader(self._watcher.store, self._watcher.keyring, watched.run, told)
        while page := await reader.new():
            for verdict in page:
                if isinstance(verdict, Commit):
                    for each in news(watched.state, verdict, self._url):
                        if self._address.wants(each):
                            await self._tell(each)
                self._told[watched.run] = verdict.seq
            self._write()

    async def _tell(self, each: News) -> None:
        """Until it is taken, or given up."""
        delay, end = FIRST_S, time.monotonic() + GIVEN_UP_S
        while not await self._sent(each):
            if time.monotonic() > end:
                get_log("outbox").error("given up", address=self._address.name, news=each.id)
                return
            get_log("outbox").warning("not taken, tried again", address=self._address.name, news=each.id, in_s=delay)
            # Half of the wait is by chance, so that those who wait do not all come back at once.
            await asyncio.sleep(delay / 2 + random.random() * delay / 2)
            delay = min(delay * 2, MOST_S)

    async def _sent(self, each: News) -> bool:
        try:
            return await self._address.send(each)
        except Exception as error:
            # A defect in telling one address must not end the others.
            get_log("outbox").error("telling failed", address=self._address.name, exc_info=error)
            return False

    # --- how far ------------------------------------------------------------------------------------------------------

    def _read(self) -> dict[str, int] | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, int])
        return None

    def _write(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.encode(self._told))
        draft.replace(self._file)


@contextlib.asynccontextmanager
async def telling(addresses: Sequence[Address], watcher: Watcher, folder: Path, url: str) -> AsyncIterator[None]:
    """Outboxes at work, as long as the block lasts."""
    tasks = [asyncio.create_task(Outbox(address, watcher, folder, url).run()) for address in addresses]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
