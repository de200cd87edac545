"""Can a person make, introduce, list, revoke and use keys, and hand a decision to somebody who trusts nobody here?"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

import pytest

from maestro.log.author import Author
from maestro.log.identity import Identity, make_operator_key
from maestro.log.redis_store import RedisStore
from maestro.people import sign
from maestro.people.keyfile import FileKey
from maestro_contracts.decision import encode
from maestro_contracts.events import GateDecided, GateVoted
from maestro_contracts.records import Vote
from tests.support.command_line import Person
from tests.support.notes import People, Said
from tests.support.people import needs_openssh, ssh_add, ssh_agent, ssh_keygen, statement
from tests.support.servers import Server


@pytest.fixture
def far(person: Person, server: Server) -> Person:
    """Somebody with the operator's key of a server elsewhere."""
    person.state.mkdir(mode=0o700)
    make_operator_key(person.state / "operator.key", person.state / "operator.pub")
    person.env["MAESTRO_REDIS_URL"] = server.url
    person.env["XDG_CONFIG_HOME"] = str(person.folder / "config")
    person.env.pop("SSH_AUTH_SOCK", None)
    return person


def test_a_new_key_is_enrolled_at_once_where_the_operator_s_is_and_is_used_for_signing(person: Person) -> None:
    person.env |= {"XDG_CONFIG_HOME": str(person.folder / "config"), "LOGNAME": "zoe"}

    made = person.does("keys", "new")
    shown = person.does("keys", "show")
    again = person.does("keys", "new")

    path = person.state / "people" / "zoe.key"
    fingerprint = FileKey(path).public.fingerprint
    assert made.code == 0 and f"{path}: a new key of zoe, {fingerprint}" in made.out
    assert "zoe is enrolled as approver, security, operator" in made.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"signs here with {path} ({fingerprint})" in shown.out
    assert again.code == 3 and "zoe has a key already" in again.err and "maestro keys enrol zoe --key" in again.err


def test_people_are_enrolled_listed_and_revoked(far: Person) -> None:
    key = ssh_keygen(far.folder)
    fingerprint = FileKey(key).public.fingerprint

    enrolled = far.does("keys", "enrol", "zoe", "--key", f"{key}.pub", "--role", "approver", "--role", "security")
    [row] = far.does("keys", "list", "--json").json
    revoked = far.does("keys", "revoke", "zoe", "--key", fingerprint, "--reason", "the laptop was stolen")
    [gone] = far.does("keys", "list", "--json").json

    assert enrolled.out == f"zoe is enrolled with the key {fingerprint}; roles: approver, security\n", enrolled.err
    assert (row["person"], row["fingerprint"], row["roles"], row["revoked"]) == (
        "zoe",
        fingerprint,
        ["approver", "security"],
        None,
    )
    assert revoked.code == 0, revoked.err
    assert gone["revoked"] > gone["since"] == row["since"] and gone["reason"] == "the laptop was stolen"
    assert "the laptop was stolen" in far.does("keys", "list").out
    assert "zoe as approver, security" in far.does("log", "system").out
    assert 'valid-before="' in far.does("keys", "export").out


WRONG = [
    (["enrol", "zoe"], 2, "whose key is it?"),
    (["enrol", "zoe", "--key", "nowhere.pub"], 3, "nowhere.pub cannot be read: No such file"),
    (["enrol", "zoe", "--key", "README.md"], 3, "is no kind of key"),
    (["enrol", "zoe", "--key", "ssh-rsa AAAA zoe"], 3, "ssh-rsa keys cannot sign decisions"),
    (["enrol", "zoe", "--key", "sk-ssh-ed25519@openssh.com AAAA"], 3, "hardware token"),
    (["enrol", "worker", "--no-key"], 3, "is what a part of Maestro is called"),
    (["enrol", "zoe", "--no-key", "--role", "Big Boss"], 3, "cannot be a role"),
    (["revoke", "zoe", "--reason", "x"], 3, "nobody is enrolled as 'zoe'"),
    (["show", "zoe"], 3, "nobody is enrolled as 'zoe'"),
    (["show"], 3, "no key of yours is enrolled here"),
]


