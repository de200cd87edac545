"""Whose word counts at a gate, for what, and how often?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.decision import encode
from tests.support.gates import ASK, OPEN, RUN, Desk
from tests.support.townsfolk import Townsfolk


@pytest.fixture
def folk() -> Townsfolk:
    return Townsfolk().meet("ann", "approver").meet("bob", "approver", "security").meet("cy", "approver").meet("dot")


@pytest.fixture
def desk(folk: Townsfolk) -> Desk:
    return Desk(folk)


def opened(desk: Desk, **given: Any) -> e.GateOpened:
    return desk.tell(OPEN(**given)).said(e.GateOpened)


def refused(desk: Desk, command: c.DecideGate) -> e.DecisionRefused:
    before = desk.gate
    said = desk.tell(command).said(e.DecisionRefused)
    assert desk.gate == before
    return said


# --- one word -----------------------------------------------------------------------------------------------------


def test_a_signed_answer_decides_and_the_log_keeps_the_exact_words(desk: Desk, folk: Townsfolk) -> None:
    command = folk.says(opened(desk), "ann", "a", desk.now)
    decided = desk.tell(command).said(e.GateDecided)
    (vote,) = decided.votes
    assert (decided.approver, decided.choice, vote.person, vote.signed) == ("ann", "approve", "ann", "person")
    assert (vote.statement, vote.signature) == (command.statement, command.signature)


def test_the_vote_and_the_decision_are_one_commit(desk: Desk, folk: Townsfolk) -> None:
    desk.tell(folk.says(opened(desk), "ann", "a", desk.now))
    assert [type(event) for event in desk.last] == [e.GateVoted, e.GateDecided]


def test_a_gateway_may_carry_the_word_of_somebody_who_logged_in_and_says_so(desk: Desk, folk: Townsfolk) -> None:
    decided = desk.tell(folk.through_gateway(opened(desk), "ann", "a", desk.now)).said(e.GateDecided)
    assert (decided.votes[0].signed, decided.via) == ("gateway", "web")


def test_where_people_are_enrolled_nobody_decides_unsigned(desk: Desk) -> None:
    opened(desk)
    assert refused(desk, ASK("approve", by="ann")).code == "unauthenticated"


def test_a_statement_without_any_signature_is_nobodys(desk: Desk, folk: Townsfolk) -> None:
    command = msgspec.structs.replace(folk.says(opened(desk), "ann", "a", desk.now), signature="")
    assert refused(desk, command).code == "unauthenticated"


def test_a_signature_by_somebody_elses_key_is_refused(desk: Desk, folk: Townsfolk) -> None:
    said = folk.statement(opened(desk), "ann", "a", desk.now)
    assert refused(desk, folk.sent(said, by_key_of="dot")).code == "unauthenticated"


def test_one_changed_byte_is_refused(desk: Desk, folk: Townsfolk) -> None:
    command = folk.says(opened(desk), "ann", "x", desk.now)
    forged = msgspec.structs.replace(command, choice="a", statement=command.statement.replace('"x"', '"a"'))
    assert refused(desk, forged).code == "unauthenticated"


@pytest.mark.parametrize(
    ("beside", "value"), [("choice", "a"), ("text", "but"), ("by", "bob"), ("answers", {"Q": "1"})]
)
def test_what_is_sent_beside_the_statement_must_be_what_was_signed(
    desk: Desk, folk: Townsfolk, beside: str, value: object
) -> None:
    command = folk.says(opened(desk, freeform=True), "ann", "r", desk.now)
    assert refused(desk, msgspec.structs.replace(command, **{beside: value}))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"run": "other-abc234"}, "unauthenticated"),
        ({"digest": "0" * 64}, "wrong_version"),
        ({"policy": "0" * 64}, "wrong_version"),
        ({"expires": 1_000}, "expired"),
        ({"expires": 1_000 + 25 * 3600 * 1000}, "unauthenticated"),
        ({"at": 10**9, "expires": 10**9 + 1}, "unauthenticated"),
        ({"nonce": ""}, "already_decided"),
        ({"choice": "yes"}, "bad_choice"),
    ],
)
def test_a_word_counts_for_exactly_what_it_names(desk: Desk, folk: Townsfolk, more: dict[str, Any], code: str) -> None:
    said = folk.statement(opened(desk), "ann", "a", desk.now, **more)
    command = folk.sent(said, by_key_of="ann")
    assert refused(desk, command).code == code


def test_a_word_for_another_gate_is_refused(desk: Desk, folk: Townsfolk) -> None:
    other = desk.tell(OPEN(gate="other", step="other")).said(e.GateOpened)
    opened(desk)
    command = msgspec.structs.replace(folk.says(other, "ann", "a", desk.now), gate="approve-plan")
    assert refused(desk, command).code == "unauthenticated"


def test_a_word_for_an_earlier_visit_is_refused(desk: Desk, folk: Townsfolk) -> None:
    first = opened(desk)
    early = folk.says(first, "ann", "a", desk.now)
    desk.tell(folk.says(first, "bob", "r", desk.now)).tell(OPEN(visit=2))
    assert refused(desk, early).code == "already_decided"
    assert refused(desk, msgspec.structs.replace(early, visit=2)).code == "wrong_version"


def test_a_word_that_was_said_before_is_not_said_again(desk: Desk, folk: Townsfolk) -> None:
    command = folk.says(opened(desk, quorum=2), "ann", "a", desk.now)
    desk.tell(command)
    assert refused(desk, command).code == "already_decided"


def test_a_revoked_person_decides_nothing(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk)
    folk.revoked.add("ann")
    assert refused(desk, folk.says(gate, "ann", "a", desk.now)).code == "unauthenticated"


def test_a_gate_for_a_role_takes_nobody_elses_word(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, roles=("security",))
    assert refused(desk, folk.says(gate, "ann", "a", desk.now)).code == "not_your_gate"
    assert desk.tell(folk.says(gate, "bob", "a", desk.now)).said(e.GateDecided)


def test_a_gate_for_named_people_takes_nobody_elses_word(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, people=("ann",))
    assert refused(desk, folk.says(gate, "bob", "a", desk.now)).code == "not_your_gate"


def test_a_worker_passes_for_no_person(desk: Desk, folk: Townsfolk) -> None:
    folk.meet("worker-1", "approver")
    assert refused(desk, folk.says(opened(desk), "worker-1", "a", desk.now)).code == "not_your_gate"


def test_over_long_words_are_refused_before_they_count(desk: Desk, folk: Townsfolk) -> None:
    command = folk.says(opened(desk, freeform=True), "ann", "a", desk.now, text="x" * 17_000)
    assert "longer than" in refused(desk, command).reason


def test_a_gate_for_certain_people_closes_where_nobody_is_enrolled() -> None:
    assert "nobody is enrolled" in Desk().tell(OPEN(roles=("security",))).said(e.GateClosed).because


def test_the_statement_names_its_run(desk: Desk, folk: Townsfolk) -> None:
    assert RUN.encode() in encode(folk.statement(opened(desk), "ann", "a", desk.now))


# --- conditions -----------------------------------------------------------------------------------------------------


def test_a_yes_may_come_with_conditions(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, conditions=True)
    decided = desk.tell(folk.says(gate, "ann", "a", desk.now, conditions=("keep it small",))).said(e.GateDecided)
    assert decided.conditions == ("keep it small",)


@pytest.mark.parametrize(
    ("gate", "key", "conditions"),
    [(False, "a", ("but",)), (True, "r", ("but",)), (True, "a", (" ",)), (True, "a", ("x",) * 21)],
)
def test_conditions_go_with_a_yes_that_may_have_some(
    desk: Desk, folk: Townsfolk, gate: bool, key: str, conditions: tuple[str, ...]
) -> None:
    asked = opened(desk, conditions=gate)
    assert refused(desk, folk.says(asked, "ann", key, desk.now, conditions=conditions)).code == "bad_choice"


# --- several people -------------------------------------------------------------------------------------------------


def vote(desk: Desk, folk: Townsfolk, gate: e.GateOpened, person: str, key: str) -> list[type[e.Event]]:
    return [type(event) for event in desk.tell(folk.says(gate, person, key, desk.now)).last]


def test_two_of_three_who_say_yes_decide(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2, roles=("approver",))
    assert vote(desk, folk, gate, "ann", "a") == [e.GateVoted]
    assert vote(desk, folk, gate, "cy", "a") == [e.GateVoted, e.GateDecided]
    assert desk.said(e.GateDecided).approver == "ann, cy"


def test_nobody_counts_twice(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2)
    vote(desk, folk, gate, "ann", "a")
    assert refused(desk, folk.says(gate, "ann", "a", desk.now)).code == "already_decided"


def test_with_a_veto_one_rejection_ends_it(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2, roles=("approver",), veto=True)
    vote(desk, folk, gate, "ann", "a")
    assert vote(desk, folk, gate, "bob", "x") == [e.GateVoted, e.GateDecided]
    assert desk.said(e.GateDecided).key == "x"


def test_without_a_veto_one_rejection_of_three_is_a_vote_and_two_can_still_agree(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2, roles=("approver",))
    assert vote(desk, folk, gate, "bob", "x") == [e.GateVoted]
    vote(desk, folk, gate, "ann", "a")
    assert vote(desk, folk, gate, "cy", "a") == [e.GateVoted, e.GateDecided]
    assert desk.said(e.GateDecided).key == "a"


def test_without_a_veto_it_ends_as_soon_as_no_quorum_can_be_reached(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=3, roles=("approver",))
    assert vote(desk, folk, gate, "bob", "x") == [e.GateVoted, e.GateDecided]
    assert desk.said(e.GateDecided).key == "x"


def test_the_gate_says_how_many_are_counted_where_it_names_a_number(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2, of=2)
    assert vote(desk, folk, gate, "bob", "x") == [e.GateVoted, e.GateDecided]


def test_too_few_people_reject_nothing_by_being_few(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, quorum=2, roles=("security",))
    assert vote(desk, folk, gate, "bob", "a") == [e.GateVoted]


# --- reminders and escalation ---------------------------------------------------------------------------------------


def test_reminders_come_one_after_the_other_and_each_once(desk: Desk) -> None:
    opened(desk, remind_s=60.0)
    assert desk.timers == {"gate:approve-plan:1/reminder:1": 61_000}
    desk.at(61_000).tell(c.GateReminder("approve-plan", 1, 1))
    assert desk.said(e.GateReminded).number == 1
    assert desk.tell(c.GateReminder("approve-plan", 1, 1)).last == ()
    assert desk.timers["gate:approve-plan:1/reminder:2"] == 121_000


def test_after_a_long_silence_there_is_one_reminder(desk: Desk) -> None:
    opened(desk, remind_s=60.0)
    desk.at(10_000_000).tell(c.GateReminder("approve-plan", 1, 1))
    assert desk.timers["gate:approve-plan:1/reminder:2"] == 10_060_000


def test_when_nobody_decides_others_may_as_well(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, roles=("security",), escalate={"after_s": 60.0, "to": ("approver",)})
    assert refused(desk, folk.says(gate, "ann", "a", desk.now)).code == "not_your_gate"
    desk.at(61_000).tell(c.GateEscalation("approve-plan", 1))
    assert desk.said(e.GateEscalated).to == ("approver",)
    assert desk.tell(c.GateEscalation("approve-plan", 1)).last == ()
    assert desk.tell(folk.says(gate, "ann", "a", desk.now)).said(e.GateDecided).approver == "ann"


def test_a_decision_leaves_no_timer_behind(desk: Desk, folk: Townsfolk) -> None:
    gate = opened(desk, remind_s=60.0, timeout_s=600.0, escalate={"after_s": 60.0, "to": ("approver",)})
    assert len(desk.timers) == 3
    desk.tell(folk.says(gate, "ann", "a", desk.now))
    assert desk.timers == {}


@pytest.mark.parametrize("command", [c.GateReminder("approve-plan", 1, 1), c.GateEscalation("approve-plan", 1)])
def test_a_timer_that_fires_far_too_early_says_nothing_and_is_set_again(desk: Desk, command: Any) -> None:
    opened(desk, remind_s=3600.0, escalate={"after_s": 3600.0, "to": ("approver",)})
    assert desk.at(2_000).tell(command).last == ()
    assert max(desk.timers.values()) > 3_601_000


# --- gates that wait for no person ------------------------------------------------------------------------------------


def test_a_timer_gate_goes_on_at_its_time(desk: Desk) -> None:
    opened(desk, kind="timer", timeout_s=60.0)
    desk.at(61_000).tell(c.GateDeadline("approve-plan", 1))
    assert (desk.said(e.GateDecided).via, desk.said(e.GateDecided).key) == ("timer", "a")


def test_auto_approve_does_not_shorten_a_timer(desk: Desk) -> None:
    desk.tell(OPEN(kind="timer", timeout_s=60.0, default="approve", auto=True, auto_approve=True))
    assert [type(event) for event in desk.last] == [e.GateOpened]


REPO = {"repo": {"url": "/r", "base": "b"}, "commit": "c1"}


def ran(number: int, *, passed: bool, command: str = "make ci") -> e.GateCommandRan:
    return e.GateCommandRan("approve-plan", 1, number, "validator-1", "c1", command, 0 if passed else 1, passed)


def waiting_for_command(desk: Desk) -> c.JudgeGate:
    gate = msgspec.to_builtins(OPEN(kind="command", command="make ci", timeout_s=600.0))
    desk.tell(msgspec.convert({**gate, **REPO}, c.OpenGate))
    return msgspec.convert({"gate": "approve-plan", "visit": 1, "number": 1, **REPO}, c.JudgeGate)


def test_a_command_gate_goes_on_when_its_command_passes(desk: Desk) -> None:
    judge = waiting_for_command(desk)
    assert isinstance(desk.asks[-1], c.RunGateCommand)
    desk.hear(ran(1, passed=True)).tell(judge)
    assert desk.said(e.GateDecided).via == "command"


def test_a_command_that_does_not_pass_is_run_again_after_a_while(desk: Desk) -> None:
    judge = waiting_for_command(desk)
    desk.hear(ran(1, passed=False)).tell(judge)
    assert desk.last == ()
    assert desk.timers["gate:approve-plan:1/poll"] == 31_000
    desk.at(31_000).tell(c.PollGate("approve-plan", 1, 2, judge.repo, "c1"))
    assert desk.asks[-1] == c.RunGateCommand("approve-plan", 1, 2, judge.repo, "c1", "make ci")


def test_another_command_that_passes_opens_nothing(desk: Desk) -> None:
    judge = waiting_for_command(desk)
    desk.hear(ran(1, passed=True, command="true")).tell(judge)
    assert desk.last == ()


def test_a_command_that_passes_on_another_commit_opens_nothing(desk: Desk) -> None:
    judge = waiting_for_command(desk)
    desk.hear(msgspec.structs.replace(ran(1, passed=True), commit="c2")).tell(judge)
    assert desk.last == ()


def test_a_judgement_without_a_result_in_the_log_opens_nothing(desk: Desk) -> None:
    assert desk.tell(waiting_for_command(desk)).last == ()


def test_a_command_gate_closes_at_its_deadline(desk: Desk) -> None:
    waiting_for_command(desk)
    desk.at(700_000).tell(c.GateDeadline("approve-plan", 1))
    assert "had not passed" in desk.said(e.GateClosed).because


@pytest.mark.parametrize("more", [{"text": "use AKIAZ7Q4XJ2M5P8T9W3B"}, {"conditions": ("with AKIAZ7Q4XJ2M5P8T9W3B",)}])
def test_a_secret_in_somebodys_answer_does_not_get_into_the_log(
    desk: Desk, folk: Townsfolk, more: dict[str, Any]
) -> None:
    gate = opened(desk, freeform=True, conditions=True)
    said = refused(desk, folk.says(gate, "ann", "a", desk.now, **more))
    assert "seems to hold a secret" in said.reason and "AKIA" not in str(said)
