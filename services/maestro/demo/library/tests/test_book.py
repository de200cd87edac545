import unittest

from tally import Book, Expense, Money


class ExpenseTest(unittest.TestCase):
    def test_an_expense_needs_an_amount_and_somebody_to_share_it(self) -> None:
        with self.assertRaises(ValueError):
            Expense("Anna", Money(0, "EUR"), ("Anna",))
        with self.assertRaises(ValueError):
            Expense("Anna", Money(100, "EUR"), ())

    def test_nobody_shares_twice(self) -> None:
        with self.assertRaisesRegex(ValueError, "named twice"):
            Expense("Anna", Money(100, "EUR"), ("Ben", "Ben"))


class BookTest(unittest.TestCase):
    def setUp(self) -> None:
        self.book = Book([Expense("Cleo", Money(300, "EUR"), ("Anna", "Ben")), Expense("Anna", Money(50, "USD"), ("Ben",))])

    def test_it_knows_its_people_and_currencies(self) -> None:
        self.assertEqual(["Anna", "Ben", "Cleo"], self.book.people())
        self.assertEqual(["EUR", "USD"], self.book.currencies())

    def test_totals_are_kept_apart_by_currency(self) -> None:
        self.book.add(Expense("Ben", Money(150, "EUR"), ("Ben",)))
        self.assertEqual(Money(450, "EUR"), self.book.total("EUR"))
        self.assertEqual(Money(50, "USD"), self.book.total("USD"))
