"""What decides a gate that waits for a merge, and what does not?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.approvals.book import NO_PERSON
from maestro.gatekeeper.waiting import BACKOFF_S, PATIENCE_S, pause
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, Choice, Forge, Problem, Repo, Settings, Sighting, Workflow
from tests.support.gates import ASK, OPEN, Desk

REPO = Repo("/r", "b")
FORGE = Forge("github", "https://api.github.com", "ada/thing", "FORGE_TOKEN")
MERGED = Sighting("merged", 7, "https://forge.example/7", "c1", "m1")
CLOSED = Sighting("closed", 7, "https://forge.example/7", "c1")
OPEN_ONE = Sighting("open", 7, "https://forge.example/7", "c1")
AWAY = Sighting("unknown", problem=Problem("transient", "the forge gave no answer", "is it there?"))
STALE = Sighting("merged", 7, head="c0", problem=Problem("structural", "#7 lacks the run's c1"))
NO = Choice("give up", "n", "_fail")
YES = Choice("go on", "g")


@pytest.fixture
def desk() -> Desk:
    return with_forge(FORGE)


def with_forge(forge: Forge | None) -> Desk:
    settings = Settings(AgentSpec("none"), forge=forge)
    return Desk().hear(e.RunStarted("f", "", "", REPO, Workflow("w", ()), settings, "ann", 0))


def waiting(desk: Desk, *choices: Choice, **more: Any) -> Desk:
    """The gate is open, and the forge is asked."""
    given = {"kind": "pull-request", "choices": choices or (YES, NO), "repo": REPO, "commit": "c1", "every_s": 30.0}
    return desk.tell(OPEN(**{**given, **more}))


def sees(desk: Desk, sighting: Sighting, number: int = 1, *, wait_s: float = 0.0, **more: Any) -> Desk:
    event = e.PullRequestSeen("approve-plan", 1, number, "integrator-1", "c1", sighting)
    return judges(desk.hear(msgspec.structs.replace(event, **more)), number, wait_s=wait_s)


def judges(desk: Desk, number: int, *, wait_s: float = 0.0) -> Desk:
    return desk.tell(c.JudgePullRequest("approve-plan", 1, number, REPO, "c1", wait_s))


def next_look(desk: Desk) -> int:
    return desk.timers["gate:approve-plan:1/poll"]


# --- opening ------------------------------------------------------------------------------------------------------


def test_the_forge_is_asked_as_soon_as_the_gate_is_open(desk: Desk) -> None:
    opened = waiting(desk).said(e.GateOpened)
    assert (opened.kind, opened.commit, opened.every_s) == ("pull-request", "c1", 30.0)
    assert desk.asks == [c.AskForge("approve-plan", 1, 1, REPO, "c1", FORGE)]


@pytest.mark.parametrize(
    ("forge", "more", "why"),
    [(None, {}, "no forge is configured"), (FORGE, {"commit": ""}, "no branch"), (FORGE, {"repo": None}, "no branch")],
)
def test_where_nobody_could_tell_it_closes_at_once(forge: Forge | None, more: dict[str, Any], why: str) -> None:
    desk = waiting(with_forge(forge), **more)
    assert why in desk.said(e.GateClosed).because
    assert desk.asks == []


def test_auto_approve_does_not_take_its_default_in_place_of_a_merge(desk: Desk) -> None:
    waiting(desk, default="go on", auto=True, auto_approve=True)
    assert [type(event) for event in desk.last] == [e.GateOpened]


# --- what ends it -------------------------------------------------------------------------------------------------


def test_a_merge_is_the_one_choice_that_goes_on_whatever_the_default(desk: Desk) -> None:
    decided = sees(waiting(desk, NO, YES, default="give up"), MERGED).said(e.GateDecided)
    assert (decided.key, decided.target, decided.via) == ("g", "", "forge")
    assert decided.approver == "integrator-1: #7 (https://forge.example/7) was merged as m1"
    assert decided.via in NO_PERSON
    assert desk.timers == {}


def test_a_merge_that_was_seen_is_judged_again_to_no_effect(desk: Desk) -> None:
    sees(waiting(desk), MERGED)
    assert judges(desk, 1).last == ()
    assert desk.tell(c.PollGate("approve-plan", 1, 2, REPO, "c1")).asks == [desk.asks[0]]


def test_one_that_was_closed_is_the_one_choice_that_does_not_go_on(desk: Desk) -> None:
    decided = sees(waiting(desk), CLOSED).said(e.GateDecided)
    assert (decided.key, decided.target, decided.via) == ("n", "_fail", "forge")
    assert "was closed without being merged" in decided.approver


@pytest.mark.parametrize("choices", [(YES,), (YES, NO, Choice("again", "r", "plan"))])
def test_one_that_was_closed_closes_the_gate_where_no_choice_or_several_say_no(
    desk: Desk, choices: tuple[Choice, ...]
) -> None:
    closed = sees(waiting(desk, *choices), CLOSED).said(e.GateClosed)
    assert closed.because == "#7 (https://forge.example/7) was closed without being merged"


# --- what does not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [Sighting("none"), OPEN_ONE, AWAY, STALE], ids=lambda seen: seen.state)
def test_anything_else_is_looked_at_again(desk: Desk, seen: Sighting) -> None:
    sees(waiting(desk), seen)
    assert desk.last == () and next_look(desk) > desk.now
    desk.tell(c.PollGate("approve-plan", 1, 2, REPO, "c1"))
    assert desk.asks[-1] == c.AskForge("approve-plan", 1, 2, REPO, "c1", FORGE, seen)


def test_a_merge_of_another_commit_decides_nothing(desk: Desk) -> None:
    assert sees(waiting(desk), MERGED, commit="c0").last == ()


def test_a_judgement_without_a_sighting_in_the_log_decides_nothing(desk: Desk) -> None:
    assert judges(waiting(desk), 1).last == ()


def test_a_merge_is_no_answer_for_a_gate_that_waits_for_people(desk: Desk) -> None:
    desk.tell(OPEN())
    assert sees(desk, MERGED).last == ()


def test_nobody_may_pass_for_the_forge(desk: Desk) -> None:
    waiting(desk).tell(ASK("go on", via="forge"))
    assert desk.said(e.DecisionRefused).given == "go on"


# --- time ---------------------------------------------------------------------------------------------------------


def test_a_forge_that_cannot_be_asked_is_asked_ever_more_seldom(desk: Desk) -> None:
    sees(waiting(desk), AWAY)
    waits = [next_look(desk) - desk.now]
    for number in range(2, 9):
        judges(desk, number)
        waits.append(next_look(desk) - desk.now)
    assert waits == [60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000, 900_000]
    sees(desk, OPEN_ONE, 9)
    assert next_look(desk) - desk.now == 30_000


def test_a_forge_is_left_alone_as_long_as_it_wants_within_reason(desk: Desk) -> None:
    sees(waiting(desk), AWAY, wait_s=600.0)
    assert next_look(desk) - desk.now == 600_000
    judges(desk, 2, wait_s=1e9)
    assert next_look(desk) - desk.now == int(PATIENCE_S * 1000)


@given(
    every=st.floats(0, 1e6), number=st.integers(-5, 10**6), wait=st.floats(0, 1e9), seen=st.sampled_from([AWAY, STALE])
)
def test_however_it_goes_the_forge_is_asked_again_and_not_at_once(
    every: float, number: int, wait: float, seen: Sighting
) -> None:
    event = e.PullRequestSeen("g", 1, 1, "integrator-1", "c1", seen)
    assert max(every, 1.0) <= pause(every, event, number, wait) <= max(every, BACKOFF_S, PATIENCE_S)


@pytest.mark.parametrize(
    ("seen", "why"),
    [(None, "never asked"), (Sighting("none"), "there was none"), (OPEN_ONE, "#7 was open"), (AWAY, "gave no answer")],
)
def test_at_its_deadline_it_closes_with_what_was_seen_last(desk: Desk, seen: Sighting | None, why: str) -> None:
    waiting(desk, timeout_s=600.0)
    if seen is not None:
        sees(desk, seen)
    closed = desk.at(700_000).tell(c.GateDeadline("approve-plan", 1)).said(e.GateClosed)
    assert closed.expired and "had not been merged" in closed.because and why in closed.because
    assert desk.timers == {}


def test_at_its_deadline_its_default_is_taken(desk: Desk) -> None:
    waiting(desk, timeout_s=600.0, default="give up").at(700_000).tell(c.GateDeadline("approve-plan", 1))
    assert (desk.said(e.GateDecided).key, desk.said(e.GateDecided).via) == ("n", "deadline")


@pytest.mark.parametrize("seen", [MERGED, CLOSED, OPEN_ONE], ids=lambda seen: seen.state)
def test_what_is_seen_after_the_deadline_came_too_late(desk: Desk, seen: Sighting) -> None:
    waiting(desk, timeout_s=600.0).at(601_000)
    before = dict(desk.timers)
    assert sees(desk, seen).last == ()
    assert desk.timers == before, "its deadline ends it"
