"""When must work in hand be given up? When its run is cancelled or failed, or its message is another consumer's.

One reader follows the logs of all runs that somebody waits for. It starts shortly before a log's end: what is still
said after a cancellation is only what was in flight then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

from maestro.bus.logs import get_log
from maestro.bus.service import Delivery
from maestro.log.keyring import Keyring
from maestro.log.store import Entry, Store, StoreCorrupt, StoreUnavailable
from maestro.log.verify import examine
from maestro_contracts.events import Event, RunCancelled, RunFailed

LOOKBACK = 2000
BLOCK_MS = 1000
TRACES = (b'"RunCancelled"', b'"RunFailed"')
"""What is in the bytes of every entry that ends work in hand; most are passed over without being read."""
LOST = "the message was taken over by another consumer"


class Cancellations:
    """`keyring` knows whose word counts; `holds` tells whether a delivery is still in hand."""

    def __init__(self, store: Store, keyring: Keyring, holds: Callable[[Delivery], bool]) -> None:
        self._store = store
        self._holds = holds
        self._keyring = keyring
        self._waiting: dict[str, dict[str, asyncio.Future[str]]] = {}
        self._after: dict[str, int] = {}
        self._reader: asyncio.Task[None] | None = None
        self._log = get_log("cancelling")

    async def wait(self, delivery: Delivery) -> str:
        """Returns why, when the run of this delivery is cancelled or the delivery is lost."""
        if not self._holds(delivery):
            return LOST
        waiting = self._waiting.setdefault(delivery.run, {})
        found = waiting.get(delivery.message_id)
        if found is None:
            found = waiting[delivery.message_id] = asyncio.get_running_loop().create_future()
        if not self.reading:
            self._reader = asyncio.create_task(self._read(), context=Context())
        return await asyncio.shield(found)

    def gone(self, delivery: Delivery, lost: bool) -> None:
        """The delivery is not in hand any more: nobody waits for it, or learns now that it was lost."""
        waiting = self._waiting.get(delivery.run)
        if waiting is None:
            return
        found = waiting.pop(delivery.message_id, None)
        if found is not None and not found.done() and lost:
            found.set_result(LOST)
        if not waiting:
            del self._waiting[delivery.run]

    @property
    def reading(self) -> bool:
        """Nothing is read while nobody waits."""
        return self._reader is not None and not self._reader.done()

    async def stop(self) -> None:
        if self._reader:
            self._reader.cancel()
            await asyncio.wait({self._reader})

    async def _read(self) -> None:
        while self._waiting:
            try:
                await self._follow()
            except (StoreUnavailable, StoreCorrupt) as error:
                self._log.warning("cannot follow the runs in hand; trying again", error=str(error))
                await asyncio.sleep(BLOCK_MS / 1000)

    async def _follow(self) -> None:
        for run in list(self._waiting):
            if run not in self._after:
                self._after[run] = max(0, await self._store.head(run) - LOOKBACK)
        for run in self._after.keys() - self._waiting.keys():
            del self._after[run]
        for run, entries in (await self._store.tail(dict(self._after), BLOCK_MS)).items():
            self._after[run] = entries[-1].seq
            for entry in entries:
                if any(trace in entry.body for trace in TRACES) and (why := await self._why_cancelled(run, entry)):
                    self._cancel(run, why)
                    break

    async def _why_cancelled(self, run: str, entry: Entry) -> str:
        """Empty where nobody who may said so. Anybody can write anything into a stream: only what is signed counts."""
        seen = examine(entry, run, self._keyring.find)
        if seen.unknown:
            await self._keyring.refresh(self._store)
            seen = examine(entry, run, self._keyring.find)
        if seen.problem or seen.fault or seen.revoked is not None:
            return ""
        return next((words for event in seen.events if event and (words := _words(event))), "")

    def _cancel(self, run: str, why: str) -> None:
        del self._after[run]
        for found in self._waiting.pop(run, {}).values():
            if not found.done():
                found.set_result(why)


def _words(event: Event) -> str:
    """Why this event ends work in hand; empty where it does not."""
    match event:
        case RunCancelled(by=by, why=why):
            return f"the run was cancelled by {by}" + (f": {why}" if why else "")
        case RunFailed(problem=problem):
            return f"the run failed: {problem.reason}"
        case _:
            return ""
