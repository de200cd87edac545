"""Is it found where people should have decided and did not?"""

from __future__ import annotations

from typing import Any

import pytest

from maestro.projections.hitl import Audit, Finding
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, Choice, Problem, Repo, Settings, Sighting, Step, Vote, Workflow

WORKFLOW = Workflow("w", (Step("ask", "gate"), Step("do", "implement", depends_on=("ask",))))
STARTED = e.RunStarted("f", "spec", "", Repo("/r", "b"), WORKFLOW, Settings(AgentSpec("script")), "ada", 0)
CHANGE = "change:T-001:1"
PROPOSED = e.ActionProposed(CHANGE, "T-001", 1, "worker-1", "d1", "write ci.yml")
CLASSIFIED = e.ActionClassified(CHANGE, 2, "1", "p")
APPROVED = e.ApprovalGiven(CHANGE, "d1", 2, "person", "p", 5, approvers=("ann",), expires=1_000)
BEGUN = e.EffectStarted(CHANGE, "d1", "integrator-1", 10)
CLAIMED = e.TaskClaimed("T-001", 1, 1, "worker-1", commit="c1")
MERGED = e.TaskMerged("T-001", 1, "m1", "t1")
GOOD = (STARTED, CLAIMED, PROPOSED, CLASSIFIED, APPROVED, BEGUN, MERGED)


def audit(*events: e.Event) -> list[Finding]:
    read = Audit(frozenset({"worker-1", "integrator-1"}))
    for number, event in enumerate(events, start=1):
        read.read(f"{number}.0", "somebody", event)
    return read.result()


def found(*events: e.Event) -> list[tuple[str, str]]:
    return [(finding.kind, finding.about) for finding in audit(*events)]


def test_a_run_in_which_people_decided_where_they_must_has_nothing_to_show() -> None:
    assert audit(*GOOD, e.RunCompleted(20)) == []


def without(*left_out: e.Event) -> list[e.Event]:
    return [event for event in GOOD if event not in left_out]


def but(event: e.Event, **more: Any) -> list[e.Event]:
    import msgspec

    return [msgspec.structs.replace(each, **more) if each is event else each for each in GOOD]


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        (without(APPROVED), "effect without approval"),
        (without(PROPOSED, CLASSIFIED, APPROVED, BEGUN), "effect without approval"),
        (but(BEGUN, digest="d2"), "effect without approval"),
        (but(BEGUN, at=2_000), "expired approval"),
        (but(APPROVED, by="policy", approvers=()), "missed checkpoint"),
        (but(APPROVED, approvers=("worker-1",)), "self-approval"),
        (but(APPROVED, approvers=("integrator-1",)), "self-approval"),
    ],
)
def test_what_was_done_without_the_people_it_needed_is_found(events: list[e.Event], kind: str) -> None:
    assert (kind, CHANGE) in found(*events)


def test_level_3_taken_by_auto_approve_is_found() -> None:
    events = but(APPROVED, by="auto", approvers=("--auto-approve",))
    events[events.index(CLASSIFIED)] = e.ActionClassified(CHANGE, 3, "1", "p")
    assert ("missed checkpoint", CHANGE) in found(*events)


def test_an_approval_that_nobody_used_is_shown_when_the_run_is_over_and_is_not_grave() -> None:
    (finding,) = audit(*without(BEGUN, MERGED), e.RunCompleted(20))
    assert (finding.kind, finding.grave) == ("approval without effect", False)


def test_a_claim_that_understates_its_level_is_shown() -> None:
    (finding,) = audit(PROPOSED, e.ActionClassified(CHANGE, 2, "1", "p", violation="claimed level 1, is level 2"))
    assert finding.kind == "understated level"


def test_a_step_that_began_before_its_gate_was_decided_is_found() -> None:
    assert found(STARTED, e.StepStarted("ask", 1, 1, "gate", 1, ""), e.StepStarted("do", 1, 1, "implement", 1, "")) == [
        ("missed checkpoint", "ask")
    ]


OPENED = e.GateOpened("ask", 1, "ask", "?", (Choice("go", "g"),), 1, deadline=100, quorum=2)


def decided(at: int, via: str = "cli", *people: str) -> e.GateDecided:
    votes = tuple(Vote(person, "go", "g", at, via) for person in people)
    return e.GateDecided("ask", 1, "ask", "go", "g", "", ", ".join(people), via, at, votes=votes)


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (decided(50, "cli", "ann", "bob"), []),
        (decided(150, "cli", "ann", "bob"), ["late decision"]),
        (decided(150, "deadline"), []),
        (decided(50, "cli", "ann"), ["missed checkpoint"]),
        (decided(50, "cli", "ann", "worker-1"), ["self-approval"]),
    ],
)
def test_decisions_that_are_late_or_of_too_few_or_of_no_person_are_found(event: e.Event, kinds: list[str]) -> None:
    assert [kind for kind, _ in found(STARTED, OPENED, event)] == kinds


AWAITED = e.GateOpened("ask", 1, "ask", "?", (Choice("go", "g"),), 1, deadline=100, kind="pull-request", commit="c1")
SEEN = e.PullRequestSeen("ask", 1, 1, "integrator-1", "c1", Sighting("merged", 7))
CLOSED = e.PullRequestSeen("ask", 1, 2, "integrator-1", "c1", Sighting("closed", 7))
STALE = e.PullRequestSeen(
    "ask", 1, 2, "integrator-1", "c1", Sighting("merged", 7, problem=Problem("structural", "old"))
)
ELSEWHERE = e.PullRequestSeen("ask", 1, 2, "integrator-1", "c2", Sighting("merged", 7))


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ((AWAITED, SEEN, decided(50, "forge")), []),
        ((AWAITED, decided(50, "forge")), ["missed checkpoint"]),
        ((AWAITED, CLOSED, decided(50, "forge")), ["missed checkpoint"]),
        ((AWAITED, STALE, decided(50, "forge")), ["missed checkpoint"]),
        ((AWAITED, ELSEWHERE, decided(50, "forge")), ["missed checkpoint"]),
        ((OPENED, SEEN, decided(50, "forge")), ["missed checkpoint"]),
        ((AWAITED, SEEN, decided(150, "forge")), ["late decision"]),
    ],
)
def test_a_merge_that_nobody_saw_in_time_opens_no_gate_unnoticed(events: tuple[e.Event, ...], kinds: list[str]) -> None:
    assert [kind for kind, _ in found(STARTED, *events)] == kinds


VOTE = Vote("ann", "approve after", "approve-after", 30, "cli")


@pytest.mark.parametrize(
    "event", [e.EffectApproved(CHANGE, VOTE), e.RolledBack(CHANGE, "c9", "m1")], ids=["approved", "rolled back"]
)
def test_what_a_person_has_dealt_with_since_is_settled(event: e.Event) -> None:
    assert all(finding.settled for finding in audit(*without(APPROVED), event))


def test_one_person_is_enough_where_a_veto_or_a_no_ends_a_gate() -> None:
    choices = (Choice("keep", "k"), Choice("stop", "s", "_fail"))
    opened = e.GateOpened("look", 1, "look", "Good?", choices, 1, quorum=2, veto=True)
    votes = (Vote("ann", "stop", "s", 2, "cli"),)
    against = e.GateDecided("look", 1, "look", "stop", "s", "_fail", "ann", "cli", 2, votes=votes)
    assert found(opened, against) == []
    too_few = e.GateDecided("look", 1, "look", "keep", "k", "", "ann", "cli", 2, votes=votes)
    assert found(opened, too_few) == [("missed checkpoint", "look")]
