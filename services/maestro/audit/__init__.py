"""Does this history hold? Every property of a run's log, shown apart, from raw entries and keys that come from outside.

Trusted with nothing: it only looks. What cannot be verified is a finding, and nothing to verify is never clean. It
writes nothing, and everything it says can be checked again with public tools (`docs/audit.md`).
"""
