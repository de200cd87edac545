"""What can only be proved on real servers: atomicity beside damage, junk, lost answers, lost functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis

from maestro.log.library import functions_source, functions_version
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import (
    Ack,
    Appended,
    Conflict,
    DeadLetter,
    Duplicate,
    Lost,
    Send,
    StoreCorrupt,
    StoreUnavailable,
    Timer,
    Write,
)
from tests.support.notes import note, sha
from tests.support.proxy import Proxy
from tests.support.servers import Server
from tests.support.wait import wait_until

LOG, HEAD, DD, BLOB, JUNK = (f"{{p00}}:run:r:{what}" for what in ("log", "head", "dd", "blob", "junk"))
QUEUE, TIMERS = "{p00}:q:worker", "{p00}:timers"


@pytest.fixture
def looking(each_server: Server) -> redis.Redis:
    return each_server.client()


async def filled(store: RedisStore, count: int = 3, run: str = "r") -> None:
    """A log with this many entries, which take the ids e1, e2, ..."""
    for i in range(1, count + 1):
        assert await store.write([Write(run, (note(run, [f"e{i}"]),))]) == [Appended(i)]


# --- the shape of what is stored ---


async def test_entries_are_numbered_without_a_gap_and_hold_the_very_bytes(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    notes = [note("r", [f"e{i}"], text=str(i)) for i in range(4)]

    results = await each_store.write([Write("r", (notes[0],)), Write("r", tuple(notes[1:]))])

    assert results == [Appended(1), Appended(4)]
    assert looking.xrange(LOG) == [(f"0-{i}".encode(), {b"n": each.body}) for i, each in enumerate(notes, 1)]
    assert [entry.seq for entry in await each_store.read("r", after=1, limit=2)] == [2, 3]


async def test_one_call_does_all_of_a_write(each_store: RedisStore, looking: redis.Redis) -> None:
    await each_store.write([Write("r", sends=(Send("worker", b"job"),))])
    (job,) = await each_store.take("worker", "w1", 5)
    data = b"x" * 100_000
    done = Write(
        "r",
        (note("r", ["e1"]),),
        sends=(Send("conductor", b"next"),),
        timers=(Timer("t", 50, "worker", b"late"),),
        blobs=((sha(data), data),),
        acks=(Ack("worker", "w1", (job.id,)),),
    )

    assert await each_store.write([done]) == [Appended(1)]

    assert await each_store.blob("r", sha(data)) == data
    assert (await each_store.queue_length("worker"), await each_store.queue_length("conductor")) == (0, 1)
    assert looking.xpending(QUEUE, "g")["pending"] == 0
    assert await each_store.fire(49) == 50
    assert await each_store.fire(50) is None
    assert [each.message for each in await each_store.take("worker", "w1", 5)] == [b"late"]


async def test_a_run_by_the_name_of_system_is_no_run_of_work(each_store: RedisStore) -> None:
    for run in ("system", "b", "a"):
        await filled(each_store, 1, run)

    assert await each_store.runs() == ["a", "b"]


@pytest.mark.parametrize("broken", [HEAD, DD, BLOB, QUEUE, "{p00}:q:conductor", TIMERS, TIMERS + ":d", LOG])
async def test_a_key_that_holds_something_else_stops_a_write_before_it_began(
    each_store: RedisStore, looking: redis.Redis, broken: str
) -> None:
    await each_store.write([Write("x", sends=(Send("worker", b"job"),))])
    (job,) = await each_store.take("worker", "w1", 5)
    await filled(each_store)
    looking.delete(broken)
    (looking.set if broken != TIMERS + ":d" else looking.sadd)(broken, "something else")
    before = everything(looking)
    write = Write(
        "r",
        (note("r", ["e9"]),),
        sends=(Send("worker", b"a"), Send("conductor", b"next")),
        timers=(Timer("t", 5, "worker", b"late"),),
        blobs=((sha(b"b"), b"b"),),
        acks=(Ack("worker", "w1", (job.id,)),),
    )

    with pytest.raises(StoreCorrupt):
        await each_store.write([write])

    assert everything(looking) == before


async def test_a_queue_that_takes_no_more_entries_stops_a_write_before_it_began(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    looking.xadd(QUEUE, {"junk": "1"}, id="18446744073709551615-18446744073709551615")
    before = everything(looking)

    with pytest.raises(StoreCorrupt, match=r"takes no more entries.*XREVRANGE"):
        await each_store.write([Write("r", (note("r", ["e1"]),), sends=(Send("worker", b"a"),))])

    assert everything(looking) == before


async def test_a_bad_run_does_not_stop_the_writes_beside_it(each_store: RedisStore, looking: redis.Redis) -> None:
    looking.set("{p00}:run:bad:log", "something else")

    with pytest.raises(StoreCorrupt, match="WRONGTYPE"):
        await each_store.write([Write("bad", (note("bad", ["e"]),)), Write("good", (note("good", ["e"]),))])

    assert await each_store.head("good") == 1


@pytest.mark.parametrize(
    "args",
    [
        ("r", "", 1, 1, 0, 0, 0, 0, 0, "body", 2, "id"),
        ("r", "", 1, 2, 0, 0, 0, 0, 0, "body", 1, "id"),
        ("r", "", 1, 1, 0, 0, 0, 0, 0, "body"),
        ("r", "x", 1, 1, 0, 0, 0, 0, 0, "body", 1, "id"),
        ("r", "", -1, 1, 0, 0, 0, 0, 0, "body", 1, "id"),
        ("r", "", 1, 1, 1, 0, 0, 0, 0, "body", 1, "id", 7, "to nobody"),
        ("r", "", 1, 1, 0, 1, 0, 0, 0, "body", 1, "id", "t", "noon", "worker", "m"),
        ("r", "", 0, 0, 0, 0, 0, 0, 1, 7, "w1", 1),
        ("r",),
        (),
    ],
)
async def test_arguments_that_contradict_themselves_write_nothing(
    each_store: RedisStore, looking: redis.Redis, args: tuple[object, ...]
) -> None:
    for function in ("append", "complete", "dead_letter"):
        with pytest.raises(redis.ResponseError):
            looking.fcall(f"maestro_v1_{function}", 6, LOG, HEAD, DD, BLOB, TIMERS, TIMERS + ":d", *args)  # type: ignore[arg-type]

    assert looking.keys() == []


@pytest.mark.parametrize(
    "write",
    [
        Write("No Run"),
        Write("r", (note("r", ["a"]), note("r", ["a"]))),
        Write("r", (note("r", ["blob:1"]),)),
        Write("r", sends=(Send("no role", b""),)),
        Write("r", acks=(Ack("worker", "w1", ("1",)),)),
        Write("r", acks=(Ack("worker", "w1", ()),)),
        Write("r", blobs=((sha(b"a"), b"b"),)),
    ],
)
async def test_a_write_that_contradicts_itself_is_refused(store: RedisStore, write: Write) -> None:
    with pytest.raises(ValueError):
        await store.write([write])


# --- sent twice, and answers that got lost ---


async def test_the_loser_of_a_race_is_told_and_writes_nothing(each_store: RedisStore) -> None:
    await filled(each_store, 1)
    both = [Write("r", (note("r", [f"x{i}"]),), expected=1, sends=(Send("worker", b"m"),)) for i in range(2)]

    results = await asyncio.gather(*(each_store.write([write]) for write in both))

    assert sorted(map(repr, results)) == sorted(map(repr, [[Appended(2)], [Conflict(2)]]))
    assert await each_store.queue_length("worker") == 1


async def test_ids_that_are_partly_taken_write_nothing_and_say_by_whom(each_store: RedisStore) -> None:
    await filled(each_store)

    results = await each_store.write([Write("r", (note("r", ["e2", "new"]),)), Write("r", (note("r", ["e1", "e3"]),))])

    assert results == [Duplicate({"e2": 2}, whole=False), Duplicate({"e1": 1, "e3": 3}, whole=True)]
    assert await each_store.head("r") == 3


async def test_a_message_that_somebody_else_took_over_cannot_be_completed(each_store: RedisStore) -> None:
    await each_store.write([Write("r", sends=(Send("worker", b"job"),))])
    (mine,) = await each_store.take("worker", "slow", 1)
    (theirs,) = await each_store.reclaim("worker", "quick", 0, 1)
    slow = Write("r", (note("r", ["slow"]),), acks=(Ack("worker", "slow", (mine.id,)),))
    quick = Write("r", (note("r", ["quick"]),), acks=(Ack("worker", "quick", (theirs.id,)),))

    assert (theirs.id, theirs.count) == (mine.id, 2)
    assert await each_store.touch("worker", "slow", [mine.id]) == []
    assert await each_store.write([slow, quick, slow]) == [Lost((mine.id,)), Appended(1), Lost((mine.id,))]


async def test_a_touched_message_stays_and_is_not_counted_again(each_store: RedisStore) -> None:
    await each_store.write([Write("r", sends=(Send("worker", b"job"),))])
    (job,) = await each_store.take("worker", "w1", 1)
    assert await each_store.touch("worker", "w1", [job.id]) == [job.id]

    assert await each_store.reclaim("worker", "w2", 60_000, 5) == []
    assert [each.count for each in await each_store.reclaim("worker", "w2", 0, 5)] == [2]


async def test_a_dead_letter_leaves_its_queue_once(each_store: RedisStore) -> None:
    await each_store.write([Write("r", sends=(Send("worker", b"poison"),))])
    (job,) = await each_store.take("worker", "w1", 1)
    letter = DeadLetter(job.id, "worker", b"poison", "it always fails", 5)
    write = Write("r", (note("r", ["job/dead"]),))

    first, second = await each_store.dead_letter(write, letter), await each_store.dead_letter(write, letter)

    assert (first, second) == (Appended(1), Duplicate({"job/dead": 1}, whole=True, same=True))
    assert await each_store.dead_letter(Write("r"), letter) == Lost((job.id,))
    assert await each_store.dead_letters("worker") == [letter]
    assert await each_store.queue_length("worker") == 0


@pytest_asyncio.fixture
async def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    async with Proxy(server.socket, server.folder / "proxy") as running:
        yield running
    (server.folder / "proxy").unlink(missing_ok=True)


async def test_an_answer_that_got_lost_is_found_out_by_sending_again(proxy: Proxy, server: Server) -> None:
    store = await open_store(proxy.url)
    await store.write([Write("r", sends=(Send("worker", b"job"),))])
    (job,) = await store.take("worker", "w1", 1)
    done = Write("r", (note("r", ["e1"]),), sends=(Send("conductor", b"m"),), acks=(Ack("worker", "w1", (job.id,)),))
    more = Write("r", (note("r", ["e2"]), note("r", ["e3"])), sends=(Send("conductor", b"m"),))

    proxy.lose_answers(2)
    results = await store.write([done, more])

    assert proxy.lost == 2
    assert results == [Appended(1), Appended(3)]
    assert (await store.head("r"), await store.queue_length("conductor")) == (3, 2)
    await store.close()


async def test_a_duplicate_of_somebody_elses_is_no_success_of_ours_even_when_sent_again(
    proxy: Proxy, server: Server
) -> None:
    store = await open_store(proxy.url)
    await store.write([Write("r", (note("r", ["e1"], text="theirs"),))])

    proxy.lose_answers(1)
    results = await store.write([Write("r", (note("r", ["e1"], text="ours"),))])

    assert results == [Duplicate({"e1": 1}, whole=True, same=False)]
    await store.close()


async def test_a_server_that_never_answers_is_unavailable_and_the_error_says_where_and_what_to_do(
    proxy: Proxy,
) -> None:
    store = await open_store(proxy.url)

    proxy.lose_answers(1_000)
    with pytest.raises(StoreUnavailable, match=r"unix://.*proxy.*is it running\?.*MAESTRO_REDIS_URL"):
        await store.write([Write("r", (note("r", ["e1"]),))])
    proxy.lose_answers(0)

    assert await store.write([Write("r", (note("r", ["e1"]),))]) == [Duplicate({"e1": 1}, True, same=True)]
    await store.close()


async def test_a_server_that_keeps_silent_is_unavailable_and_what_it_took_in_is_written_once(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maestro.log.redis_link.ANSWER_S", 0.1)
    store = await open_store(own_server.url)
    writes = [Write("r", (note("r", [f"e{i}"]),)) for i in (1, 2)]

    own_server.freeze()
    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        await store.write(writes)
    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        await store.head("r")
    own_server.thaw()
    monkeypatch.setattr("maestro.log.redis_link.ANSWER_S", 10.0)

    assert {type(result) for result in await store.write(writes)} <= {Appended, Duplicate}
    assert len(await store.read("r")) == await store.head("r") == 2
    await store.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/at/all.sock", "http://x", "nonsense"])
async def test_an_address_without_a_server_is_an_error_that_names_it(url: str) -> None:
    with pytest.raises(StoreUnavailable, match=url.removeprefix("redis://").split("/")[0] or "nowhere"):
        await open_store(url)


async def test_a_wrong_password_is_said_to_be_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.support.servers import any_running

    file = tmp_path_factory.mktemp("secret") / "password"
    with any_running(password="right", tcp=True) as server:
        for content in ("wrong", ""):
            file.write_text(content)
            with pytest.raises(StoreUnavailable, match="MAESTRO_REDIS_PASSWORD_FILE"):
                await open_store(server.url, file)
        file.write_text("right\n")
        store = await open_store(server.url, file)
        assert await store.head("r") == 0
        await store.close()
    with pytest.raises(StoreUnavailable, match="password file"):
        await open_store("redis://127.0.0.1:1/0", file.with_name("missing"))


async def test_a_server_that_was_killed_comes_back_with_everything_that_was_acknowledged(own_server: Server) -> None:
    store = await open_store(own_server.url)
    await filled(store, 20)

    own_server.kill()
    with pytest.raises(StoreUnavailable):
        await store.write([Write("r", (note("r", ["e21"]),))])
    own_server.start()

    assert await store.write([Write("r", (note("r", ["e21"]),))]) == [Appended(21)]
    assert await store.write([Write("r", (note("r", ["e20"]),))]) == [Duplicate({"e20": 20}, True, same=True)]
    await store.close()


# --- waiting ---


async def test_a_tail_hears_of_all_its_runs_and_does_not_hold_up_writes(each_store: RedisStore) -> None:
    await filled(each_store, 2, "a")
    waiting = asyncio.create_task(each_store.tail({"a": 2, "b": 0}, 20_000))
    await asyncio.sleep(0)

    await filled(each_store, 1, "b")

    found = await waiting
    assert {run: [entry.seq for entry in entries] for run, entries in found.items()} == {"b": [1]}
    assert await each_store.tail({"a": 2}, 1) == {}
    assert [entry.seq for entry in (await each_store.tail({"a": 0}, 0))["a"]] == [1, 2]


# --- timers ---


async def test_a_timer_fires_once_however_many_fire_it(each_store: RedisStore) -> None:
    timers = tuple(Timer(f"t{i}", i, "worker", b"%d" % i) for i in range(1_200))
    await each_store.write([Write("r", timers=timers)])

    await asyncio.gather(*(each_store.fire(1_000) for _ in range(5)))

    assert await each_store.queue_length("worker") == 1_001
    assert await each_store.fire(1_000) == 1_001
    assert await each_store.fire() is None
    assert await each_store.queue_length("worker") == 1_200


async def test_a_timer_for_a_broken_queue_stops_no_other(each_store: RedisStore, looking: redis.Redis) -> None:
    looking.set("{p00}:q:planner", "something else")
    timers = (Timer("a", 1, "planner", b"a"), Timer("b", 2, "worker", b"b"))
    await each_store.write([Write("r", timers=timers)])

    assert await each_store.fire(10) == 60_010
    looking.delete("{p00}:q:planner")
    await each_store.fire(60_010)

    assert (await each_store.queue_length("worker"), await each_store.queue_length("planner")) == (1, 1)


async def test_timers_of_two_runs_do_not_share_names(each_store: RedisStore) -> None:
    for run in ("a", "b"):
        await each_store.write([Write(run, timers=(Timer("t", 5, "worker", run.encode()),))])
    await each_store.write([Write("a", unset=("t",))])
    await each_store.fire(5)

    assert [each.message for each in await each_store.take("worker", "w", 5)] == [b"b"]


# --- functions ---


async def test_functions_that_are_lost_are_loaded_again(each_store: RedisStore, looking: redis.Redis) -> None:
    await filled(each_store)
    looking.function_flush()
    writes = [Write("r", (note("r", ["e4"]),)), Write("r", (note("r", ["e5"]),))]

    assert await each_store.write(writes) == [Appended(4), Appended(5)]
    looking.function_flush()
    assert await each_store.fire() is None


async def test_older_functions_are_replaced_and_newer_ones_are_left_alone(
    each_server: Server, looking: redis.Redis
) -> None:
    ours = functions_version(functions_source())
    for version, then in ((ours - 1, ours), (ours + 1, ours + 1)):
        other = functions_source().replace(f"VERSION = {ours}", f"VERSION = {version}")
        looking.function_load(other, replace=True)

        store = await open_store(each_server.url)

        assert looking.fcall("maestro_v1_version", 0) == then
        await store.close()
    looking.function_load(functions_source(), replace=True)


async def test_many_who_load_the_functions_at_once_do_not_get_in_each_others_way(
    each_server: Server, looking: redis.Redis
) -> None:
    looking.function_flush()

    stores = await asyncio.gather(*(open_store(each_server.url) for _ in range(8)))

    results = await asyncio.gather(
        *(store.write([Write("r", (note("r", [f"e{i}"]),))]) for i, store in enumerate(stores))
    )
    assert sorted(result[0].seq for result in results if isinstance(result[0], Appended)) == list(range(1, 9))
    for store in stores:
        await store.close()


# --- the index can be lost ---


@pytest.mark.parametrize("lost", [(HEAD,), (DD,), (HEAD, DD)])
async def test_the_log_alone_brings_the_index_back(
    each_store: RedisStore, looking: redis.Redis, lost: tuple[str, ...]
) -> None:
    data = b"large"
    await each_store.write([Write("r", (note("r", ["e1"], answers=["c1", "c2"]),), blobs=((sha(data), data),))])
    await each_store.write([Write("r", (note("r", ["e2"]),))])
    index = (looking.hgetall(HEAD), looking.hgetall(DD))

    looking.delete(*lost)

    assert await each_store.write([Write("r", (note("r", ["e1"], answers=["c1", "c2"]),))]) == [
        Duplicate({"c1": 1, "c2": 1, "e1": 1}, whole=True, same=True)
    ]
    assert (looking.hgetall(HEAD), looking.hgetall(DD)) == index
    assert await each_store.blob("r", sha(data)) == data
    assert await each_store.write([Write("r", (note("r", ["e3"]),))]) == [Appended(3)]


async def test_one_lost_id_is_noticed_too(each_store: RedisStore, looking: redis.Redis) -> None:
    await filled(each_store)
    looking.hdel(DD, "e2")

    assert await each_store.write([Write("r", (note("r", ["e2"]),))]) == [Duplicate({"e2": 2}, True, same=True)]


async def test_several_writers_make_the_index_again_at_once_and_lose_nothing(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    await filled(each_store, 40)
    looking.delete(HEAD, DD)

    results = await asyncio.gather(*(each_store.write([Write("r", (note("r", [f"x{i}"]),))]) for i in range(6)))

    assert sorted(result[0].seq for result in results if isinstance(result[0], Appended)) == list(range(41, 47))
    assert looking.hlen(DD) == 46
    assert [key for key in looking.scan_iter() if key.count(b":") > 3] == [], "a draft of the index was left behind"


async def test_entries_that_are_gone_are_not_mended_silently(each_store: RedisStore, looking: redis.Redis) -> None:
    await filled(each_store, 4)
    looking.xdel(LOG, "0-2")

    with pytest.raises(StoreCorrupt, match=r"run r .*entry 2 is missing before entry 3.*backup"):
        await each_store.write([Write("r", (note("r", ["e5"]),))])


async def test_a_tail_that_was_cut_off_is_noticed(each_store: RedisStore, looking: redis.Redis) -> None:
    await filled(each_store, 4)
    looking.xdel(LOG, "0-4")

    with pytest.raises(StoreCorrupt, match="had 4 entries and has 3"):
        await each_store.write([Write("r", (note("r", ["e5"]),))])


async def test_a_blob_that_was_changed_is_not_handed_out(each_store: RedisStore, looking: redis.Redis) -> None:
    data = b"the true one"
    await each_store.write([Write("r", (note("r", ["e1"]),), blobs=((sha(data), data),))])
    looking.delete(BLOB)
    looking.xadd(BLOB, {"s": sha(data), "b": b"another"})
    looking.xadd(BLOB, {"junk": "x"})

    assert await each_store.blob("r", sha(data)) is None
    assert await each_store.blob("r", sha(b"never kept")) is None
    await each_store.rebuild("r")
    assert await each_store.write([Write("r", (note("r", ["e2"]),), blobs=((sha(data), data),))]) == [Appended(2)]
    assert await each_store.blob("r", sha(data)) == data


# --- junk ---


async def test_junk_with_an_id_of_its_own_is_put_aside_and_the_log_goes_on(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    await filled(each_store, 300)
    before = looking.xrange(LOG)
    for i in range(3):
        looking.xadd(LOG, {"n": f"junk {i}", "more": "x"})
    looking.xadd(LOG, {"n": "junk"}, id="18446744073709551615-18446744073709551615")

    assert await each_store.write([Write("r", (note("r", ["next"]),))]) == [Appended(301)]

    assert looking.xrange(LOG)[:300] == before
    assert [fields[b"n"] for _, fields in looking.xrange(JUNK)] == [b"junk 0", b"junk 1", b"junk 2", b"junk"]
    assert await each_store.write([Write("r", (note("r", ["e300"]),))]) == [Duplicate({"e300": 300}, True, same=True)]


async def test_junk_that_was_added_and_deleted_again_leaves_no_mark(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    await filled(each_store)
    looking.xdel(LOG, looking.xadd(LOG, {"n": "junk"}))
    looking.xdel(LOG, looking.xadd(LOG, {"n": "junk"}))

    assert await each_store.write([Write("r", (note("r", ["e4"]),))]) == [Appended(4)]


async def test_junk_in_the_place_of_the_next_entry_is_stepped_over(
    each_store: RedisStore, looking: redis.Redis
) -> None:
    await filled(each_store)
    looking.xadd(LOG, {"n": "no note"}, id="0-4")
    looking.xadd(LOG, {"other": "field"}, id="0-5")
    looking.xadd(LOG, {"n": "behind a gap"}, id="0-9")

    assert await each_store.write([Write("r", (note("r", ["e6"]),))]) == [Appended(6)]

    entries = await each_store.read("r", after=3)
    assert [(entry.seq, entry.body[:7]) for entry in entries] == [(4, b"no note"), (5, b""), (6, b"maestro")]
    assert looking.xlen(JUNK) == 1


async def test_a_log_of_nothing_but_junk_begins_at_one(each_store: RedisStore, looking: redis.Redis) -> None:
    looking.xadd(LOG, {"n": "junk"})

    assert await each_store.write([Write("r", (note("r", ["e1"]),))]) == [Appended(1)]


async def test_a_tail_is_not_kept_busy_by_junk(each_store: RedisStore, looking: redis.Redis) -> None:
    await filled(each_store)
    looking.xadd(LOG, {"n": "junk"})
    waiting = asyncio.create_task(each_store.tail({"r": 3}, 20_000))
    await wait_until(lambda: looking.xlen(JUNK), what="the junk put aside")

    await each_store.write([Write("r", (note("r", ["e4"]),))])

    assert [entry.seq for entry in (await waiting)["r"]] == [4]


async def test_junk_in_a_queue_is_handed_out_without_a_message(each_store: RedisStore, looking: redis.Redis) -> None:
    looking.xadd(QUEUE, {"what": "junk"})
    looking.xadd(QUEUE, {"__data__": b"\xff"})

    taken = await each_store.take("worker", "w", 5)

    assert [each.message for each in taken] == [b"", b"\xff"]
    assert [each.message for each in await each_store.reclaim("worker", "w", 0, 5)] == [b"", b"\xff"]


def everything(looking: redis.Redis) -> dict[bytes, object]:
    """All keys with what they hold."""
    readers = {b"stream": looking.xrange, b"hash": looking.hgetall, b"string": looking.get, b"set": looking.smembers}
    return {
        key: readers.get(looking.type(key), lambda key: looking.zrange(key, 0, -1, withscores=True))(key)
        for key in sorted(looking.keys())
    }
