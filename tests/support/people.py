"""People's keys as OpenSSH itself makes and uses them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from maestro_contracts.decision import DECISION_NAMESPACE, DecisionStatement


def needs_openssh() -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")


def statement(**changed: object) -> DecisionStatement:
    fields: dict[str, object] = {
        "run": "greet-abc234",
        "gate": "approve-plan",
        "visit": 1,
        "choice": "approve",
        "text": "Yes, but keep the old name.\nThanks – Zoë",
        "conditions": ("keep the old name",),
        "answers": {"q2": "no", "q1": "yes"},
        "digest": "ab" * 32,
        "policy": "",
        "person": "zoe",
        "at": 1_750_000_000_000,
        "expires": 1_750_000_600_000,
        "nonce": "00112233445566778899aabbccddeeff",
    }
    return DecisionStatement(**{**fields, **changed})  # type: ignore[arg-type]


def ssh_keygen(folder: Path, name: str = "key", kind: str = "ed25519", passphrase: str = "") -> Path:
    needs_openssh()
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "zoe@example.org", "-f", str(path)]
    subprocess.run([*command, *(("-a", "1") if passphrase else ())], check=True, timeout=60)
    return path


def ssh_sign(key: Path, text: bytes, namespace: str = DECISION_NAMESPACE, *options: str) -> str:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace, *options]
    return subprocess.run(command, input=text, capture_output=True, check=True, timeout=60).stdout.decode()


def ssh_accepts(folder: Path, public_key: str, text: bytes, armoured: str, namespace: str = DECISION_NAMESPACE) -> bool:
    """What `ssh-keygen -Y verify` says."""
    needs_openssh()
    allowed, signature = folder / "allowed_signers", folder / "statement.sig"
    allowed.write_text(f'zoe namespaces="{namespace}" {public_key}\n')
    signature.write_text(armoured)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "zoe", "-n", namespace, "-s", str(signature)]
    return subprocess.run(command, input=text, capture_output=True, timeout=60).returncode == 0


@contextlib.contextmanager
def ssh_agent(folder: Path) -> Iterator[dict[str, str]]:
    """A real agent; its environment."""
    needs_openssh()
    path = folder / "agent.sock"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
    try:
        while subprocess.run(["ssh-add", "-l"], env=environment, capture_output=True, timeout=60).returncode == 2:
            assert agent.poll() is None
        yield environment
    finally:
        agent.terminate()
        agent.wait(10)


def ssh_add(environment: dict[str, str], key: Path, passphrase: str = "") -> None:
    answer = key.with_name("askpass")
    answer.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
    answer.chmod(0o700)
    environment = {**environment, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", str(key)], env=environment, check=True, capture_output=True, timeout=60)
