"""`python -m maestro.validator` runs one validator."""

import sys

from maestro.bus.runtime import run_service
from maestro.validator.service import make_service

sys.exit(run_service(make_service, "validator"))
