"""How does a service stop when it is asked to? On a real server, with real processes."""

from __future__ import annotations

import signal

import pytest

from maestro.log.redis_store import RedisStore
from tests.support.bus import Stage, give, said, seen
from tests.support.wait import wait_until


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_what_runs_is_finished_and_written(stage: Stage, store: RedisStore, how: signal.Signals) -> None:
    consumer = stage.consumer().ready()
    command = await give(store, "T-1", "sleep:0.5")
    await wait_until(lambda: stage.begun(command))

    consumer.process.send_signal(how)

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

    await wait_until(lambda: stage.ended() == {command})
    assert seen("TaskClaimed", await said(store)) == [f"{command}/ended"]


async def test_nothing_new_is_begun(stage: Stage, store: RedisStore) -> None:
    consumer = stage.consumer(MAESTRO_PARALLEL="1").ready()
    running = await give(store, "T-1", "sleep:1")
    await wait_until(lambda: stage.begun(running))
    consumer.process.terminate()
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


async def test_nobody_is_left_in_the_queues_list_of_consumers(stage: Stage, store: RedisStore) -> None:
    consumer = stage.consumer().ready()
    command = await give(store, "T-1")
    await wait_until(lambda: stage.ended() == {command})

    consumer.stop()

    assert stage.client().xinfo_consumers("{p00}:q:worker", "g") == []
