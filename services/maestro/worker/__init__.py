"""The worker: it does one task with a coding agent in a worktree of its own, and says what came of it.

Trusted with: nothing. What it reports is a claim; validators look for themselves.
If it lies: the validators find a tree that does not hold what it says, and the claim is rejected with the reason.
If it dies: its lease runs out, another worker does the task again (or takes over a result that was already kept), and
the agent's processes end with it. Unfinished work is kept under `refs/maestro/<run>/kept/`.

Read: `decider.py` (what an attempt came to), `service.py` (worktree, agent, commit).
"""
