"""Where does the window get what it shows? It reads the logs as they grow; each run is what its log says."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader
from maestro.log.store import Store
from maestro.projections.journal import Journal, write_down
from maestro.projections.projector import Projector
from maestro.runs.rewinding import Rewind
from maestro.runs.state import RunState


@dataclass(slots=True)
class Followed:
    """One run: its state, its story and its journal, as far as its log was read."""

    reader: Reader
    projector: Projector
    rewind: Rewind
    journal: Journal = field(default_factory=Journal)

    @property
    def state(self) -> RunState:
        return self.projector.state

    async def read_on(self, wait_ms: int = 0) -> bool:
        """Take in what is new; True where something was."""
        page = await self.reader.new(wait_ms)
        for verdict in page:
            if isinstance(verdict, Commit):
                self.projector.apply(verdict)
                write_down(self.journal, verdict)
            else:
                self.projector.disbelieve(verdict.seq, verdict.reason)
        return bool(page)


class Feed:
    """All runs of a store. Raises StoreUnavailable where the server is away; what was read stays."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store, self._keyring = store, keyring
        self._runs: dict[str, Followed] = {}

    async def look(self) -> list[RunState]:
        """Every run as it is now, the newest first."""
        for name in await self._store.runs():
            run = self.run(name)
            while await run.read_on():
                pass
        return sorted((run.state for run in self._runs.values()), key=lambda state: state.started, reverse=True)

    def run(self, name: str) -> Followed:
        if name not in self._runs:
            rewind = Rewind(self._store, self._keyring, name)
            self._runs[name] = Followed(Reader(self._store, self._keyring, name), Projector(name), rewind)
        return self._runs[name]
