"""Which gates are new, or have changed, in all runs of a repository? Looked at again and again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from maestro.runs.follow import Follower
from maestro.runs.state import GateState, RunState

if TYPE_CHECKING:
    from maestro.cli.engine import Engine

EVERY_S = 0.3


class GateWatch:
    """The gates of one run, or of all."""

    def __init__(self, engine: Engine, run: str = "") -> None:
        self._engine, self._run = engine, run
        self._followers: dict[str, Follower] = {}
        self._seen: dict[tuple[str, str, int], tuple[str, int, int]] = {}

    async def states(self) -> list[RunState]:
        """All runs as they are now."""
        for name in [self._run] if self._run else await self._engine.store.runs():
            if name not in self._followers:
                self._followers[name] = Follower(self._engine.store, self._engine.keyring(), name, quiet=True)
            await self._followers[name].catch_up()
        return [follower.state for follower in self._followers.values()]

    async def changed(self) -> list[tuple[str, GateState]]:
        """Waits for gates that opened, were answered or ended since the last look."""
        while True:
            news = [(state.run, gate) for state in await self.states() for gate in self._news(state)]
            if news:
                return news
            await asyncio.sleep(EVERY_S)

    def _news(self, state: RunState) -> list[GateState]:
        news = []
        for (name, visit), gate in state.gates.items():
            now = (gate.status, len(gate.votes), len(gate.refused))
            key = (state.run, name, visit)
            is_first = key not in self._seen
            if gate.opened is not None and self._seen.get(key) != now and not (is_first and gate.status != "open"):
                news.append(gate)
            self._seen[key] = now
        return news
