"""How is the server reached? The client's options, and the first contact with a bounded wait."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import EqualJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from maestro.bus.logs import get_log
from maestro.log.redis_link import credentials
from maestro.log.store import StoreUnavailable

if TYPE_CHECKING:
    from maestro.bus.settings import ServiceSettings

T = TypeVar("T")
FOR_EVER = -1
PASSING = ("LOADING", "MISCONF", "READONLY", "OOM", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS")
"""Errors that a server gives while it cannot serve us now: it starts, its disk is full, it has no replica."""


class Patience(Retry):
    """Try again for ever, up to a second apart, and say so once. For what has no effect when it is done twice."""

    def __init__(self) -> None:
        super().__init__(
            EqualJitterBackoff(cap=1.0, base=0.05), FOR_EVER, (ConnectionError, TimeoutError, ResponseError)
        )

    async def call_with_retry(
        self,
        do: Callable[[], Awaitable[T]],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        failures = 0
        while True:
            try:
                answer = await do()
            except self._supported_errors as error:
                if isinstance(error, ResponseError) and not _code(error).startswith(PASSING):
                    raise
                failures += 1
                if failures == 1:
                    get_log("connect").warning("the server does not serve us; trying again", error=str(error))
                await (fail(error, failures) if with_failure_count else fail(error))
                await asyncio.sleep(self._backoff.compute(failures))
            else:
                return answer


def _code(error: ResponseError) -> str:
    """redis-py cuts the code off the text of those errors that have a class of their own."""
    return getattr(error, "status_code", None) or str(error)


def address(url: str) -> str:
    """A server's address without its password, as errors name it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}"


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """Options for a client that only reads, claims and asks: it may try again for ever, since nothing it does has an
    effect when done twice. No socket timeout: reads block on purpose, and a dead peer is found by keep-alive."""
    options: dict[str, Any] = {
        "retry": Patience(),
        "socket_timeout": None,
        "socket_connect_timeout": 5.0,
        "client_name": f"maestro:{settings.actor}",
    }
    options |= credentials(settings.login)
    if not settings.redis_url.startswith("unix:"):
        options["socket_keepalive"] = True
        options["socket_keepalive_options"] = _keepalive()
    return options


def make_client(settings: ServiceSettings, **changes: Any) -> Redis:
    return Redis.from_url(settings.redis_url, **{**client_options(settings), **changes})


async def wait_for_server(settings: ServiceSettings) -> None:
    """Return when the server answers. Raises StoreUnavailable after `connect_s`, at once where it refuses us."""
    client = make_client(settings, retry=Retry(EqualJitterBackoff(), 0), socket_timeout=5.0)
    deadline = asyncio.get_running_loop().time() + settings.connect_s
    delay = 0.05
    try:
        while (problem := await _knock(client, settings)) is not None:
            if asyncio.get_running_loop().time() + delay > deadline:
                raise StoreUnavailable(
                    f"the server at {address(settings.redis_url)} does not answer ({problem}); "
                    "start it, or set MAESTRO_REDIS_URL to one that runs"
                )
            await asyncio.sleep(delay)
            delay = min(delay * 2, 1.0)
    finally:
        await client.aclose()


async def _knock(client: Redis, settings: ServiceSettings) -> str | None:
    try:
        await client.ping()
    except (AuthenticationError, AuthorizationError, ResponseError) as error:
        raise StoreUnavailable(
            f"the server at {address(settings.redis_url)} refuses us ({error}); "
            "MAESTRO_REDIS_PASSWORD_FILE must name its password, or a folder with one for this role"
        ) from None
    except (RedisError, OSError) as error:
        return str(error) or type(error).__name__
    return None


def _keepalive() -> dict[int, int]:
    wanted = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
