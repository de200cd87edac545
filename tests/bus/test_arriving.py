"""What arrives from a queue, whatever lies in it? On a real server, with real processes."""

from __future__ import annotations

import pytest

from maestro.bus.client import ask
from maestro.log.redis_store import RedisStore
from maestro_contracts import commands as c
from maestro_contracts.envelope import CommandRecord, encode
from tests.support.bus import RUN, Stage, give, said, seen, task
from tests.support.wait import wait_until

JUNK = [
    {"__data__": b"\xff\x00 not json"},
    {"__data__": b"[" * 100_000},
    {"__data__": b'{"id":"x","type":"Nothing","run":"run-aaaaaa"}'},
    {"__data__": b'{"id":"x","type":"DoTask","run":"run-aaaaaa","data":{"task":7}}'},
    {"__data__": encode(CommandRecord("x", "DoTask", "../etc"))},
    {"something": b"else"},
]


async def test_what_was_queued_before_anybody_listened_is_delivered(stage: Stage, store: RedisStore) -> None:
    commands = {await give(store, f"T-{i}") for i in range(20)}

    stage.consumer().ready()

    await wait_until(lambda: stage.ended() == commands)


async def test_junk_goes_to_the_dead_letter_queue_and_what_is_around_it_is_handled(
    stage: Stage, store: RedisStore
) -> None:
    commands = set()
    for i, junk in enumerate(JUNK):
        commands.add(await give(store, f"T-{i}"))
        stage.junk("worker", junk)

    stage.consumer(MAESTRO_BATCH="20", MAESTRO_PARALLEL="20").ready()

    await wait_until(lambda: stage.ended() == commands)
    letters = await wait_until(lambda: _letters(store, len(JUNK)))
    assert sorted(letter.message for letter in letters) == sorted(junk.get("__data__", b"") for junk in JUNK)
    assert all(letter.reason and letter.deliveries == 1 for letter in letters)
    await wait_until(lambda: _empty(store))


async def test_junk_that_names_an_unknown_run_makes_no_run(stage: Stage, store: RedisStore) -> None:
    stage.junk("worker", {"__data__": b'{"id":"x","type":"Nothing","run":"never-started"}'})

    stage.consumer().ready()

    await wait_until(lambda: _letters(store, 1))
    assert await store.runs() == []


async def test_a_command_of_an_unknown_kind_is_told_to_the_run_that_waits_for_it(
    stage: Stage, store: RedisStore
) -> None:
    await give(store, "T-1")
    stage.consumer().ready()
    await wait_until(lambda: stage.ended())

    stage.junk("worker", {"__data__": encode(CommandRecord("later:1", "FromTheFuture", RUN))})

    await wait_until(lambda: _letters(store, 1))
    assert seen("CommandDeadLettered", await said(store)) == ["later:1/dead"]


async def test_a_command_without_a_handler_is_given_up_at_once(stage: Stage, store: RedisStore) -> None:
    await ask(store, RUN, c.RecoverRun(), "recover")
    stage.consumer("conductor").ready()

    (letter,) = await wait_until(lambda: _letters(store, 1, "conductor"))

    assert "no handler for RecoverRun" in letter.reason
    assert await store.queue_length("conductor") == 0


async def test_a_command_in_the_wrong_queue_is_given_up(stage: Stage, store: RedisStore) -> None:
    stage.junk("worker", {"__data__": encode(CommandRecord("advance", "Advance", RUN))})

    stage.consumer().ready()

    (letter,) = await wait_until(lambda: _letters(store, 1))
    assert letter.reason == "Advance is for the role conductor, not for worker"


async def test_a_busy_consumer_leaves_the_rest_to_others(stage: Stage, store: RedisStore) -> None:
    busy = stage.consumer(MAESTRO_PARALLEL="1", MAESTRO_BATCH="50").ready()
    long = await give(store, "T-0", "sleep:60")
    await wait_until(lambda: stage.begun(long))
    commands = {await give(store, f"T-{i}") for i in range(1, 11)}

    other = stage.consumer(MAESTRO_PARALLEL="1").ready()

    await wait_until(lambda: stage.ended() == commands)
    assert {line[0] for line in stage.diary if line[1] == "end"} == {str(other.pid)}
    assert busy.exit_code is None


