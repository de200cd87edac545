"""What does a service do when its server goes, comes back, or forgets? On a real server, with real processes."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree, rmtree

import pytest

from maestro.log.identity import operator_key
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, commits
from maestro.log.redis_store import RedisStore, open_store
from tests.support.bus import RUN, Stage, give, said, seen
from tests.support.servers import running
from tests.support.wait import wait_until

LOST = 75
UNAVAILABLE = 69


async def test_a_service_goes_on_when_its_server_was_killed_and_is_back(own_stage: Stage) -> None:
    stage = own_stage
    consumer = stage.consumer().ready()
    store = await open_store(stage.server.url)
    before = await give(store, "T-1")
    working = await give(store, "T-2", "sleep:1")
    await wait_until(lambda: stage.begun(working) and before in stage.ended())

    stage.server.kill()
    await wait_until(lambda: consumer.says("cannot write; trying again"))
    stage.server.start()
    after = await give(store, "T-3")

    await wait_until(lambda: stage.ended() == {before, working, after})
    await wait_until(lambda: _drained(store))
    claims = seen("TaskClaimed", await said(store))
    assert sorted(claims) == [f"{each}/ended" for each in (before, working, after)]
    assert consumer.stop() == 0
    await store.close()


@pytest.mark.parametrize("idle", [True, False])
async def test_a_service_that_lived_through_a_lost_end_of_the_log_begins_anew_and_is_believed(
    own_stage: Stage, tmp_path: Path, idle: bool
) -> None:
    stage = own_stage
    first = stage.consumer().ready()
    store = await open_store(stage.server.url)
    kept = await give(store, "T-1")
    await wait_until(lambda: _said_and_drained(store, 1))
    copytree(stage.server.folder / "appendonlydir", tmp_path / "older")
    lost = await give(store, "T-2")
    await wait_until(lambda: _said_and_drained(store, 2))
    working = "" if idle else await give(store, "T-3", "sleep:1")
    await wait_until(lambda: idle or bool(stage.begun(working)))
    await store.close()

    stage.server.kill()
    rmtree(stage.server.folder / "appendonlydir")
    copytree(tmp_path / "older", stage.server.folder / "appendonlydir")
    stage.server.start()
    store = await open_store(stage.server.url)
    after = await give(store, "T-4")

    assert first.wait() == LOST
    assert first.says("went back")
    stage.consumer().ready()
    await wait_until(lambda: _said_and_drained(store, 2))
    keyring = Keyring(operator_key(stage.folder / "state/operator.pub"))
    read = [each async for each in commits(store, keyring, RUN)]
    assert [type(each) for each in read] == [Commit, Commit]
    assert seen("TaskClaimed", await said(store)) == [f"{each}/ended" for each in (kept, after)]
    assert lost not in {command for command, _ in await said(store)}
    await store.close()


async def _said_and_drained(store: RedisStore, count: int) -> bool:
    return len(seen("TaskClaimed", await said(store))) == count and await _drained(store)


async def test_a_service_waits_for_a_server_that_takes_no_writes_for_a_while(own_stage: Stage) -> None:
    consumer = own_stage.consumer().ready()
    client = own_stage.client()

    client.config_set("min-replicas-to-write", 1)
    await wait_until(lambda: consumer.says("does not serve us"), 20)
    client.config_set("min-replicas-to-write", 0)

    store: RedisStore = await open_store(own_stage.server.url)
    command = await give(store, "T-1")
    await wait_until(lambda: own_stage.ended() == {command})
    await store.close()


async def test_what_is_finished_while_the_servers_memory_is_full_is_written_when_there_is_room(
    own_stage: Stage,
) -> None:
    stage = own_stage
    consumer = stage.consumer().ready()
    store: RedisStore = await open_store(stage.server.url)
    command = await give(store, "T-1", "sleep:0.5")
    await wait_until(lambda: stage.begun(command))
    client = stage.client()

    client.config_set("maxmemory", 1)
    await wait_until(lambda: consumer.says("cannot write; trying again"))
    client.config_set("maxmemory", 0)

    await wait_until(lambda: _drained(store))
    assert seen("TaskClaimed", await said(store)) == [f"{command}/ended"]
    await store.close()


async def test_a_service_starts_when_its_server_does(own_stage: Stage) -> None:
    own_stage.server.kill()
    consumer = own_stage.consumer()
    await wait_until(lambda: consumer.says("starting"))

    own_stage.server.start()

    consumer.ready()


async def test_no_server_at_all_is_said_clearly(own_stage: Stage) -> None:
    own_stage.server.kill()

    consumer = own_stage.consumer(MAESTRO_CONNECT_SECONDS="0.3")

    assert consumer.wait() == UNAVAILABLE
    assert consumer.says("does not answer") and consumer.says("MAESTRO_REDIS_URL")


async def test_a_wrong_password_is_said_at_once(own_stage: Stage) -> None:
    with running(password="secret", tcp=True) as server:
        own_stage.server = server

        consumer = own_stage.consumer(MAESTRO_CONNECT_SECONDS="60")

        assert consumer.wait(10) == UNAVAILABLE
        assert consumer.says("MAESTRO_REDIS_PASSWORD_FILE")


@pytest.mark.parametrize("loss", ["flushall", "group", "queue", "other"])
async def test_a_lost_group_ends_the_service_with_a_failure(own_stage: Stage, loss: str) -> None:
    consumer = own_stage.consumer().ready()
    client = own_stage.client()

    match loss:
        case "flushall":
            client.flushall()
        case "group":
            client.xgroup_destroy("{p00}:q:worker", "g")
        case "queue":
            client.delete("{p00}:q:worker")
        case "other":
            client.set("{p00}:q:worker", "not a stream any more")

    assert consumer.wait() == LOST
    assert consumer.says("the queue was lost")


async def test_a_service_started_again_after_a_loss_handles_what_is_still_there(own_stage: Stage) -> None:
    consumer = own_stage.consumer().ready()
    own_stage.client().xgroup_destroy("{p00}:q:worker", "g")
    assert consumer.wait() == LOST
    store: RedisStore = await open_store(own_stage.server.url)
    command = await give(store, "T-1")

    own_stage.consumer().ready()

    await wait_until(lambda: own_stage.ended() == {command})
    await store.close()


async def _drained(store: RedisStore) -> bool:
    return await store.queue_length("worker") == 0
