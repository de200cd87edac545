"""Git: how does a run reach its repository? Real git, run as a program, wrapped in a few async functions.

Trusted with: the run's own refs (`refs/heads/maestro/<run>`, `refs/maestro/<run>/...`) and worktrees in the work
directory. It never writes the user's working tree, index, HEAD or branches, runs no hook, and deletes no unmerged work;
configuration and hooks that a program changed while it was at work it puts back (`guard.py`).
If it fails: a `GitProblem` says what kind of failure it is, why, and how to mend it; refs change by compare-and-swap
only, so a failure in the middle leaves what was there.
"""
