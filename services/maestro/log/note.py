"""How does one sign a text so that anybody can check who said it? C2SP signed notes (c2sp.org/signed-note), Ed25519.

A note is a text that ends in a newline, an empty line, and one or more signature lines:
`— <key name> base64(key id || signature)`. The key id is the first four bytes of
SHA-256(key name || 0x0A || 0x01 || public key). Public keys are written as vkeys,
`<name>+<hex key id>+base64(0x01 || public key)`, and private keys as
`PRIVATE+KEY+<name>+<hex key id>+base64(0x01 || seed)`, as the reference implementation
(golang.org/x/mod/sumdb/note) does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nacl.bindings
import nacl.exceptions
import nacl.signing

from maestro_contracts.envelope import Unreadable

ED25519 = b"\x01"
DASH = "— ".encode()
MAX_SIGNATURES = 100
CONTROLS = bytes(b for b in range(0x20) if b != 0x0A)
_PRIVATE = "PRIVATE+KEY+"


class Unverified(ValueError):
    """A well-formed note that no trusted key vouches for. The message says whose signature is missing or wrong."""


class KeyRefused(ValueError):
    """A key or key file that must not be used. The message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, and the 64 bytes."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key under its name."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.key) != nacl.bindings.crypto_sign_PUBLICKEYBYTES:
            raise KeyRefused(f"key {self.name}: an Ed25519 public key has 32 bytes, this has {len(self.key)}")

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.key)

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """True where this key signed exactly this text."""
        try:
            nacl.bindings.crypto_sign_open(signature + text, self.key)
        except (nacl.exceptions.BadSignatureError, ValueError):
            return False
        return True

    def encode(self) -> str:
        """The vkey string."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.key)}"

    @classmethod
    def decode(cls, vkey: str) -> VerifyKey:
        """The key of a vkey string. Raises KeyRefused."""
        name, key = _decode_key(vkey.strip(), "a vkey is <name>+<8 hex digits>+<base64>")
        parsed = cls(name, key)
        if parsed.key_id.hex() != vkey.strip().split("+", 2)[1]:
            raise KeyRefused(f"key {name}: its id does not match its bytes; copy the whole line again")
        return parsed


class SigningKey:
    """A private key under its name. `secret` never leaves this object but into its 0600 file."""

    __slots__ = ("_key", "_line", "name", "verify_key")

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = nacl.signing.SigningKey(seed)
        self.name = name
        self.verify_key = VerifyKey(name, bytes(self._key.verify_key))
        self._line = b"\n" + DASH + name.encode() + b" "

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        return cls(name, os.urandom(32))

    def sign(self, text: bytes) -> bytes:
        """The 64 bytes of the signature of a text."""
        return self._key.sign(text).signature

    def sign_note(self, text: bytes) -> bytes:
        """The signed note of a text, which must end in a newline and hold no other control characters."""
        _check_text(text)
        return text + self._line + binascii.b2a_base64(self.verify_key.key_id + self.sign(text))

    def save(self, path: Path) -> None:
        """Write the private key to a new file that only its owner can read. Raises FileExistsError."""
        secret = f"{_PRIVATE}{self.name}+{self.verify_key.key_id.hex()}+{_base64(ED25519 + bytes(self._key))}\n"
        write_secret(path, secret.encode())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """The key in a file. Raises KeyRefused where others may read the file or it holds no key."""
        text = read_secret(path).decode(errors="replace").strip()
        if not text.startswith(_PRIVATE):
            raise KeyRefused(f"{path} holds no private key; restore it from a copy")
        name, seed = _decode_key(text.removeprefix(_PRIVATE), f"{path} is damaged; restore it from a copy")
        return cls(name, seed)


@lru_cache(maxsize=1024)
def key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes that name a key beside its name (signed-note, "Ed25519 signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def split(note: bytes) -> tuple[bytes, list[Signature]]:
    """A note's text (with its last newline) and its signature lines, none of them checked. Raises Unreadable."""
    cut = note.rfind(b"\n\n")
    if cut < 0 or not note.endswith(b"\n"):
        raise Unreadable("not a signed note: no text, empty line and signature lines")
    text = note[: cut + 1]
    lines = note[cut + 2 : -1].split(b"\n")
    if len(lines) > MAX_SIGNATURES:
        raise Unreadable(f"not a signed note: more than {MAX_SIGNATURES} signatures")
    if len(note.translate(None, CONTROLS)) != len(note):
        raise Unreadable("not a signed note: control characters")
    try:
        note.decode()
    except UnicodeDecodeError:
        raise Unreadable("not a signed note: not UTF-8") from None
    return text, [_signature(line) for line in lines]


def open_note(note: bytes, trusted: Iterable[VerifyKey]) -> tuple[bytes, list[str]]:
    """A note's text and the names of the trusted keys that signed it; signatures of others are ignored.

    Raises Unreadable for what is no note, Unverified where no trusted key signed or one of their signatures is wrong.
    """
    text, signatures = split(note)
    known = {(key.name, key.key_id): key for key in trusted}
    signed: list[str] = []
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None or key.name in signed:
            continue
        if not key.verifies(text, signature.value):
            raise Unverified(f"the signature of {key.name} does not match the text")
        signed.append(key.name)
    if not signed:
        raise Unverified(f"no trusted key signed this (signed by {', '.join(s.name for s in signatures)})")
    return text, signed


def write_secret(path: Path, content: bytes) -> None:
    """Make a new file of mode 0600, whole or not at all. Raises FileExistsError where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def read_secret(path: Path) -> bytes:
    """The content of a file that only its owner may read. Raises KeyRefused where others may too, FileNotFoundError."""
    with open(path, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise KeyRefused(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 '{path}'")
        return file.read()


def _signature(line: bytes) -> Signature:
    name, _, encoded = line.removeprefix(DASH).decode().partition(" ")
    try:
        raw = binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        raise Unreadable("not a signed note: a signature is not base64") from None
    # A second spelling of the same signature would give one statement two hashes.
    if not line.startswith(DASH) or not _is_name(name) or len(raw) < 5 or _base64(raw) != encoded:
        raise Unreadable("not a signed note: a malformed signature line")
    return Signature(name, raw[:4], raw[4:])


def _decode_key(encoded: str, mend: str) -> tuple[str, bytes]:
    try:
        name, _, data = encoded.split("+", 2)
        raw = base64.b64decode(data, validate=True)
    except ValueError:
        raise KeyRefused(f"not a key: {mend}") from None
    if len(raw) != 33 or raw[:1] != ED25519:
        raise KeyRefused(f"not an Ed25519 key: {mend}")
    return name, raw[1:]


def _check_text(text: bytes) -> None:
    if not text.endswith(b"\n") or len(text.translate(None, CONTROLS)) != len(text):
        raise ValueError("a note's text ends in a newline and holds no other control characters")


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and min(name) > " " and not any(map(str.isspace, name))


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise KeyRefused(f"{name!r} is no key name: it must not be empty or hold spaces or '+'")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
