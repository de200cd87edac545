"""Ten dollars are so many euros."""

import sys

from tally import Money
from tally.rates import Rates

rates = Rates()
rates.set("USD", "EUR", "0.92")
converted = rates.convert(Money.parse("10.00 USD"), "EUR")
if str(converted) != "9.20 EUR":
    sys.exit(f"10.00 USD are {converted}")
