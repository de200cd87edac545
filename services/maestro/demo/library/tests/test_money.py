import unittest

from tally import Money


class MoneyTest(unittest.TestCase):
    def test_an_amount_reads_back_as_it_was_written(self) -> None:
        for text in ("12.50 EUR", "0.05 USD", "-3.00 GBP"):
            self.assertEqual(text, str(Money.parse(text)))

    def test_what_is_no_amount_is_refused(self) -> None:
        for text in ("12.5 EUR", "12,50 EUR", "EUR 12.50", "12.50", ""):
            with self.assertRaisesRegex(ValueError, "write it like 12.50 EUR"):
                Money.parse(text)

    def test_amounts_add_and_subtract_exactly(self) -> None:
        self.assertEqual(Money(30, "EUR"), Money(10, "EUR") + Money(20, "EUR"))
        self.assertEqual(Money(-10, "EUR"), Money(10, "EUR") - Money(20, "EUR"))
        self.assertEqual(Money(-10, "EUR"), -Money(10, "EUR"))

    def test_different_currencies_do_not_add_up(self) -> None:
        with self.assertRaisesRegex(ValueError, "EUR and USD"):
            Money(1, "EUR") + Money(1, "USD")
