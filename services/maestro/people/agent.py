"""How does an ssh-agent sign for a person? Its protocol (draft-ietf-sshm-ssh-agent) over the socket `SSH_AUTH_SOCK`.

The private key stays with the agent. What it answers is not believed: `sshsig.sign` checks every signature.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from maestro.log.note import KeyRefused
from maestro.people.public import ED25519, PublicKey
from maestro.people.wire import Malformed, Reader, number, string

MAX_MESSAGE = 256 * 1024
LIST_S, SIGN_S = 5.0, 60.0
"""How long an agent may take. Some ask a person before they sign."""
_FAILURE, _LIST, _LISTED, _SIGN, _SIGNED = 5, 11, 12, 13, 14


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, by the path of its socket."""

    path: str

    @classmethod
    def here(cls, env: Mapping[str, str] = os.environ) -> Agent | None:
        """The agent that the environment names; None where it names none."""
        return cls(env["SSH_AUTH_SOCK"]) if env.get("SSH_AUTH_SOCK") else None

    def keys(self) -> list[PublicKey]:
        """Those of its keys that can sign decisions. Raises KeyRefused where it does not answer."""
        try:
            reader = Reader(self._ask(_LIST, b"", _LISTED, LIST_S))
            pairs = [(reader.string(), reader.string()) for _ in range(min(reader.number(), MAX_MESSAGE // 8))]
        except Malformed as error:
            raise KeyRefused(f"{self}: its answer is damaged: {error}; start another") from None
        return [key for blob, comment in pairs if (key := _key(blob, comment.decode(errors="replace"))) is not None]

    def find(self, key: PublicKey) -> AgentKey | None:
        """Its key, where it has it."""
        return AgentKey(self, key) if key in self.keys() else None

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        """The 64 bytes. Raises KeyRefused."""
        try:
            reader = Reader(self._ask(_SIGN, string(key.blob) + string(data) + number(0), _SIGNED, SIGN_S))
            signature = Reader(reader.string())
            kind, value = signature.string(), signature.string()
        except Malformed as error:
            raise KeyRefused(f"{self}: its answer is damaged: {error}; start another") from None
        if kind != ED25519.encode():
            raise KeyRefused(f"{self} signed with another kind of key than it was asked to; use another key")
        return value

    def _ask(self, kind: int, body: bytes, wanted: int, timeout: float) -> bytes:
        message = bytes([kind]) + body
        with self._connected(timeout) as connection:
            connection.sendall(string(message))
            answer = _receive(connection, int.from_bytes(_receive(connection, 4), "big"))
        reader = Reader(answer)
        found = reader.byte()
        if found == _FAILURE:
            raise KeyRefused(f"{self} refused; is it locked, or did somebody say no? See `ssh-add -l`")
        if found != wanted:
            raise Malformed(f"a message of type {found}, where {wanted} was expected")
        return answer[1:]

    @contextmanager
    def _connected(self, timeout: float) -> Iterator[socket.socket]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(self.path)
                yield connection
        except TimeoutError:
            raise KeyRefused(f"{self} did not answer within {timeout:.0f} s; see `ssh-add -l`") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise KeyRefused(f"{self} cannot be reached: {reason}; start one, or unset SSH_AUTH_SOCK") from None

    def __str__(self) -> str:
        return f"the ssh-agent at {self.path}"


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that an agent holds: a signer."""

    agent: Agent
    public: PublicKey

    def sign(self, data: bytes) -> bytes:
        return self.agent.sign(self.public, data)


def _receive(connection: socket.socket, size: int) -> bytes:
    if size > MAX_MESSAGE:
        raise Malformed(f"{size} bytes, more than {MAX_MESSAGE}")
    parts: list[bytes] = []
    while size > 0:
        part = connection.recv(size)
        if not part:
            raise Malformed("it ends too early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _key(blob: bytes, comment: str) -> PublicKey | None:
    try:
        return PublicKey(PublicKey.of_blob(blob).raw, comment)
    except KeyRefused:
        return None
