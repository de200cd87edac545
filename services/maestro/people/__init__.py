"""Who are the people, and is this their word? Their keys, their signatures, and the directory of who may what.

Trusted with nothing: it only checks. A person is who the operator introduced in the system log, and a decision is
theirs where one of their keys signed its exact bytes (`maestro_contracts.decision`) as an SSH signature. It forges
nothing if it lies, since everybody can check the same bytes with `ssh-keygen -Y verify`.
"""

from maestro.log.note import KeyRefused, Unverified
from maestro.people.directory import Directory, Person, SignedDecision
from maestro.people.public import PublicKey
from maestro.people.sshsig import Signer, sign, signed_by, verify

__all__ = [
    "Directory",
    "KeyRefused",
    "Person",
    "PublicKey",
    "SignedDecision",
    "Signer",
    "Unverified",
    "sign",
    "signed_by",
    "verify",
]
