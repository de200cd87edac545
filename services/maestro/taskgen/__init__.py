"""The task generator: how does a PRD become work that many can do side by side?

Epics, tasks, dependencies and parallel groups, by pure rules: the same PRD gives the same graph.

Trusted with: nothing. `graph.check_graph` says of any graph whether it is acyclic, covers every requirement and keeps
tasks that would touch the same files apart; the generator refuses a graph of its own that does not pass.
If it lies, the check tells whoever asks, and the validators still measure every task by the requirements' own checks.
If it dies, its command is handed to another task generator, which comes to the same graph.
"""
