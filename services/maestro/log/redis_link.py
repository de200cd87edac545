"""How does one talk to a Redis or Valkey server without ever doing something twice? One call at a time, sent again only
where that is safe, with our functions loaded, and errors that say what to do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    NoPermissionError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from maestro.log.library import LIBRARY, functions_source, functions_version
from maestro.log.login import LOADER, Login
from maestro.log.redis_seen import Seen
from maestro.log.store import LogWentBack, StoreCorrupt, StoreUnavailable

ATTEMPTS = 4
PAUSE_S = 0.05
"""A call that was cut off is sent again after this long, then twice as long, then four times."""
ANSWER_S = 10.0
"""A server that says nothing for so long is gone. Counted here for each round trip: redis-py's own timeout is set anew
for each reply, which takes longer than the reply."""
PAGE = 500
CUT_OFF = (ConnectionError, TimeoutError, OSError)
"""What was sent may have been carried out or not."""
_UNAVAILABLE = ("LOADING", "MISCONF", "READONLY", "OOM", "MASTERDOWN", "NOAUTH", "WRONGPASS", "NOREPLICAS")
LOADED_S = 3.0
"""How long whoever may not load the functions waits for those who do: a server that has just started lacks them."""
_LOADS = "the registrar loads them: does it run, and is the file `library` beside its password?"
_MISSING = "Function not found"
_REFUSED = (
    "NOPERM",
    "ACL failure in script",
    "can't run this command or subcommand",
    "can't access at least one of the keys",
)
"""How servers say that a user may not do something, by itself or within a function."""

Call = tuple[bytes | str | int, ...]
Greet = Callable[[AbstractConnection], Awaitable[None]]


class NoFunction(StoreCorrupt):
    """The server has lost our functions, or never had them."""


class NotAllowed(StoreUnavailable):
    """The server's rules do not let this user do that."""


class NotLoaded(StoreUnavailable):
    """The server has none of our functions, or older ones, and we may not load them: for now one can only read."""


class NoGroup(StoreCorrupt):
    """The queue has no consumer group yet."""


class Link:
    """A server, as two clients: one whose calls are answered at once, one for calls that block."""

    def __init__(self, url: str, login: Login = Login()) -> None:  # noqa: B008 - frozen
        """Connects to nothing yet. Raises ValueError where the URL is none."""
        self.address = bare(url)
        self._url, self._login = url, login
        self.seen = Seen(self.address)
        self._client, self._waiting = [_make_client(url, login, self._greet) for _ in range(2)]
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
        return await self._function(("FCALL", f"{LIBRARY}_{name}", len(keys), *keys, *args))

    async def look(self, name: str, keys: Sequence[str], *args: str | bytes | int) -> Any:
        """The same with a function that only reads, for who may do no more."""
        return await self._function(("FCALL_RO", f"{LIBRARY}_{name}", len(keys), *keys, *args))

    async def _function(self, call: Call) -> Any:
        await self.make_ready()
        try:
            return await self.command(*call)
        except NoFunction:
            await self.load_functions()
            return await self.command(*call)

    async def is_refused(self, *command: str) -> bool:
        """Whether the server does not let us use this command, or does not know it."""
        try:
            await self.command(*command)
        except NotAllowed:
            return True
        except StoreCorrupt as error:
            return "unknown command" in str(error)
        return False

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
        """Load the functions, or replace older ones; newer ones are left alone, since they serve us too. Raises
        NotLoaded where that is for somebody else to do, who does not do it."""
        if not self._ready:
            await self.load_functions()
            self._ready = True

    async def load_functions(self) -> None:
        """The same, whatever was seen before."""
        source = functions_source(self._login.secret)
        deadline = time.monotonic() + LOADED_S
        while not await self._is_loaded(functions_version(source)):
            try:
                await self._load(source)
            except NotAllowed as error:
                if time.monotonic() > deadline:
                    raise NotLoaded(f"the server at {self.address} lacks our functions; {_LOADS}") from error
                await asyncio.sleep(PAUSE_S)

    async def _load(self, source: str) -> None:
        if not self._login.loader or self._login.user == LOADER:
            await self.command("FUNCTION", "LOAD", "REPLACE", source)
            return
        loader = Link(self._url, Login(LOADER, self._login.loader))
        try:
            await loader.command("FUNCTION", "LOAD", "REPLACE", source)
        finally:
            await loader.close()

    async def _is_loaded(self, version: int) -> bool:
        try:
            return int(await self.command("FCALL", f"{LIBRARY}_version", 0)) >= version
        except NoFunction:
            return False

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        what = str(error) or type(error).__name__
        if isinstance(error, AuthenticationError) or what.startswith(("NOAUTH", "WRONGPASS")):
            mend = "check the password (MAESTRO_REDIS_PASSWORD_FILE)"
        elif "certificate" in what.lower():
            mend = "check MAESTRO_REDIS_CA_FILE, MAESTRO_REDIS_CERT_FILE, MAESTRO_REDIS_KEY_FILE, and the host's name"
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
        if isinstance(error, NoPermissionError) or any(words in what for words in _REFUSED):
            return NotAllowed(f"the server at {self.address} does not let user {self._login.user or 'default'}: {what}")
        # redis-py cuts the code off the text of those errors that have a class of their own.
        code = getattr(error, "status_code", None) or what
        if isinstance(error, ConnectionError | TimeoutError) or code.startswith(_UNAVAILABLE):
            return self.unavailable(error)
        return StoreCorrupt(f"{self.address}: {what}")


def bare(url: str) -> str:
    """An address as it may be shown: without who we are there, and without files."""
    return re.sub(r"//[^/@]*@", "//", url).partition("?")[0]


def text(value: bytes) -> str:
    return value.decode(errors="replace")


def _make_client(url: str, login: Login, greet: Greet) -> redis.Redis:
    """A client that sends nothing twice by itself, hands out replies as they came, and leaves timeouts to its user."""
    client: redis.Redis = redis.Redis.from_url(
        url,
        username=login.user or None,
        password=login.password or None,
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


def credentials(login: Login) -> dict[str, str]:
    """A client's options that say who we are, beside what the address says."""
    named = {"username": login.user} if login.user else {}
    return named | ({"password": login.password} if login.password else {})


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
