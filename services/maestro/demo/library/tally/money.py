"""Exact amounts of money: whole cents and a currency, never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AMOUNT = re.compile(r"(-?)(\d+)\.(\d\d) ([A-Z]{3})")


@dataclass(frozen=True)
class Money:
    """So many hundredths of a currency: `Money(1250, "EUR")` is 12.50 EUR."""

    cents: int
    currency: str

    @classmethod
    def parse(cls, text: str) -> Money:
        """The amount that `12.50 EUR` means. Raises ValueError for anything else."""
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no amount; write it like 12.50 EUR")
        sign, whole, hundredths, currency = match.groups()
        cents = int(whole) * 100 + int(hundredths)
        return cls(-cents if sign else cents, currency)

    def __str__(self) -> str:
        whole, hundredths = divmod(abs(self.cents), 100)
        return f"{'-' if self.cents < 0 else ''}{whole}.{hundredths:02d} {self.currency}"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {self.currency} and {other.currency}")
