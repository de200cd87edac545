"""Ten euros for three people."""

import sys

from tally import Money

shares = [str(share) for share in Money.parse("10.00 EUR").split(3)]
if shares != ["3.34 EUR", "3.33 EUR", "3.33 EUR"]:
    sys.exit(f"10.00 EUR for three are {shares}")
