"""One expense: who paid how much, for what, and who shares it."""

from __future__ import annotations

from dataclasses import dataclass

from tally.money import Money


@dataclass(frozen=True)
class Expense:
    payer: str
    amount: Money
    shared_by: tuple[str, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if self.amount.cents <= 0:
            raise ValueError(f"an expense of {self.amount} is no expense")
        if not self.shared_by:
            raise ValueError("nobody shares this expense")
        if len(set(self.shared_by)) != len(self.shared_by):
            raise ValueError(f"somebody is named twice: {', '.join(self.shared_by)}")
