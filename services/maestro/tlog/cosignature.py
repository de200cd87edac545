"""How does a witness say that it has seen a log grow? C2SP cosignatures (c2sp.org/tlog-cosignature), Ed25519.

A cosignature is a signature line of the checkpoint's note: 8 bytes of time (seconds since the epoch, big-endian), then
64 bytes of signature over `cosignature/v1`, a line with the time, and the checkpoint's text. The key id is
SHA-256(name || 0x0A || algorithm || public key)[:4]. The algorithm byte is 0x04 for Ed25519; keys with another byte are
read and kept, and nothing that they sign is believed until somebody writes here how to check it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from maestro.log.note import KeyRefused, Signature, SigningKey, VerifyKey
from maestro.tlog.checkpoint import MAX_SIZE, SignedCheckpoint, signature_line

ED25519_COSIGNATURE = 0x04
ML_DSA_44_COSIGNATURE = 0x06
_TIME = 8
_LENGTHS = {ED25519_COSIGNATURE: 32, ML_DSA_44_COSIGNATURE: 1312}


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness as others know it: its name, its public key, and what kind of signature it makes."""

    name: str
    key: bytes
    algorithm: int = ED25519_COSIGNATURE

    def __post_init__(self) -> None:
        if self.algorithm == ED25519_COSIGNATURE:
            VerifyKey(self.name, self.key)

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key).digest()[:4]

    def encode(self) -> str:
        """The vkey string."""
        material = base64.b64encode(bytes([self.algorithm]) + self.key).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def decode(cls, vkey: str) -> Cosigner:
        """The key of a vkey string. Raises KeyRefused."""
        try:
            name, id, material = vkey.strip().split("+", 2)
            raw = base64.b64decode(material, validate=True)
        except ValueError:
            raise KeyRefused("not a key: a vkey is <name>+<8 hex digits>+<base64>") from None
        if not raw or len(raw) - 1 != _LENGTHS.get(raw[0]):
            raise KeyRefused(
                f"key {name}: not the key of a witness; its type is 0x04 (Ed25519) or 0x06 (ML-DSA-44) and the public "
                "key follows (c2sp.org/tlog-cosignature)"
            )
        cosigner = cls(name, raw[1:], raw[0])
        if cosigner.encode() != vkey.strip():
            raise KeyRefused(f"key {name}: its id {id} does not match its bytes; copy the whole line again")
        return cosigner

    def owns(self, signature: Signature) -> bool:
        """True where the signature says to be this witness's."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def cosigned_at(self, text: bytes, signature: Signature) -> int | None:
        """When this witness cosigned this checkpoint's text (seconds since the epoch); None where it did not."""
        time = int.from_bytes(signature.value[:_TIME], "big")
        if not self.owns(signature) or self.algorithm != ED25519_COSIGNATURE or not 0 < time <= MAX_SIZE:
            return None
        if len(signature.value) != _TIME + 64:
            return None
        right = VerifyKey(self.name, self.key).verifies(_message(text, time), signature.value[_TIME:])
        return time if right else None


def cosigner_of(key: SigningKey) -> Cosigner:
    """How others know the witness with this key."""
    return Cosigner(key.name, key.verify_key.key)


def cosign(text: bytes, key: SigningKey, time: int) -> bytes:
    """The signature line of a checkpoint's text. `time` is in seconds since the epoch."""
    if not 0 < time <= MAX_SIZE:
        raise ValueError(f"no time to cosign at: {time}")
    value = time.to_bytes(_TIME, "big") + key.sign(_message(text, time))
    return signature_line(key.name, cosigner_of(key).key_id, value)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was found right: whose, when (seconds since the epoch), and the line itself."""

    cosigner: Cosigner
    time: int
    signature: Signature


def cosignatures(text: bytes, signatures: Sequence[Signature], cosigners: Sequence[Cosigner]) -> list[Cosignature]:
    """Those of the signatures that these witnesses did make on this checkpoint's text, at most one for each."""
    found: dict[Cosigner, Cosignature] = {}
    for signature in signatures:
        for cosigner in cosigners:
            if cosigner in found or (time := cosigner.cosigned_at(text, signature)) is None:
                continue
            found[cosigner] = Cosignature(cosigner, time, signature)
    return list(found.values())


def forged(signed: SignedCheckpoint, cosigners: Sequence[Cosigner]) -> list[Cosigner]:
    """Those in whose name a signature stands that they did not make; ones of a kind that cannot be checked here too."""
    return [
        cosigner
        for cosigner in cosigners
        if any(cosigner.owns(each) and cosigner.cosigned_at(signed.text, each) is None for each in signed.signatures)
    ]


def _message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + text
