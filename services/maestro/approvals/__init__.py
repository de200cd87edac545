"""May this be done now? What the log says of proposed actions and approvals, and the way from a wish to an effect.

Used by whoever wants something done (a worker for its agent), by whoever does it (the worker, the integrator), by the
gatekeeper that decides and by the audit, so that all of them read the same law: an effect begins at the newest entry
of the log, with an approval of exactly this, once.

Trusted with nothing by itself: an effect that was begun without an approval stands in the log, and the audit finds it.

Read: `book.py` (what the log says, and the law), `policies.py` (the run's policy), `permission.py` (asking, waiting,
beginning).
"""
