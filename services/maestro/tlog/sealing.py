"""How much of a run's log is sealed, so that it cannot be told otherwise any more? Pure: entries and events in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from maestro.log.note import VerifyKey
from maestro.tlog.checkpoint import log_key, parse_signed
from maestro.tlog.merkle import Tree
from maestro.tlog.policy import Policy
from maestro_contracts import events as e
from maestro_contracts.envelope import Unreadable


class SealBook:
    """One run, as whoever reads it from its beginning sees it: its tree, and how far its seals reach.

    `policy` says who has to have cosigned; `keys` gives the keys that may sign checkpoints, under any name."""

    def __init__(self, origin: str, policy: Policy, keys: Callable[[], Sequence[VerifyKey]]) -> None:
        self._origin, self._policy, self._keys = origin, policy, keys
        self.tree = Tree()
        self.covered = 0
        """The first so many entries stand in a checkpoint that is signed, has its quorum, and is of this very tree."""

    def entry(self, body: bytes) -> None:
        """Take in the next entry's exact bytes."""
        self.tree.append(body)

    def take(self, event: e.Event) -> None:
        """Take in an event of the notary's; others say nothing of seals."""
        if isinstance(event, e.LogSealed | e.SealCosigned) and self.covered < event.size <= self.tree.size:
            self.covered = max(self.covered, self._reach(event.note.encode()))

    def _reach(self, note: bytes) -> int:
        try:
            signed = parse_signed(note)
        except Unreadable:
            return 0
        point = signed.checkpoint
        if point.origin != self._origin or point.size > self.tree.size or self.tree.root(point.size) != point.root:
            return 0
        keys = [log_key(self._origin, key) for key in self._keys()]
        return point.size if self._policy.judge(signed, keys).is_valid else 0
