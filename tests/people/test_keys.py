"""Which private and public keys are taken, and is every other one refused with its reason and its mend?"""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.people import KeyRefused, PublicKey, sign, verify
from maestro.people.agent import Agent
from maestro.people.keyfile import FileKey, make_key, public_of, read_head
from maestro.people.wire import string
from tests.support.people import needs_openssh, ssh_add, ssh_agent, ssh_keygen

TEXT = b"maestro/decision/v1\n{}\n"


def test_a_key_that_we_make_is_one_of_openssh_s(tmp_path: Path):
    needs_openssh()
    public = make_key(tmp_path / "zoe.key", "zoe")

    assert (tmp_path / "zoe.key").stat().st_mode & 0o777 == 0o600
    said = subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "zoe.key"], capture_output=True, check=True, text=True)
    assert said.stdout.split()[:2] == public.line.split()
    said = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "zoe.key.pub"], capture_output=True, text=True)
    assert said.stdout.split() == ["256", public.fingerprint, "zoe", "(ED25519)"]
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "zoe.key", "zoe")


def test_a_key_of_openssh_s_signs(tmp_path: Path):
    key = FileKey(ssh_keygen(tmp_path))

    verify(TEXT, sign(TEXT, key), public_of(tmp_path / "key.pub").line)
    assert public_of(tmp_path / "key.pub").comment == "zoe@example.org"


def test_a_key_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "zoe.key"
    make_key(path, "zoe")
    path.chmod(0o640)

    with pytest.raises(KeyRefused, match=r"can be read by others .mode 0640.; run: chmod 600"):
        FileKey(path)


def test_a_passphrase_is_asked_for_when_something_is_signed_and_not_before(tmp_path: Path):
    path = ssh_keygen(tmp_path, passphrase="correct horse")
    asked: list[str] = []

    def ask(what: str) -> str:
        asked.append(what)
        return "correct horse"

    key = FileKey(path, ask)
    assert key.is_encrypted and not asked
    verify(TEXT, sign(TEXT, key), key.public.line)
    sign(TEXT, key)

    assert asked == [f"passphrase for {path}"]


def test_a_passphrase_that_nobody_can_be_asked_for_or_that_is_wrong_is_no_signature(tmp_path: Path):
    path = ssh_keygen(tmp_path, passphrase="correct horse")

    with pytest.raises(KeyRefused, match="no terminal to ask for it; give the key to an ssh-agent before: ssh-add"):
        sign(TEXT, FileKey(path))
    with pytest.raises(KeyRefused, match="does not open"):
        sign(TEXT, FileKey(path, lambda _: "wrong"))


@pytest.mark.parametrize(("kind", "reason"), [("rsa", "ssh-rsa keys cannot sign"), ("ecdsa", "ecdsa-sha2-nistp256")])
def test_other_kinds_of_keys_are_refused(tmp_path: Path, kind: str, reason: str):
    path = ssh_keygen(tmp_path, kind=kind)

    for attempt in (lambda: FileKey(path), lambda: public_of(tmp_path / "key.pub")):
        with pytest.raises(KeyRefused, match=reason):
            attempt()


SK = "sk-ssh-ed25519@openssh.com"


def test_a_key_on_a_hardware_token_is_refused_by_its_name():
    blob = string(SK.encode()) + string(b"x" * 32) + string(b"ssh:")
    with pytest.raises(KeyRefused, match=f"{SK} is a key on a hardware token"):
        PublicKey.decode(f"{SK} {base64.b64encode(blob).decode()} zoe")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is no private key"),
        ("ssh-ed25519 AAAA", "is no private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "another format than OpenSSH"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "is damaged"),
        ("x" * 20_000, "too large"),
    ],
)
def test_a_file_that_is_no_key_of_openssh_s_is_refused(tmp_path: Path, content: str, reason: str):
    path = tmp_path / "some.key"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(KeyRefused, match=reason):
        FileKey(path)


