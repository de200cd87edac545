"""Where do the keys of those who seal and witness come from? They are made once, beside each other, and kept.

<state>/notary/seal.key          the key of all logs' checkpoints
<state>/witness/witness.key      the key of the witness that runs beside the services
<state>/witness/logs             whose checkpoints that witness looks at: a trust policy that lists logs
<state>/witnesses.policy         who has to have cosigned: a trust policy; yours to edit, made once
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from maestro.log.note import SigningKey, VerifyKey
from maestro.tlog.checkpoint import fingerprint
from maestro.tlog.cosignature import Cosigner, cosigner_of
from maestro.tlog.policy import Log, Policy, PolicyRefused, Witness, k_of, parse_policy

SEAL_NAME = "maestro/seal"
POLICY = "witnesses.policy"


def make_key(path: Path, name: str) -> SigningKey:
    """The key in a file, made there where it is missing. Raises KeyRefused where others may read it."""
    with suppress(FileExistsError):
        if not path.exists():
            SigningKey.generate(name).save(path)
    return SigningKey.load(path)


def logs_of(operator: VerifyKey, seal: VerifyKey) -> Log:
    """All logs of a deployment: what a witness is told to look at."""
    return Log(VerifyKey(f"maestro/{fingerprint(operator)}", seal.key))


def make_witness_key(folder: Path, name: str = "") -> Cosigner:
    """A witness's key in its folder, made there where it is missing; how others know it. Raises KeyRefused."""
    return cosigner_of(make_key(folder / "witness.key", name or f"maestro/witness-{secrets.token_hex(4)}"))


LOCAL = (("local", "witness", ""),)


def make_trust(root: Path, operator: VerifyKey, k: int = 1, witnesses: Sequence[tuple[str, str, str]] = LOCAL) -> Path:
    """Everything that one machine needs to seal its logs and have `k` witnesses look at them; returns the policy's
    file. Of each witness: its name in the policy, its folder under `root`, its address. What is there already stays.
    Raises KeyRefused."""
    seal = make_key(root / "notary" / "seal.key", SEAL_NAME)
    log = logs_of(operator, seal.verify_key)
    made = []
    for name, folder, url in witnesses:
        made.append(Witness(name, make_witness_key(root / folder), url))
        _write_new(root / folder / "logs", Policy(logs=(log,)))
    policy = root / POLICY
    quorum = k_of(k, made)
    _write_new(policy, Policy((log,), quorum.witnesses, quorum.groups, quorum.quorum))
    return policy


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises PolicyRefused, naming the file."""
    try:
        return parse_policy(path.read_bytes())
    except OSError as error:
        raise PolicyRefused(f"{path} cannot be read ({error.strerror})") from None
    except PolicyRefused as error:
        raise PolicyRefused(f"{path}: {error}") from None


def _write_new(path: Path, policy: Policy) -> None:
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.write_bytes(policy.encode())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
