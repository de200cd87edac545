"""Does the command line work with a server that is not its own, and with services that others run?"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from maestro.embedded.server import PrivateServer
from maestro.log.redis_store import RedisStore
from tests.support.command_line import Going, Person
from tests.support.gitrepo import git
from tests.support.notes import People
from tests.support.servers import Server


@pytest.fixture
def far(person: Person, own_server: Server) -> Person:
    """Somebody who has configured a server."""
    person.env["MAESTRO_REDIS_URL"] = own_server.url
    return person


@pytest.fixture
def services(far: Person) -> Iterator[Going]:
    going = far.starts("up", "--workers", "1")
    try:
        going.says("ready")
        yield going
    finally:
        going.kill()


def test_a_run_only_asks_and_watches_where_services_run_elsewhere(far: Person, services: Going) -> None:
    done = far.does(*far.run_arguments, "--yes")

    assert done.code == 0, done.out + done.err
    assert "def greet" in git(far.repo, "show", f"maestro/{far.the_run()}:hello.py")
    assert not list(far.state.glob("repos/*/server/valkey.conf")), "no private server was started"
    assert services.process.poll() is None


# --- what is found before anything is queued -------------------------------------------------------------------------


@pytest.fixture
def asking(person: Person, server: Server) -> Person:
    """Somebody who has configured a server that nobody serves, and whose own keys are made."""
    assert person.does("runs").code == 0
    person.env["MAESTRO_REDIS_URL"] = server.url
    return person


def refused(person: Person, server: Server, code: int, *words: str) -> None:
    """The run is refused with these words, nothing is queued, and nothing is noted."""
    client = server.client()
    before = set(client.keys("*"))

    done = person.does(*person.run_arguments, "--yes")

    assert done.code == code, done.out + done.err
    for word in words:
        assert word in done.err, done.err
    assert "Traceback" not in done.err
    assert set(client.keys("*")) == before
    assert not list(person.state.glob("repos/*/runs/*"))


def test_without_the_operators_public_key_nothing_is_asked(asking: Person, server: Server) -> None:
    (asking.state / "operator.pub").unlink()

    refused(asking, server, 3, "operator.pub is missing", "MAESTRO_OPERATOR_PUB_FILE")


async def test_where_another_operator_rules_nothing_is_asked(asking: Person, server: Server, store: RedisStore) -> None:
    await People(store).join("conductor", "conductor")

    refused(asking, server, 3, "nobody at", "another operator", "MAESTRO_OPERATOR_PUB_FILE")
    refused_up = asking.does("up")
    assert refused_up.code == 3 and "another operator" in refused_up.err


def test_doctor_says_where_a_server_has_no_user_for_each_service(
    person: Person, server: Server, tmp_path: Path
) -> None:
    def checked(**env: str) -> tuple[bool | None, str, str]:
        said = person.does("doctor", "--json", env=env).json
        return next((row["ok"], row["found"], row["mend"]) for row in said if row["check"] == "server")

    assert person.does("runs").code == 0  # The keys are made.
    ok, found, mend = checked(MAESTRO_REDIS_URL=server.url)
    assert ok is None and "no user for each" in found and "scripts/server-users" in mend

    for name in ("server", "logs"):
        (tmp_path / "own" / name).mkdir(parents=True)
    walled = PrivateServer(tmp_path / "own" / "server")
    at = walled.start()
    ok, found, mend = checked(MAESTRO_REDIS_URL=at.url, MAESTRO_REDIS_PASSWORD_FILE=at.users)
    walled.kill()
    assert ok is True and found.endswith("answers") and not mend


@pytest.mark.parametrize("key", ["{p00}:q:conductor", "{p00}:timers", "{p00}:run:system:log"])
def test_something_else_at_a_name_of_ours_is_named(asking: Person, server: Server, key: str) -> None:
    server.client().set(key, "somebody's")

    refused(asking, server, 4, f"a string at {key}", "another database")


@pytest.mark.parametrize(
    ("setting", "off", "words"),
    [
        (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0"), "give it more memory"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "name its primary"),
    ],
    ids=["memory full", "read-only replica"],
)
def test_a_server_that_takes_nothing_is_named_with_its_mend(
    asking: Person, server: Server, setting: tuple[str, ...], off: tuple[str, ...], words: str
) -> None:
    client = server.client()
    client.execute_command(*setting)
    try:
        refused(asking, server, 4, server.url, words)
    finally:
        client.execute_command(*off)


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        ("right", "guessed", "check the password (MAESTRO_REDIS_PASSWORD_FILE)"),
        ("right", "", "check the password (MAESTRO_REDIS_PASSWORD_FILE)"),
        ("", "guessed", "leave out MAESTRO_REDIS_PASSWORD_FILE"),
    ],
    ids=["wrong", "missing", "needless"],
)
def test_a_password_that_does_not_fit_is_named(
    asking: Person, server: Server, theirs: str, ours: str, words: str
) -> None:
    if ours:
        (asking.folder / "password").write_text(ours)
        asking.env["MAESTRO_REDIS_PASSWORD_FILE"] = str(asking.folder / "password")
    client = server.client()
    client.config_set("requirepass", theirs)
    try:
        done = asking.does("runs")
    finally:
        client.config_set("requirepass", "")

    assert done.code == 4 and server.url in done.err and words in done.err and "Traceback" not in done.err, done.err


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "no Redis and no Valkey"), (b"", "rediss:// where it speaks TLS")],
    ids=["http", "hangs up"],
)
def test_what_is_no_such_server_is_named(person: Person, answer: bytes, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_answer_all, args=(listening, answer), daemon=True).start()
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"

        done = person.does(*person.run_arguments, env={"MAESTRO_REDIS_URL": url})

    assert done.code == 4 and words in done.err and "Traceback" not in done.err, done.err


def _answer_all(listening: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                connection.sendall(answer)


# --- what happens in the middle --------------------------------------------------------------------------------------


def test_a_server_lost_in_the_middle_is_waited_for_and_then_named(far: Person, own_server: Server) -> None:
    up = far.starts("up", "--workers", "1")
    try:
        up.says("ready")
        asking = _beside(far)
        asking.env = {**far.env, "MAESTRO_CONNECT_SECONDS": "2"}
        going = asking.starts(*far.run_arguments)
        going.says("decide it from another terminal")
        own_server.kill()

        assert going.ends() == 4
        assert "the server does not answer; waiting for it" in going.said
        assert own_server.url.rpartition("/")[0].rpartition("/")[2].rpartition(":")[0] in going.said
    finally:
        up.kill()


def _beside(person: Person) -> Person:
    import copy

    other = copy.copy(person)
    other.folder = person.folder / "beside"
    other.folder.mkdir()
    return other
