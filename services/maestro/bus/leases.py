"""Whose is a message? Keeping what this consumer works on, noticing what it lost, and giving back what it will not do.

A message is ours from its delivery until another consumer claims it, which it may once we were silent for the lease.
A plain XCLAIM takes a message from whoever has it, so a heartbeat must look before it claims, in one step: else a
consumer that slept past its lease would steal back what another one has already begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from maestro.log.store import StoreCorrupt

GROUP = "g"
PAGE = 10_000

_BEAT = """
local mine, kept, lost = {}, {}, {}
for _, p in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[3], ARGV[2])) do mine[p[1]] = true end
for i = 4, #ARGV do
  if mine[ARGV[i]] then kept[#kept + 1] = ARGV[i] else lost[#lost + 1] = ARGV[i] end
end
for i = 1, #kept, 1000 do
  local call = {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0}
  for j = i, math.min(i + 999, #kept) do call[#call + 1] = kept[j] end
  call[#call + 1] = 'JUSTID'
  redis.call(unpack(call))
end
return lost
"""

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

_LEAVE = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class Leases:
    """One consumer's hold on the messages of one queue. Idle times are kept by the server, in its own clock."""

    def __init__(self, client: Redis, key: str, consumer: str, lease_s: float) -> None:
        self._client = client
        self._key = key
        self._consumer = consumer
        self._lease_ms = int(lease_s * 1000)
        self._beat = client.register_script(_BEAT)
        self._give_back = client.register_script(_GIVE_BACK)
        self._leave = client.register_script(_LEAVE)

    async def beat(self, ids: Sequence[str]) -> list[str]:
        """Keep these messages for another lease; returns those that are not ours any more."""
        if not ids:
            return []
        lost = await self._beat(keys=[self._key], args=[GROUP, self._consumer, PAGE, *ids])
        return [id.decode() for id in lost]

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
        await self._leave(keys=[self._key], args=[GROUP, self._consumer])

    def _args(self, mode: str, ids: Sequence[str]) -> list[str | int]:
        return [GROUP, self._consumer, PAGE, self._lease_ms, mode, *ids]


async def ensure_group(client: Redis, key: str) -> None:
    """Make the group where there is none, so that it sees every message that was ever queued. Raises StoreCorrupt."""
    try:
        await client.xgroup_create(key, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            mend = "look at it with TYPE and XINFO STREAM, and delete it where it is no queue"
            raise StoreCorrupt(f"the queue {key} cannot be used ({error}); {mend}") from error
