"""Delivery: typed commands over FastStream, and the one shell around all deciders.

A service is a `Service` (see `service.py`) made by `make_service(tools)`; its `__main__.py` is

    import sys
    from maestro.bus.runtime import run_service
    from maestro.<name>.service import make_service
    sys.exit(run_service(make_service, "<role>"))

From a message to the log: `inbox` (FastStream) -> `reading` -> `desk` (handlers at work) -> `committer` (one signed
write for each run, all runs in one call). Beside them: `leases` (heartbeat, giving back), `timers`, `cancelling`.

Trusted with: nothing. It can lose no message (each stays pending until the write that answers it), and do nothing
twice (the store takes each id once). If it dies, other processes take over after the lease.
"""
