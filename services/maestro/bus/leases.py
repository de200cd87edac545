"""Whose is a message? Keeping what this consumer works on, noticing what it lost, and giving back what it will not do.

A message is ours from its delivery until another consumer claims it, which it may once we were silent for the lease.
A plain XCLAIM takes a message from whoever has it. So everything here looks before it claims, in one step: else a
consumer that slept past its lease would steal back what another one has already begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from maestro.log.queues import GROUP
from maestro.log.redis_store import RedisStore
from maestro.log.store import StoreCorrupt

PAGE = 10_000
LONG_GONE_MS = 3_600_000


class Leases:
    """One consumer's hold on the messages of one queue. Idle times are kept by the server, in its own clock."""

    def __init__(self, store: RedisStore, client: Redis, role: str, consumer: str, lease_s: float) -> None:
        self._store = store
        self._client = client
        self._role = role
        self._key = queue_key(role)
        self._consumer = consumer
        self._lease_ms = int(lease_s * 1000)

    async def open(self, forget_after_ms: int = LONG_GONE_MS) -> None:
        """Make the queue's group where there is none, so that it sees every message that was ever queued; forget
        consumers that are long gone and hold nothing. Raises StoreCorrupt."""
        try:
            await self._store.open_queue(self._role)
        except StoreCorrupt as error:
            mend = "look at it with TYPE and XINFO STREAM, and delete it where it is no queue"
            raise StoreCorrupt(f"the queue {self._key} cannot be used ({error}); {mend}") from error
        for consumer in await self._client.xinfo_consumers(self._key, GROUP):
            if consumer["idle"] > forget_after_ms:
                await self._forget(consumer["name"])

    async def beat(self, ids: Sequence[str]) -> list[str]:
        """Keep these messages for another lease; returns those that are not ours any more."""
        if not ids:
            return []
        ours = set(await self._store.touch(self._role, self._consumer, ids))
        return [id for id in ids if id not in ours]

    async def counts(self, ids: Iterable[str]) -> dict[str, int]:
        """How often each of these messages was delivered, by the server's count; without those not pending any more."""
        pipeline = self._client.pipeline(transaction=False)
        for id in ids:
            pipeline.xpending_range(self._key, GROUP, min=id, max=id, count=1)
        found = await pipeline.execute()
        return {entry["message_id"].decode(): entry["times_delivered"] for entries in found for entry in entries}

    async def release(self, ids: Sequence[str]) -> int:
        """Give back messages that were never begun: at once free for others, and not counted as delivered."""
        if not ids:
            return 0
        return await self._give_back("unbegun", ids)

    async def leave(self, begun: Sequence[str]) -> None:
        """Go for good: everything still held becomes free for others now (only what was `begun` counts as delivered),
        and the consumer's name is removed where nothing hangs on it."""
        await self._give_back("all but", begun)
        await self._forget(self._consumer)

    async def _give_back(self, mode: str, ids: Sequence[str]) -> int:
        link = self._store.link
        return int(await link.function("give_back", (self._key,), self._consumer, PAGE, self._lease_ms, mode, *ids))

    async def _forget(self, consumer: str | bytes) -> None:
        await self._store.link.function("forget", (self._key,), consumer)


def queue_key(role: str) -> str:
    return f"{{p00}}:q:{role}"
