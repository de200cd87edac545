"""Who comes in with what, and for how long?"""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from maestro.gateway.access import LINK_MS, SESSION_MS, Access, AccessRefused
from maestro.gateway.entrance import safe_path
from maestro.gateway.limits import Buckets, Rate


class Clock:
    time = 1_000_000

    def __call__(self) -> int:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(tmp_path: Path, clock: Clock) -> Access:
    return Access(tmp_path / "web", clock)


def test_a_token_is_kept_as_its_hash_alone_in_a_file_for_its_owner(access: Access, tmp_path: Path) -> None:
    _, token = access.give("ann")
    file = tmp_path / "web" / "access.json"
    assert token.rpartition("_")[2] not in file.read_text() and token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = access.caller(token, "token")
    assert found is not None and found.name == "ann"


def test_a_token_is_worth_nothing_when_its_time_is_over(access: Access, clock: Clock) -> None:
    _, token = access.give("ann", lasts_ms=1000)
    clock.time += 1000
    assert access.caller(token, "token") is None


def test_another_process_sees_at_once_that_a_token_was_taken_back(access: Access, tmp_path: Path, clock: Clock) -> None:
    entry, token = access.give("ann")
    other = Access(tmp_path / "web", clock)
    assert other.caller(token, "token") is not None
    assert access.revoke(entry.id)
    assert other.caller(token, "token") is None


def test_a_session_ends_with_the_token_it_came_from(access: Access) -> None:
    entry, token = access.give("ann")
    caller = access.caller(token, "token")
    assert caller is not None
    _, session = access.log_in(caller)
    assert access.caller(session, "session") is not None
    assert access.caller(session, "token") is None, "a cookie opens no API"
    access.revoke(entry.id)
    assert access.caller(session, "session") is None


def test_a_link_works_once_and_not_for_long(access: Access, clock: Clock) -> None:
    _, link = access.give("ann", "link", lasts_ms=LINK_MS)
    assert access.exchange(link) is not None
    assert access.exchange(link) is None
    _, late = access.give("ann", "link", lasts_ms=LINK_MS)
    clock.time += LINK_MS
    assert access.exchange(late) is None


def test_a_session_of_a_link_ends_by_itself(access: Access, clock: Clock) -> None:
    _, link = access.give("ann", "link")
    session = access.exchange(link)
    assert session is not None
    clock.time += SESSION_MS
    assert access.caller(session[1], "session") is None


@pytest.mark.parametrize("name", ["", "gatekeeper", "auto", "a b", "ann\n", "\u202enna"])
def test_nobody_is_called_what_a_person_is_not(access: Access, name: str) -> None:
    with pytest.raises(AccessRefused):
        access.give(name)


def test_a_file_that_is_broken_lets_nobody_in(access: Access, tmp_path: Path) -> None:
    _, token = access.give("ann")
    (tmp_path / "web" / "access.json").write_text("{")
    assert access.caller(token, "token") is None


@pytest.mark.parametrize("shown", ["", "mst_", "mst_aaaaaaaaaa_" + "x" * 43, "mst_" + "é" * 54, "x" * 10_000])
def test_what_was_never_given_out_is_nobodys(access: Access, shown: str) -> None:
    access.give("ann")
    assert access.caller(shown, "token") is None


def test_tokens_look_like_what_scanners_for_secrets_can_find(access: Access) -> None:
    assert re.fullmatch(r"mst_[a-z2-7]{10}_[A-Za-z0-9_-]{43}", access.give("ann")[1])


def test_a_bucket_lets_through_what_it_holds_and_then_as_much_as_flows_in() -> None:
    buckets = Buckets(Rate(burst=2, per_s=1))
    assert [buckets.wait_s("ann", 0.0) for _ in range(2)] == [0, 0]
    assert buckets.wait_s("ann", 0.0) == 1
    assert buckets.wait_s("bob", 0.0) == 0
    assert buckets.wait_s("ann", 1.0) == 0


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nSet-Cookie: x=1"]
)
def test_a_log_in_leads_nowhere_else(to: str) -> None:
    assert safe_path(to) == "/"


def test_a_log_in_leads_back_to_what_was_asked_for() -> None:
    assert safe_path("/runs/x-abc234?tab=1") == "/runs/x-abc234?tab=1"
