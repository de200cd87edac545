"""Whose word is an answer that came through the gateway, where people are enrolled? Theirs, or its own for them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from maestro.people import sign
from maestro.people.keyfile import FileKey, make_key
from maestro_contracts import events as e
from maestro_contracts.actions import Grant
from maestro_contracts.decision import decode
from maestro_contracts.records import Vote
from tests.support.browsing import open_browser, visiting
from tests.support.servers import NotHere, any_running
from tests.support.web import Site, now_ms, open_site


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where ann (approver), bob (approver, security) and nobody else are enrolled."""
    try:
        with (
            any_running(fsync="everysec") as server,
            open_site(server, tmp_path_factory.mktemp("town"), MAESTRO_WEB_RATE="10000") as site,
        ):
            for person, roles in (("ann", ("approver",)), ("bob", ("approver", "security"))):
                public = make_key(site.folder / f"{person}.key", person)
                site.introduce(e.PersonEnrolled(person, public.line, roles, person, now_ms()))
            yield site
    except NotHere as error:
        pytest.skip(str(error))


def votes(site: Site, run: str) -> list[Vote]:
    return [event.vote for event in site.events(run) if isinstance(event, e.GateVoted)]


def test_the_gateway_signs_what_it_was_told_and_for_whom(town: Site) -> None:
    run = town.run()
    town.opens(run, freeform=True)
    with town.client("ann") as ann:
        answer = ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a", "text": "go on"})
    assert answer.status_code == 200, answer.text
    (vote,) = votes(town, run)
    said = decode(vote.statement.encode())
    assert (vote.signed, vote.person, said.person, said.choice, said.text) == ("gateway", "ann", "ann", "a", "go on")
    assert vote.attested.startswith("— maestro/gateway-")


def test_a_person_signs_for_themselves_what_the_gateway_gave_them(town: Site) -> None:
    run = town.run()
    town.opens(run)
    with town.client("ann") as ann:
        path = f"/runs/{run}/gates/approve-plan"
        statement = ann.get(f"{path}/statement", params={"choice": "approve"}).text
        armoured = sign(statement.encode(), FileKey(town.folder / "ann.key"))
        body = {"choice": "a", "statement": statement, "signature": armoured}
        other = {"statement": statement.replace('"a"', '"x"'), "choice": "x"}
        changed = ann.post(f"{path}/decision", json=body | other)
        answer = ann.post(f"{path}/decision", json=body)
    assert (changed.status_code, answer.status_code) == (401, 200), answer.text
    assert [vote.signed for vote in votes(town, run)] == ["person"]


def test_ssh_keygen_accepts_what_was_signed_over_the_api_and_no_other_byte(town: Site, tmp_path: Path) -> None:
    run = town.run()
    town.opens(run)
    with town.client("ann") as ann:
        statement = ann.get(f"/runs/{run}/gates/approve-plan/statement", params={"choice": "a"}).content
    key = FileKey(town.folder / "ann.key")
    (tmp_path / "signers").write_text(f'ann namespaces="decision@maestro" {key.public.line}\n')
    (tmp_path / "sig").write_text(sign(statement, key))
    command = ["ssh-keygen", "-Y", "verify", "-n", "decision@maestro", "-I", "ann", "-f", "signers", "-s", "sig"]
    try:
        good = subprocess.run(command, cwd=tmp_path, input=statement, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no ssh-keygen")
    bad = subprocess.run(command, cwd=tmp_path, input=statement + b" ", capture_output=True)
    assert (good.returncode, bad.returncode == 0) == (0, False)


def test_who_is_not_enrolled_looks_and_decides_nothing(town: Site) -> None:
    run = town.run()
    town.opens(run)
    with town.client("eve") as eve:
        assert eve.get(f"/runs/{run}").status_code == 200
        answer = eve.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a"})
    assert answer.status_code in (401, 403)
    assert not town.has(run, e.GateDecided) and town.has(run, e.DecisionRefused)


def test_a_gate_for_another_role_is_not_yours(town: Site) -> None:
    run = town.run()
    town.opens(run, roles=("security",))
    with town.client("ann") as ann, town.client("bob") as bob:
        path = f"/runs/{run}/gates/approve-plan/decision"
        codes = [who.post(path, json={"choice": "a"}).status_code for who in (ann, bob)]
    assert codes == [403, 200]


def test_an_answer_of_several_is_counted_until_enough_agree(town: Site) -> None:
    run = town.run()
    town.opens(run, quorum=2)
    with town.client("ann") as ann, town.client("bob") as bob:
        path = f"/runs/{run}/gates/approve-plan/decision"
        first, second = (who.post(path, json={"choice": "a"}).json() for who in (ann, bob))
    assert (first["outcome"], second["outcome"]) == ("counted", "decided")
    assert [vote["person"] for vote in second["gate"]["votes"]] == ["ann", "bob"]


def test_a_standing_grant_is_shown_and_taken_back_on_the_page_and_over_rest(town: Site) -> None:
    run = town.run()
    until = int(time.time() * 1000) + 3_600_000
    for id in ("one", "two"):
        grant = Grant(id, until, effects=("network",), paths=("*.example.org",), uses=3, why="the mirror")
        town.say(run, "gatekeeper", e.GrantIssued(grant, Vote("bob", "issue", "issue", 1, "cli")))
    with town.client("ann") as ann:
        shown = ann.get("/grants", params={"good": True}).json()["items"]
        assert [(each["grant"]["id"], each["given_by"], each["used"]) for each in shown if each["run"] == run] == [
            ("one", "bob", 0),
            ("two", "bob", 0),
        ]
        revoked = ann.post(f"/runs/{run}/grants/one/revoke", json={"why": "not needed"})
        again = ann.post(f"/runs/{run}/grants/one/revoke", json={})
    assert (revoked.status_code, revoked.json()["revoked_by"], again.status_code) == (200, "ann", 409), revoked.text
    with open_browser() as browser, visiting(browser, town) as bob:
        page = bob.log_in("bob").opens("/grants")
        page.get_by_role("button", name="Revoke the grant two").click()
        page.get_by_text("revoked by bob").wait_for()
        bob.check()


def test_what_a_risky_action_would_do_and_why_it_is_asked_stands_at_its_gate(town: Site) -> None:
    run = town.run()
    proposal, digest = "act-1", "d" * 64
    town.say(
        run,
        "gatekeeper",
        e.ActionProposed(proposal, "T-001", 1, "worker-1", digest, "git push --force origin main"),
        e.GateOpened(
            "action-1",
            1,
            "",
            "May this be done?",
            (),
            1,
            kind="action",
            level=3,
            proposal=proposal,
            digest=digest,
            impact="rewrites history that others have",
            reversibility="no",
        ),
    )
    with open_browser() as browser, visiting(browser, town) as ann:
        page = ann.log_in("ann").opens(f"/runs/{run}")
        gate = page.locator("[data-gate=action-1]")
        for text in ("level 3", "git push --force origin main", "rewrites history that others have", "worker-1"):
            gate.get_by_text(text).first.wait_for()
        ann.check()
