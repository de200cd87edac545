"""The notary: reads every log as it grows, seals it, and has witnesses cosign.

Trusted with: the key of all checkpoints, and nothing else. What it says of itself (`LogSealed`) is checked by whoever
reads it: the root against the entries, the cosignatures against their own policy.
If it dies: logs grow on unsealed, and effects that wait for a seal wait; the next one reads the logs and goes on. What
it signed last it remembers in a file of its own, so that it never signs two histories.
If it lies: witnesses that have seen the log before refuse, and no quorum comes together.
If it leaves a bad entry unnamed: every reader rejects the entry all the same.
"""
