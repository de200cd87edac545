"""What happens to the work of a consumer that dies, sleeps, or fails? On a real server, with real processes."""

from __future__ import annotations

import pytest

from maestro.log.redis_store import RedisStore
from tests.support.bus import RUN, Stage, give, said, seen
from tests.support.wait import wait_until


async def test_another_consumer_takes_over_from_one_killed_in_mid_handler_and_the_effect_happens_once(
    stage: Stage, store: RedisStore
) -> None:
    first = stage.consumer().ready()
    command = await give(store, "T-1", "say sleep-at-first:60")
    await wait_until(lambda: stage.begun(command))
    first.kill()
    second = stage.consumer().ready()

    await wait_until(lambda: len(stage.begun(command)) == 2, 20)
    await wait_until(lambda: _claimed(store, command), 20)

    events = await said(store)
    assert seen("TaskClaimed", events) == [f"{command}/ended"]
    assert seen("TaskStarted", events) == [f"{command}/started:1", f"{command}/started:2"]
    assert await store.queue_length("worker") == 0
    assert second.stop() == 0


async def test_a_handler_slower_than_the_lease_is_not_robbed(stage: Stage, store: RedisStore) -> None:
    slow, other = stage.consumer(MAESTRO_LEASE_SECONDS="1"), stage.consumer(MAESTRO_LEASE_SECONDS="1")
    slow.ready(), other.ready()
    command = await give(store, "T-1", "sleep:4")

    await wait_until(lambda: _claimed(store, command), 20)

    assert len(stage.begun(command)) == 1


async def test_a_consumer_that_slept_past_its_lease_neither_writes_nor_steals_back(
    stage: Stage, store: RedisStore
) -> None:
    sleeper = stage.consumer(MAESTRO_LEASE_SECONDS="1").ready()
    command = await give(store, "T-1", "sleep:2")
    await wait_until(lambda: stage.begun(command))
    sleeper.freeze()
    other = stage.consumer(MAESTRO_LEASE_SECONDS="1").ready()
    await wait_until(lambda: len(stage.begun(command)) == 2, 20)

    sleeper.thaw()

    await wait_until(lambda: sleeper.says("message lost to another consumer"), 10)
    await wait_until(lambda: _claimed(store, command), 20)
    assert seen("TaskClaimed", await said(store)) == [f"{command}/ended"]
    (commit,) = [e for e in await store.read(RUN) if b"TaskClaimed" in e.body]
    assert f'"worker":"{_actor(other)}"'.encode() in commit.body


async def test_a_handler_that_learns_that_its_message_was_lost_can_give_up(stage: Stage, store: RedisStore) -> None:
    sleeper = stage.consumer(MAESTRO_LEASE_SECONDS="1").ready()
    command = await give(store, "T-1", "until-cancelled")
    await wait_until(lambda: stage.begun(command))
    sleeper.freeze()
    stage.consumer(MAESTRO_LEASE_SECONDS="1").ready()
    await wait_until(lambda: len(stage.begun(command)) == 2, 20)

    sleeper.thaw()

    line = await wait_until(lambda: [line for line in stage.diary if line[1] == "cancelled"], 10)
    assert " ".join(line[0][3:]) == "the message was taken over by another consumer"


@pytest.mark.parametrize("script", ["raise", "die", "exit"])
async def test_a_poison_message_is_given_up_after_five_deliveries_and_the_run_is_told(
    stage: Stage, store: RedisStore, script: str
) -> None:
    command = await give(store, "T-1", script)
    consumer = stage.consumer(MAESTRO_LEASE_SECONDS="0.3")

    async def given_up() -> bool:
        nonlocal consumer
        if consumer.exit_code is not None:
            consumer = stage.consumer(MAESTRO_LEASE_SECONDS="0.3")
        return bool(await store.dead_letters("worker"))

    await wait_until(given_up, 60)

    (letter,) = await store.dead_letters("worker")
    assert letter.deliveries == 5
    assert len(stage.begun(command)) == 5
    assert seen("CommandDeadLettered", await said(store)) == [f"{command}/dead"]
    assert await store.queue_length("worker") == 0
    assert await store.queue_length("conductor") == 1


async def test_one_poison_message_does_not_take_its_neighbours_along(stage: Stage, store: RedisStore) -> None:
    good = [await give(store, f"T-{i}") for i in range(1, 4)]
    await give(store, "T-4", "die-once")
    good += [await give(store, f"T-{i}") for i in range(5, 8)]
    stage.consumer(MAESTRO_LEASE_SECONDS="0.5", MAESTRO_PARALLEL="10", MAESTRO_BATCH="10").wait()

    stage.consumer(MAESTRO_LEASE_SECONDS="0.5").ready()

    await wait_until(lambda: stage.ended() >= {*good, "task:T-4:1"}, 20)
    assert await store.dead_letters("worker") == []


async def _claimed(store: RedisStore, command: str) -> bool:
    return f"{command}/ended" in seen("TaskClaimed", await said(store))


def _actor(consumer: object) -> str:
    return str(consumer.lines()[0]["actor"])  # type: ignore[attr-defined]
