"""The validator: does a claim stand up? It looks for itself: its own checkout, its own test run, its own verdict.

Trusted with: one vote each. It believes nothing that the claim says; it reads the commit and runs the commands.
If it lies: its vote is one of several, signed, and its evidence names the command, the exit code and the hash of the
output on a tree that anybody can check out. If it dies: the claim is looked at again by another one.

Read: `decider.py` (the verdict), `tampering.py` (what was done to the tests), `checks.py` (running commands),
`service.py` (I/O).
"""
