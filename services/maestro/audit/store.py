"""How is a bundle read as a log? It answers what a store answers whoever reads, and takes nothing."""

from __future__ import annotations

from maestro.audit.bundle import BundleSource
from maestro.log.store import SYSTEM, Entry


class BundleStore:
    """The reading half of `log.store.Store`, from a bundle that is open. Its entries lie in memory."""

    def __init__(self, source: BundleSource) -> None:
        """Raises BundleRefused."""
        self._source = source
        self._logs = {
            source.run: [entry for page in source.entries() for entry in page],
            SYSTEM: [entry for page in source.system() for entry in page],
        }

    async def read(self, run: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        return self._logs.get(run, [])[after : after + limit]

    async def tail(self, after: dict[str, int], block_ms: int) -> dict[str, list[Entry]]:
        """Nothing is ever new in it, so nobody waits."""
        pages = {run: await self.read(run, seq) for run, seq in after.items()}
        return {run: entries for run, entries in pages.items() if entries}

    async def head(self, run: str) -> int:
        return len(self._logs.get(run, ()))

    async def blob(self, run: str, sha256: str) -> bytes | None:
        return self._source.blob(sha256) if run == self._source.run else None

    async def runs(self) -> list[str]:
        return [self._source.run]
