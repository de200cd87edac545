"""How does a log lie in files so that public tools can read it? C2SP tiles and entry bundles (c2sp.org/tlog-tiles).

Hash tiles of height 8: tile N of level L holds the roots of the complete subtrees of 256^L leaves, up to 256 of them,
32 bytes each. An entry bundle holds the same entries as a tile of level 0, each after its length (two bytes,
big-endian). The last tile of a level, where it is not full, is named with its width: `.p/<W>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from maestro.tlog.merkle import HASH, leaf_hash, node_hash

WIDTH = 256
MAX_BUNDLE = WIDTH * (2 + 0xFFFF)
MAX_TILE = WIDTH * HASH
ENTRIES = "entries"


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`; a number is written in parts of three digits, all but the last with an `x`."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{partial}"


class Sink(Protocol):
    """Whoever takes files: an archive that is written, or one that they are compared with."""

    def add(self, name: str, content: bytes) -> None: ...


class TileWriter:
    """Writes a log's tiles as its entries come, in their order."""

    def __init__(self, sink: Sink, prefix: str = "") -> None:
        self._sink, self._prefix = sink, prefix
        self._levels: list[list[bytes]] = [[]]
        self._numbers: list[int] = [0]
        self._entries: list[bytes] = []
        self.size = 0

    def append(self, body: bytes) -> None:
        """The next entry's exact bytes. Raises ValueError where it is too long for an entry bundle."""
        if len(body) > 0xFFFF:
            raise ValueError(f"an entry of {len(body)} bytes does not fit into an entry bundle")
        self.size += 1
        self._entries.append(len(body).to_bytes(2, "big") + body)
        self._grow(0, leaf_hash(body))

    def end(self) -> None:
        """Write what is not full."""
        if self._entries:
            self._flush_entries()
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._add(tile_path(level, self._numbers[level], len(hashes)), b"".join(hashes))

    def _grow(self, level: int, hash: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._numbers.append(0)
        self._levels[level].append(hash)
        if len(self._levels[level]) < WIDTH:
            return
        hashes, self._levels[level] = self._levels[level], []
        if level == 0:
            self._flush_entries()
        self._add(tile_path(level, self._numbers[level]), b"".join(hashes))
        self._numbers[level] += 1
        self._grow(level + 1, root_of(hashes))

    def _flush_entries(self) -> None:
        number = (self.size - 1) // WIDTH
        self._add(tile_path(ENTRIES, number, len(self._entries)), b"".join(self._entries))
        self._entries = []

    def _add(self, name: str, content: bytes) -> None:
        self._sink.add(self._prefix + name, content)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def split_bundle(content: bytes) -> Iterator[bytes]:
    """The entries of an entry bundle. Raises ValueError where it is not one."""
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 2], "big")
        body = content[at + 2 : at + 2 + size]
        if len(body) != size:
            raise ValueError("it ends in the middle of an entry")
        yield body
        at += 2 + size
