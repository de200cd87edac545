"""What does one hash say about a whole log? The Merkle tree of RFC 6962, section 2.1, with its proofs.

A leaf is SHA-256(0x00 || entry), an entry being exactly the bytes that stand in the log; an inner node is
SHA-256(0x01 || left || right). All hashes are 32 bytes. Indexes count from 0, so that the entry with `seq` 1 is leaf 0.
Verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, which describe the same tree iteratively.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH = 32
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""
MAX_PROOF = 63
"""A longer consistency proof is of no tree with less than 2^63 leaves (c2sp.org/tlog-witness)."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, the largest first."""
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, in at most 64 hashes."""

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    @property
    def root(self) -> bytes:
        return _fold(self._peaks)

    def append(self, entry: bytes) -> None:
        """Add an entry's exact bytes."""
        self.append_hash(leaf_hash(entry))

    def append_hash(self, leaf: bytes) -> None:
        """Add an entry by its leaf hash."""
        size = self._size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self._size += 1

    def copy(self) -> Frontier:
        other = Frontier()
        other._size, other._peaks = self._size, list(self._peaks)
        return other

    def encode(self) -> bytes:
        """The size (8 bytes, big-endian), then one hash for each complete subtree, the largest first."""
        return self._size.to_bytes(8, "big") + b"".join(self._peaks)

    @classmethod
    def decode(cls, data: bytes) -> Frontier:
        """What `encode` wrote. Raises ValueError."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH * size.bit_count():
            raise ValueError(f"not the frontier of a tree: {len(data)} bytes for {size} leaves")
        frontier = cls()
        frontier._size = size
        frontier._peaks = [data[at : at + HASH] for at in range(8, len(data), HASH)]
        return frontier


class Tree:
    """A whole tree: every leaf and every complete subtree (64 bytes a leaf), for proofs about any earlier size."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """`leaves` are leaf hashes."""
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append_hash(leaf)

    @property
    def size(self) -> int:
        return len(self._levels[0]) // HASH

    def append(self, entry: bytes) -> None:
        """Add an entry's exact bytes."""
        self.append_hash(leaf_hash(entry))

    def append_hash(self, leaf: bytes) -> None:
        """Add an entry by its leaf hash."""
        if len(leaf) != HASH:
            raise ValueError(f"a leaf hash has {HASH} bytes, this has {len(leaf)}")
        hash, height, index = leaf, 0, self.size
        while True:
            if height == len(self._levels):
                self._levels.append(bytearray())
            self._levels[height] += hash
            if not index & 1:
                return
            hash = node_hash(self._node(height, index - 1), hash)
            height, index = height + 1, index >> 1

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index. Raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(f"leaf {index} of a tree with {self.size}")
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (None: of all). Raises ValueError where there are not so many."""
        return self._hash(0, self._sized(size))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The hashes from leaf `index` to the root of the first `size` leaves, the leaf's sibling first (RFC 6962,
        2.1.1). Raises ValueError where there is no such leaf."""
        size = self._sized(size)
        if not 0 <= index < size:
            raise ValueError(f"leaf {index} is not in a tree of {size}")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start = middle
        return proof[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """Why the tree of the first `size` leaves continues that of the first `old` (RFC 6962, 2.1.2); empty where
        `old` is 0 or `size`. Raises ValueError where it cannot."""
        size = self._sized(size)
        if not 0 <= old <= size:
            raise ValueError(f"a tree of {size} leaves does not continue one of {old}")
        if old in (0, size):
            return []
        proof: list[bytes] = []
        start, end, whole = 0, size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._hash(start, end))
        return proof[::-1]

    def _sized(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")
        return size

    def _node(self, height: int, index: int) -> bytes:
        return bytes(self._levels[height][index * HASH : (index + 1) * HASH])

    def _hash(self, start: int, end: int) -> bytes:
        """The root of leaves `start` to `end`, where `start` is where a split of the tree leaves it."""
        subtrees: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            subtrees.append(self._node(height, start >> height))
            start += 1 << height
        return _fold(subtrees)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True where the proof shows that the leaf (its hash) stands at `index` in the tree of `size` with this root."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    node, last, hash = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hash = node_hash(sibling, hash)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash = node_hash(hash, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hash == root


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """True where the proof shows that the tree of `size` with `root` continues the tree of `old` with `old_root`."""
    if not 0 <= old <= size or not _are_hashes(old_root, root, *proof):
        return False
    if size == 0 and root != EMPTY_ROOT:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == size:
        return not proof and old_root == root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    return bool(path) and _continues(old - 1, size - 1, path, old_root, root)


def _continues(node: int, last: int, path: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    while node & 1:
        node, last = node >> 1, last >> 1
    old_hash = hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_hash, hash = node_hash(sibling, old_hash), node_hash(sibling, hash)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash = node_hash(hash, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_hash == old_root and hash == root


def _are_hashes(*hashes: bytes) -> bool:
    return all(len(hash) == HASH for hash in hashes)
