"""How does a test wait? For what it wants to see, and no longer."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")
EVERY_S = 0.01


async def wait_until(
    predicate: Callable[[], T | Awaitable[T]], timeout: float = 60.0, what: str = "what was waited for"
) -> T:
    """The first true value of the predicate, which may be a coroutine function. Fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        seen = predicate()
        value = cast(T, await seen) if inspect.isawaitable(seen) else seen
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout:g} s (last seen: {value!r})")
        await asyncio.sleep(EVERY_S)


def wait_for(predicate: Callable[[], T], timeout: float = 60.0, what: str = "what was waited for") -> T:
    """The same where nothing is asynchronous."""
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout:g} s (last seen: {value!r})")
        time.sleep(EVERY_S)
    return value
