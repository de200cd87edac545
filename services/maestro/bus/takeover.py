"""Who takes over what a process held that is known to be dead? Others do, at once, and not only after its lease.

Only for whoever knows that the process is gone (it was their child, or its server was). A mistake costs work, never
truth: a consumer that lives loses its message, and its write is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from maestro.bus.leases import PAGE, queue_key
from maestro.log.redis_store import RedisStore

LONGER_THAN_ANY_LEASE_MS = 24 * 3_600_000


async def free_leases(store: RedisStore, roles: Iterable[str], is_dead: Callable[[str], bool]) -> int:
    """Free for others whatever is held by actors that `is_dead` names; returns how many messages. Each keeps its count
    of deliveries: it may be what killed them. Raises StoreUnavailable."""
    return sum([await _free(store, queue_key(role), is_dead) for role in roles])


async def _free(store: RedisStore, key: str, is_dead: Callable[[str], bool]) -> int:
    """Nothing where the queue has no group yet: then nobody ever took anything."""
    consumers: list[bytes] = await store.link.function("consumers", (key,))
    dead = [name for name in consumers if is_dead(name.partition(b"@")[0].decode(errors="replace"))]
    if not dead:
        return 0
    return int(await store.link.function("free", (key,), PAGE, LONGER_THAN_ANY_LEASE_MS, *dead))
