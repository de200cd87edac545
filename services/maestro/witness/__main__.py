"""`python -m maestro.witness` runs a witness."""

import sys

from maestro.witness.service import run

sys.exit(run())
