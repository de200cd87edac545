"""Reads a trip's text file, one line for each expense."""

from __future__ import annotations

import re

from tally.book import Book
from tally.expense import Expense
from tally.money import Money

_EXPENSE = re.compile(r"(?P<payer>\w+) paid (?P<amount>\S+ \S+) for (?P<note>[^:]+): (?P<names>.+)")


class BadLine(ValueError):
    """A line that cannot be read. The message names its number."""


def parse(text: str) -> Book:
    """The book that a file's text describes. Raises BadLine."""
    book = Book()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            book.add(_expense(line))
        except ValueError as error:
            raise BadLine(f"line {number}: {error}") from None
    return book


def _expense(line: str) -> Expense:
    match = _EXPENSE.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"cannot read {line!r}; write it like 'Anna paid 12.50 EUR for lunch: Anna, Ben'")
    names = tuple(name.strip() for name in match["names"].split(","))
    return Expense(match["payer"], Money.parse(match["amount"]), names, match["note"].strip())
