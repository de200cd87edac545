"""What counts as an answer at a gate, and what never does?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.cli.answers import AskAgain, Chosen, how_to_decide, is_long, read_choice, read_option
from maestro_contracts.events import GateOpened
from maestro_contracts.records import Choice, Question

CHOICES = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))
GATE = GateOpened("approve-plan", 1, "approve-plan", "Shall it be built?", CHOICES, 0, freeform=True)
STRICT = GateOpened("approve-plan", 1, "approve-plan", "Shall it be built?", CHOICES, 0)


@pytest.mark.parametrize("typed", ["a", "A", "approve", " Approve "])
def test_a_key_or_a_label_is_an_answer(typed: str) -> None:
    assert read_choice(GATE, typed) == Chosen(CHOICES[0])


@pytest.mark.parametrize(
    "typed", ["", " ", "no, stop", "y", "yes", "ok", "appr", "approve it", "a r", "a,", "aa", "-a", "1", "approve\x00"]
)
def test_anything_else_is_asked_again(typed: str) -> None:
    assert isinstance(read_choice(GATE, typed), AskAgain)


def test_a_text_may_follow_a_choice_where_the_gate_takes_one() -> None:
    assert read_choice(GATE, "revise: shorter: please") == Chosen(CHOICES[1], "shorter: please")
    assert isinstance(read_choice(STRICT, "revise: shorter"), AskAgain)


def test_an_empty_text_may_be_said_to_be_meant() -> None:
    assert read_choice(GATE, "a:") == Chosen(CHOICES[0], "")


@given(st.text())
def test_no_text_decides_unless_it_begins_with_a_choice(typed: str) -> None:
    answer = read_choice(GATE, typed)

    if isinstance(answer, Chosen):
        before = typed.partition(":")[0].strip().casefold()
        assert before in (answer.choice.key, answer.choice.label)


def test_what_was_typed_is_shown_with_its_control_characters_visible() -> None:
    answer = read_choice(GATE, "\x1b[2Ja")

    assert isinstance(answer, AskAgain)
    assert "\x1b" not in answer.reason and "\\x1b" in answer.reason


OPTIONS = Question("db", "Which database?", options=("SQLite", "PostgreSQL"), default="SQLite")


@pytest.mark.parametrize(("typed", "answer"), [("", "SQLite"), ("2", "PostgreSQL"), ("postgresql", "PostgreSQL")])
def test_a_question_takes_an_option_its_number_or_its_default(typed: str, answer: str) -> None:
    assert read_option(OPTIONS, typed) == answer


@pytest.mark.parametrize("typed", ["3", "0", "-1", "Post", "²"])
def test_a_question_with_options_takes_nothing_else(typed: str) -> None:
    assert isinstance(read_option(OPTIONS, typed), AskAgain)


def test_a_question_without_options_takes_any_text() -> None:
    assert read_option(Question("name", "What is it called?"), " tags ") == "tags"


def test_a_question_that_comes_with_a_form_is_answered_in_the_editor() -> None:
    assert is_long(Question("specification", "Write it", default="# Title\n\n-\n"))
    assert not is_long(Question("name", "What is it called?", default="tags"))


def test_the_commands_that_decide_name_the_run_the_gate_and_each_choice() -> None:
    commands = how_to_decide("tags-abc234", "approve-plan", GATE)

    assert commands[0] == "maestro gate decide approve-plan approve --run tags-abc234"
    assert [command.split()[4] for command in commands] == ["approve", "revise", "abort"]
