"""How does a service stop when it is asked to? On a real server, with real processes."""

from __future__ import annotations

import signal

import pytest
from redis.asyncio import Redis

from maestro.bus.leases import Leases
from maestro.log.redis_store import RedisStore
from tests.support.bus import Stage, give, said, seen
from tests.support.wait import wait_until


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_what_runs_is_finished_and_written(stage: Stage, store: RedisStore, how: signal.Signals) -> None:
    consumer = stage.consumer().ready()
    command = await give(store, "T-1", "sleep:0.5")
    await wait_until(lambda: stage.begun(command))

    consumer.signal(how)

    assert consumer.wait() == 0
    assert seen("TaskClaimed", await said(store)) == [f"{command}/ended"]
    assert await store.queue_length("worker") == 0


async def test_what_is_not_finished_in_time_is_free_for_others_at_once(stage: Stage, store: RedisStore) -> None:
    hour = {"MAESTRO_LEASE_SECONDS": "3600"}
    consumer = stage.consumer(MAESTRO_GRACE_SECONDS="0.2", **hour).ready()
    command = await give(store, "T-1", "sleep-at-first:60")
    await wait_until(lambda: stage.begun(command))

    assert consumer.stop() == 0
    stage.consumer(**hour).ready()

    await wait_until(lambda: said(store))
    assert seen("TaskClaimed", await said(store)) == [f"{command}/ended"]


async def test_nothing_new_is_begun(stage: Stage, store: RedisStore) -> None:
    consumer = stage.consumer(MAESTRO_PARALLEL="1").ready()
    running = await give(store, "T-1", "sleep:1")
    await wait_until(lambda: stage.begun(running))
    consumer.signal(signal.SIGTERM)
    await wait_until(lambda: consumer.says("stopping"))

    waiting = await give(store, "T-2")

    assert consumer.wait() == 0
    assert stage.ended() == {running}
    assert stage.begun(waiting) == []
    assert await store.queue_length("worker") == 1


async def test_a_stop_during_the_start_is_obeyed(own_stage: Stage) -> None:
    own_stage.server.kill()
    consumer = own_stage.consumer(MAESTRO_CONNECT_SECONDS="60")
    await wait_until(lambda: consumer.says("starting"))

    assert consumer.stop() == 0


async def test_a_stop_without_a_server_ends_all_the_same(own_stage: Stage) -> None:
    consumer = own_stage.consumer().ready()
    own_stage.server.kill()

    assert consumer.stop() == 0


async def test_what_failed_keeps_its_count_through_any_number_of_stops(stage: Stage, store: RedisStore) -> None:
    command = await give(store, "T-1", "raise")
    for begun in range(1, 6):
        consumer = stage.consumer(MAESTRO_LEASE_SECONDS="3600").ready()
        await wait_until(lambda begun=begun: len(stage.begun(command)) == begun)
        await wait_until(lambda consumer=consumer: consumer.says("handler failed"))
        assert consumer.stop() == 0

    stage.consumer(MAESTRO_LEASE_SECONDS="3600").ready()

    (letter,) = await wait_until(lambda: store.dead_letters("worker"))
    assert letter.deliveries == 5


async def test_what_was_never_begun_is_not_counted(stage: Stage, store: RedisStore) -> None:
    hour = {"MAESTRO_LEASE_SECONDS": "3600", "MAESTRO_GRACE_SECONDS": "0"}
    running = {await give(store, f"T-{i}", "sleep-at-first:60") for i in range(2)}
    waiting = {await give(store, f"W-{i}") for i in range(3)}
    consumer = stage.consumer(**hour)
    await wait_until(lambda: all(stage.begun(command) for command in running))
    assert consumer.stop() == 0

    stage.consumer(**hour).ready()

    await wait_until(lambda: stage.ended() == running | waiting)
    counts = {line[2]: line[3] for line in stage.diary if line[1] == "end"}
    assert {counts[command] for command in running} == {"2"}
    assert {counts[command] for command in waiting} == {"1"}


async def test_consumers_that_are_long_gone_are_forgotten_and_what_they_hold_is_not(
    stage: Stage, store: RedisStore
) -> None:
    await store.open_queue("worker")
    command = await give(store, "T-1")
    client = stage.client()
    client.xreadgroup("g", "holds@1", {"{p00}:q:worker": ">"}, count=1)
    client.xgroup_createconsumer("{p00}:q:worker", "g", "empty@1")
    leases = Leases(store, Redis.from_url(stage.server.url), "worker", "me@1", 15.0)

    await leases.open(forget_after_ms=-1)

    assert [c["name"] for c in client.xinfo_consumers("{p00}:q:worker", "g")] == [b"holds@1"]
    assert await store.queue_length("worker") == 1
    assert command


async def test_nobody_is_left_in_the_queues_list_of_consumers(stage: Stage, store: RedisStore) -> None:
    consumer = stage.consumer().ready()
    command = await give(store, "T-1")
    await wait_until(lambda: stage.ended() == {command})

    consumer.stop()

    assert stage.client().xinfo_consumers("{p00}:q:worker", "g") == []
