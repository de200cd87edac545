"""What did somebody put into a log that cannot stand there? It was set aside, and is shown with its reason."""

from __future__ import annotations

from maestro.log.redis_store import RedisStore

MAX = 1000


async def set_aside(store: RedisStore, run: str) -> list[tuple[str, int]]:
    """The entries that were taken out of a run's log because their id is no place in it: that id, and how many bytes
    they hold. Raises StoreUnavailable, StoreCorrupt."""
    page = await store.link.command("XRANGE", f"{{p00}}:run:{run}:junk", "-", "+", "COUNT", MAX)
    return [_row(fields) for _, fields in page]


def _row(fields: list[bytes]) -> tuple[str, int]:
    id = fields[1] if fields[0] == b"id" else b"?"
    return id.decode(errors="replace"), sum(map(len, fields[2:]))
