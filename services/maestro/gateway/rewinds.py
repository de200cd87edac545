"""Which runs does somebody look back at? Their logs stay in memory for a while."""

from __future__ import annotations

from collections import OrderedDict

from maestro.gateway.watching import Watcher
from maestro.runs.rewinding import Rewind

KEPT = 8
"""Runs that are kept in memory to be looked back at."""


class Rewinds:
    """The runs that somebody looks back at, the last ones first to stay."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._runs: OrderedDict[str, Rewind] = OrderedDict()

    def of(self, run: str) -> Rewind:
        found = self._runs.pop(run, None) or Rewind(self._watcher.store, self._watcher.keyring, run)
        self._runs[run] = found
        while len(self._runs) > KEPT:
            self._runs.popitem(last=False)
        return found
