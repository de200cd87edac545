"""Can a server be worked with? What stands at Maestro's names there is looked at before anything is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from maestro.bus.leases import queue_key
from maestro.log.redis_store import RedisStore
from maestro.log.store import SYSTEM, StoreCorrupt


async def check_names(store: RedisStore, roles: Iterable[str]) -> None:
    """Raises StoreCorrupt where something else stands at a name of ours; StoreUnavailable."""
    wanted = {"{p00}:timers": "zset", "{p00}:timers:d": "hash", f"{{p00}}:run:{SYSTEM}:log": "stream"}
    for role in roles:
        wanted |= {queue_key(role): "stream", f"{{p00}}:dlq:{role}": "stream"}
    found: list[bytes] = await store.link.look("kinds", list(wanted))
    for (key, kind), there in zip(wanted.items(), found, strict=True):
        if there.decode() not in (kind, "none"):
            raise StoreCorrupt(
                f"the server at {store.link.address} has a {there.decode()} at {key}, where Maestro keeps a {kind}; "
                "something else uses that name: use another server or another database of it, or delete that key"
            )


async def lacking_walls(store: RedisStore) -> str:
    """What this process could do on the server that it should not; empty where the server refuses it. Nothing is done:
    the commands lack their arguments, and a server looks first whether it knows them and who may use them."""
    if not await store.link.is_refused("ACL", "WHOAMI"):
        return "services may do everything there, like its administrator: it has no user for each of them"
    if not await store.link.is_refused("XADD"):
        return "it has a user for each service, and lets them write to logs without our functions"
    return ""
