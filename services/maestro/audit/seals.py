"""Do the seals hold? Checkpoints against the tree of the entries' exact bytes, and the signatures on them. Pure.

What a checkpoint covers lies before it in the log. So that memory stays bounded, roots can be asked for the last
`WINDOW` sizes, and for sizes that were named beforehand; the last `SEALS` seals may still be cosigned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maestro.audit.findings import Property
from maestro.audit.trust import Trust
from maestro.log.note import VerifyKey
from maestro.tlog.checkpoint import SignedCheckpoint, is_signed_by, log_key, origin_of, parse_signed, with_signatures
from maestro.tlog.merkle import HASH, Frontier, leaf_hash
from maestro_contracts.envelope import Unreadable

WINDOW = 65_536
STEP = 4_096
SEALS = 4_096


class Roots:
    """The tree of a log as it grows, and its root at the sizes that somebody may ask about."""

    def __init__(self, watched: Iterable[int] = ()) -> None:
        self._frontier = Frontier()
        self._watched = frozenset(watched)
        self._known: dict[int, bytes] = {size: Frontier().root for size in self._watched if size == 0}
        self._marks: list[tuple[Frontier, bytearray]] = [(Frontier(), bytearray())]

    @property
    def size(self) -> int:
        return self._frontier.size

    @property
    def root(self) -> bytes:
        return self._frontier.root

    def append(self, body: bytes) -> None:
        """The next entry's exact bytes."""
        leaf = leaf_hash(body)
        self._frontier.append_hash(leaf)
        self._marks[-1][1].extend(leaf)
        size = self._frontier.size
        if size % STEP == 0:
            self._marks.append((self._frontier.copy(), bytearray()))
            del self._marks[: -1 - WINDOW // STEP]
        if size in self._watched:
            self._known[size] = self._frontier.root

    def at(self, size: int) -> bytes | None:
        """The root of the first `size` entries; None where it is not known any more, or not yet."""
        if size in self._known:
            return self._known[size]
        if size > self._frontier.size:
            return None
        for frontier, leaves in reversed(self._marks):
            if frontier.size <= size:
                grown = frontier.copy()
                for at in range(0, (size - frontier.size) * HASH, HASH):
                    grown.append_hash(bytes(leaves[at : at + HASH]))
                return grown.root
        return None


@dataclass(slots=True)
class Seal:
    """A checkpoint that was found in the log or beside it. `final`: it is said to be the log's end."""

    at: str
    signed: SignedCheckpoint
    final: bool = False
    holds: bool = False


class Seals:
    """Follows the seals of one run."""

    def __init__(
        self,
        run: str,
        trust: Trust,
        notaries: Sequence[VerifyKey],
        tree: Property,
        seals: Property,
        watched: Iterable[int],
    ) -> None:
        self._trust, self._tree, self._seals = trust, tree, seals
        self.origin = origin_of(trust.operator, run)
        self._keys = [log_key(self.origin, key) for key in notaries]
        self.roots = Roots(watched)
        self._by_size: dict[int, Seal] = {}
        self._last: Seal | None = None
        self._quorum: Seal | None = None
        self._final: Seal | None = None
        self._counted: deque[int] = deque(maxlen=WINDOW)

    def append(self, body: bytes, *, counts: bool = True) -> None:
        """The next entry of the log. `counts`: it must be covered by a seal (a seal itself need not)."""
        self.roots.append(body)
        if counts:
            self._counted.append(self.roots.size)

    @property
    def is_whole(self) -> bool:
        """Whether a seal of the whole run has been read."""
        return self._final is not None

    @property
    def newest(self) -> SignedCheckpoint | None:
        """The last seal that holds, with every cosignature that stands in the log."""
        return self._last.signed if self._last else None

    @property
    def covered(self) -> int:
        """How many entries the last seal that holds covers."""
        return self._last.signed.checkpoint.size if self._last else 0

    def sealed(self, at: str, note: bytes, *, said: tuple[int, str] | None = None, final: bool = False) -> None:
        """A checkpoint of this log, said at an address of it or beside it. `said` is what the event says beside the
        note: its size, and its root in hex."""
        try:
            signed = parse_signed(note)
        except Unreadable as error:
            return self._seals.breaks(at, f"its checkpoint cannot be read: {error}")
        if said is not None and said != (signed.checkpoint.size, signed.checkpoint.root.hex()):
            return self._seals.breaks(at, "it says another size or root than the checkpoint in it")
        seal = Seal(at, signed, final)
        self._seals.count("checkpoints")
        seal.holds = self._is_ours(seal) and self._fits(seal)
        if not seal.holds:
            return
        size = signed.checkpoint.size
        if size >= self.covered:
            self._last = seal
        if final:
            self._final = seal
        known = self._by_size.get(size)
        if known is not None:
            seal.signed = parse_signed(with_signatures(known.signed.note, signed.signatures))
        self._by_size[size] = seal
        while len(self._by_size) > SEALS:
            del self._by_size[next(iter(self._by_size))]
        self._judge(seal)

    def cosigned(self, at: str, note: bytes, size: int) -> None:
        """A checkpoint that stands before in the log, once more, with the signatures that came later."""
        seal = self._by_size.get(size)
        try:
            signed = parse_signed(note)
        except Unreadable as error:
            return self._seals.breaks(at, f"its checkpoint cannot be read: {error}")
        if seal is None or signed.text != seal.signed.text:
            return self._seals.breaks(at, f"a checkpoint of {size} entries was cosigned that does not stand here")
        seal.signed = parse_signed(with_signatures(seal.signed.note, signed.signatures))
        self._judge(seal, at)

    def _is_ours(self, seal: Seal) -> bool:
        checkpoint = seal.signed.checkpoint
        if checkpoint.origin != self.origin:
            self._seals.breaks(seal.at, f"it is a checkpoint of {checkpoint.origin}, not of this log")
        elif checkpoint.extensions:
            self._seals.breaks(seal.at, "its checkpoint says more than is known here")
        elif not any(is_signed_by(seal.signed, key) for key in (*self._keys, *self._listed())):
            self._seals.breaks(seal.at, "no notary of this log signed its checkpoint")
        else:
            return True
        return False

    def _listed(self) -> list[VerifyKey]:
        return [log.key for log in self._trust.policy.logs]

    def _fits(self, seal: Seal) -> bool:
        """Whether it is a checkpoint of exactly these entries."""
        checkpoint = seal.signed.checkpoint
        if checkpoint.size > self.roots.size:
            lost = checkpoint.size - self.roots.size
            self._tree.breaks(seal.at, f"it covers {checkpoint.size} entries, and {lost} of them are not here")
            return False
        root = self.roots.at(checkpoint.size)
        if root is None:
            self._tree.cannot_tell(seal.at, f"it covers {checkpoint.size} entries, too long ago to be compared here")
            return False
        if root != checkpoint.root:
            self._tree.breaks(seal.at, f"the first {checkpoint.size} entries are not those that its checkpoint covers")
            return False
        self._tree.count("checkpoints that fit")
        return True

    def _judge(self, seal: Seal, at: str = "") -> None:
        verdict = self._trust.policy.judge(seal.signed, self._keys)
        for name in verdict.forged:
            self._seals.breaks(at or seal.at, f"a cosignature stands here in the name of {name}, who did not make it")
        if verdict.is_valid and (self._quorum is None or seal.signed.checkpoint.size >= self._quorum_size):
            self._quorum = seal

    @property
    def _quorum_size(self) -> int:
        return self._quorum.signed.checkpoint.size if self._quorum else 0

    def end(self) -> None:
        """What the seals come to once the whole log was read."""
        self._tree.count("entries", self.roots.size)
        if self._last is None:
            return self._seals.cannot_tell("", "no checkpoint that holds: nothing shows that no entry is missing")
        self._seals.count("entries sealed", self.covered)
        if not self._trust.policy.witnesses:
            return
        self._seals.count(f"entries cosigned by {self._trust.policy.in_words}", self._quorum_size)
        if self._quorum_size < self.covered:
            quorum = self._trust.policy.in_words
            what = f"only {self._quorum_size} of {self.covered} sealed entries are cosigned by {quorum}"
            # Witnesses may have been away, or this is a history that they never saw: whoever names them demands them.
            demanded = self._final is not None and self._trust.demands
            (self._seals.breaks if demanded else self._seals.cannot_tell)(self._last.at, what)

    def complete(self, found: Property) -> None:
        """Whether the seals cover the log to its end."""
        if self._last is None:
            return found.cannot_tell("", "no seal: a log whose end was cut off could not be told from this one")
        if self._final is None:
            found.cannot_tell("", "its end is not sealed: a shorter log could not be told from this one")
        behind = [seq for seq in self._counted if seq > self.covered]
        if behind:
            what = f"{len(behind)} entries stand behind the last seal, which covers {self.covered}"
            at = ", ".join(map(str, behind[:5]))
            found.cannot_tell(at, what)
