"""How do messages arrive? Through FastStream, with its traps closed (docs/decisions/faststream.md).

One subscriber takes new messages, the other takes over what a silent consumer left. Both only hand over raw entries,
each with its delivery count; what an entry says is read one by one, so that a bad one spoils no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub

from maestro.bus.connect import client_options
from maestro.bus.leases import Leases, queue_key
from maestro.bus.logs import get_log
from maestro.log.queues import GROUP

if TYPE_CHECKING:
    from maestro.bus.settings import ServiceSettings

Entry = tuple[str, bytes | None, int]
"""A message's id, its bytes (None where the entry has no field `__data__`) and how often it was delivered."""
BLOCK_MS = 5_000
DATA = b"__data__"


class RoomySub(StreamSub[Any]):
    """A stream subscription that asks for as many messages as there is room for when it asks."""

    __slots__ = ("_room",)

    def __init__(self, stream: str, room: Callable[[], int], **options: Any) -> None:
        self._room = room
        super().__init__(stream, batch=True, group=GROUP, declare=False, **options)

    @property
    def max_records(self) -> int:
        return max(1, self._room())

    @max_records.setter
    def max_records(self, _: int | None) -> None:
        """The base class sets its default here."""

    def add_prefix(self, prefix: str) -> RoomySub:
        """Itself: we use no prefix, and the base class copies the subscription for each read."""
        return self


class Inbox:
    """The queue of one role as one consumer sees it. `room` says how many messages may be taken now; `take` gets them
    and returns when there is room again. `failed` tells why reading ended by itself."""

    def __init__(
        self,
        settings: ServiceSettings,
        role: str,
        leases: Leases,
        consumer: str,
        lease_s: float,
        room: Callable[[], int],
        take: Callable[[Sequence[Entry]], Awaitable[None]],
    ) -> None:
        self._leases = leases
        self._take = take
        self._lease_ms = int(lease_s * 1000)
        self._key = key = queue_key(role)
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker = RedisBroker(
            settings.redis_url,
            **client_options(settings),
            apply_types=False,
            graceful_timeout=5.0,
            logger=_FaultsOnly(),
        )
        self._new = self._subscribe(RoomySub(key, room, consumer=consumer, polling_interval=BLOCK_MS), self._take_new)
        self._reclaim = self._subscribe(
            RoomySub(
                key,
                room,
                consumer=consumer,
                polling_interval=min(max(self._lease_ms // 4, 50), BLOCK_MS),
                min_idle_time=self._lease_ms,
            ),
            self._take_left,
        )

    async def start(self) -> None:
        await self._broker.start()
        for subscriber in (self._new, self._reclaim):
            for task in subscriber.tasks:
                task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Take no more. A read that is cut off leaves its messages pending."""
        if not self.failed.done():
            self.failed.cancel()
        await self._broker.stop()

    def _subscribe(self, sub: StreamSub[Any], take: Callable[[list[tuple[str, bytes | None]]], Awaitable[None]]) -> Any:
        # MANUAL leaves FastStream's acknowledging middleware out: only the store acknowledges.
        subscriber = self._broker.subscriber(
            stream=sub, ack_policy=AckPolicy.MANUAL, no_reply=True, parser=_parse, decoder=_decode
        )
        subscriber(take)
        return subscriber

    async def _take_new(self, entries: list[tuple[str, bytes | None]]) -> None:
        await self._take([(id, data, 1) for id, data in entries])

    async def _take_left(self, entries: list[tuple[str, bytes | None]]) -> None:
        counts = await self._leases.counts([id for id, _ in entries])
        await self._take([(id, data, counts[id]) for id, data in entries if id in counts])

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """A subscriber's loop ended though nobody stopped it: its group is gone, or the key is no stream. FastStream
        would go on without it, or try again at once for ever."""
        if self.failed.done():
            return
        error = None if task.cancelled() else task.exception()
        why = f"it cannot be read: {error}" if error else "its consumer group is gone; was the server emptied?"
        self.failed.set_result(f"{self._key}: {why}")


async def _parse(message: Any) -> StreamMessage[Any]:
    # FastStream's own parser decodes the whole batch at once, and fails as a whole. An id of our own spares a uuid.
    entries = [
        (id.decode(), fields.get(DATA)) for id, fields in zip(message["message_ids"], message["data"], strict=True)
    ]
    return StreamMessage(message, entries, correlation_id="-", message_id=entries[0][0])


async def _decode(message: StreamMessage[Any]) -> Any:
    return message.body


class _FaultsOnly:
    """FastStream's logger: it tells each message at INFO, which we do not want to pay for."""

    def __init__(self) -> None:
        self._log = get_log("faststream")

    def log(self, level: int, message: str, /, **rest: Any) -> None:
        if level >= 30:
            self._log.warning(str(message), exc_info=rest.get("exc_info"))
