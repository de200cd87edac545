"""What does a history look like that lies in memory? The plainest source, for tests and for campaigns of changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from maestro.audit.verify import Audit, Flaw
from maestro.log.store import Entry


@dataclass(slots=True)
class MemorySource:
    """Keeps `verify.Source`. `bodies` are the entries' exact bytes, numbered from 1."""

    run: str
    bodies: list[bytes]
    system_bodies: list[bytes]
    blobs: dict[str, bytes] = field(default_factory=dict)
    beside: bytes | None = None
    files: Mapping[str, bytes] | None = None

    def system(self) -> Iterable[Sequence[Entry]]:
        return [_numbered(self.system_bodies)]

    def entries(self) -> Iterable[Sequence[Entry]]:
        return [_numbered(self.bodies)]

    def length(self) -> int:
        return len(self.bodies)

    def blob(self, sha256: str) -> bytes | None:
        return self.blobs.get(sha256)

    def checkpoint(self) -> bytes | None:
        return self.beside

    def projections(self) -> Mapping[str, bytes] | None:
        return self.files

    def flaws(self, audit: Audit) -> Iterable[Flaw]:
        return ()


def _numbered(bodies: Sequence[bytes]) -> list[Entry]:
    return [Entry(seq, body) for seq, body in enumerate(bodies, 1)]
