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

_GIVE_BACK = """
local listed, given = {}, 0
for i = 6, #ARGV do listed[ARGV[i]] = true end
for _, p in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[3], ARGV[2])) do
  local id, count, is_listed = p[1], p[4], listed[p[1]] == true
  local unbegun = is_listed == (ARGV[5] == 'unbegun')
  if unbegun then count = math.max(count - 1, 0) end
  if is_listed or ARGV[5] == 'all but' then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', ARGV[4], 'RETRYCOUNT', count, 'JUSTID')
    given = given + 1
  end
end
return given
"""

_REMOVE = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class Leases:
    """One consumer's hold on the messages of one queue. Idle times are kept by the server, in its own clock."""

    def __init__(self, store: RedisStore, client: Redis, role: str, consumer: str, lease_s: float) -> None:
        self._store = store
        self._client = client
        self._role = role
        self._key = queue_key(role)
        self._consumer = consumer
        self._lease_ms = int(lease_s * 1000)
        self._give_back = client.register_script(_GIVE_BACK)
        self._remove = client.register_script(_REMOVE)

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
                await self._remove(keys=[self._key], args=[GROUP, consumer["name"]])

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
        return int(await self._give_back(keys=[self._key], args=self._args("unbegun", ids)))

    async def leave(self, begun: Sequence[str]) -> None:
        """Go for good: everything still held becomes free for others now (only what was `begun` counts as delivered),
        and the consumer's name is removed where nothing hangs on it."""
        await self._give_back(keys=[self._key], args=self._args("all but", begun))
        await self._remove(keys=[self._key], args=[GROUP, self._consumer])

    def _args(self, mode: str, ids: Sequence[str]) -> list[str | int]:
        return [GROUP, self._consumer, PAGE, self._lease_ms, mode, *ids]


def queue_key(role: str) -> str:
    return f"{{p00}}:q:{role}"
