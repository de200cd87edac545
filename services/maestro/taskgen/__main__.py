"""`python -m maestro.taskgen` runs one task generator."""

import sys

from maestro.bus.runtime import run_service
from maestro.taskgen.service import make_service

sys.exit(run_service(make_service, "taskgen"))