def test_what_cannot_be_said_of_people_is_refused_with_its_mend(far: Person) -> None:
    for arguments, code, said in WRONG:
        done = far.does("keys", *arguments)
        assert done.code == code and said in done.err, shlex.join(arguments) + done.err
    assert far.does("keys", "list", "--json").json == []


def test_without_the_operator_s_key_it_is_said_where_to_enrol(far: Person, tmp_path: Path) -> None:
    (far.state / "operator.key").unlink()
    key = ssh_keygen(far.folder)
    line = FileKey(key).public.line

    done = far.does("keys", "enrol", "zoe", "--key", f"{key}.pub", "--role", "approver")
    made = far.does("keys", "new", "ann")

    assert done.code == 3 and "the operator's key is not on this machine" in done.err
    assert f"docker compose exec registrar maestro keys enrol zoe --key '{line}' --role approver" in done.err
    assert made.code == 0 and "it counts when the operator has enrolled it" in made.out
    assert "maestro keys enrol ann --key 'ssh-ed25519 AAAA" in made.out


def test_an_operator_s_key_that_others_can_read_says_nothing(far: Person) -> None:
    (far.state / "operator.key").chmod(0o644)

    done = far.does("keys", "enrol", "zoe", "--no-key")

    assert done.code == 3 and "operator.key can be read by others" in done.err


async def test_at_a_server_of_another_operator_nothing_is_said(far: Person, store: RedisStore) -> None:
    await People(store).join("conductor", "conductor")

    done = far.does("keys", "enrol", "zoe", "--no-key")

    assert done.code == 3 and "by another operator" in done.err, done.err
    assert await store.head("system") == 1


def test_one_s_own_key_is_the_one_that_is_named_or_configured_or_held_by_the_agent(far: Person) -> None:
    key = ssh_keygen(far.folder)
    by_file, fingerprint = str(key), FileKey(key).public.fingerprint
    assert far.does("keys", "enrol", "zoe", "--key", f"{key}.pub").code == 0
    config = far.folder / "config" / "maestro" / "person.yaml"

    named = far.does("keys", "show", "--key", by_file)
    in_environment = far.does("keys", "show", env={"MAESTRO_KEY": by_file})
    config.parent.mkdir(parents=True)
    config.write_text(f"key: {key}\n")
    configured = far.does("keys", "show")
    config.write_text(f"kye: {key}\n")
    mistaken = far.does("keys", "show")
    config.unlink()
    with ssh_agent(far.folder) as environment:
        ssh_add(environment, key)
        held = far.does("keys", "show", env={"SSH_AUTH_SOCK": environment["SSH_AUTH_SOCK"]})

    for done in (named, in_environment, configured):
        assert f"signs here with {key} ({fingerprint})" in done.out, done.err
    assert mistaken.code == 3 and "did you mean 'key'?" in mistaken.err
    assert f"signs here with the ssh-agent ({fingerprint})" in held.out


def test_a_key_that_is_named_and_does_not_count_is_an_error_and_nothing_else_is_taken(far: Person) -> None:
    assert far.does("keys", "new", "ann").code == 0
    stranger, revoked = ssh_keygen(far.folder, "stranger"), ssh_keygen(far.folder, "revoked")
    readable = ssh_keygen(far.folder, "readable")
    readable.chmod(0o644)
    assert far.does("keys", "enrol", "zoe", "--key", f"{revoked}.pub").code == 0
    assert far.does("keys", "revoke", "zoe", "--reason", "she left").code == 0

    for key, said in [
        (stranger, "nobody is enrolled with the key SHA256:"),
        (revoked, "of zoe was revoked: she left"),
        (readable, "can be read by others (mode 0644)"),
        (far.folder / "nowhere", "cannot be read: No such file"),
        (far.repo / "README.md", "is no private key"),
    ]:
        key.chmod(0o600) if key.name == "README.md" else None
        done = far.does("keys", "show", "--key", key)
        assert done.code == 3 and said in done.err, done.err


