"""`python -m maestro.conductor` runs one conductor."""

from maestro.bus.runtime import main
from maestro.conductor.service import make_service

main("conductor", make_service, timers=True)
