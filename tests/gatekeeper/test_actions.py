"""What becomes of what somebody wants to do? Judged, approved, rejected or asked about; begun once or never."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from maestro.approvals.book import Intent, why_not_begin
from maestro.gatekeeper.judging import judge_action, judge_change
from maestro.gatekeeper.proposing import FREE_ASKS, Judged
from maestro.git.change import Change
from maestro.people import sign
from maestro.policy.loading import shipped_policy
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.actions import Grant, grant_digest
from maestro_contracts.decision import DecisionStatement, encode
from maestro_contracts.proposals import Claim, FileDelete, FileWrite, Proposal
from maestro_contracts.records import AgentSpec, Approvals, Choice, Prd, Repo, Settings, Workflow
from tests.support.gates import POLICY, RUN, Desk
from tests.support.townsfolk import Townsfolk

EDIT = FileWrite("src/parser.py", "x = 1\n")
DELETE = FileDelete("src/parser.py")
PIPELINE = FileWrite(".github/workflows/test.yml", "on: push\n")
SECRET = FileWrite("config.py", 'AWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzabcdKEYa"\n')


def proposed(*parts: Proposal, id: str = "P-1", task: str = "T-001", by: str = "worker-1") -> Judged:
    return judge_action(c.ProposeAction(id, task, 1, by, parts, "script"), shipped_policy())


def started(**given: Any) -> e.RunStarted:
    settings = Settings(AgentSpec("script"), **given)
    return e.RunStarted("f", "spec", "", Repo("/r", "b"), Workflow("w", ()), settings, "ada", 0)


@pytest.fixture
def folk() -> Townsfolk:
    return Townsfolk().meet("ann", "approver").meet("bob", "security")


@pytest.fixture
def desk(folk: Townsfolk) -> Desk:
    return Desk(folk).hear(started())


def kinds(desk: Desk) -> list[str]:
    return [type(event).__name__ for event in desk.last]


def answer(desk: Desk, folk: Townsfolk, opened: e.GateOpened, who: str = "ann", key: str = "a", **more: Any) -> Desk:
    return desk.tell(folk.says(opened, who, key, desk.now, **more))


def asked(desk: Desk, *parts: Proposal, **more: Any) -> e.GateOpened:
    return desk.tell(proposed(*parts, **more)).said(e.GateOpened)


def intent(judged: Judged, **more: Any) -> Intent:
    exact = {"proposal": judged.proposal, "digest": judged.digest, "level": judged.level, "policy": judged.policy}
    return Intent(**{**exact, **more})


# --- levels -------------------------------------------------------------------------------------------------------


def test_level_1_is_recorded_and_approved_by_the_policy_at_once(desk: Desk) -> None:
    approval = desk.tell(proposed(EDIT)).said(e.ApprovalGiven)
    assert kinds(desk) == ["ActionProposed", "ActionClassified", "ApprovalGiven"]
    assert (approval.by, approval.level, approval.digest) == ("policy", 1, desk.said(e.ActionProposed).digest)


def test_level_2_asks_people_with_what_why_and_whether_it_can_be_undone(desk: Desk) -> None:
    opened = asked(desk, PIPELINE)
    assert (opened.gate, opened.kind, opened.level, opened.proposal) == ("action:P-1", "action", 2, "P-1")
    assert [choice.label for choice in opened.choices] == ["approve", "reject", "abort"]
    assert ".github/workflows/test.yml" in opened.context + opened.impact
    assert opened.reversibility


def test_what_the_agent_says_of_its_own_action_is_compared_and_not_believed(desk: Desk) -> None:
    lied = msgspec.structs.replace(PIPELINE, claimed=Claim(level=1))
    desk.tell(proposed(lied))
    assert desk.said(e.ActionProposed).claimed == 1
    assert "claimed level 1" in desk.said(e.ActionClassified).violation


def test_of_several_parts_the_gravest_counts_and_only_grave_ones_are_asked_about(desk: Desk) -> None:
    opened = asked(desk, EDIT, PIPELINE)
    (part,) = desk.said(e.ActionClassified).parts
    assert part.about == "write .github/workflows/test.yml"
    assert opened.digest != desk.said(e.ActionProposed).digest


def test_a_secret_is_never_shown(desk: Desk) -> None:
    opened = asked(desk, SECRET)
    assert opened.level == 3
    assert "wJalrXUtnFEMI" not in str(desk.last)


# --- answers --------------------------------------------------------------------------------------------------------


def test_an_approval_names_who_what_and_until_when(desk: Desk, folk: Townsfolk) -> None:
    opened = asked(desk, PIPELINE)
    approval = answer(desk, folk, opened, conditions=("only this once",)).said(e.ApprovalGiven)
    assert kinds(desk) == ["GateVoted", "GateDecided", "ApprovalGiven"]
    assert (approval.by, approval.approvers, approval.gate) == ("person", ("ann",), "action:P-1")
    assert approval.expires == desk.now + 86_400_000
    assert approval.conditions == ("only this once",)


def test_a_rejection_has_its_reason(desk: Desk, folk: Townsfolk) -> None:
    rejected = answer(desk, folk, asked(desk, PIPELINE), key="r", text="no new pipeline").said(e.ActionRejected)
    assert (rejected.by, rejected.reason, rejected.abort) == ("ann", "no new pipeline", False)


def test_abort_rejects_it_and_ends_the_run(desk: Desk, folk: Townsfolk) -> None:
    assert answer(desk, folk, asked(desk, PIPELINE), key="x").said(e.ActionRejected).abort


def test_auto_approve_takes_level_2_and_says_so(folk: Townsfolk) -> None:
    desk = Desk(folk).hear(started(auto_approve=True)).tell(proposed(PIPELINE))
    assert kinds(desk)[2:] == ["GateOpened", "GateDecided", "ApprovalGiven"]
    assert (desk.said(e.GateDecided).via, desk.said(e.ApprovalGiven).by) == ("auto", "auto")


def test_auto_approve_never_takes_level_3(folk: Townsfolk) -> None:
    desk = Desk(folk).hear(started(auto_approve=True)).tell(proposed(SECRET))
    assert kinds(desk)[2:] == ["GateOpened"]
    assert (desk.said(e.GateOpened).default, desk.said(e.GateOpened).deadline) == ("", None)


def test_level_3_can_ask_for_several_people_of_a_role_and_their_own_keys(folk: Townsfolk) -> None:
    folk.meet("cy", "security")
    rules = Approvals(level3=("security",), quorum=2, own_key=True)
    desk = Desk(folk).hear(started(approvals=rules))
    opened = asked(desk, SECRET)
    assert answer(desk, folk, opened).said(e.DecisionRefused).code == "not_your_gate"
    desk.tell(folk.through_gateway(opened, "bob", "a", desk.now))
    assert desk.said(e.DecisionRefused).code == "not_your_gate"
    answer(desk, folk, opened, "bob")
    assert kinds(desk) == ["GateVoted"]
    assert answer(desk, folk, opened, "cy").said(e.ApprovalGiven).approvers == ("bob", "cy")


def test_nobody_approves_what_they_propose(desk: Desk, folk: Townsfolk) -> None:
    opened = asked(desk, PIPELINE, by="ann")
    assert answer(desk, folk, opened).said(e.DecisionRefused).code == "not_your_gate"


# --- the same question ----------------------------------------------------------------------------------------------


def test_the_same_question_from_several_is_one_gate_and_one_answer_for_all(desk: Desk, folk: Townsfolk) -> None:
    opened = asked(desk, PIPELINE)
    desk.tell(proposed(PIPELINE, id="P-2", task="T-002"))
    assert kinds(desk) == ["ActionProposed", "ActionClassified"]
    answer(desk, folk, opened)
    assert [event.proposal for event in desk.last if isinstance(event, e.ApprovalGiven)] == ["P-1", "P-2"]


def test_what_people_rejected_is_not_asked_again_in_this_run(desk: Desk, folk: Townsfolk) -> None:
    answer(desk, folk, asked(desk, PIPELINE), key="r", text="no")
    rejected = desk.tell(proposed(PIPELINE, id="P-2")).said(e.ActionRejected)
    assert "ann has rejected exactly this" in rejected.reason


def test_an_approval_that_was_not_used_goes_to_the_next_attempt_and_is_void_then(desk: Desk, folk: Townsfolk) -> None:
    first = proposed(PIPELINE)
    answer(desk, folk, desk.tell(first).said(e.GateOpened))
    again = proposed(PIPELINE, id="P-2")
    assert desk.tell(again).said(e.ApprovalGiven).took_over == "P-1"
    assert why_not_begin(desk.books.actions, intent(first), desk.now)
    assert why_not_begin(desk.books.actions, intent(again), desk.now) is None


def changed(*parts: FileWrite) -> Judged:
    command = c.ProposeChange("change:T-001:1", "T-001", 1, "worker-1", Repo("/r", "b"), "b", "c1")
    return judge_change(command, Change(parts, "d" * 64), shipped_policy())


def test_what_people_approved_byte_for_byte_before_it_was_written_they_need_not_see_again(
    desk: Desk, folk: Townsfolk
) -> None:
    answer(desk, folk, asked(desk, PIPELINE))
    desk.hear(e.EffectStarted("P-1", desk.books.actions.actions["P-1"].proposed.digest, "worker-1", 1))
    approval = desk.tell(changed(PIPELINE, EDIT)).said(e.ApprovalGiven)
    assert (approval.by, approval.approvers, approval.took_over) == ("same", ("ann",), "")


def test_a_change_that_holds_more_than_people_have_seen_is_asked_about(desk: Desk, folk: Townsfolk) -> None:
    answer(desk, folk, asked(desk, PIPELINE))
    assert desk.tell(changed(PIPELINE, FileWrite("Dockerfile", "FROM x\n"))).said(e.GateOpened)


def test_an_agent_that_asks_too_often_is_slowed_and_that_is_said(desk: Desk, folk: Townsfolk) -> None:
    for number in range(FREE_ASKS):
        asked(desk, FileDelete(f"src/{number}.py"), id=f"P-{number}")
    slowed = desk.tell(proposed(PIPELINE, id="P-9")).said(e.AgentSlowed)
    assert (slowed.asks, slowed.delay_ms) == (FREE_ASKS, 30_000)
    assert desk.timers["action:P-9/ask"] == desk.now + 30_000
    assert desk.at(40_000).tell(c.AskPeople("P-9")).said(e.GateOpened).gate == "action:P-9"
    assert desk.tell(proposed(DELETE, id="P-10")).said(e.AgentSlowed).delay_ms == 60_000


# --- what needs nobody ----------------------------------------------------------------------------------------------


def approved_prd(desk: Desk, folk: Townsfolk, *allows: str, via: str = "") -> None:
    desk.hear(e.PrdDrafted("plan", 1, Prd("f", "f", 1, "should", (), allows=allows), "p", "s" * 64, "# f"))
    gate = c.OpenGate("approve-plan", 1, "approve-plan", "ok?", PLAN_CHOICES, artifact_sha256="s" * 64)
    opened = desk.tell(gate).said(e.GateOpened)
    if via:
        desk.hear(e.GateDecided("approve-plan", 1, "approve-plan", "approve", "a", "", via, via, 1))
    else:
        answer(desk, folk, opened)


PLAN_CHOICES = (Choice("approve", "a"), Choice("abort", "x", "_fail"))


def test_the_approved_prd_allows_exactly_what_it_lists(desk: Desk, folk: Townsfolk) -> None:
    approved_prd(desk, folk, "ci .github/workflows/test.yml")
    assert desk.tell(proposed(PIPELINE)).said(e.ApprovalGiven).by == "prd"
    assert asked(desk, FileWrite("Dockerfile", "FROM x\n"), id="P-2")


def test_a_dependency_that_the_prd_lists_is_not_fetched_from_elsewhere(desk: Desk, folk: Townsfolk) -> None:
    approved_prd(desk, folk, "dependency requests")
    assert asked(desk, FileWrite("requirements.txt", "requests @ https://elsewhere.example/requests.tgz\n"))
    usual = desk.tell(proposed(FileWrite("requirements.txt", "requests\n"), id="P-2")).said(e.ApprovalGiven)
    assert usual.by == "prd"


@pytest.mark.parametrize("via", ["auto", "deadline"])
def test_a_prd_that_no_person_approved_allows_nothing(desk: Desk, folk: Townsfolk, via: str) -> None:
    approved_prd(desk, folk, "ci .github/workflows/test.yml", via=via)
    assert asked(desk, PIPELINE)


def issue(desk: Desk, folk: Townsfolk, grant: Grant, who: str = "ann", **more: Any) -> Desk:
    said = statement(desk, who, f"grant:{grant.id}", "issue", grant_digest(grant), **more)
    text, signature = signed(folk, said)
    return desk.tell(c.IssueGrant(grant, who, "cli", text, signature))


def statement(desk: Desk, who: str, gate: str, choice: str, digest: str, **more: Any) -> DecisionStatement:
    times = {"at": desk.now, "expires": desk.now + 1_000, "nonce": f"n-{gate}-{choice}-{desk.now}"}
    return DecisionStatement(
        **{"run": RUN, "gate": gate, "visit": 1, "choice": choice, "digest": digest, "person": who, **times, **more}
    )


def signed(folk: Townsfolk, said: DecisionStatement) -> tuple[str, str]:
    text = encode(said)
    return text.decode(), sign(text, folk.keys[said.person])


def grant(**more: Any) -> Grant:
    return Grant(**{"id": "G-1", "expires": 10_000_000, "effects": ("ci",), "paths": (".github/*",), **more})


def test_a_grant_covers_actions_like_these_as_often_as_it_says(desk: Desk, folk: Townsfolk) -> None:
    assert issue(desk, folk, grant(uses=1)).said(e.GrantIssued)
    approval = desk.tell(proposed(PIPELINE)).said(e.ApprovalGiven)
    assert (approval.by, approval.grant) == ("grant", "G-1")
    assert asked(desk, FileWrite(".github/workflows/other.yml", "on: push\n"), id="P-2")


@pytest.mark.parametrize(
    "more", [{"paths": ("docs/*",)}, {"effects": ("dependency",)}, {"expires": 1_001}, {"where": ("home",)}]
)
def test_a_grant_covers_nothing_else(desk: Desk, folk: Townsfolk, more: dict[str, Any]) -> None:
    issue(desk, folk, grant(**more))
    assert desk.at(5_000).tell(proposed(PIPELINE)).said(e.GateOpened)


def test_a_grant_for_level_2_covers_no_level_3(desk: Desk, folk: Townsfolk) -> None:
    issue(desk, folk, grant(effects=("credential", "ci"), paths=("*",)))
    assert asked(desk, SECRET)


@pytest.mark.parametrize(
    "more",
    [
        {"effects": (), "paths": ()},
        {"uses": 0},
        {"level": 1},
        {"expires": 0},
        {"expires": 10**13},
        {"level": 3, "paths": ()},
        {"id": ""},
        {"id": "a b"},
        {"level": 3, "paths": ("*",)},
        {"level": 3, "paths": ("deploy/*", "**/?")},
        {"effects": ("*",)},
        {"effects": ("ci", "dependencies")},
        {"where": ("everywhere",)},
        {"why": "with AKIAZ7Q4XJ2M5P8T9W3B"},
    ],
)
def test_a_grant_without_bounds_is_none(desk: Desk, folk: Townsfolk, more: dict[str, Any]) -> None:
    assert issue(desk, folk, grant(**more)).said(e.DecisionRefused)


def test_a_grant_is_signed_for_exactly_what_it_covers(desk: Desk, folk: Townsfolk) -> None:
    text, signature = signed(folk, statement(desk, "ann", "grant:G-1", "issue", grant_digest(grant())))
    wider = c.IssueGrant(grant(paths=("*",)), "ann", "cli", text, signature)
    assert desk.tell(wider).said(e.DecisionRefused).code == "wrong_version"


def test_the_reason_of_a_revocation_is_the_one_that_was_signed_and_holds_no_secret(desk: Desk, folk: Townsfolk) -> None:
    issue(desk, folk, grant())
    for why, sent in (("it is done", "ann told me to"), ("AKIAZ7Q4XJ2M5P8T9W3B leaked", "AKIAZ7Q4XJ2M5P8T9W3B leaked")):
        said = statement(desk, "bob", "grant:G-1", "revoke", grant_digest(grant()), text=why)
        refused = desk.tell(c.RevokeGrant("G-1", "bob", "cli", sent, *signed(folk, said))).said(e.DecisionRefused)
        assert "AKIA" not in str(refused)
    said = statement(desk, "bob", "grant:G-1", "revoke", grant_digest(grant()), text="it is done")
    assert desk.tell(c.RevokeGrant("G-1", "bob", "cli", "it is done", *signed(folk, said))).said(e.GrantRevoked)


def test_what_a_grant_approved_does_not_begin_after_the_grant_has_ended(desk: Desk, folk: Townsfolk) -> None:
    issue(desk, folk, grant())
    judged = proposed(PIPELINE)
    approval = desk.tell(judged).said(e.ApprovalGiven)
    assert approval.expires == grant().expires
    hindrance = why_not_begin(desk.books.actions, intent(judged), grant().expires)
    assert hindrance is not None and hindrance.again


def test_a_revoked_grant_covers_nothing_any_more_nor_what_was_not_begun(desk: Desk, folk: Townsfolk) -> None:
    issue(desk, folk, grant(uses=5))
    judged = proposed(PIPELINE)
    desk.tell(judged)
    text, signature = signed(folk, statement(desk, "bob", "grant:G-1", "revoke", grant_digest(grant(uses=5))))
    assert desk.tell(c.RevokeGrant("G-1", "bob", "cli", "", text, signature)).said(e.GrantRevoked)
    assert why_not_begin(desk.books.actions, intent(judged), desk.now)
    assert asked(desk, FileWrite(".github/workflows/b.yml", "on: push\n"), id="P-2")


# --- the law of effects -----------------------------------------------------------------------------------------------


def approved(desk: Desk, folk: Townsfolk) -> Judged:
    judged = proposed(PIPELINE)
    answer(desk, folk, desk.tell(judged).said(e.GateOpened))
    return judged


@pytest.mark.parametrize(
    "more", [{"digest": "0" * 64}, {"level": 3}, {"policy": POLICY}, {"proposal": "P-9"}, {"digest": ""}]
)
def test_only_exactly_what_was_approved_begins(desk: Desk, folk: Townsfolk, more: dict[str, Any]) -> None:
    judged = approved(desk, folk)
    assert why_not_begin(desk.books.actions, intent(judged), desk.now) is None
    hindrance = why_not_begin(desk.books.actions, intent(judged, **more), desk.now)
    assert hindrance is not None
    assert hindrance.again


def test_nothing_begins_unanswered_or_rejected_or_late(desk: Desk, folk: Townsfolk) -> None:
    judged = proposed(PIPELINE)
    opened = desk.tell(judged).said(e.GateOpened)
    assert why_not_begin(desk.books.actions, intent(judged), desk.now)
    answer(desk, folk, opened)
    assert why_not_begin(desk.books.actions, intent(judged), desk.now + 86_400_000)
    other = proposed(DELETE, id="P-2")
    answer(desk, folk, desk.tell(other).said(e.GateOpened), key="r")
    assert why_not_begin(desk.books.actions, intent(other), desk.now)


def test_an_approval_is_used_once_but_by_the_command_that_has_begun(desk: Desk, folk: Townsfolk) -> None:
    judged = approved(desk, folk)
    desk.hear(e.EffectStarted("P-1", judged.digest, "integrator-1", 1, "merge:T-001:1"))
    assert why_not_begin(desk.books.actions, intent(judged, command="merge:T-001:1"), desk.now) is None
    assert why_not_begin(desk.books.actions, intent(judged, command="merge:T-001:2"), desk.now)
    assert why_not_begin(desk.books.actions, intent(judged), desk.now)


def test_in_a_run_that_has_ended_nothing_is_approved_and_nothing_begins(desk: Desk, folk: Townsfolk) -> None:
    judged = approved(desk, folk)
    desk.hear(e.RunCompleted(1))
    assert why_not_begin(desk.books.actions, intent(judged), desk.now)
    assert desk.tell(proposed(EDIT, id="P-2")).last == ()


# --- after the fact ---------------------------------------------------------------------------------------------------


def done(desk: Desk, folk: Townsfolk) -> Judged:
    judged = approved(desk, folk)
    desk.hear(e.EffectStarted("P-1", judged.digest, "integrator-1", 1)).hear(e.EffectEnded("P-1", "done", commit="c9"))
    return judged


def test_what_was_done_can_be_rolled_back_by_a_signed_word(desk: Desk, folk: Townsfolk) -> None:
    judged = done(desk, folk)
    text, signature = signed(folk, statement(desk, "ann", "audit:P-1", "roll-back", judged.digest, text="wrong"))
    desk.tell(c.RollBack("P-1", "ann", "cli", "wrong", text, signature))
    assert desk.said(e.RollBackOrdered).why == "wrong"
    assert desk.asks[-1] == c.RevertChange("P-1", Repo("/r", "b"), "c9", judged.summary)


def test_what_was_not_done_is_neither_approved_after_nor_rolled_back(desk: Desk, folk: Townsfolk) -> None:
    judged = approved(desk, folk)
    text, signature = signed(folk, statement(desk, "ann", "audit:P-1", "approve-after", judged.digest))
    assert desk.tell(c.ApproveAfter("P-1", "ann", "cli", "", text, signature)).said(e.DecisionRefused)


def test_a_word_for_one_thing_does_another_not(desk: Desk, folk: Townsfolk) -> None:
    judged = done(desk, folk)
    text, signature = signed(folk, statement(desk, "ann", "audit:P-1", "approve-after", judged.digest))
    assert desk.tell(c.RollBack("P-1", "ann", "cli", "", text, signature)).said(e.DecisionRefused)
    assert desk.tell(c.ApproveAfter("P-1", "ann", "cli", "", text, signature)).said(e.EffectApproved)
