"""Does the REST API tell what the log says, and does a decision through it stand there?"""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterator

import httpx
import pytest

from maestro_contracts import events as e
from tests.support.web import Site


def test_nobody_reads_without_a_token(site: Site) -> None:
    with site.client() as nobody:
        answer = nobody.get("/runs")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "maestro web token" in answer.json()["mend"]


def test_a_run_and_its_gate_are_shown_as_the_log_says(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        listed = ann.get("/runs").json()["items"]
        shown = ann.get(f"/runs/{run}").json()
        gate = ann.get(f"/runs/{run}/gates/approve-plan")
    assert run in [each["run"] for each in listed]
    assert (shown["status"], shown["gates"][0]["status"]) == ("running", "open")
    assert gate.headers["etag"] == f'"{gate.json()["version"]}"'


def test_a_decision_is_answered_when_it_stands_in_the_log(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        answer = ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["gate"]["decided"]["by"] == "ann"
    assert site.has(run, e.GateDecided)


def test_of_two_people_one_decides_and_the_other_is_told_by_whom(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann, site.client("bob") as bob, concurrent.futures.ThreadPoolExecutor() as both:
        path = f"/runs/{run}/gates/approve-plan/decision"
        answers = [both.submit(who.post, path, json={"choice": "approve"}) for who in (ann, bob)]
        codes = {answer.result().status_code: answer.result().json() for answer in answers}
    assert set(codes) == {200, 409}
    assert codes[409]["decided_by"] == codes[200]["gate"]["decided"]["by"]


def test_an_answer_that_is_sent_twice_under_one_key_counts_once_and_is_answered_alike(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        path = f"/runs/{run}/gates/approve-plan/decision"
        answers = [ann.post(path, json={"choice": "a"}, headers={"Idempotency-Key": "once"}) for _ in range(3)]
        other = ann.post(path, json={"choice": "abort"}, headers={"Idempotency-Key": "once"})
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == answers[2].json()
    assert other.status_code == 409
    assert not site.has(run, e.DecisionRefused)


def test_what_is_no_choice_is_refused_with_the_choices_there_are(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        answer = ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "yes, go on"})
    assert answer.status_code == 400
    assert "a (approve), r (revise), x (abort)" in answer.json()["mend"]


def test_who_may_only_read_decides_nothing(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("rob", may="read") as rob:
        assert rob.get(f"/runs/{run}").status_code == 200
        answer = rob.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a"})
    assert answer.status_code == 403
    assert not site.has(run, e.GateDecided)


@pytest.mark.parametrize("path", ["/runs/none-abc234", "/runs/system", "/runs/{run}/gates/none", "/runs/%00"])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    run = site.run()
    with site.client("ann") as ann:
        assert ann.get(path.format(run=run)).status_code == 404


def test_an_answer_to_what_the_gate_asked_before_is_refused(site: Site) -> None:
    run = site.run()
    site.opens(run)
    path = f"/runs/{run}/gates/approve-plan/decision"
    with site.client("ann") as ann:
        stale = ann.post(path, json={"choice": "a"}, headers={"If-Match": '"1-0000000000000000"'})
        etag = ann.get(f"/runs/{run}/gates/approve-plan").headers["etag"]
        fresh = ann.post(path, json={"choice": "a"}, headers={"If-Match": etag})
    assert (stale.status_code, fresh.status_code) == (409, 200)


def test_an_answer_that_comes_too_late_is_gone(site: Site) -> None:
    run = site.run()
    site.opens(run)
    site.say(
        run, "gatekeeper", e.GateClosed("approve-plan", 1, "approve-plan", "nobody answered in time", expired=True)
    )
    with site.client("ann") as ann:
        answer = ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a"})
    assert answer.status_code == 410
    assert "too late" in answer.json()["detail"]


def test_a_log_is_read_page_by_page_without_a_gap(site: Site) -> None:
    run = site.run()
    for number in range(5):
        site.say(run, "conductor", e.RunPaused("ada", str(number)), e.RunResumed("ada"))
    with site.client("ann") as ann:
        seen: list[str] = []
        page = ann.get(f"/runs/{run}/events", params={"limit": 3}).json()
        while page["items"]:
            seen += [each["address"] for each in page["items"]]
            page = ann.get(f"/runs/{run}/events", params={"limit": 3, "after": page["next"]}).json()
        whole = ann.get(f"/runs/{run}/events").json()
    assert seen == [each["address"] for each in whole["items"]]
    assert whole["next"] == whole["head"] == 6 and len(seen) == 11


def test_a_stream_begins_where_its_client_left_off_and_goes_on_with_what_is_new(site: Site) -> None:
    run = site.run()
    site.say(run, "conductor", e.RunPaused("ada", "one"), e.RunResumed("ada"))
    with (
        site.client("ann") as ann,
        ann.stream("GET", f"/runs/{run}/events/stream", headers={"Last-Event-ID": "1"}) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        messages = _messages(stream.iter_lines())
        first, second = next(messages), next(messages)
        site.say(run, "conductor", e.RunPaused("ada", "two"))
        third = next(messages)
    assert [each["event"] for each in (first, second, third)] == ["RunPaused", "RunResumed", "RunPaused"]
    assert "id" not in first, "who comes back in the middle of an entry gets all of it again"
    assert (second["id"], third["id"]) == ("2", "3")
    assert json.loads(third["data"])["data"]["why"] == "two"


def _messages(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name in ("event", "id", "data"):
            found[name] = value
        elif not line and "data" in found:
            yield found
            found = {}


def test_an_entry_that_cannot_be_believed_says_so_and_nothing_else(site: Site) -> None:
    run = site.run()
    site.say(run, "worker", e.GateDecided("approve-plan", 1, "approve-plan", "approve", "a", "", "ann", "cli", 1))
    with site.client("ann") as ann:
        forged = ann.get(f"/runs/{run}/events", params={"after": 1}).json()["items"][0]
        shown = ann.get(f"/runs/{run}").json()
    assert "may not say GateDecided" in forged["rejected"]
    assert (forged["type"], forged["data"]) == ("", {})
    assert len(shown["violations"]) == 1


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        answer = ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a", "text": "x" * 300_000})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_name_that_is_not_this_servers_is_refused(site: Site) -> None:
    answer = httpx.get(f"{site.url}/login", headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 421


def test_every_answer_forbids_framing_sniffing_and_foreign_code(site: Site) -> None:
    for path in ("/login", "/api/v1/health", "/nothing", "/static/maestro.js"):
        headers = httpx.get(site.url + path, trust_env=False).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_the_level_of_an_action_is_told_without_doing_it(site: Site) -> None:
    with site.client("ann") as ann:
        safe = ann.post("/policy/check", json={"action": {"kind": "shell", "command": "git status"}}).json()
        grave = ann.post("/policy/check", json={"action": {"kind": "shell", "command": "git push --force"}}).json()
    assert (safe["level"], grave["level"]) == (1, 3)


def test_the_journal_tells_what_was_asked_and_decided(site: Site) -> None:
    run = site.run()
    site.opens(run)
    with site.client("ann") as ann:
        ann.post(f"/runs/{run}/gates/approve-plan/decision", json={"choice": "a"})
        entries = ann.get(f"/runs/{run}/journal").json()["items"]
        questions = ann.get(f"/runs/{run}/journal", params={"type": "question"}).json()["items"]
    assert [each["type"] for each in entries] == ["milestone", "question", "decision"]
    assert len(questions) == 1 and questions[0]["hitl_reviewed"]
