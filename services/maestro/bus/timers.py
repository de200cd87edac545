"""When is a durable timer fired? A pump that asks the store to fire what is due, in a few processes at once.

The store fires each timer exactly once, so any number of pumps may run, and a timer that came due while all were down
is fired when the first is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from maestro.bus.logs import get_log
from maestro.log.store import Store, StoreCorrupt, StoreUnavailable

LONGEST_S = 1.0
SHORTEST_S = 0.01
"""Our clock may be ahead of the server's: so often is asked again at most."""


class TimerPump:
    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._next: int | None = None
        self._earlier = asyncio.Event()
        self._log = get_log("timers")

    def expect(self, due: int) -> None:
        """A timer was set for then: do not sleep past it."""
        if self._next is None or due < self._next:
            self._next = due
            self._earlier.set()

    async def run(self) -> None:
        while True:
            self._next = await self._fire()
            self._earlier.clear()
            try:
                await asyncio.wait_for(self._earlier.wait(), self._pause())
            except TimeoutError:
                continue

    async def _fire(self) -> int | None:
        try:
            return await self._store.fire()
        except (StoreUnavailable, StoreCorrupt) as error:
            self._log.warning("timers could not be fired; trying again", error=str(error))
            return None

    def _pause(self) -> float:
        if self._next is None:
            return LONGEST_S
        return min(max((self._next - self._now()) / 1000, SHORTEST_S), LONGEST_S)
