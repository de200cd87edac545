import unittest

from tally import BadLine, Expense, Money, parse


class ParserTest(unittest.TestCase):
    def test_a_line_is_an_expense(self) -> None:
        book = parse("Anna paid 60.00 EUR for dinner: Anna, Ben")
        self.assertEqual([Expense("Anna", Money(6000, "EUR"), ("Anna", "Ben"), "dinner")], list(book))

    def test_a_bad_line_is_named_by_its_number(self) -> None:
        with self.assertRaisesRegex(BadLine, "line 2: cannot read 'Ben owes me'"):
            parse("Anna paid 60.00 EUR for dinner: Anna, Ben\nBen owes me")

    def test_a_bad_amount_is_named_by_its_number(self) -> None:
        with self.assertRaisesRegex(BadLine, "line 1: '6 EUR' is no amount"):
            parse("Anna paid 6 EUR for dinner: Anna, Ben")
