"""Does the REST API tell what the log says, and does a decision through it stand there?"""

from __future__ import annotations

import concurrent.futures

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
