"""How does a run reach somebody while it happens? As server-sent events, from any place of its log on, without a gap.

The id of a message is a place in the log: a client that comes back with it (`Last-Event-ID`) misses nothing. The events
of one entry come in several messages of which the last alone has the id, so that none is lost in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import msgspec
from litestar.response import Stream

from maestro.gateway.answers import event_views
from maestro.gateway.gateway import STREAMS, Gateway
from maestro.gateway.problems import Refusal
from maestro.gateway.views import EventView
from maestro.gateway.watching import Watched, Watcher
from maestro.log.reader import Reader

PING_S = 15.0
RETRY_MS = 1000


def message(data: str | bytes, event: str = "", id: int | None = None) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else data.decode()
    lines = [f"event: {event}"] if event else []
    lines += [f"id: {id}"] if id is not None else []
    lines += [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "backslashreplace")


PING = b": ping\n\n"


def sse(content: AsyncIterator[bytes]) -> Stream:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(content, media_type="text/event-stream", headers=headers)


@contextlib.contextmanager
def one_stream(gateway: Gateway, person: str) -> Iterator[None]:
    """Counts a person's streams."""
    gateway.streams[person] = gateway.streams.get(person, 0) + 1
    try:
        yield
    finally:
        gateway.streams[person] -= 1
        if not gateway.streams[person]:
            del gateway.streams[person]


def check_streams(gateway: Gateway, person: str) -> None:
    """Raises Refusal (429) where a person has too many open."""
    if gateway.streams.get(person, 0) >= STREAMS:
        raise Refusal(429, f"{person} follows {STREAMS} streams already", "close some", Retry_After="5")


async def follow(watcher: Watcher, watched: Watched, after: int) -> AsyncIterator[list[EventView]]:
    """The events of a run behind entry `after`, entry by entry, and then as they come; an empty list where nothing came
    for a while. Ends when the gateway does."""
    reader = Reader(watcher.store, watcher.keyring, watched.run, after)
    while not watcher.closing.is_set():
        if reader.seq >= watched.seq:
            await watcher.changed(watched, PING_S)
            if reader.seq >= watched.seq:
                yield []
                continue
        for verdict in await reader.new():
            yield event_views(verdict)


async def event_stream(gateway: Gateway, person: str, watched: Watched, after: int) -> AsyncIterator[bytes]:
    """The events of a run as JSON, one message each."""
    with one_stream(gateway, person):
        yield f"retry: {RETRY_MS}\n\n".encode()
        async for events in follow(gateway.watcher, watched, after):
            if not events:
                yield PING
            for number, each in enumerate(events, start=1):
                last = number == len(events)
                yield message(msgspec.json.encode(each), each.type or "rejected", each.seq if last else None)
            await asyncio.sleep(0)
