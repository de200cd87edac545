"""A file says what a dollar is worth, and its book adds up in euros."""

import sys

from tally import parse

book = parse("rate USD EUR 0.92\nAnna paid 10.00 USD for tea: Ben\n").converted("EUR")
if str(book.total("EUR")) != "9.20 EUR":
    sys.exit(f"the book adds up to {book.total('EUR')}")
