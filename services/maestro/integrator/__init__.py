"""The integrator: it alone moves a run's branch: base, PRD, accepted tasks, checkpoints, handover; and it asks the
forge whether that branch was merged.

Trusted with: the branch `maestro/<run>` and the run's checkpoint refs, and with nothing else of the repository. It
merges what the conductor says was accepted; the log shows whether it was.
If it lies: the branch's commits name the task and the event that they follow from, and their trees can be compared
with the votes; of a request that it calls merged the address stands in the log. If it dies in the middle: whoever
handles the command again finds what is there and repeats nothing.

Read: `decider.py` (what is already there, what may be built upon), `service.py` (I/O); `forges.py` (what forges are
asked and answer), `refusals.py` (why one did not), `watching.py` (I/O with them).
"""