# --- a decision for somebody who trusts nobody here -----------------------------------------------------------------


async def decided(store: RedisStore, far: Person, signature: str, text: bytes) -> None:
    """A gatekeeper wrote down what zoe signed."""
    people = People(store)
    people.key = make_operator_key(far.state / "operator.key", far.state / "operator.pub")
    people.operator = Author(Identity.operator(people.key))
    keeper = await people.join("gatekeeper", "gatekeeper")
    vote = Vote("zoe", "Approve", "approve", 1, "cli", "person", text.decode(), signature)
    auto = GateDecided("auto", 1, "auto", "Approve", "approve", "", "--auto-approve", "auto", 1)
    said = [
        Said("vote", GateVoted("approve-plan", 1, "approve-plan", vote)),
        Said("decided", GateDecided("approve-plan", 1, "approve-plan", "Approve", "approve", "", "zoe", "cli", 1)),
        Said("auto", auto),
    ]
    await keeper.write(store, keeper.draft("greet-abc234", said, ts=int(time.time() * 1000)))


async def test_ssh_keygen_accepts_an_exported_decision_and_none_that_was_changed(
    far: Person, store: RedisStore
) -> None:
    needs_openssh()
    key, text = ssh_keygen(far.folder), encode(statement())
    assert far.does("keys", "enrol", "zoe", "--key", f"{key}.pub").code == 0
    await decided(store, far, sign(text, FileKey(key)), text)
    folder = far.folder / "for the auditor"

    exported = far.does("gate", "export", "greet-abc234", "approve-plan", "-o", folder)
    assert far.does("keys", "revoke", "zoe", "--reason", "she left").code == 0
    later = far.does("gate", "export", "greet-abc234", "approve-plan", "-o", far.folder / "later")

    assert exported.code == 0, exported.err
    assert checks(exported.out) == 0
    assert (folder / "greet-abc234.approve-plan.1.zoe.statement").read_bytes() == text
    assert later.code == 0 and "-Overify-time=" in later.out and checks(later.out) == 0, "signed before it was revoked"
    for name in ("statement", "statement.sig", "allowed_signers"):
        file = folder / f"greet-abc234.approve-plan.1.zoe.{name}"
        right = file.read_bytes()
        file.write_bytes(right.replace(b"approve-plan", b"approve-p1an").replace(b"AAAA", b"AAAB"))
        assert file.read_bytes() != right and checks(exported.out) != 0
        file.write_bytes(right)
    assert checks(exported.out) == 0


def checks(printed: str) -> int:
    """What a stranger gets who types what was printed."""
    folder, command = printed.splitlines()
    done = subprocess.run(["sh", "-c", f"{folder} && {command}"], capture_output=True, timeout=60)
    assert (b'Good "decision@maestro" signature for zoe' in done.stdout) == (done.returncode == 0)
    return done.returncode


async def test_a_decision_that_does_not_hold_or_that_nobody_signed_is_not_exported(
    far: Person, store: RedisStore
) -> None:
    key, text = ssh_keygen(far.folder), encode(statement())
    assert far.does("keys", "enrol", "zoe", "--key", f"{key}.pub").code == 0
    await decided(store, far, sign(text, FileKey(key)), text.replace(b"Yes", b"No!"))

    for arguments, said in [
        (["greet-abc234", "approve-plan"], "the decision of zoe does not hold: the key SHA256:"),
        (["greet-abc234", "auto"], "it was decided without a person"),
        (["greet-abc234", "aprove-plan"], "nobody has decided anything at the gate 'aprove-plan'"),
        (["greet-abc234", "approve-plan", "--visit", "7"], "(visit 7)"),
        (["nothing-abc234", "approve-plan"], "nothing-abc234"),
    ]:
        done = far.does("gate", "export", *arguments, "-o", far.folder / "out")
        assert done.code == 3 and said in done.err, shlex.join(arguments) + done.err
    assert not list(far.folder.glob("out/*"))
