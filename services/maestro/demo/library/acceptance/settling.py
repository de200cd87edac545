"""Who is owed nothing and owes nothing takes no part."""

import sys

from tally import Money
from tally.settle import payments

standing = {"Anna": Money(500, "EUR"), "Ben": Money(0, "EUR"), "Cleo": Money(-500, "EUR")}
made = [str(payment) for payment in payments(standing)]
if made != ["Cleo pays Anna 5.00 EUR"]:
    sys.exit(f"the payments are {made}")
