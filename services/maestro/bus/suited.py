"""Can a server be worked with? What stands at Maestro's names there is looked at before anything is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from maestro.bus.leases import queue_key
from maestro.log.redis_store import RedisStore
from maestro.log.store import SYSTEM, StoreCorrupt

_TYPES = """
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('TYPE', key).ok end
return found
"""


async def check_names(store: RedisStore, roles: Iterable[str]) -> None:
    """Raises StoreCorrupt where something else stands at a name of ours; StoreUnavailable."""
    wanted = {"{p00}:timers": "zset", "{p00}:timers:d": "hash", f"{{p00}}:run:{SYSTEM}:log": "stream"}
    for role in roles:
        wanted |= {queue_key(role): "stream", f"{{p00}}:dlq:{role}": "stream"}
    found: list[bytes] = await store.link.command("EVAL", _TYPES, len(wanted), *wanted)
    for (key, kind), there in zip(wanted.items(), found, strict=True):
        if there.decode() not in (kind, "none"):
            raise StoreCorrupt(
                f"the server at {store.link.address} has a {there.decode()} at {key}, where Maestro keeps a {kind}; "
                "something else uses that name: use another server or another database of it, or delete that key"
            )
