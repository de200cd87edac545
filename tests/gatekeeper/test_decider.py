"""What does a gate take for an answer, and what does it never take?"""

from __future__ import annotations

import pytest

from maestro.gatekeeper.answers import MAX_TEXT
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Question
from tests.support.gates import ASK, OPEN, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


# --- opening ----------------------------------------------------------------------------------------------------


def test_an_asked_gate_is_open_and_waits(desk: Desk) -> None:
    opened = desk.tell(OPEN(freeform=True)).said(e.GateOpened)
    assert (opened.gate, opened.visit, opened.opened, opened.deadline) == ("approve-plan", 1, 1_000, None)
    assert desk.timers == {}


def test_opening_twice_changes_nothing(desk: Desk) -> None:
    desk.tell(OPEN())
    assert desk.tell(OPEN()).last == ()


def test_a_gate_with_a_timeout_sets_its_deadline_as_a_timer(desk: Desk) -> None:
    opened = desk.tell(OPEN(timeout_s=30)).said(e.GateOpened)
    assert opened.deadline == 31_000
    assert desk.timers == {"gate:approve-plan:1/deadline": 31_000}


def test_auto_approve_takes_the_default_and_says_so(desk: Desk) -> None:
    decided = desk.tell(OPEN(auto=True, auto_approve=True, default="A", timeout_s=30)).said(e.GateDecided)
    assert (decided.choice, decided.key, decided.via, decided.approver) == ("approve", "a", "auto", "--auto-approve")
    assert desk.timers == {}


def test_auto_approve_closes_a_gate_without_a_default(desk: Desk) -> None:
    closed = desk.tell(OPEN(auto=True, auto_approve=True)).said(e.GateClosed)
    assert not closed.expired
    assert "none" in closed.because


def test_auto_approve_leaves_a_gate_that_forbids_it_to_people(desk: Desk) -> None:
    desk.tell(OPEN(auto=False, auto_approve=True, default="approve"))
    assert [type(event) for event in desk.last] == [e.GateOpened]


def test_without_auto_approve_a_default_waits_for_people(desk: Desk) -> None:
    desk.tell(OPEN(auto=True, auto_approve=False, default="approve"))
    assert [type(event) for event in desk.last] == [e.GateOpened]


@pytest.mark.parametrize("broken", [{"choices": ()}, {"quorum": 2}])
def test_a_gate_that_nobody_could_answer_is_closed_at_once(desk: Desk, broken: dict[str, object]) -> None:
    assert desk.tell(OPEN(**broken)).said(e.GateClosed).because


def test_no_gate_opens_in_a_run_that_has_ended(desk: Desk) -> None:
    desk.hear(e.RunCancelled("ann"))
    desk.tell(OPEN())
    assert [type(event) for event in desk.last] == [e.GateClosed]


# --- answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["approve", "a", "A", "Approve", "  approve\n", "APPROVE"])
def test_a_key_or_a_label_decides(desk: Desk, answer: str) -> None:
    decided = desk.tell(OPEN()).tell(ASK(answer)).said(e.GateDecided)
    assert (decided.choice, decided.key, decided.target, decided.approver, decided.via) == (
        "approve",
        "a",
        "",
        "ann",
        "cli",
    )


NO_ANSWERS = [
    "",
    " ",
    "no, stop",
    "yes please",
    "approve!",
    "approve revise",
    "y",
    "yes",
    "app",
    "ap prove",
    "аpprove",
    "a\u200b",
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_anything_else_decides_nothing_and_is_told_the_choices(desk: Desk, answer: str) -> None:
    refused = desk.tell(OPEN()).tell(ASK(answer)).said(e.DecisionRefused)
    assert "approve (a), revise (r), abort (x)" in refused.reason
    assert desk.gate.decided is None


def test_an_answer_that_two_choices_share_decides_nothing(desk: Desk) -> None:
    choices = (Choice("yes", "a"), Choice("a", "b", "_fail"))
    assert desk.tell(OPEN(choices=choices)).tell(ASK("a")).said(e.DecisionRefused)


def test_nothing_is_no_answer_even_to_a_choice_without_a_name(desk: Desk) -> None:
    choices = (Choice(" ", "a"), Choice("no", "n", "_fail"))
    assert desk.tell(OPEN(choices=choices)).tell(ASK("")).said(e.DecisionRefused)


def test_a_second_answer_is_refused_with_who_decided_and_when(desk: Desk) -> None:
    desk.tell(OPEN()).tell(ASK("approve"))
    refused = desk.tell(ASK("abort", by="bob")).said(e.DecisionRefused)
    assert refused.reason == "already decided by ann at 1970-01-01 00:00:01 UTC: approve"


def test_an_answer_to_a_gate_nobody_knows_is_refused_with_the_nearest_name(desk: Desk) -> None:
    refused = desk.tell(OPEN()).tell(ASK("approve", gate="aprove-plan")).said(e.DecisionRefused)
    assert "did you mean 'approve-plan'?" in refused.reason


def test_an_answer_after_the_deadline_is_refused_even_before_the_timer_fires(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30, default="approve"))
    refused = desk.at(31_000).tell(ASK("abort")).said(e.DecisionRefused)
    assert "too late" in refused.reason


