"""Is what a dead process held free at once, and what the living hold left alone?"""

from __future__ import annotations

from maestro.bus.takeover import free_leases
from maestro.log.redis_store import RedisStore
from maestro.log.store import Send, Write

HOUR_MS = 3_600_000


async def queued(store: RedisStore, *messages: bytes) -> None:
    await store.open_queue("worker")
    await store.write([Write("run", sends=tuple(Send("worker", message) for message in messages))])


async def test_what_a_dead_consumer_held_is_free_at_once_and_counts_as_delivered(store: RedisStore) -> None:
    await queued(store, b"one", b"two")
    await store.take("worker", "worker-1@dead", 1)
    await store.take("worker", "worker-2@lives", 1)

    freed = await free_leases(store, ["worker"], lambda actor: actor == "worker-1")
    taken = await store.reclaim("worker", "worker-1@new", HOUR_MS, 10)

    assert freed == 1
    assert [(each.message, each.count) for each in taken] == [(b"one", 2)]


async def test_a_queue_that_nobody_ever_read_is_passed_over(store: RedisStore) -> None:
    assert await free_leases(store, ["worker", "planner"], lambda _: True) == 0
