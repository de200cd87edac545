"""Which notes did this very process sign? Their signatures are right as long as their bytes are the same."""

from __future__ import annotations

MOST = 4096


class Own:
    """The last notes that were signed here, by public key and SHA-256: nobody need check a signature of their own
    again. What else makes a note believed (enrolment, chain, role, revocation) is looked at as ever."""

    def __init__(self) -> None:
        self._notes: dict[tuple[bytes, str], None] = {}

    def add(self, key: bytes, hash: str) -> None:
        self._notes[key, hash] = None
        if len(self._notes) > MOST:
            del self._notes[next(iter(self._notes))]

    def holds(self, key: bytes, hash: str) -> bool:
        """True where this key signed the note with this hash, here."""
        return (key, hash) in self._notes
