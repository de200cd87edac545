"""Was the run's branch merged? What the integrator sees at a forge, and what it makes of one that does not tell."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from maestro.bus.service import Outcome
from maestro.git.workspace import Workspace
from maestro.integrator.watching import MOST_BYTES, Watcher
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Repo, Sighting
from tests.support.forge import REPOSITORY, ForgeDouble, Kind, Pull, says
from tests.support.gitrepo import commit_on, make_repo
from tests.support.handling import RecordingContext, delivered, the

RUN = "r-abc234"
BRANCH = f"maestro/{RUN}"
ELSEWHERE = "e" * 40
"""A commit that only the forge knows."""
MERGED = "d" * 40
TOKEN = "s3cret-and-never-shown"


@dataclass
class Gate:
    """A gate that waits for the run's branch at this forge. `commit` is where the run's branch was when it opened."""

    forge: ForgeDouble
    watcher: Watcher
    path: Path
    base: str
    commit: str
    told: Sighting | None = None

    async def look(self, number: int = 1, **forge: Any) -> Outcome:
        repo = Repo(str(self.path), self.base)
        place = msgspec.structs.replace(self.forge.forge(), **forge)
        command = c.AskForge("merged", 1, number, repo, self.commit, place, self.told)
        return await self.watcher.ask_forge(delivered(command, f"ask:{number}"), RecordingContext("integrator-1"))

    async def sees(self, **forge: Any) -> Sighting:
        event = the(await self.look(**forge), e.PullRequestSeen)
        assert (event.integrator, event.commit) == ("integrator-1", self.commit)
        return event.sighting

    async def cannot_tell(self, **forge: Any) -> tuple[str, str]:
        """The reason and the mend of what could not be seen."""
        seen = await self.sees(**forge)
        assert (seen.state, seen.request) == ("unknown", 0)
        assert seen.problem is not None
        return seen.problem.reason, seen.problem.mend

    def pulls(self, *pulls: Pull) -> None:
        self.forge.pulls = list(pulls)

    def pull(self, number: int = 7, state: str = "open", **more: Any) -> Pull:
        return Pull(**{"number": number, "branch": BRANCH, "head": self.commit, "state": state, **more})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watcher, Path, str, str]:
    """A repository that is only looked at, its base, and where the run's branch is."""
    folder = tmp_path_factory.mktemp("place")
    base = make_repo(folder / "repo")
    commit = commit_on(folder / "repo", base, {"hello.py": "x = 1\n"})
    return Watcher(Workspace(folder / "work"), folder / "state"), folder / "repo", base, commit


@pytest.fixture(params=["github", "gitlab"])
def gate(request: pytest.FixtureRequest, place: tuple[Watcher, Path, str, str]) -> Iterator[Gate]:
    kind: Kind = request.param
    with ForgeDouble(kind) as forge:
        yield Gate(forge, *place)


def shown(seen: Sighting) -> tuple[str, int, str, bool]:
    return seen.state, seen.request, seen.merge_commit, seen.problem is None


# --- what is there ------------------------------------------------------------------------------------------------


async def test_a_branch_that_nobody_wants_to_merge_yet(gate: Gate) -> None:
    assert await gate.sees() == Sighting("none")


@pytest.mark.parametrize("state", ["open", "merged", "closed"])
async def test_a_request_is_seen_with_its_state_its_number_its_address_and_its_merge(gate: Gate, state: str) -> None:
    gate.pulls(gate.pull(7, state, merge_commit=MERGED))  # GitHub makes a trial merge of one that is open.
    seen = await gate.sees()
    assert shown(seen) == (state, 7, MERGED if state == "merged" else "", True)
    assert seen.url.startswith(f"https://forge.example/{REPOSITORY}/") and seen.url.endswith("/7")
    assert seen.head == gate.commit


