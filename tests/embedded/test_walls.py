"""What can somebody do to a log who has one service's password? Tried on a real server, as that service's user."""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis

from maestro.embedded import server as private
from maestro.embedded.binary import Binary
from maestro.embedded.errors import ServerFailed
from maestro.embedded.server import Endpoint, PrivateServer
from maestro.log.library import HIDDEN, hidden_name
from maestro.log.login import LIBRARY_SECRET, PERSON, SUPERVISOR
from maestro.log.redis_link import NotAllowed, NotLoaded
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import (
    SYSTEM,
    Ack,
    Appended,
    DeadLetter,
    Duplicate,
    Entry,
    Note,
    Send,
    Timer,
    Write,
)
from maestro.log.walls import EVERY_ROLE, USERS, acl_file
from maestro.log.walls_files import write_for_server
from maestro_contracts.roles import ROLES
from tests.support.insider import Insider, insider
from tests.support.servers import KINDS, NotHere, Server, binary
from tests.support.wait import wait_for

ROOT = Path(__file__).parents[2]
P = "{p00}:"
RUN = "run-aaaaaa"
LOG = f"{P}run:{RUN}:log"
KEYS = [*(f"{P}run:{RUN}:{what}" for what in ("log", "head", "dd", "blob")), f"{P}timers", f"{P}timers:d"]


