"""Who gets money back stands above who owes some."""

import sys

from tally import Money
from tally.report import balances_table

lines = balances_table({"Ben": Money(-500, "EUR"), "Anna": Money(500, "EUR")}).splitlines()
if lines != ["person  balance", "Anna    gets 5.00 EUR", "Ben     owes 5.00 EUR"]:
    sys.exit("\n".join(lines))
