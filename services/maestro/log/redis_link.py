"""How does one talk to a Redis or Valkey server without ever doing something twice? One call at a time, sent again only
where that is safe, with our functions loaded, and errors that say what to do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Any

import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import AuthenticationError, ConnectionError, RedisError, ResponseError, TimeoutError

from maestro.log.redis_seen import Seen
from maestro.log.store import LogWentBack, StoreCorrupt, StoreUnavailable

LIBRARY = "maestro_v1"
ATTEMPTS = 4
PAUSE_S = 0.05
"""A call that was cut off is sent again after this long, then twice as long, then four times."""
ANSWER_S = 10.0
"""A server that says nothing for so long is gone. Counted here for each round trip: redis-py's own timeout is set anew
for each reply, which takes longer than the reply."""
PAGE = 500
CUT_OFF = (ConnectionError, TimeoutError, OSError)
"""What was sent may have been carried out or not."""
_UNAVAILABLE = ("LOADING", "MISCONF", "READONLY", "OOM", "MASTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "NOREPLICAS")
_MISSING = "Function not found"

Call = tuple[bytes | str | int, ...]
Greet = Callable[[AbstractConnection], Awaitable[None]]


class NoFunction(StoreCorrupt):
    """The server has lost our functions, or never had them."""


class NoGroup(StoreCorrupt):
    """The queue has no consumer group yet."""


def functions_source() -> str:
    return (files("maestro.log") / "functions.lua").read_text()


def functions_version(source: str) -> int:
    found = re.search(r"^local VERSION = (\d+)$", source, re.MULTILINE)
    assert found is not None
    return int(found[1])


class Link:
    """A server, as two clients: one whose calls are answered at once, one for calls that block."""

    def __init__(self, url: str, password: str | None = None) -> None:
        """Connects to nothing yet. Raises ValueError where the URL is none."""
        self.address = re.sub(r"//[^/@]*@", "//", url)
        self.seen = Seen(self.address)
        self._client, self._waiting = [_make_client(url, password, self._greet) for _ in range(2)]
        self._ready = False

    async def _greet(self, connection: AbstractConnection) -> None:
        """On each new connection, before anything else is sent on it."""
        await connection.on_connect()
        try:
            await self.seen.still_stands(connection)
        except LogWentBack:
            await connection.disconnect()
            raise

    async def close(self) -> None:
        await self._client.aclose()
        await self._waiting.aclose()

    async def command(self, *args: Any, wait_s: float | None = None) -> Any:
        """One command that does no harm when it is carried out twice. `wait_s`: how long the server may let us wait,
        on a connection of its own."""
        client = self._client if wait_s is None else self._waiting
        for attempt in range(ATTEMPTS):
            try:
                async with asyncio.timeout((wait_s or 0.0) + ANSWER_S):
                    return await client.execute_command(*args)  # type: ignore[no-untyped-call]
            except AuthenticationError as error:
                raise self.unavailable(error) from error
            except CUT_OFF as error:
                if attempt + 1 == ATTEMPTS:
                    raise self.unavailable(error) from error
                await asyncio.sleep(PAUSE_S * 2**attempt)
            except RedisError as error:
                raise self.failed(error) from error
        raise AssertionError("unreachable")

    async def function(self, name: str, keys: Sequence[str], *args: str | bytes | int) -> Any:
        """One call of a function of ours that does no harm when it is carried out twice."""
        await self.make_ready()
        call = ("FCALL", f"{LIBRARY}_{name}", len(keys), *keys, *args)
        try:
            return await self.command(*call)
        except NoFunction:
            await self.load_functions()
            return await self.command(*call)

    async def once(self, calls: list[Call], together: bool) -> list[Any]:
        """The replies to some calls, sent once in one round trip; errors are among them. `together`: nobody else's
        call comes in between. Raises what is in CUT_OFF where the outcome is uncertain."""
        async with asyncio.timeout(ANSWER_S):
            if len(calls) == 1:
                try:
                    return [await self._client.execute_command(*calls[0])]  # type: ignore[no-untyped-call]
                except ResponseError as error:
                    return [error]
            async with self._client.pipeline(transaction=together) as pipe:
                for call in calls:
                    pipe.execute_command(*call)
                return await pipe.execute(raise_on_error=False)

    async def pages(self, stream: str) -> AsyncIterator[tuple[bytes, list[bytes]]]:
        """All entries of a stream."""
        start = "-"
        while True:
            page = await self.command("XRANGE", stream, start, "+", "COUNT", PAGE)
            for id, fields in page:
                yield id, fields
            if len(page) < PAGE:
                return
            start = "(" + text(page[-1][0])

    async def make_ready(self) -> None:
        """Load the functions, or replace older ones; newer ones are left alone, since they serve us too."""
        if self._ready:
            return
        source = functions_source()
        try:
            if int(await self.command("FCALL", f"{LIBRARY}_version", 0)) < functions_version(source):
                await self.command("FUNCTION", "LOAD", "REPLACE", source)
        except NoFunction:
            await self.load_functions()
        self._ready = True

    async def load_functions(self) -> None:
        """Load the functions where there are none; somebody else may do the same at the same time."""
        try:
            await self.command("FUNCTION", "LOAD", functions_source())
        except StoreCorrupt as error:
            if "already exists" not in str(error):
                raise

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        what = str(error) or type(error).__name__
        if isinstance(error, AuthenticationError) or what.startswith(("NOAUTH", "WRONGPASS")):
            mend = "check the password (MAESTRO_REDIS_PASSWORD_FILE)"
        elif isinstance(error, ResponseError):
            mend = "see the server's log"
        else:
            mend = "is it running? Check the address (MAESTRO_REDIS_URL)"
        return StoreUnavailable(f"the server at {self.address} cannot be used: {what}; {mend}")

    def failed(self, error: RedisError) -> Exception:
        """What a server's error means to us."""
        what = str(error)
        if _MISSING in what:
            return NoFunction(what)
        if "NOGROUP" in what:
            return NoGroup(what)
        # redis-py cuts the code off the text of those errors that have a class of their own.
        code = getattr(error, "status_code", None) or what
        if isinstance(error, ConnectionError | TimeoutError) or code.startswith(_UNAVAILABLE):
            return self.unavailable(error)
        return StoreCorrupt(f"{self.address}: {what}")


def text(value: bytes) -> str:
    return value.decode(errors="replace")


def _make_client(url: str, password: str | None, greet: Greet) -> redis.Redis:
    """A client that sends nothing twice by itself, hands out replies as they came, and leaves timeouts to its user."""
    client: redis.Redis = redis.Redis.from_url(
        url,
        password=password,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=5,
        socket_read_size=1 << 18,
        redis_connect_func=greet,
    )
    for command in ("XRANGE", "XREVRANGE", "XREAD", "XREADGROUP", "XINFO STREAM"):
        client.set_response_callback(command, _as_it_came)  # type: ignore[arg-type]
    pool = client.connection_pool
    pool.connection_class = _quickly_packing(pool.connection_class)
    return client


def _quickly_packing(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """The same kind of connection, with commands written down by hiredis: redis-py's asyncio half does it in Python, in
    four times the time."""
    pack = HiredisRespSerializer().pack

    class Connection(kind):  # type: ignore[misc, valid-type]
        def pack_command(self, *args: Any) -> list[bytes]:
            return pack(*args)  # type: ignore[no-any-return]

    return Connection


def _as_it_came(reply: Any, **_: Any) -> Any:
    return reply
