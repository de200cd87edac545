"""`python -m maestro.gateway` runs one gateway."""

import sys

from maestro.gateway.service import run

sys.exit(run())
