"""What do all tests share? Private servers, the stores on them, and the Docker engine where there is one.

- `server`: this session's private server (the first kind that is here), emptied before each test.
- `each_server`: the same for every kind of server that Maestro supports; those that are not here are skipped.
- `own_server`: a server of this test alone, to be killed, stopped or frozen.
- `store`: an open `RedisStore` on `server`; `each_store` on `each_server`; `any_store` also the in-memory one.
- `valkey_server` and `redis_server` are `server` of that kind.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from maestro.log.memory_store import MemoryStore
from maestro.log.redis_store import RedisStore, open_store
from tests.support.servers import IMAGES, KINDS, NotHere, Server, any_running, no_engine, running

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

# A machine that is busy makes no test wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def _servers() -> Iterator[Callable[[str], Server]]:
    """Servers by kind, each started when it is first asked for; they end with the session."""
    started: dict[str, Server | NotHere] = {}
    with contextlib.ExitStack() as stack:

        def get(kind: str) -> Server:
            if kind not in started:
                try:
                    making = running(kind, fsync="everysec") if kind in KINDS else any_running(fsync="everysec")
                    started[kind] = stack.enter_context(making)
                except NotHere as error:
                    started[kind] = error
            found = started[kind]
            if isinstance(found, NotHere):
                pytest.skip(f"{kind}: {found}")
            client = found.client()
            client.flushall()
            client.close()
            return found

        yield get


@pytest.fixture
def server(_servers: Callable[[str], Server]) -> Server:
    return _servers("any")


@pytest.fixture
def valkey_server(_servers: Callable[[str], Server]) -> Server:
    return _servers("valkey-9")


@pytest.fixture
def redis_server(_servers: Callable[[str], Server]) -> Server:
    return _servers("redis-7.0")


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.engine if kind in IMAGES else ()) for kind in KINDS])
def each_server(request: pytest.FixtureRequest, _servers: Callable[[str], Server]) -> Server:
    return _servers(request.param)


@pytest.fixture
def own_server() -> Iterator[Server]:
    try:
        with any_running() as server:
            yield server
    except NotHere as error:
        pytest.skip(str(error))


@pytest_asyncio.fixture
async def store(server: Server) -> AsyncIterator[RedisStore]:
    async with _open(server) as opened:
        yield opened


@pytest_asyncio.fixture
async def each_store(each_server: Server) -> AsyncIterator[RedisStore]:
    async with _open(each_server) as opened:
        yield opened


@pytest_asyncio.fixture(params=["memory", "server"])
async def any_store(request: pytest.FixtureRequest) -> AsyncIterator[RedisStore | MemoryStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    async with _open(request.getfixturevalue("server")) as opened:
        yield opened


@pytest.fixture(scope="session")
def engine() -> None:
    """The test needs a Docker engine."""
    if why := no_engine():
        pytest.skip(why)


@contextlib.asynccontextmanager
async def _open(server: Server) -> AsyncIterator[RedisStore]:
    opened = await open_store(server.url)
    try:
        yield opened
    finally:
        await opened.close()
