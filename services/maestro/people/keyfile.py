"""How is a person's private key read from a file, and how is a new one made? OpenSSH's format (PROTOCOL.key).

The head of such a file says which key it is without its secret half, so that a passphrase is asked for only when
something is signed. Making sense of the secret half, encrypted or not, is the library's work.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

import nacl.signing

from maestro.log.note import KeyRefused, read_secret, write_secret
from maestro.people.public import PublicKey
from maestro.people.wire import Malformed, Reader

MAGIC = b"openssh-key-v1\0"
MAX_FILE = 16 * 1024
_PEM = re.compile(rb"-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END OPENSSH PRIVATE KEY-----")

AskPassphrase = Callable[[str], str | None]
"""Asks a person for the passphrase of the key that is described; None where nobody can be asked."""


class FileKey:
    """A private key in a file. The secret half is read when something is signed, and not before."""

    def __init__(self, path: Path, ask: AskPassphrase | None = None) -> None:
        """Raises KeyRefused where the file is no Ed25519 key, or others may read it."""
        self.path = path
        self._ask = ask
        self.public, self.is_encrypted = read_head(_content(path), path)
        self._key: nacl.signing.SigningKey | None = None

    def sign(self, data: bytes) -> bytes:
        if self._key is None:
            self._key = nacl.signing.SigningKey(self._seed())
        return self._key.sign(data).signature

    def _seed(self) -> bytes:
        content = _content(self.path)
        seed = _secret_half(content, self._passphrase(), self.path)
        if bytes(nacl.signing.SigningKey(seed).verify_key) != self.public.raw:
            raise KeyRefused(f"{self.path} is damaged: its two halves do not belong together; restore it from a copy")
        return seed

    def _passphrase(self) -> bytes | None:
        if not self.is_encrypted:
            return None
        given = self._ask(f"passphrase for {self.path}") if self._ask else None
        if given is None:
            raise KeyRefused(
                f"{self.path} has a passphrase, and there is no terminal to ask for it; "
                f"give the key to an ssh-agent before: ssh-add '{self.path}'"
            )
        return given.encode()


def read_head(content: bytes, path: Path) -> tuple[PublicKey, bool]:
    """Which key the file holds, and whether it has a passphrase. Raises KeyRefused and nothing else."""
    found = _PEM.search(content)
    if found is None:
        raise KeyRefused(f"{path} {_what_it_is(content)}")
    try:
        reader = Reader(base64.b64decode(b"".join(found.group(1).split()), validate=True))
        if reader.take(len(MAGIC)) != MAGIC:
            raise Malformed("it is in a format that nobody knows")
        cipher = reader.string()
        reader.string()
        reader.string()
        if reader.number() != 1:
            raise Malformed("it holds several keys")
        return PublicKey.of_blob(reader.string()), cipher != b"none"
    except (Malformed, ValueError) as error:
        if isinstance(error, KeyRefused):
            raise KeyRefused(f"{path}: {error}") from None
        raise KeyRefused(f"{path} is damaged: {error}; restore it from a copy") from None


def make_key(path: Path, comment: str) -> PublicKey:
    """Make a key without a passphrase, as `ssh-keygen -t ed25519` would, and its public half in `<path>.pub`. Raises
    FileExistsError where there is one."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = os.urandom(32)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    write_secret(path, private.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption()))
    public = PublicKey(bytes(nacl.signing.SigningKey(seed).verify_key), comment)
    pub = path.with_name(f"{path.name}.pub")
    pub.write_text(f"{public.line} {comment}\n")
    pub.chmod(0o644)
    return public


def public_of(path: Path) -> PublicKey:
    """The key in a `.pub` file. Raises KeyRefused."""
    try:
        with path.open("rb") as file:
            line = file.read(MAX_FILE + 1).decode(errors="replace")
        return PublicKey.decode(line)
    except KeyRefused as error:
        raise KeyRefused(f"{path}: {error}") from None
    except OSError as error:
        raise KeyRefused(f"{path} cannot be read: {error.strerror}; name the .pub file of an SSH key") from None


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise KeyRefused(f"{path} is too large to be a key; name an OpenSSH private key")
        return read_secret(path)
    except OSError as error:
        raise KeyRefused(f"the key {path} cannot be read: {error.strerror}; name an OpenSSH private key") from None


def _what_it_is(content: bytes) -> str:
    if content.startswith(b"PuTTY-User-Key-File"):
        return "is a key of PuTTY's; export it in OpenSSH's format (puttygen -O private-openssh-new)"
    if b"PRIVATE KEY-----" in content:
        return "is a private key in another format than OpenSSH's; convert it: ssh-keygen -p -f, or make one"
    return "is no private key; name an OpenSSH private key, as `ssh-keygen -t ed25519` makes them"


def _secret_half(content: bytes, passphrase: bytes | None, path: Path) -> bytes:
    """The seed. The library raises many kinds of errors for what is damaged; all mean the same here."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        private = s.load_ssh_private_key(content, passphrase)
    except Exception as error:
        if passphrase is not None:
            raise KeyRefused(f"this passphrase does not open {path}; try again") from None
        raise KeyRefused(f"{path} is damaged: {error}; restore it from a copy") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyRefused(f"{path} is damaged: its two halves are of different kinds; restore it from a copy")
    return private.private_bytes_raw()
