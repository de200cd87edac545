"""The planner: what is asked for, on which codebase, and is it said clearly enough to be built?

It reads the repository at the run's base commit (git objects only: never the working tree, never any of its code),
reads the specification, and drafts the PRD, asks, or refuses. Without a language model it is deterministic: it writes
down what the specification says and never invents a requirement.

Trusted with: nothing. What it drafts goes to a gate, where people read it before anything is built.
If it lies or errs, the gate's readers see a wrong PRD and send it back; a forged PRD can still not be accepted without
its gate. If it dies, its command is handed to another planner, which comes to the same result.
"""
