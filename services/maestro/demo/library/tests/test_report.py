import unittest

from tally import parse
from tally.report import expenses_table


class ReportTest(unittest.TestCase):
    def test_columns_line_up(self) -> None:
        book = parse("Anna paid 60.00 EUR for dinner: Anna, Ben\nBen paid 4.50 EUR for coffee: Anna, Ben")
        expected = [
            "payer  amount     for     shared by",
            "Anna   60.00 EUR  dinner  Anna, Ben",
            "Ben    4.50 EUR   coffee  Anna, Ben",
            "total  64.50 EUR",
        ]
        self.assertEqual(expected, expenses_table(book).splitlines())