async def test_a_busy_consumer_takes_over_nothing(stage: Stage, store: RedisStore) -> None:
    dead = stage.consumer(MAESTRO_LEASE_SECONDS="0.5", MAESTRO_PARALLEL="4", MAESTRO_BATCH="4").ready()
    left = {await give(store, f"T-{i}", "sleep-at-first:60") for i in range(4)}
    await wait_until(lambda: all(stage.begun(command) for command in left))
    busy = stage.consumer(MAESTRO_LEASE_SECONDS="0.5", MAESTRO_PARALLEL="1", MAESTRO_BATCH="1").ready()
    long = await give(store, "T-9", "sleep:60")
    await wait_until(lambda: stage.begun(long))
    dead.kill()

    stage.consumer(MAESTRO_LEASE_SECONDS="0.5", MAESTRO_PARALLEL="1", MAESTRO_BATCH="1").ready()

    await wait_until(lambda: stage.ended() == left, 20)
    assert all(line[0] != str(busy.pid) for line in stage.diary if line[2] in left)
    assert all(line[3] == "2" for line in stage.diary if line[1] == "end")


async def test_two_consumers_share_the_work(stage: Stage, store: RedisStore) -> None:
    consumers = [stage.consumer().ready(), stage.consumer().ready()]

    commands = {await give(store, f"T-{i}", "sleep:0.05") for i in range(40)}

    await wait_until(lambda: _empty(store), 20)
    for consumer in consumers:
        assert any(line[0] == str(consumer.pid) for line in stage.diary)
    assert sorted(seen("TaskClaimed", await said(store))) == sorted(f"{command}/ended" for command in commands)


async def test_no_more_run_at_once_than_was_allowed(stage: Stage, store: RedisStore) -> None:
    stage.consumer(MAESTRO_PARALLEL="3", MAESTRO_BATCH="3").ready()

    commands = {await give(store, f"T-{i}", "sleep:0.05") for i in range(12)}

    await wait_until(lambda: stage.ended() == commands)
    running, most = 0, 0
    for line in stage.diary:
        running += 1 if line[1] == "begin" else -1
        most = max(most, running)
    assert most == 3


async def test_a_handler_that_fails_or_says_what_cannot_be_written_harms_nobody_else(
    stage: Stage, store: RedisStore
) -> None:
    stage.consumer(MAESTRO_BATCH="20", MAESTRO_PARALLEL="20").ready()
    for i, script in enumerate(["raise", "impossible", "forbidden", "raise", "impossible"]):
        await give(store, f"B-{i}", script)
    good = {await give(store, f"T-{i}") for i in range(10)}

    claimed = {f"{command}/ended" for command in good}
    await wait_until(lambda: _all_said(store, claimed))

    assert set(seen("TaskClaimed", await said(store))) == claimed
    assert await store.queue_length("worker") == 5


async def test_one_bad_command_in_a_batch_of_ten_leaves_nine_handled(stage: Stage, store: RedisStore) -> None:
    for i in range(10):
        await ask(store, RUN, c.PauseRun("me", "raise" if i == 4 else ""), f"pause:{i}")

    stage.consumer("conductor", "batch").ready()

    good = {f"pause:{i}/paused" for i in range(10) if i != 4}
    await wait_until(lambda: _all_said(store, good))
    assert seen("RunPaused", await said(store)) == sorted(good)
    assert await store.queue_length("conductor") == 1


@pytest.mark.parametrize("asked", [1, 3])
async def test_a_command_asked_twice_has_one_effect(stage: Stage, store: RedisStore, asked: int) -> None:
    for _ in range(asked):
        await give(store, "T-1")
        await give(store, "T-1", "fail")

    stage.consumer().ready()

    await wait_until(lambda: _empty(store))
    assert len(await said(store)) == 1


async def test_a_timer_set_by_a_handler_asks_again_at_its_time(stage: Stage, store: RedisStore) -> None:
    stage.consumer().ready()
    await ask(store, RUN, task("T-1", "timer:300"), "task:T-1:1")

    await wait_until(lambda: "task:T-1:1/later" in stage.ended())


async def _letters(store: RedisStore, count: int, role: str = "worker") -> list:  # type: ignore[type-arg]
    letters = await store.dead_letters(role)
    return letters if len(letters) == count else []


async def _empty(store: RedisStore) -> bool:
    return await store.queue_length("worker") == 0


async def _all_said(store: RedisStore, ids: set[str]) -> bool:
    return ids <= {id for _, id in await said(store)}
