"""A file with a comment and a blank line holds one expense."""

import sys

from tally import parse

book = parse("# day one\n\nAnna paid 1.00 EUR for tea: Ben\n")
if len(book) != 1:
    sys.exit(f"the file holds {len(book)} expenses")
