"""`python -m maestro.notary` runs the notary."""

import sys

from maestro.notary.service import run

sys.exit(run())
