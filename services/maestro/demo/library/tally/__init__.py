"""Who paid what, and who owes whom."""

from tally.book import Book
from tally.expense import Expense
from tally.money import Money
from tally.parser import BadLine, parse

__all__ = ["BadLine", "Book", "Expense", "Money", "parse"]
