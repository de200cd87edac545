"""Does `maestro web` serve what it says, alone or beside another command, and leave nothing behind?"""

from __future__ import annotations

import copy
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from maestro.embedded.processes import is_alive
from tests.support.command_line import Going, Person
from tests.support.servers import free_port
from tests.support.wait import wait_for


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


@pytest.fixture
def going(person: Person) -> Iterator[list[Going]]:
    started: list[Going] = []
    yield started
    for each in started:
        each.kill()


def link_of(said: str) -> str:
    found = re.search(r"(http://\S+code=(\S+))", said)
    assert found is not None, said
    return found[2]


def test_it_keeps_a_server_serves_the_page_and_ends_without_a_trace(person: Person, going: list[Going]) -> None:
    port = free_port()
    web = person.starts("web", "--port", str(port))
    going.append(web)
    web.says("code=")
    pids = person.processes()
    assert {"server", "gateway", "gatekeeper", "worker-1"} <= set(pids)
    with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}") as browser:
        code = link_of(web.said)
        assert browser.get("/login/link", params={"code": code}).status_code == 200, "looking uses nothing up"
        assert browser.post("/login", data={"token": code}).status_code == 303
        assert browser.get("/").status_code == 200
    again = httpx.post(f"http://127.0.0.1:{port}/login", data={"token": code}, trust_env=False)
    assert again.status_code == 401, "the link works once"
    assert web.gets(signal.SIGINT) == 130
    wait_for(lambda: not [pid for pid in pids.values() if is_alive(pid)], 15, "the end of every process")


def test_beside_another_command_it_uses_its_server_and_takes_over_when_that_ends(
    person: Person, going: list[Going]
) -> None:
    up = person.starts("up")
    going.append(up)
    up.says("ready")
    other = copy.copy(person)
    other.folder = person.folder / "other"
    other.folder.mkdir()
    port = free_port()
    web = other.starts("web", "--port", str(port))
    going.append(web)
    web.says("code=")
    assert up.gets(signal.SIGINT) == 130
    web.says("this one keeps it now")
    health = f"http://127.0.0.1:{port}/api/v1/health"

    def back() -> bool:
        try:
            return httpx.get(health, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(back, 60, "the gateway")
    assert "gatekeeper" in person.processes()
    assert web.gets(signal.SIGINT) == 130


def test_tokens_are_made_listed_and_taken_back(person: Person) -> None:
    made = person.does("web", "token", "zoe", "--may", "read", "--days", "7")
    assert made.code == 0 and re.fullmatch(r"mst_[a-z2-7]{10}_[\w-]{43}\n", made.out)
    [token] = person.does("web", "tokens", "--json").json
    assert (token["person"], token["may"], token["kind"]) == ("zoe", "read", "token")
    assert person.does("web", "revoke", token["id"]).code == 0
    assert person.does("web", "tokens", "--json").json == []
    assert person.does("web", "revoke", token["id"]).code != 0


@pytest.mark.parametrize("name", ["gatekeeper", "a b", ""])
def test_a_token_is_for_a_person(person: Person, name: str) -> None:
    done = person.does("web", "token", name)
    assert done.code != 0 and done.out == ""


def test_a_port_that_is_taken_is_named(person: Person) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = person.does("web", "--port", str(port))
    assert done.code != 0
    assert f"port {port} is taken" in done.err and "--port" in done.err
