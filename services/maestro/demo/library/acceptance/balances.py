"""Ten euros for three people, and no cent is lost."""

import sys

from tally import parse
from tally.balance import balances

standing = balances(parse("Anna paid 10.00 EUR for tea: Anna, Ben, Cleo"))
left = sum(balance.cents for balance in standing.values())
if left:
    sys.exit(f"a cent is missing: the balances add up to {left}")
