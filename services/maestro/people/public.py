"""What is a person's public key? One line as OpenSSH writes it, `ssh-ed25519 AAAA... comment`, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

import nacl.bindings

from maestro.log.note import KeyRefused
from maestro.people.wire import Malformed, Reader, string

ED25519 = "ssh-ed25519"
MAX_LINE = 1024
_USE = "use an ssh-ed25519 key: `ssh-keygen -t ed25519`, or `maestro keys new`"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key. Two are the same where their 32 bytes are, whatever their comments."""

    raw: bytes
    comment: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != nacl.bindings.crypto_sign_PUBLICKEYBYTES:
            raise KeyRefused(f"an Ed25519 public key has 32 bytes, this has {len(self.raw)}; copy the whole line again")
        if not nacl.bindings.crypto_core_ed25519_is_valid_point(self.raw):
            raise KeyRefused(f"these 32 bytes are no key that could be used safely; {_USE}")

    @property
    def blob(self) -> bytes:
        """As SSH writes it (RFC 8709, section 4)."""
        return string(ED25519.encode()) + string(self.raw)

    @property
    def line(self) -> str:
        """Without the comment."""
        return f"{ED25519} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it: `SHA256:` and 43 characters."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @classmethod
    def decode(cls, line: str) -> PublicKey:
        """The key in a line of a `.pub` file. Raises KeyRefused and nothing else."""
        return _decode_line(line)

    @classmethod
    def of_blob(cls, blob: bytes) -> PublicKey:
        """The key as SSH writes it. Raises KeyRefused."""
        try:
            reader = Reader(blob)
            kind = reader.string().decode(errors="replace")
            _check_kind(kind)
            raw = reader.string()
            reader.end()
        except Malformed as error:
            raise KeyRefused(f"not a public key: {error}; copy the whole line again") from None
        return cls(raw)


@lru_cache(maxsize=1024)
def _decode_line(line: str) -> PublicKey:
    text = line.strip()
    if "PRIVATE KEY" in text:
        raise KeyRefused("this is a private key, which nobody else must see; give its public half, the .pub file")
    if len(text) > MAX_LINE or not text or len(text.splitlines()) != 1:
        raise KeyRefused(f"not a public key: one line such as `{ED25519} AAAA...` is expected; give a .pub file")
    kind, _, rest = text.partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    _check_kind(kind)
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise KeyRefused("not a public key: it is not base64; copy the whole line again") from None
    key = PublicKey.of_blob(blob)
    return PublicKey(key.raw, comment.strip())


def _check_kind(kind: str) -> None:
    if kind == ED25519:
        return
    shown = kind if kind.isascii() and kind.isprintable() and len(kind) <= 64 else "something else"
    if kind.startswith("sk-"):
        raise KeyRefused(f"{shown} is a key on a hardware token, which cannot sign decisions; {_USE}")
    if kind.startswith(("ssh-", "ecdsa-", "rsa-")):
        raise KeyRefused(f"{shown} keys cannot sign decisions; {_USE}")
    raise KeyRefused(f"not a public key: {shown!r} is no kind of key; give the line of a .pub file as it is")
