"""How much may one caller ask? A bucket of requests for each, that fills again with time. Pure: the clock is given."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

KEPT = 10_000
"""Callers that are remembered; those who asked longest ago are forgotten first, and start anew."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, and `per_s` more each second."""

    burst: float
    per_s: float


class Buckets:
    """One bucket for each caller."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, caller: str, now: float) -> float:
        """Take one request out of the caller's bucket: 0 where there was one, else the seconds until there will be."""
        left, before = self._left.pop(caller, (self._rate.burst, now))
        left = min(self._rate.burst, left + (now - before) * self._rate.per_s)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate.per_s
        self._left[caller] = (left - 1 if wait == 0 else left, now)
        while len(self._left) > KEPT:
            self._left.popitem(last=False)
        return wait
