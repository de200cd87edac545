"""`python -m maestro.conductor` runs one conductor."""

import sys

from maestro.bus.runtime import run_service
from maestro.conductor.service import make_service

sys.exit(run_service(make_service, "conductor", timers=True))