async def test_the_integrator_asks_the_gatekeeper_to_judge_whatever_it_saw(gate: Gate) -> None:
    (asked,) = (await gate.look(3)).asks
    assert asked.command == c.JudgePullRequest("merged", 1, 3, Repo(str(gate.path), gate.base), gate.commit)


async def test_what_is_seen_again_is_not_said_again(gate: Gate) -> None:
    gate.pulls(gate.pull())
    gate.told = await gate.sees()
    again = await gate.look(2)
    assert (again.events, again.advance, len(again.asks)) == ((), False, 1)
    gate.pulls(gate.pull(state="merged"))
    assert the(await gate.look(3), e.PullRequestSeen).number == 3


async def test_one_that_was_merged_counts_before_one_that_is_open_and_that_before_one_that_was_closed(
    gate: Gate,
) -> None:
    gate.pulls(gate.pull(7, "closed"), gate.pull(8))
    assert shown(await gate.sees()) == ("open", 8, "", True)
    gate.pulls(gate.pull(7, "merged"), gate.pull(8), gate.pull(9, "closed"))
    assert shown(await gate.sees()) == ("merged", 7, "", True)


async def test_branches_that_only_begin_like_the_runs_are_others(gate: Gate) -> None:
    gate.pulls(gate.pull(state="merged", branch=f"{BRANCH}-2"))
    assert await gate.sees() == Sighting("none")


# --- what does not count --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["eve/thing", "ada/thing-2", None])
async def test_a_forks_branch_of_the_same_name_does_not_count_and_that_is_told(gate: Gate, origin: str | None) -> None:
    gate.pulls(gate.pull(7, "merged", origin=origin))
    seen = await gate.sees()
    if gate.forge.kind == "github" and origin == "eve/thing":
        assert seen == Sighting("none"), "only the owner's are listed"
        return
    assert seen.problem is not None and "another repository than ada/thing" in seen.problem.reason
    assert f"push {BRANCH} to ada/thing" in seen.problem.mend


async def test_a_forks_request_does_not_hide_the_repositorys_own(gate: Gate) -> None:
    gate.pulls(gate.pull(9, "merged", origin="ada/other"), gate.pull(7))
    assert shown(await gate.sees()) == ("open", 7, "", True)


async def test_a_merge_without_the_runs_work_in_it_does_not_count_and_that_is_told(gate: Gate) -> None:
    gate.pulls(gate.pull(7, "merged", head=gate.base))
    seen = await gate.sees()
    assert seen.problem is not None and (seen.state, seen.request) == ("merged", 7)
    assert gate.base[:12] in seen.problem.reason and gate.commit[:12] in seen.problem.reason
    assert "open another request" in seen.problem.mend


async def test_a_merge_with_more_than_the_runs_work_in_it_counts(gate: Gate) -> None:
    more = commit_on(gate.path, gate.commit, {"more.py": "y = 2\n"})
    gate.pulls(gate.pull(7, "merged", head=more))
    assert shown(await gate.sees()) == ("merged", 7, "", True)


@pytest.mark.parametrize(("holds", "counts"), [(True, True), (False, False), (None, False)])
async def test_of_a_commit_that_only_the_forge_knows_the_forge_is_asked_whether_it_holds_the_work(
    gate: Gate, holds: bool | None, counts: bool
) -> None:
    gate.pulls(gate.pull(7, "merged", head=ELSEWHERE))
    if holds is not None:
        gate.forge.bases[gate.commit, ELSEWHERE] = gate.commit if holds else gate.base
    assert shown(await gate.sees()) == ("merged", 7, "", counts)


async def test_a_request_to_another_branch_does_not_count_where_one_is_named(gate: Gate) -> None:
    gate.pulls(gate.pull(7, "merged", target="dev"))
    assert (await gate.sees()).problem is None
    seen = await gate.sees(target="main")
    assert seen.problem is not None and "another branch than main" in seen.problem.reason


