"""The registrar: introduces new processes to all the others. It alone holds the operator's key.

Trusted with: who is who. It says nothing but `ActorEnrolled`, in the system log, signed with the operator's key.
If it dies: those who are enrolled work on; nobody new can join until it is back.
If it lies: it can introduce a process that should not be there; the log shows whom it introduced, from which host.
"""
