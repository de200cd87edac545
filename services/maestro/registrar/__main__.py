"""`python -m maestro.registrar` runs the registrar."""

import sys

from maestro.bus.runtime import run_service
from maestro.registrar.service import admit, make_service

sys.exit(run_service(make_service, "registrar", admit=admit))
