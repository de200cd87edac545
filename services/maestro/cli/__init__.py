"""The command line: what a person types, what they see, and how their answers reach a gate.

What it does: checks what is asked for before anything starts, starts the private server and the services where none are
to be had, queues requests, follows a run's log and tells it, asks at gates, writes the files under `.flow/`.

What it is trusted with: a person's answer. It sends what was typed, and only where that is one of the gate's choices;
the gatekeeper checks it again. It signs nothing: nothing that it says is an event.

What happens if it dies: everything that it started ends with it; the log stays, and `maestro resume RUN` goes on.
"""