def test_an_answer_in_a_run_that_has_ended_is_refused(desk: Desk) -> None:
    desk.tell(OPEN()).hear(e.RunFailed("plan", None, 5))  # type: ignore[arg-type]
    assert desk.tell(ASK("approve")).said(e.DecisionRefused).reason == "the run failed"


def test_visit_zero_means_the_newest_visit(desk: Desk) -> None:
    desk.tell(OPEN()).tell(ASK("revise")).tell(OPEN(visit=2))
    assert desk.tell(ASK("approve")).said(e.GateDecided).visit == 2


def test_an_answer_to_an_earlier_visit_stays_refused(desk: Desk) -> None:
    desk.tell(OPEN()).tell(ASK("revise")).tell(OPEN(visit=2))
    assert "already decided" in desk.tell(ASK("approve", visit=1)).said(e.DecisionRefused).reason


def test_a_decision_unsets_the_deadline(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30)).tell(ASK("approve"))
    assert desk.timers == {}


@pytest.mark.parametrize(
    "who", [{"by": ""}, {"by": " "}, {"by": "a\x1b[2Jb"}, {"via": "auto"}, {"via": "deadline"}, {"via": ""}]
)
def test_an_answer_must_come_from_somebody_who_is_not_the_clock(desk: Desk, who: dict[str, str]) -> None:
    assert desk.tell(OPEN()).tell(ASK("approve", **who)).said(e.DecisionRefused)


# --- free text --------------------------------------------------------------------------------------------------


def test_free_text_comes_with_the_choice_where_the_gate_takes_it(desk: Desk) -> None:
    decided = desk.tell(OPEN(freeform=True)).tell(ASK("revise", text="split it\r\nin two")).said(e.GateDecided)
    assert decided.text == "split it\nin two"


def test_free_text_is_refused_where_the_gate_takes_none(desk: Desk) -> None:
    assert desk.tell(OPEN()).tell(ASK("approve", text="but slowly")).said(e.DecisionRefused)


@pytest.mark.parametrize(
    "text", ["x" * (MAX_TEXT + 1), "é" * (MAX_TEXT // 2 + 1), "\x1b[31mred", "a\x00b", "pay \u202eeur", "\r"]
)
def test_a_text_too_long_or_not_showable_is_refused(desk: Desk, text: str) -> None:
    assert desk.tell(OPEN(freeform=True)).tell(ASK("approve", text=text)).said(e.DecisionRefused)


def test_people_may_write_in_their_own_script(desk: Desk) -> None:
    text = "كتاب, मैं\u200dहूँ, 👩\u200d💻\n\tdone"
    assert desk.tell(OPEN(freeform=True)).tell(ASK("approve", text=text)).said(e.GateDecided).text == text


def test_what_is_refused_is_kept_in_a_form_that_deceives_no_terminal(desk: Desk) -> None:
    refused = desk.tell(OPEN()).tell(ASK("\x1b[2J" + "x" * 999, by="\u202eann")).said(e.DecisionRefused)
    assert refused.given.startswith("\\u001b[2Jxxx")
    assert len(refused.given) == 200
    assert refused.by == "\\u202eann"


# --- questions --------------------------------------------------------------------------------------------------

QUESTIONS = (
    Question("Q-1", "Which format?", options=("JSON", "YAML")),
    Question("Q-2", "Who reads it?"),
    Question("Q-3", "How large?", default="small"),
)
ANSWERING = (Choice("answer", "a"), Choice("abort", "x", "_fail"))


def asking(**more: object) -> c.OpenGate:
    return OPEN(gate="plan.questions", step="plan", choices=ANSWERING, questions=QUESTIONS, **more)


def answering(choice: str = "answer", **answers: str) -> c.DecideGate:
    named = {id.replace("_", "-"): text for id, text in answers.items()}
    return ASK(choice, gate="plan.questions", answers=named)


def test_answers_are_taken_with_the_options_own_words_and_the_defaults(desk: Desk) -> None:
    decided = desk.tell(asking()).tell(answering(Q_1=" json ", Q_2="people")).said(e.GateDecided)
    assert decided.answers == {"Q-1": "JSON", "Q-2": "people", "Q-3": "small"}


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, "without an answer: Q-1, Q-2"),
        ({"Q_1": "JSON", "Q_2": "  "}, "without an answer: Q-2"),
        ({"Q_1": "XML", "Q_2": "people"}, "'XML' is no answer to Q-1: JSON, YAML"),
        ({"Q_1": "JSON", "Q_2": "me", "Q_9": "x"}, "it asks no question 'Q-9'"),
        ({"Q_1": "JSON", "Q_2": "a\x07b"}, "the answer to Q-2 has a character that cannot be shown: U+0007"),
    ],
)
def test_missing_or_wrong_answers_are_refused_by_name(desk: Desk, answers: dict[str, str], reason: str) -> None:
    assert desk.tell(asking()).tell(answering(**answers)).said(e.DecisionRefused).reason.startswith(reason)


