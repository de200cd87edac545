"""How does a bundle become one file, the same bytes each time, and how is a stranger's file read without harm?

A bundle is a POSIX tar file (ustar): plain files, no compression, no owners, no times. The reader takes nothing else:
it looks at headers only, keeps where each file lies, and reads a file when it is asked for, up to a bound. So nothing
can be made to grow, to lead out of a folder, or to be read twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

BLOCK = 512
NAME, PREFIX = 100, 155
MAX_FILES = 500_000
MAX_LEVELS = 16
_PART = re.compile(r"[A-Za-z0-9_.@+=,-]{1,100}")
_OCTAL = re.compile(rb"[0-7]{1,12}[ \0]*")


class BundleRefused(ValueError):
    """This is no bundle that can be read. The message says what is wrong with it, and how to mend it."""


class Writer:
    """Appends files to an open file, in the order in which they come."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def add(self, name: str, content: bytes) -> None:
        self._out.write(_header(name, len(content)))
        self._out.write(content)
        self._pad(len(content))

    def add_file(self, name: str, path: Path) -> None:
        """A file's content, copied piece by piece."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._out.write(_header(name, size))
            left = size
            while left and (part := file.read(min(left, 1 << 20))):
                self._out.write(part)
                left -= len(part)
        if left:
            raise OSError(f"{path} became shorter while it was read")
        self._pad(size)

    def end(self) -> None:
        self._out.write(bytes(2 * BLOCK))

    def _pad(self, size: int) -> None:
        self._out.write(bytes(-size % BLOCK))


def check_name(name: str) -> None:
    """Raises BundleRefused for a name that could lead elsewhere."""
    parts = name.split("/")
    if len(parts) > MAX_LEVELS or not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise BundleRefused(f"a file in it is named {name[:80]!r}, which no bundle holds; take a fresh copy")


def _header(name: str, size: int) -> bytes:
    check_name(name)
    prefix, short = "", name
    while len(short) > NAME:
        head, _, rest = short.partition("/")
        prefix, short = f"{prefix}/{head}".lstrip("/"), rest
    if len(prefix) > PREFIX or not short:
        raise BundleRefused(f"the name {name!r} is too long for a tar file")
    fields = b"".join(
        (
            short.encode().ljust(NAME, b"\0"),
            b"0000644\0" + b"0000000\0" * 2,
            b"%011o\0" % size,
            b"00000000000\0",
            b" " * 8,
            b"0" + bytes(100) + b"ustar\x0000" + bytes(32 + 32) + b"0000000\0" * 2,
            prefix.encode().ljust(PREFIX, b"\0"),
        )
    ).ljust(BLOCK, b"\0")
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


class Archive:
    """The files of a bundle by their names. A context."""

    def __init__(self, path: Path) -> None:
        """Raises BundleRefused, OSError."""
        self._file = path.open("rb")
        self.path = path
        try:
            self._index = dict(_entries(self._file, os.fstat(self._file.fileno()).st_size))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def names(self) -> list[str]:
        """In the order in which they lie there."""
        return list(self._index)

    def size(self, name: str) -> int:
        return self._index[name][1]

    def read(self, name: str, at_most: int) -> bytes:
        """A file's content. Raises KeyError where there is none, BundleRefused where it is longer than it may be."""
        start, size = self._index[name]
        if size > at_most:
            raise BundleRefused(f"{name} in it has {size} bytes, more than the {at_most} it may have")
        return self._slice(start, size)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file's content, piece by piece."""
        start, size = self._index[name]
        for at in range(0, size, 1 << 20):
            yield self._slice(start + at, min(1 << 20, size - at))

    def _slice(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        content = self._file.read(size)
        if len(content) != size:
            raise BundleRefused("it became shorter while it was read")
        return content


def _entries(file: BinaryIO, length: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where each file of a tar file lies: name, start, size."""
    seen: set[str] = set()
    at = 0
    while True:
        file.seek(at)
        header = file.read(BLOCK)
        if len(header) < BLOCK:
            raise BundleRefused("it ends too early; take a fresh copy" if at else "it is no tar file: it is too short")
        if header == bytes(BLOCK):
            return _check_end(file, at, length)
        name, size = _parse(header, at)
        if name in seen:
            raise BundleRefused(f"it holds {name} twice; take a fresh copy")
        seen.add(name)
        if len(seen) > MAX_FILES:
            raise BundleRefused(f"it holds more than {MAX_FILES} files")
        start = at + BLOCK
        at = start + size + -size % BLOCK
        if at > length:
            raise BundleRefused(f"it ends in the middle of {name}; take a fresh copy")
        yield name, (start, size)


def _parse(header: bytes, at: int) -> tuple[str, int]:
    if header[257:263] != b"ustar\0" or header[263:265] != b"00":
        kind = "a gzip file" if header[:2] == b"\x1f\x8b" else "a zip file" if header[:2] == b"PK" else "no tar file"
        raise BundleRefused(f"it is {kind if not at else 'damaged'}; a bundle is what `maestro audit export` writes")
    said = header[148:156]
    if not _OCTAL.fullmatch(said) or int(said.rstrip(b" \0"), 8) != sum(header[:148]) + 8 * 0x20 + sum(header[156:]):
        raise BundleRefused("a header in it is damaged; take a fresh copy")
    if header[156:157] not in b"0\0":
        raise BundleRefused("it holds a link, a folder or something else that is no plain file; no bundle does")
    size = header[124:136]
    if not _OCTAL.fullmatch(size):
        raise BundleRefused("a size in it is damaged; take a fresh copy")
    parts = [header[345:500].rstrip(b"\0"), header[:NAME].rstrip(b"\0")]
    name = b"/".join(part for part in parts if part).decode("latin-1")
    check_name(name)
    return name, int(size.rstrip(b" \0"), 8)


def _check_end(file: BinaryIO, at: int, length: int) -> None:
    """Behind the end of a tar file there is nothing but the rest of the second empty block."""
    if length != at + 2 * BLOCK:
        raise BundleRefused("something stands behind its end, or its end is missing; take a fresh copy")
    file.seek(at)
    if any(file.read(2 * BLOCK)):
        raise BundleRefused("something stands behind its end; take a fresh copy")
