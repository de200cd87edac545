"""How does whoever reads logs read a bundle? The reading half of a log store (`log/store.py`) over a bundle's file.

`Reader`, `Follower` and `Keyring` work on it as they do on a server: for replay elsewhere. Nothing here is believed
either: audit a bundle first.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from maestro.audit.bundle import BundleSource
from maestro.log.store import SYSTEM, Entry


class BundleStore:
    """The entries of a bundle, by run: its own, and the log `system`. One page of each is kept."""

    def __init__(self, source: BundleSource) -> None:
        self._source = source
        self._pages: dict[str, Sequence[Entry]] = {}

    async def read(self, run: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Up to `limit` entries with seq > after, in order. Raises BundleRefused."""
        found: list[Entry] = []
        while len(found) < limit and (page := self._page(run, after)):
            part = page[bisect.bisect_right(page, after, key=lambda entry: entry.seq) :][: limit - len(found)]
            found += part
            after = part[-1].seq
        return found

    async def tail(self, after: dict[str, int], block_ms: int) -> dict[str, list[Entry]]:
        """What there is; nothing ever comes after it."""
        pages = {run: await self.read(run, seq) for run, seq in after.items()}
        return {run: page for run, page in pages.items() if page}

    async def head(self, run: str) -> int:
        manifest = self._source.manifest
        return {manifest.run: manifest.entries, SYSTEM: manifest.system}.get(run, 0)

    async def blob(self, run: str, sha256: str) -> bytes | None:
        return self._source.blob(sha256) if run == self._source.run else None

    async def runs(self) -> list[str]:
        return [self._source.run]

    async def close(self) -> None:
        """Whoever opened the archive closes it."""

    def _page(self, run: str, after: int) -> Sequence[Entry]:
        """The page that holds the entry behind `after`; empty at the end."""
        page = self._pages.get(run, ())
        if not page or not page[0].seq <= after + 1 <= page[-1].seq:
            page = self._pages[run] = self._source.page_of(run, after)
        return page
