"""How does a log become something that nobody can change unseen? Trees, checkpoints, cosignatures, trust policies.

Pure: bytes in, bytes out. The formats are those of C2SP (tlog-checkpoint, tlog-cosignature, tlog-policy, signed-note)
and RFC 6962, so that tools that know nothing of Maestro can check what is made here.
"""
