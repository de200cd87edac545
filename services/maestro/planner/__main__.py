"""`python -m maestro.planner` runs one planner."""

import sys

from maestro.bus.runtime import run_service
from maestro.planner.service import make_service

sys.exit(run_service(make_service, "planner"))
