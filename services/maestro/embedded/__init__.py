"""Everything on one machine: a private server and the services beside it, for as long as the command that started them.

What it does: lays out the state directory, starts the private server and the service processes, starts again what
crashes, and stops all of it at the end.

What it is trusted with: the operator's files lie in the state directory, so whoever can write there can speak for the
operator; it refuses a directory that others can write. It decides nothing about a run.

What happens if it dies: its fork server sees the pipe close and ends every process of the services, and the kernel ends
the server (`PR_SET_PDEATHSIG`). The log stays on disk, and the next `maestro resume` goes on from there.
"""
