"""How does SSH write values down one after the other? Numbers and strings (RFC 4251, section 5)."""

from __future__ import annotations


class Malformed(ValueError):
    """These bytes do not hold what they should. The message says what is wrong."""


def string(value: bytes) -> bytes:
    """A string: its length in four bytes, then its bytes."""
    return len(value).to_bytes(4, "big") + value


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


class Reader:
    """Takes values from the front of some bytes. Each method raises Malformed where they are not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise Malformed("it ends too early")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("something stands behind its end")
