"""What may be asked of the work queues? Taking messages, taking over those that others left, and keeping one's own.

A queue hands each message to one consumer. It stays with that consumer until a write acknowledges it, or until another
consumer takes it over because nobody touched it for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

GROUP = "g"
"""The consumer group of every queue."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message as it was handed to a consumer, for the `count`th time. Junk without a message has b""."""

    id: str
    message: bytes
    count: int


class Queues(Protocol):
    """The queue side of a store."""

    async def take(self, role: str, consumer: str, count: int, block_ms: int | None = None) -> list[Taken]:
        """Up to `count` messages that nobody has had yet; waits up to `block_ms` for the first (None: not at all).
        Messages sent before anybody listened are there too."""
        ...

    async def reclaim(self, role: str, consumer: str, min_idle_ms: int, count: int) -> list[Taken]:
        """Take over up to `count` messages that nobody has touched for `min_idle_ms`, whoever had them."""
        ...

    async def touch(self, role: str, consumer: str, ids: Sequence[str]) -> list[str]:
        """Say that these messages are still being worked on; returns those that are still this consumer's."""
        ...
