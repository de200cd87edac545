"""`python -m maestro.worker` runs one worker."""

import sys

from maestro.bus.runtime import run_service
from maestro.worker.service import make_service

sys.exit(run_service(make_service, "worker"))
