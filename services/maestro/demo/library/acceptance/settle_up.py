"""What "settle up after the trip" means, one class for each requirement. They fail until somebody builds it.

    python3 -m unittest acceptance.settle_up.Splitting
"""

import subprocess
import sys
import unittest
from pathlib import Path

from tally import Book, Expense, Money, parse

EXAMPLES = Path(__file__).parent.parent / "examples"


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


class Splitting(unittest.TestCase):
    def test_ten_euros_for_three(self) -> None:
        self.assertEqual([euros(334), euros(333), euros(333)], euros(1000).split(3))


class Rates(unittest.TestCase):
    def test_dollars_become_euros(self) -> None:
        from tally.rates import Rates

        rates = Rates()
        rates.set("USD", "EUR", "0.92")
        self.assertEqual(euros(920), rates.convert(Money(1000, "USD"), "EUR"))


class Comments(unittest.TestCase):
    def test_they_are_left_out(self) -> None:
        self.assertEqual(1, len(parse("# day one\n\nAnna paid 1.00 EUR for tea: Ben\n")))


class RateLines(unittest.TestCase):
    def test_a_book_converts_itself(self) -> None:
        book = parse("rate USD EUR 0.92\nAnna paid 10.00 USD for tea: Ben\n")
        self.assertEqual(euros(920), book.converted("EUR").total("EUR"))


class Balances(unittest.TestCase):
    def test_no_cent_is_missing(self) -> None:
        from tally.balance import balances

        book = Book([Expense("Anna", euros(1000), ("Anna", "Ben", "Cleo"))])
        self.assertEqual(0, sum(balance.cents for balance in balances(book).values()), "a cent is missing")


class Settling(unittest.TestCase):
    def test_nobody_pays_and_receives(self) -> None:
        from tally.settle import payments

        standing = {"Anna": euros(500), "Ben": euros(0), "Cleo": euros(-500)}
        self.assertEqual(["Cleo pays Anna 5.00 EUR"], [str(payment) for payment in payments(standing)])


class Table(unittest.TestCase):
    def test_who_gets_most_stands_first(self) -> None:
        from tally.report import balances_table

        lines = balances_table({"Ben": euros(-500), "Anna": euros(500)}).splitlines()
        self.assertEqual(["person  balance", "Anna    gets 5.00 EUR", "Ben     owes 5.00 EUR"], lines)


class Command(unittest.TestCase):
    def test_a_trip_in_three_currencies(self) -> None:
        command = [sys.executable, "-m", "tally", "settle", str(EXAMPLES / "trip.txt"), "--in", "EUR"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertIn("Cleo pays Anna 90.40 EUR", ran.stdout, ran.stderr)
