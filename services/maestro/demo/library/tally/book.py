"""All expenses of one trip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tally.expense import Expense
from tally.money import Money


class Book:
    def __init__(self, expenses: Iterable[Expense] = ()) -> None:
        self._expenses = list(expenses)

    def __iter__(self) -> Iterator[Expense]:
        return iter(self._expenses)

    def __len__(self) -> int:
        return len(self._expenses)

    def add(self, expense: Expense) -> None:
        self._expenses.append(expense)

    def people(self) -> list[str]:
        """Everybody who paid or shares something, in the order of the alphabet."""
        return sorted({name for expense in self for name in (expense.payer, *expense.shared_by)})

    def currencies(self) -> list[str]:
        return sorted({expense.amount.currency for expense in self})

    def total(self, currency: str) -> Money:
        """The sum of all expenses in this currency."""
        amounts = [expense.amount for expense in self if expense.amount.currency == currency]
        return sum(amounts, start=Money(0, currency))
