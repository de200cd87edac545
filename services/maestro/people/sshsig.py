"""How does a person sign a statement so that `ssh-keygen -Y verify` can check it? SSH signatures (OpenSSH,
PROTOCOL.sshsig) with an Ed25519 key and SHA-512.

There is one spelling of each signature: what `ssh-keygen -Y sign` writes, byte by byte. Everything else is refused, so
that no byte of a signature can be changed without it being noticed.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Protocol

import nacl.bindings
import nacl.exceptions

from maestro.log.note import KeyRefused, Unverified
from maestro.people.public import ED25519, PublicKey
from maestro.people.wire import Malformed, Reader, number, string
from maestro_contracts.decision import DECISION_NAMESPACE

MAGIC = b"SSHSIG"
VERSION = 1
HASH = "sha512"
BEGIN = "-----BEGIN SSH SIGNATURE-----"
END = "-----END SSH SIGNATURE-----"
WIDTH = 70
"""Characters of a line, as OpenSSH breaks them."""
MAX_ARMOURED = 2048


class Signer(Protocol):
    """Whoever holds a private key. `sign` gives the 64 bytes of the signature of some data; raises KeyRefused."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, data: bytes) -> bytes: ...


def sign(statement: bytes, signer: Signer, namespace: str = DECISION_NAMESPACE) -> str:
    """The armoured signature of a statement. May wait for a person (a passphrase, an agent that asks), so call it in a
    thread where something else goes on. Raises KeyRefused."""
    public = signer.public
    value = signer.sign(_signed_data(statement, namespace))
    blob = MAGIC + number(VERSION) + string(public.blob) + string(namespace.encode()) + string(b"")
    blob += string(HASH.encode()) + string(string(ED25519.encode()) + string(value))
    armoured = armour(blob)
    try:
        verify(statement, armoured, public.line, namespace)
    except Unverified as error:
        raise KeyRefused(f"what the key {public.fingerprint} signed is not right ({error}); use another key") from None
    return armoured


def verify(statement: bytes, armoured: str, public_key: str, namespace: str = DECISION_NAMESPACE) -> None:
    """Does nothing where the key (a line as OpenSSH writes it) signed exactly this statement. Raises Unverified, and
    nothing else."""
    try:
        key = PublicKey.decode(public_key)
        signed_by, value = _open(armoured, namespace)
    except KeyRefused as error:
        raise Unverified(f"not a signature that counts: {error}") from None
    except Malformed as error:
        raise Unverified(f"not an SSH signature: {error}") from None
    if signed_by != key:
        raise Unverified(f"the signature is of the key {signed_by.fingerprint}, not of {key.fingerprint}")
    try:
        nacl.bindings.crypto_sign_open(value + _signed_data(statement, namespace), key.raw)
    except (nacl.exceptions.BadSignatureError, ValueError):
        raise Unverified(f"the key {key.fingerprint} did not sign this statement") from None


def signed_by(armoured: str) -> PublicKey:
    """The key that a signature says it is of; nothing is checked yet. Raises Unverified."""
    try:
        return _open(armoured, None)[0]
    except KeyRefused as error:
        raise Unverified(f"not a signature that counts: {error}") from None
    except Malformed as error:
        raise Unverified(f"not an SSH signature: {error}") from None


def armour(blob: bytes) -> str:
    """The signature as it stands in a file."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return "\n".join((BEGIN, *lines, END, ""))


def _signed_data(statement: bytes, namespace: str) -> bytes:
    """What the key signs (PROTOCOL.sshsig, section 3)."""
    digest = hashlib.sha512(statement).digest()
    return MAGIC + string(namespace.encode()) + string(b"") + string(HASH.encode()) + string(digest)


def _open(armoured: str, namespace: str | None) -> tuple[PublicKey, bytes]:
    """The key and the 64 bytes. Raises Malformed and KeyRefused."""
    reader = Reader(_dearmour(armoured))
    if reader.take(len(MAGIC)) != MAGIC:
        raise Malformed(f"it does not begin with {MAGIC.decode()}")
    version = reader.number()
    if version != VERSION:
        raise Malformed(f"its version is {version}, only {VERSION} is known")
    key = PublicKey.of_blob(reader.string())
    _check(reader.string(), namespace, "namespace")
    _check(reader.string(), "", "reserved field")
    _check(reader.string(), HASH, "hash")
    signature = Reader(reader.string())
    reader.end()
    _check(signature.string(), ED25519, "signature's kind")
    value = signature.string()
    signature.end()
    if len(value) != nacl.bindings.crypto_sign_BYTES:
        raise Malformed(f"an Ed25519 signature has {nacl.bindings.crypto_sign_BYTES} bytes, this has {len(value)}")
    return key, value


def _check(found: bytes, wanted: str | None, what: str) -> None:
    if wanted is not None and found != wanted.encode():
        raise Malformed(f"its {what} is {found[:64].decode(errors='replace')!r}, not {wanted!r}")


def _dearmour(armoured: str) -> bytes:
    if len(armoured) > MAX_ARMOURED:
        raise Malformed(f"it has {len(armoured)} characters, more than {MAX_ARMOURED}")
    if not armoured.startswith(BEGIN) or not armoured.endswith(f"{END}\n"):
        raise Malformed(f"it does not begin with {BEGIN} and end with {END} and a newline")
    try:
        blob = base64.b64decode(armoured[len(BEGIN) : -len(END) - 1].replace("\n", ""), validate=True)
    except ValueError:
        raise Malformed("it is not base64") from None
    # A second spelling of the same signature would give one decision two hashes.
    if armour(blob) != armoured:
        raise Malformed("its lines are not as ssh-keygen writes them")
    return blob