def test_who_aborts_need_not_answer(desk: Desk) -> None:
    decided = desk.tell(asking()).tell(answering("abort")).said(e.GateDecided)
    assert (decided.target, decided.answers) == ("_fail", {})


def test_answers_to_a_gate_without_questions_are_refused(desk: Desk) -> None:
    assert desk.tell(OPEN()).tell(ASK("approve", answers={"Q-1": "x"})).said(e.DecisionRefused)


def test_a_default_that_would_need_answers_is_no_default(desk: Desk) -> None:
    desk.tell(asking(default="answer", timeout_s=1)).at(2_000)
    assert desk.tell(c.GateDeadline("plan.questions", 1)).said(e.GateClosed).expired


# --- the deadline -----------------------------------------------------------------------------------------------


def test_at_the_deadline_the_default_is_taken(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30, default="approve")).at(31_000)
    decided = desk.tell(c.GateDeadline("approve-plan", 1)).said(e.GateDecided)
    assert (decided.choice, decided.via, decided.at) == ("approve", "deadline", 31_000)


def test_at_the_deadline_a_gate_without_default_closes_expired(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30)).at(99_000)
    assert desk.tell(c.GateDeadline("approve-plan", 1)).said(e.GateClosed).expired


def test_a_deadline_after_the_decision_changes_nothing(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30, default="approve")).tell(ASK("abort")).at(31_000)
    assert desk.tell(c.GateDeadline("approve-plan", 1)).last == ()


def test_a_deadline_that_comes_far_too_early_takes_nothing_and_is_set_again(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=1_000, default="approve")).at(500_000)
    assert desk.tell(c.GateDeadline("approve-plan", 1)).last == ()
    assert desk.timers == {"gate:approve-plan:1/deadline": 1_502_000}


def test_a_deadline_for_a_gate_that_has_none_takes_nothing(desk: Desk) -> None:
    desk.tell(OPEN(default="approve")).at(10**12)
    assert desk.tell(c.GateDeadline("approve-plan", 1)).last == ()


# --- closing ----------------------------------------------------------------------------------------------------


def test_a_closed_gate_takes_no_answer_and_needs_no_timer(desk: Desk) -> None:
    desk.tell(OPEN(timeout_s=30)).tell(c.CloseGate("approve-plan", 1, "the run was cancelled"))
    assert not desk.said(e.GateClosed).expired
    assert desk.timers == {}
    assert "the run was cancelled" in desk.tell(ASK("approve")).said(e.DecisionRefused).reason


def test_a_gate_closed_before_it_was_opened_never_opens(desk: Desk) -> None:
    desk.tell(c.CloseGate("approve-plan", 1, "the run was cancelled"))
    assert desk.tell(OPEN()).last == ()


def test_closing_a_decided_gate_changes_nothing(desk: Desk) -> None:
    desk.tell(OPEN()).tell(ASK("approve"))
    assert desk.tell(c.CloseGate("approve-plan", 1, "late")).last == ()
