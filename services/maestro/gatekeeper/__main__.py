"""`python -m maestro.gatekeeper` runs one gatekeeper."""

import sys

from maestro.bus.runtime import run_service
from maestro.gatekeeper.service import make_service

sys.exit(run_service(make_service, "gatekeeper"))