@pytest.fixture(scope="module", params=[kind for kind in KINDS if "-8" not in kind and kind != "redis-7"])
def program(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Each server program that is here; the private server uses it meanwhile."""
    try:
        found = Path(binary(request.param))
    except NotHere as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private, "find_binary", lambda: Binary(found, "test"))
        yield found


@pytest.fixture(scope="module")
def endpoint(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("walls")
    for name in ("server", "logs"):
        (folder / name).mkdir()
    server = PrivateServer(folder / "server", "everysec")
    yield server.start()
    server.kill()


@pytest.fixture
def owner(endpoint: Endpoint) -> Iterator[Insider]:
    client = insider(endpoint, protocol=2)
    client.flushall()
    yield client
    client.close()


Open = Callable[[str], Any]


@pytest_asyncio.fixture
async def stores(endpoint: Endpoint, owner: Insider) -> AsyncIterator[Open]:
    """A store as this user, closed at the end."""
    opened = []

    async def open(user: str) -> RedisStore:
        opened.append(await open_store(endpoint.url, endpoint.users, user=user))
        return opened[-1]

    yield open
    for store in opened:
        await store.close()


def user(endpoint: Endpoint, name: str) -> redis.Redis:
    """A plain client with one user's password."""
    password = Path(endpoint.users, name).read_text()
    return redis.Redis.from_url(endpoint.url, username=name, password=password, protocol=2)


def note(id: str) -> Note:
    return Note(f"says {id}".encode(), (id,))


def everything(owner: Insider) -> dict[bytes, Any]:
    return {key: owner.dump(key) for key in sorted(owner.keys())}


ATTACKS: list[tuple[Any, ...]] = [
    ("XADD", LOG, "*", "n", "forged"),
    ("XADD", LOG, "MAXLEN", "0", "*", "n", "forged"),
    ("XADD", f"{P}q:conductor", "*", "__data__", "forged"),
    ("XTRIM", LOG, "MAXLEN", "0"),
    ("XDEL", LOG, "0-1"),
    ("XSETID", LOG, "0-9"),
    ("XGROUP", "CREATE", LOG, "g", "0"),
    ("XGROUP", "DESTROY", f"{P}q:worker", "g"),
    ("DEL", LOG),
    ("UNLINK", LOG),
    ("SET", LOG, "x"),
    ("SET", "other", "x"),
    ("GET", "other"),
    ("RENAME", LOG, "other"),
    ("COPY", LOG, "other"),
    ("RESTORE", LOG, "0", b"", "REPLACE"),
    ("MIGRATE", "127.0.0.1", "1", LOG, "0", "1000"),
    ("EXPIRE", LOG, "1"),
    ("PEXPIRE", LOG, "1"),
    ("HSET", KEYS[1], "seq", "0"),
    ("HDEL", KEYS[2], "one"),
    ("ZADD", KEYS[4], "0", "x"),
    ("XREADGROUP", "GROUP", "g", "me", "STREAMS", f"{P}q:validator", ">"),
    ("XACK", f"{P}q:validator", "g", "1-1"),
    ("XCLAIM", f"{P}q:validator", "g", "me", "0", "1-1"),
    ("XRANGE", f"{P}q:validator", "-", "+"),
    ("FUNCTION", "LOAD", "REPLACE", "#!lua name=maestro_v1\nredis.register_function('x', function() end)"),
    ("FUNCTION", "DELETE", "maestro_v1"),
    ("FUNCTION", "FLUSH"),
    ("FUNCTION", "LIST", "WITHCODE"),
    ("FUNCTION", "DUMP"),
    ("FCALL", "maestro_v1_fire", "2", KEYS[4], KEYS[5], "", "10"),
    ("FCALL", "maestro_v1_free", "1", f"{P}q:worker", "10", "0", "me"),
    ("FCALL", "maestro_v1_touch", "1", f"{P}q:validator", "me", "1-1"),
    ("EVAL", "return 1", "0"),
    ("EVALSHA", "0" * 40, "0"),
    ("SCRIPT", "FLUSH"),
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("SWAPDB", "0", "1"),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "appendonly", "no"),
    ("ACL", "SETUSER", "worker", "+@all", "~*"),
    ("ACL", "GETUSER", "registrar"),
    ("ACL", "LIST"),
    ("DEBUG", "RELOAD"),
    ("SHUTDOWN", "NOSAVE"),
    ("SAVE",),
    ("BGREWRITEAOF",),
    ("REPLICAOF", "127.0.0.1", "1"),
    ("MONITOR",),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("COMMAND",),
    ("INFO",),
    ("SLOWLOG", "GET"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("PUBLISH", "x", "y"),
]


async def test_with_a_workers_password_no_command_touches_the_log_the_server_or_others_queues(
    endpoint: Endpoint, owner: Insider, stores: Open
) -> None:
    conductor = await stores("conductor")
    await conductor.write([Write(RUN, (note("one"), note("two")), sends=(Send("validator", b"{}"),))])
    before = everything(owner)

    with user(endpoint, "worker") as worker:
        for attack in ATTACKS:
            with pytest.raises(redis.ResponseError) as caught:
                worker.execute_command(*attack)
            assert any(word in str(caught.value) for word in ("permission", "unknown command", "not allowed")), (
                attack,
                caught.value,
            )

    assert everything(owner) == before


@pytest.mark.parametrize("queue", ["validator", "conductor"])
async def test_nobody_completes_what_lies_in_anothers_queue_and_no_half_of_the_write_is_done(
    owner: Insider, stores: Open, queue: str
) -> None:
    """Into the conductor's queue a worker may write; it may take nothing from it."""
    validator, worker = await stores(queue), await stores("worker")
    await (await stores("conductor")).write([Write(RUN, (note("one"),), sends=(Send(queue, b"{}"),))])
    [taken] = await validator.take(queue, "v@1", 1)
    before = everything(owner)

    with pytest.raises(NotAllowed):
        await worker.write([Write(RUN, (note("two"),), acks=(Ack(queue, "v@1", (taken.id,)),))])
    with pytest.raises(NotAllowed):
        await worker.dead_letter(Write(RUN), DeadLetter(taken.id, queue, b"{}", "why", 1))

    assert everything(owner) == before


async def test_whoever_may_make_an_index_again_cannot_cut_a_log_off_with_it(
    endpoint: Endpoint, owner: Insider, stores: Open
) -> None:
    await (await stores("conductor")).write([Write(RUN, (note("one"), note("two"), note("three")))])
    before = everything(owner)

    with user(endpoint, "worker") as worker:
        copy, index = f"{LOG}:ab", f"{KEYS[2]}:ab"
        worker.fcall("maestro_v1_restore_entries", 2, LOG, copy, 1, 2)
        keys = (*KEYS[:3], f"{P}run:{RUN}:junk", index, copy)
        for junk in ((), ("0-3",)):
            with pytest.raises(redis.ResponseError, match="entries of the log would be lost"):
                worker.fcall("maestro_v1_restore", 6, *keys, 2, "0-3", 3, "1", *junk)
        for wrong in ((*keys[:4], index, f"{P}run:other:log"), (LOG, *keys[1:5], LOG), (copy, *keys[1:])):
            with pytest.raises(redis.ResponseError, match=r"keys of one run|permission"):
                worker.fcall("maestro_v1_restore", 6, *wrong, 2, "0-3", 3, "1")

    owner.delete(copy)
    assert everything(owner) == before


async def test_a_write_to_one_run_reaches_no_key_of_another(endpoint: Endpoint, owner: Insider, stores: Open) -> None:
    await (await stores("conductor")).write([Write("other", (note("one"),))])
    before = everything(owner)
    mixed = [KEYS[0], f"{P}run:other:head", *KEYS[2:]]

    with user(endpoint, "worker") as worker:
        for keys in (mixed, [f"{P}run:other:log", *KEYS[1:]], [*KEYS, f"{P}run:other:log"]):
            with pytest.raises(redis.ResponseError, match="keys of one run"):
                arguments = (RUN, "", 1, 1, 0, 0, 0, 0, 0, "forged", 1, "two")
                worker.fcall("maestro_v1_append", len(keys), *keys, *arguments)

    assert everything(owner) == before


def test_a_password_is_for_its_owner_alone_and_none_tells_another(endpoint: Endpoint, owner: Insider) -> None:
    files = list(Path(endpoint.users).iterdir())
    assert {path.name for path in files} == {*USERS, LIBRARY_SECRET}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert len({path.read_text() for path in files}) == len(files)
    with user(endpoint, "worker") as worker:
        for name in USERS.keys() - {"worker"}:
            with pytest.raises(redis.AuthenticationError):
                worker.execute_command("AUTH", name, Path(endpoint.users, "worker").read_text())
        with pytest.raises(redis.AuthenticationError):
            worker.execute_command("AUTH", "default", "")


def test_every_role_has_a_user_and_none_of_them_the_commands_of_an_administrator(owner: Insider) -> None:
    assert set(ROLES) - {"operator"} <= USERS.keys()
    for name in USERS:
        for command in (
            ("FLUSHALL",),
            ("CONFIG", "GET", "*"),
            ("XTRIM", LOG, "MAXLEN", "0"),
            ("DEL", LOG),
            ("KEYS", "*"),
        ):
            assert b"permission" in owner.execute_command("ACL", "DRYRUN", name, *command), (name, command)


@pytest.mark.parametrize("role", [name for name, rights in USERS.items() if rights.works])
async def test_each_role_can_do_all_of_its_own_work(owner: Insider, stores: Open, role: str) -> None:
    """Queue, lease, log, blob, index and dead letters, as the bus uses them."""
    store, conductor = await stores(role), await stores("conductor")
    rights = USERS[role]
    await store.open_queue(role)
    for _ in range(3):
        await conductor.write([Write(RUN, sends=(Send(role, b"{}"),))])
    [first, second, third] = await store.take(role, "me@1", 3)
    timers = (Timer("t", 1, rights.asks[0], b"{}"),) if rights.timers else ()

    asked = tuple(Send(other, b"{}") for other in rights.asks)
    done = Write(RUN, (note("one"),), sends=asked, timers=timers, acks=(Ack(role, "me@1", (first.id,)),))
    assert await store.write([done, done]) == [Appended(1), Duplicate({"one": 1}, True, True)]
    assert await store.touch(role, "me@1", [second.id]) == [second.id]
    letter = DeadLetter(second.id, role, b"{}", "why", 1)
    fence = (Ack(role, "me@1", (second.id,)),)
    assert await store.dead_letter(Write(RUN, (note("two"),), acks=fence), letter) == Appended(2)
    assert await store.link.function("give_back", (f"{P}q:{role}",), "me@1", 10, 1, "unbegun", third.id) == 1
    assert [taken.id for taken in await store.reclaim(role, "you@1", 0, 1)] == [third.id]
    assert await store.link.function("forget", (f"{P}q:{role}",), "me@1") == 1

    assert await store.read(RUN) == [Entry(1, b"says one"), Entry(2, b"says two")]
    assert await store.tail({RUN: 1, SYSTEM: 0}, 10) == {RUN: [Entry(2, b"says two")]}
    owner.delete(KEYS[1], KEYS[2])
    assert await store.rebuild(RUN) == 2
    owner.execute_command("XADD", LOG, "7-7", "junk", "junk")
    assert await store.write([Write(RUN, (note("three"),))]) == [Appended(3)]
    assert (await store.read(RUN))[2:] == [Entry(3, b"says three")]


async def test_the_command_line_and_the_supervisor_can_do_what_they_are_for(owner: Insider, stores: Open) -> None:
    person, supervisor, conductor = [await stores(name) for name in (PERSON, SUPERVISOR, "conductor")]
    assert await person.write([Write(RUN, (note("one"),), sends=(Send("conductor", b"{}"),))]) == [Appended(1)]
    assert await person.runs() == [RUN]
    assert await person.queue_length("worker") == 0 and await person.dead_letters("worker") == []
    assert await person.link.look("kinds", [LOG, KEYS[4]]) == [b"stream", b"none"]
    await conductor.take("conductor", "dead@1", 1)
    queue = f"{P}q:conductor"
    assert await supervisor.link.function("consumers", (queue,)) == [b"dead@1"]
    assert await supervisor.link.function("free", (queue,), 10, 1, "dead@1") == 1
    assert await conductor.fire() is None
    with pytest.raises(NotAllowed):
        await supervisor.write([Write(RUN, (note("two"),))])
    with pytest.raises(NotAllowed):
        await person.take("conductor", "me@1", 1)


async def test_who_may_not_load_the_functions_waits_for_who_may(
    endpoint: Endpoint, owner: Insider, stores: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maestro.log.redis_link.LOADED_S", 0.1)
    (tmp_path / "worker").write_text(Path(endpoint.users, "worker").read_text())
    owner.function_flush()
    alone = await open_store(endpoint.url, tmp_path, user="worker")

    assert await alone.read(RUN) == []
    with pytest.raises(NotLoaded, match=r"lacks our functions; the registrar loads them"):
        await alone.write([Write(RUN, (note("one"),))])

    await (await stores("registrar")).link.load_functions()
    assert await alone.write([Write(RUN, (note("one"),))]) == [Appended(1)]
    await alone.close()


def test_what_only_the_library_sends_is_named_in_no_answer(endpoint: Endpoint, owner: Insider) -> None:
    hidden = {hidden_name(command, owner.secret) for command in HIDDEN}
    said = []
    with user(endpoint, "worker") as worker:
        for keys in (KEYS, [f"{P}run:{RUN}:head", *KEYS[1:]]):
            try:
                said.append(worker.fcall("maestro_v1_append", 6, *keys, RUN, "", 1, 1, 0, 0, 0, 0, 0, "x", 1, "i"))
            except redis.ResponseError as error:
                said.append(error)
        owner.set(KEYS[2], "no hash")
        for function, keys in (("append", KEYS), ("restore_ids", [f"{P}run:{RUN}:dd:a"])):
            owner.set(f"{P}run:{RUN}:dd:a", "no hash")
            with pytest.raises(redis.ResponseError) as caught:
                worker.fcall(f"maestro_v1_{function}", len(keys), *keys, RUN, "")
            said.append(caught.value)
    assert not [name for name in hidden if name in repr(said)]


async def test_a_log_of_a_version_without_walls_is_taken_over(program: Path, tmp_path: Path) -> None:
    for name in ("server", "logs"):
        (tmp_path / name).mkdir()
    old = Server("old", str(program), tmp_path / "server")
    old.start()
    store = await open_store(old.url)
    await store.write([Write(RUN, (note("one"),), sends=(Send("worker", b"{}"),))])
    await store.close()
    old.stop()

    for _ in range(2):
        server = PrivateServer(tmp_path / "server")
        endpoint = server.start()
        store = await open_store(endpoint.url, endpoint.users, user="worker")
        assert [entry.seq for entry in await store.read(RUN)] == [1]
        assert await store.queue_length("worker") == 1
        with user(endpoint, "worker") as worker, pytest.raises(redis.ResponseError, match="unknown command"):
            worker.xadd(LOG, {"n": "x"})
        await store.close()
        server.stop()
    assert await _appended(tmp_path / "server") == Appended(2)


async def _appended(folder: Path) -> Any:
    server = PrivateServer(folder)
    endpoint = server.start()
    store = await open_store(endpoint.url, endpoint.users, user="worker")
    [result] = await store.write([Write(RUN, (note("two"),))])
    await store.close()
    server.kill()
    return result


def test_all_roles_that_services_have_are_known() -> None:
    assert set(EVERY_ROLE) == set(ROLES) - {"operator"}


def test_a_folder_that_lost_its_secret_is_named(program: Path, tmp_path: Path) -> None:
    for name in ("server", "logs"):
        (tmp_path / name).mkdir()
    server = PrivateServer(tmp_path / "server")
    client = insider(server.start())
    client.execute_command("XADD", "log", "*", "n", "1")
    client.close()
    server.stop()
    Path(server.folder, "users", LIBRARY_SECRET).unlink()

    with pytest.raises(ServerFailed, match="users/library"):
        server.start()


@pytest.mark.parametrize("early", [True, False])
def test_the_containers_server_starts_with_users_and_takes_an_earlier_log_over(
    program: Path, tmp_path: Path, early: bool
) -> None:
    if shutil.which("redis-cli") is None and shutil.which("valkey-cli") is None:
        pytest.skip("neither redis-cli nor valkey-cli is here")
    data, config = tmp_path / "data", tmp_path / "config"
    data.mkdir()
    config.mkdir()
    write_for_server(config / "passwords", config)
    before = Server("old", str(program), data)
    if early:
        before.start()
        before.client().xadd(LOG, {"n": "1"}, id="0-1")
        before.stop()

    command = ["sh", str(ROOT / "scripts" / "compose-server"), "--port", "0", "--unixsocket", str(before.socket)]
    named = {"SERVER_PROGRAM": str(program), "SERVER_DATA": str(data), "SERVER_CONFIG": str(config)}
    env = {**os.environ, **named}
    for _ in range(2):
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            worker = redis.Redis(
                unix_socket_path=str(before.socket),
                username="worker",
                password=(config / "passwords" / "worker").read_text(),
            )
            assert wait_for(functools.partial(_length, worker), what="the server") == [1 if early else 0]
            with pytest.raises(redis.ResponseError, match="unknown command"):
                worker.xadd(LOG, {"n": "2"})
            worker.close()
        finally:
            process.terminate()
            process.wait(20)


def _length(client: redis.Redis) -> Any:
    try:
        return [client.xlen(LOG)]
    except redis.ConnectionError:
        return None


def test_the_user_as_whom_the_server_reads_its_own_log_may_do_all_and_is_nobody() -> None:
    """Transactions of its log are checked as the default user's at the start: what that may not do is lost."""
    default = acl_file({}).splitlines()[0].split()
    assert default[:3] == ["user", "default", "off"]
    assert {"allkeys", "+@all", "resetpass"} <= set(default) and "nopass" not in default
