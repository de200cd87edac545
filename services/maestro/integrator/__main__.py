"""`python -m maestro.integrator` runs one integrator."""

import sys

from maestro.bus.runtime import run_service
from maestro.integrator.service import make_service

sys.exit(run_service(make_service, "integrator"))
