"""Who is this process, and how does it become known? Keys, join secrets, and enrolment.

The operator's key is made once, at the first start. Every process makes a key of its own for each of its lives (an
epoch) and has the registrar, which holds the operator's key, introduce it: it shows that it knows its role's join
secret, and the registrar says `ActorEnrolled` in the system log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from maestro.log.note import KeyRefused, SigningKey, VerifyKey, read_secret, write_secret
from maestro_contracts.commands import Enrol

OPERATOR = "operator"
OPERATOR_KEY_NAME = "maestro/operator"


def key_name(actor: str, epoch: str) -> str:
    """The name that a process signs with."""
    return f"maestro/{actor}@{epoch}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: an actor in a role, for one life (`epoch`) of its process."""

    actor: str
    role: str
    epoch: str
    key: SigningKey

    @classmethod
    def fresh(cls, actor: str, role: str) -> Identity:
        """A new life: nobody has seen this key before."""
        epoch = secrets.token_hex(4)
        return cls(actor, role, epoch, SigningKey.generate(key_name(actor, epoch)))

    @classmethod
    def operator(cls, key: SigningKey) -> Identity:
        """The operator speaks with one key for ever; each life of the registrar is an epoch, with its own chain."""
        return cls(OPERATOR, OPERATOR, secrets.token_hex(4), key)


def make_operator_key(key_file: Path, pub_file: Path) -> SigningKey:
    """The operator's key, made here at the first start, and its public half beside it. Raises KeyRefused where others
    may read the key, or where the two files do not belong together."""
    # Looked for first: in a container the folder of secrets cannot be written.
    with suppress(FileExistsError):
        if not key_file.exists():
            SigningKey.generate(OPERATOR_KEY_NAME).save(key_file)
    key = SigningKey.load(key_file)
    if not pub_file.exists():
        _publish(pub_file, key.verify_key.encode() + "\n")
    if operator_key(pub_file) != key.verify_key:
        raise KeyRefused(f"{pub_file} is not the public key of {key_file}; restore the right one of the two")
    return key


def operator_key(pub_file: Path) -> VerifyKey:
    """The root of all trust, as a reader has it. Raises KeyRefused."""
    try:
        return VerifyKey.decode(pub_file.read_text())
    except FileNotFoundError:
        mend = "start the registrar once, or set MAESTRO_OPERATOR_PUB_FILE"
        raise KeyRefused(f"{pub_file} is missing, so that nobody can be believed; {mend}") from None


def make_join_secret(file: Path) -> bytes:
    """A role's join secret, made here where there is none. Raises KeyRefused where others may read it."""
    with suppress(FileExistsError):
        if not file.exists():
            write_secret(file, secrets.token_hex(32).encode() + b"\n")
    return join_secret(file)


def join_secret(file: Path) -> bytes:
    """Raises KeyRefused where it is missing, too short, or others may read it."""
    try:
        secret = read_secret(file).strip()
    except FileNotFoundError:
        raise KeyRefused(f"{file} is missing; start the registrar once, or copy it from where it runs") from None
    if len(secret) < 32:
        raise KeyRefused(f"{file} holds no join secret; remove it, and start the registrar to have a new one made")
    return secret


def enrolment(identity: Identity, secret: bytes, host: str = "") -> Enrol:
    """The request to be introduced, with its proof."""
    key = base64.b64encode(identity.key.verify_key.key).decode()
    asked = Enrol(identity.actor, identity.role, identity.epoch, key, proof="", host=host)
    return msgspec.structs.replace(asked, proof=proof(asked, secret))


def proof(asked: Enrol, secret: bytes) -> str:
    """HMAC-SHA256 of all the other fields with the role's join secret, hex."""
    said = msgspec.json.encode((asked.actor, asked.role, asked.epoch, asked.key, asked.host))
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def _publish(file: Path, content: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.write_text(content)
    draft.chmod(0o644)
    draft.replace(file)
