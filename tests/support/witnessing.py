"""Logs and witnesses for tests: a log that grows, what it asks of a witness, and witnesses that are real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from maestro.log.note import SigningKey, VerifyKey
from maestro.tlog.checkpoint import Checkpoint, sign_checkpoint
from maestro.tlog.cosignature import Cosigner
from maestro.tlog.exchange import write_request
from maestro.tlog.keys import make_witness_key
from maestro.tlog.merkle import Tree
from maestro.tlog.policy import Log, Policy
from tests.support.wait import wait_for

SEAL = SigningKey("maestro/seal", b"\x07" * 32)
PREFIX = "maestro/00000000000000000000000000000000"
LOGS = Policy(logs=(Log(VerifyKey(PREFIX, SEAL.verify_key.key)),))


@dataclass
class GrowingLog:
    """A log of its own, that can say anything about itself."""

    run: str = "r-1"
    key: SigningKey = SEAL
    tree: Tree = field(default_factory=Tree)

    @property
    def origin(self) -> str:
        return f"{PREFIX}/{self.run}"

    def grow(self, count: int, word: str = "entry") -> None:
        for number in range(self.tree.size, self.tree.size + count):
            self.tree.append(f"{word} {number}".encode())

    def note(self, size: int | None = None) -> bytes:
        size = self.tree.size if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.tree.root(size)), self.key)

    def asks(self, old: int, size: int | None = None) -> bytes:
        """The body of a request for its newest (or an earlier) size."""
        size = self.tree.size if size is None else size
        proof = self.tree.consistency_proof(old, size) if old <= size else []
        return write_request(old, proof, self.note(size))


@dataclass
class WitnessProcess:
    """`python -m maestro.witness` with a folder of its own, on a Unix socket there."""

    folder: Path
    name: str = "witness.example/w"
    logs: Policy = LOGS
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def url(self) -> str:
        return f"unix:{self.socket}"

    @property
    def cosigner(self) -> Cosigner:
        return make_witness_key(self.folder, self.name)

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True, mode=0o700)
        (self.folder / "logs").write_bytes(self.logs.encode())
        env = {**os.environ, "MAESTRO_WITNESS_DIR": str(self.folder), "MAESTRO_WITNESS_BIND": self.url}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "maestro.witness"],
                env=env | {"MAESTRO_WITNESS_NAME": self.name},
                stderr=log,
                stdout=log,
            )
        wait_for(lambda: b'"ready"' in self.said().encode(), what="a witness that is ready", timeout=20)

    def said(self) -> str:
        """What this life of it wrote in its log."""
        return (self.folder / "log").read_text()

    def post(self, body: bytes) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://witness") as client:
            return client.post("/add-checkpoint", content=body)

    def get(self, path: str) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://witness") as client:
            return client.get(path)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None
        (self.folder / "log").write_text("")