def test_a_key_that_is_not_there_is_named(tmp_path: Path):
    for attempt in (lambda: FileKey(tmp_path / "none"), lambda: public_of(tmp_path / "none")):
        with pytest.raises(KeyRefused, match="none cannot be read: No such file"):
            attempt()


def test_a_damaged_secret_half_is_refused_when_something_is_signed(tmp_path: Path):
    path = tmp_path / "zoe.key"
    make_key(path, "zoe")
    lines = path.read_text().splitlines(keepends=True)
    for at in range(1, len(lines) - 1):
        damaged = [*lines[:at], lines[at][::-1].lstrip("\n").rstrip("\n") + "\n", *lines[at + 1 :]]
        path.write_text("".join(damaged))
        with pytest.raises(KeyRefused):
            sign(TEXT, FileKey(path))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_no_key_file_and_raise_one_kind_of_error(content: bytes):
    armoured = b"-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n"
    for each in (
        content,
        armoured % base64.b64encode(content),
        armoured % base64.b64encode(b"openssh-key-v1\0" + content),
    ):
        with pytest.raises(KeyRefused):
            read_head(each, Path("x"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "one line such as"),
        ("ssh-ed25519", "it ends too early"),
        ("ssh-ed25519 !!!", "not base64"),
        ('restrict,command="x" ssh-ed25519 AAAA', "is no kind of key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "nobody else must see"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "used safely"),
        ("ssh-ed25519 AAAA\nssh-ed25519 AAAA", "one line"),
    ],
)
def test_a_line_that_is_no_public_key_is_refused(line: str, reason: str):
    with pytest.raises(KeyRefused, match=reason):
        PublicKey.decode(line)


def test_a_private_key_in_the_place_of_a_public_one_is_called_that(tmp_path: Path):
    make_key(tmp_path / "zoe.key", "zoe")

    with pytest.raises(KeyRefused, match="a private key, which nobody else must see"):
        public_of(tmp_path / "zoe.key")


# --- the ssh-agent ------------------------------------------------------------------------------------------------


def test_an_agent_signs_with_a_key_that_it_holds_and_shows_only_those_that_can(tmp_path: Path):
    own, rsa = ssh_keygen(tmp_path), ssh_keygen(tmp_path, "rsa", kind="rsa")
    with ssh_agent(tmp_path) as environment:
        ssh_add(environment, own)
        ssh_add(environment, rsa)
        agent = Agent.here(environment)
        assert agent is not None

        assert agent.keys() == [FileKey(own).public]
        signer = agent.find(FileKey(own).public)
        assert signer is not None
        verify(TEXT, sign(TEXT, signer), FileKey(own).public.line)


def test_an_agent_without_the_key_or_one_that_is_locked_signs_nothing(tmp_path: Path):
    own = ssh_keygen(tmp_path)
    with ssh_agent(tmp_path) as environment:
        agent = Agent.here(environment)
        assert agent is not None

        assert agent.find(FileKey(own).public) is None
        with pytest.raises(KeyRefused, match="refused; is it locked"):
            agent.sign(FileKey(own).public, TEXT)


def test_an_agent_that_is_gone_is_named(tmp_path: Path):
    assert Agent.here({}) is None
    with pytest.raises(KeyRefused, match=r"the ssh-agent at .* cannot be reached"):
        Agent(str(tmp_path / "none.sock")).keys()


def test_an_agent_that_says_nonsense_is_refused(tmp_path: Path):
    answers = [b"", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\0\0\0\1\x0e", b"\0\0\0\5\x0c\0\0\0\2", b"\0\0\0\0"]
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "nonsense.sock"))
    server.listen()

    def serve() -> None:
        for answer in answers:
            connection, _ = server.accept()
            with connection:
                connection.recv(5)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    for _ in answers:
        with pytest.raises(KeyRefused, match="damaged"):
            Agent(str(tmp_path / "nonsense.sock")).keys()
    thread.join(10)
    server.close()
