"""A witness: looks at logs from outside, and cosigns what continues what it has seen.

Trusted with: nothing alone; k of n witnesses together say that a log has one history. It knows the logs' public key and
its own private one, and its memory is a file of its own: it never speaks to the server that keeps the logs, and never
reads what stands in them.
If it dies: nobody waits for it; seals name it as missing until it is back.
If it lies: fewer than k liars prove nothing; a cosignature that it refuses shows as missing.
If it forgets: it refuses whoever knows more than it does, rather than to sign a history again that it signed before.
"""
