"""Does the command line work with a server that is not its own, and with services that others run?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.command_line import Going, Person
from tests.support.gitrepo import git
from tests.support.servers import Server


@pytest.fixture
def far(person: Person, own_server: Server) -> Person:
    """Somebody who has configured a server."""
    person.env["MAESTRO_REDIS_URL"] = own_server.url
    person.env["MAESTRO_CONNECT_SECONDS"] = "2"
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


def test_without_services_the_person_is_told_who_seems_to_be_missing(
    far: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.env["MAESTRO_OPERATOR_PUB_FILE"] = str(far.state / "operator.pub")
    refused = far.does(*far.run_arguments, "--yes")

    assert refused.code == 3
    assert "operator.pub is missing" in refused.err and "MAESTRO_OPERATOR_PUB_FILE" in refused.err


def test_a_server_lost_in_the_middle_is_waited_for_and_then_named(far: Person, own_server: Server) -> None:
    up = far.starts("up", "--workers", "1")
    try:
        up.says("ready")
        going = _beside(far).starts(*far.run_arguments)
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
