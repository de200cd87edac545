"""When does the pump fire? When a timer is due, whoever set it, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from maestro.bus.context import now_ms
from maestro.bus.timers import TimerPump
from maestro.log.memory_store import MemoryStore
from maestro.log.store import StoreUnavailable, Timer, Write
from tests.support.wait import wait_until


@asynccontextmanager
async def pumping(store: MemoryStore) -> AsyncIterator[TimerPump]:
    pump = TimerPump(store, now_ms)
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0)
    try:
        yield pump
    finally:
        running.cancel()


async def queued(store: MemoryStore) -> bool:
    return await store.queue_length("worker") == 1


async def test_a_timer_that_came_due_while_all_were_down_is_fired_at_once() -> None:
    store = MemoryStore()
    await store.write([Write("r", timers=(Timer("t", now_ms() - 60_000, "worker", b"m"),))])

    async with pumping(store):
        await wait_until(lambda: queued(store), 0.5)


async def test_a_timer_of_this_process_is_fired_at_its_time_and_not_a_second_later() -> None:
    store = MemoryStore()
    async with pumping(store) as pump:
        due = now_ms() + 100
        await store.write([Write("r", timers=(Timer("t", due, "worker", b"m"),))])

        pump.expect(due)

        await wait_until(lambda: queued(store), 0.8)
        assert now_ms() >= due


async def test_a_timer_of_another_process_is_fired_too() -> None:
    store = MemoryStore()
    async with pumping(store), pumping(store):
        await store.write([Write("r", timers=(Timer("t", now_ms() + 50, "worker", b"m"),))])

        await wait_until(lambda: queued(store), 5)
        await asyncio.sleep(0.05)
        assert await queued(store)


async def test_an_outage_only_delays() -> None:
    class Flaky(MemoryStore):
        failures = 1

        async def fire(self, now: int | None = None) -> int | None:
            Flaky.failures -= 1
            if Flaky.failures >= 0:
                raise StoreUnavailable("as the test wanted")
            return await super().fire(now)

    store = Flaky()
    await store.write([Write("r", timers=(Timer("t", 1, "worker", b"m"),))])
    async with pumping(store):
        await wait_until(lambda: queued(store), 5)