async def test_one_that_is_open_at_another_commit_holds_back_one_that_was_closed(gate: Gate) -> None:
    gate.pulls(gate.pull(7, "closed"), gate.pull(8, head=gate.base))
    seen = await gate.sees()
    assert (seen.state, seen.request, seen.problem is None) == ("open", 8, False)


async def test_no_address_of_a_forge_is_shown_that_could_pass_for_something_else(gate: Gate) -> None:
    gate.forge.pulls = [gate.pull(7, "merged")]
    found = gate.forge.listed()
    for key in ("html_url", "web_url"):
        found[0][key] = "javascript:alert(1)\x1b[2J"
    gate.forge.odd = says(200, found)
    assert (await gate.sees()).url == ""


# --- a forge that does not tell -------------------------------------------------------------------------------------


async def test_the_credential_goes_to_the_forge_and_nowhere_else(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate.forge.token = TOKEN
    monkeypatch.setenv("FORGE_TOKEN", TOKEN)
    gate.pulls(gate.pull(7, "merged"))
    with caplog.at_level("DEBUG"):
        outcome = await gate.look(token="FORGE_TOKEN")
    assert the(outcome, e.PullRequestSeen).sighting.state == "merged"
    assert TOKEN not in str(outcome) and TOKEN not in caplog.text
    assert TOKEN not in "".join(path for path, _ in gate.forge.asked)


async def test_a_missing_credential_is_asked_for_by_name_with_the_places_where_it_goes(gate: Gate) -> None:
    reason, mend = await gate.cannot_tell(token="FORGE_TOKEN")
    assert reason == "the gate needs the credential FORGE_TOKEN, and this integrator has none"
    assert "export FORGE_TOKEN" in mend and "credentials/FORGE_TOKEN" in mend
    assert gate.forge.asked == []


@pytest.mark.parametrize("value", ["two words", "tôken", "a\nHost: elsewhere"])
async def test_a_credential_that_is_no_token_is_not_sent(
    gate: Gate, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_TOKEN", value)
    reason, _ = await gate.cannot_tell(token="FORGE_TOKEN")
    assert "FORGE_TOKEN is no token" in reason and value not in reason
    assert gate.forge.asked == []


async def test_a_credential_that_is_not_taken_is_told_by_its_name(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.forge.token = "another"
    monkeypatch.setenv("FORGE_TOKEN", TOKEN)
    reason, mend = await gate.cannot_tell(token="FORGE_TOKEN")
    assert "does not take the credential FORGE_TOKEN (401)" in reason and "FORGE_TOKEN" in mend
    assert "wants a credential" in (await gate.cannot_tell())[0]


@pytest.mark.parametrize(
    ("status", "headers", "words", "wait_s"),
    [
        (403, {}, "does not let", 0),
        (403, {"Retry_After": "60"}, "asked too often", 60),
        (403, {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1700000121"}, "asked too often", 120),
        (404, {}, f"no repository {REPOSITORY}", 0),
        (418, {}, "answered with 418", 0),
        (429, {"Retry_After": "17"}, "asked too often", 17),
        (429, {"Retry_After": "Tue, 14 Nov 2023 22:15:21 GMT"}, "asked too often", 120),
        (429, {"RateLimit_Remaining": "0", "RateLimit_Reset": "1700000121"}, "asked too often", 120),
        (429, {"Retry_After": "soon"}, "asked too often", 0),
        (429, {"Retry_After": "9" * 400}, "asked too often", 86_400),
        (500, {}, "a fault of its own (500)", 0),
        (503, {"Retry_After": "5"}, "a fault of its own (503)", 5),
        (301, {"Location": "https://evil.example/x"}, "sends elsewhere (to evil.example) (301)", 0),
        (302, {"Location": "https://\x1b[2J/"}, "gave no answer", 0),
        (204, {}, "answered with 204", 0),
    ],
)
async def test_an_answer_that_is_none_is_no_yes_and_says_what_is_to_be_done(
    gate: Gate, status: int, headers: dict[str, str], words: str, wait_s: float
) -> None:
    gate.pulls(gate.pull(7, "merged"))
    gate.forge.odd = says(status, gate.forge.listed() if status != 204 else b"", **headers)
    outcome = await gate.look()
    seen = the(outcome, e.PullRequestSeen).sighting
    assert seen.state == "unknown" and seen.problem is not None and seen.problem.mend
    assert words in seen.problem.reason
    (asked,) = outcome.asks
    assert isinstance(asked.command, c.JudgePullRequest) and asked.command.wait_s == wait_s
    assert len(gate.forge.asked) == 1, "nobody is followed"


@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", b"{}", b"[3]", b'[{"number": "7"}]', b"\xff", b"[" * 9999]
)
async def test_garbage_is_no_yes(gate: Gate, body: bytes) -> None:
    gate.forge.odd = says(200, body)
    assert f"answered with what no {gate.forge.kind} answers" in (await gate.cannot_tell())[0]


@pytest.mark.parametrize(
    ("github", "gitlab", "value"),
    [
        ("state", "state", "MERGED"),
        ("number", "iid", -7),
        ("number", "iid", True),
        ("head", "sha", "HEAD"),
        ("merged_at", "source_branch", 3),
        ("merge_commit_sha", "merge_commit_sha", "x"),
    ],
)
async def test_an_answer_with_one_thing_wrong_in_it_is_garbage(
    gate: Gate, github: str, gitlab: str, value: Any
) -> None:
    gate.pulls(gate.pull(7, "merged"))
    found = gate.forge.listed()
    found[0][github if gate.forge.kind == "github" else gitlab] = value
    gate.forge.odd = says(200, found)
    assert "answered with what no" in (await gate.cannot_tell())[0]


async def test_a_huge_answer_is_not_read_to_its_end(gate: Gate) -> None:
    gate.forge.odd = says(200, b" " * (MOST_BYTES + 1))
    assert "more than 2048 KiB" in (await gate.cannot_tell())[0]


async def test_a_small_answer_cannot_become_a_huge_one(gate: Gate) -> None:
    gate.forge.odd = says(200, gzip.compress(b"[]"), Content_Encoding="gzip")
    assert "answered with what no" in (await gate.cannot_tell())[0]


async def test_a_forge_that_does_not_answer_in_time_is_left(gate: Gate) -> None:
    def trickles(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.end_headers()
        try:
            while True:
                to.wfile.write(b" ")
        except OSError:
            to.close_connection = True

    def hangs(to: BaseHTTPRequestHandler) -> None:
        to.rfile.read(1)

    gate.forge.odd = hangs
    assert (await gate.cannot_tell(timeout_s=0.2))[0].endswith("did not answer within 0.2 s")
    gate.forge.odd = trickles
    reason, _ = await gate.cannot_tell(timeout_s=0.3)
    assert "did not answer" in reason or "more than 2048 KiB" in reason


async def test_a_forge_that_is_away_is_told_with_its_address(gate: Gate) -> None:
    reason, mend = await gate.cannot_tell(url="http://127.0.0.1:9")
    assert reason.startswith("the forge at 127.0.0.1:9 gave no answer: ") and "forge.url" in mend


@pytest.mark.parametrize(("name", "value"), [("SSL_CERT_FILE", "/nowhere/at.all"), ("ALL_PROXY", "nonsense://x")])
async def test_what_the_environment_says_wrongly_of_the_way_there_is_told(
    gate: Gate, name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for proxy in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    monkeypatch.setenv(name, value)
    gate.watcher = Watcher(Workspace(tmp_path / "work"), tmp_path)
    gate.pulls(gate.pull(7, "merged"))
    assert "could not be asked from here" in (await gate.cannot_tell())[0]


async def test_a_repository_that_is_gone_here_is_no_yes(gate: Gate) -> None:
    gate.pulls(gate.pull(7, "merged"))
    gate.path = gate.path / "gone"
    seen = await gate.sees()
    assert (seen.state, seen.problem is None) == ("unknown", False)
