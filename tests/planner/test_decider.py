"""What the planner without a language model answers: a PRD, questions, or a refusal that says what to give."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from maestro.planner.decider import Plan, Planned, Questions, Refused, SpecificationPlanner, as_told
from maestro.planner.discovery import Found
from maestro.planner.specification import MINIMAL, parse
from maestro_contracts.commands import DraftPlan
from maestro_contracts.records import Codebase, Decision, Prd, Question, Repo, Requirement

TESTED = Codebase(test_commands=("python -m pytest -q",))
UNTESTED = Codebase()
SPEC = "# Slugs\n\nWhy.\n\n## Requirements\n\n- R-1: one. Check: `a`\n- R-2: two\n"


def request(text: str = SPEC, source: str = "spec", **more: Any) -> DraftPlan:
    return DraftPlan(
        "plan", 1, 1, more.pop("feature", "a feature"), source, text, Repo("u", "b"), **{"version": 1, **more}
    )


def sentence(**more: Any) -> DraftPlan:
    return request("make slugs", "sentence", feature="make slugs", **more)


def plan(asked: DraftPlan, codebase: Codebase = TESTED) -> Plan:
    return SpecificationPlanner().plan(asked, codebase)


def planned(asked: DraftPlan, codebase: Codebase = TESTED) -> Planned:
    answer = plan(asked, codebase)
    assert isinstance(answer, Planned), answer
    return answer


def questions(asked: DraftPlan, codebase: Codebase = TESTED) -> dict[str, Question]:
    answer = plan(asked, codebase)
    assert isinstance(answer, Questions), answer
    return {question.id: question for question in answer.questions}


def refused(asked: DraftPlan, codebase: Codebase = TESTED) -> str:
    answer = plan(asked, codebase)
    assert isinstance(answer, Refused), answer
    assert answer.problem.kind == "structural"
    return f"{answer.problem.reason}. {answer.problem.mend}"


# --- from a specification ---------------------------------------------------------------------------------------------


def test_a_specification_becomes_a_prd_that_says_what_it_says() -> None:
    assert planned(request()).prd == Prd(
        feature="Slugs",
        slug="slugs",
        version=1,
        priority="medium",
        requirements=(Requirement("R-1", "one.", check="a"), Requirement("R-2", "two")),
        body="Why.",
    )


def test_the_feature_of_the_request_is_taken_where_the_specification_names_none() -> None:
    assert planned(request("- one\n", feature="Make it so")).prd.feature == "Make it so"


def test_what_proves_a_requirement_without_a_check_is_said() -> None:
    (decision,) = planned(request()).decisions
    assert (decision.id, decision.evidence) == ("acceptance-v1", ("R-2",))


def test_what_was_passed_over_is_said() -> None:
    decisions = planned(request(SPEC + "\n## Steps\n\n- a step\n")).decisions
    assert "1 list items below 'Steps'" in decisions[0].evidence[0]


def test_the_same_request_gives_the_same_plan() -> None:
    assert plan(request()) == plan(request())


def test_a_broken_specification_is_refused_with_its_line() -> None:
    assert "line 2: R-1 depends on R-7" in refused(request("# F\n- R-1: a. Depends on: R-7\n"))


def test_a_broken_specification_is_asked_for_again_where_somebody_is_there() -> None:
    broken = "# F\n- R-1: a. Depends on: R-7\n"
    asked = questions(request(broken, interactive=True))["specification"]
    assert "line 2: R-1 depends on R-7" in asked.text
    assert asked.default == broken


# --- from a sentence --------------------------------------------------------------------------------------------------


def test_a_bare_sentence_is_refused_and_the_refusal_shows_what_to_give() -> None:
    said = refused(sentence())
    assert "--spec FILE" in said and MINIMAL in said


def test_a_bare_sentence_is_asked_about_where_somebody_is_there() -> None:
    asked = questions(sentence(interactive=True))
    assert list(asked) == ["specification"]
    assert asked["specification"].default.startswith("# make slugs\n")


def test_a_missing_test_command_is_asked_for_in_the_same_breath() -> None:
    assert list(questions(sentence(interactive=True), UNTESTED)) == ["specification", "test_command"]


def test_the_form_holds_no_requirement_of_its_own() -> None:
    form = questions(sentence(interactive=True))["specification"].default
    assert "no requirements" in refused(sentence(interactive=True, answers={"specification": form}))


def test_the_form_filled_in_is_a_specification() -> None:
    form = questions(sentence(interactive=True))["specification"].default
    filled = form.replace("## Requirements\n\n-\n", "## Requirements\n\n- one. Check: `a`\n", 1)
    prd = planned(sentence(interactive=True, answers={"specification": filled})).prd
    assert (prd.feature, prd.requirements) == ("make slugs", (Requirement("R-1", "one.", check="a"),))


def test_the_example_in_the_form_is_one_that_can_be_used() -> None:
    form = questions(sentence(interactive=True))["specification"].default
    example = form.split("An example:\n")[1].split("\n`Check`")[0]
    one, two = parse(example).requirements
    assert (one.check, one.files) == ("python -m pytest -q tests/test_slug.py", ("src/slug.py", "tests/test_slug.py"))
    assert (two.priority, two.depends_on) == ("should", ("R-1",))


@pytest.mark.parametrize("answer", ["", "  \n"])
def test_an_empty_answer_means_no(answer: str) -> None:
    assert "no requirements" in refused(sentence(interactive=True, answers={"specification": answer}))


def test_an_answer_that_cannot_be_read_is_handed_back_to_be_mended() -> None:
    asked = questions(sentence(interactive=True, answers={"specification": "- R-1: a\n- R-1: b\n"}))
    assert asked["specification"].default == "- R-1: a\n- R-1: b\n"


# --- nothing unproved -------------------------------------------------------------------------------------------------


def test_a_requirement_that_nothing_could_prove_is_refused() -> None:
    said = refused(request(), UNTESTED)
    assert "nothing could prove R-2" in said and "validation.test_commands" in said


def test_or_the_test_command_is_asked_for_once() -> None:
    assert "R-2" in questions(request(interactive=True), UNTESTED)["test_command"].why
    assert "nothing could prove" in refused(request(interactive=True, answers={"test_command": ""}), UNTESTED)


def test_checks_for_all_requirements_are_enough() -> None:
    assert planned(request("# F\n- a. Check: `x`\n"), UNTESTED).decisions == ()


def test_what_people_say_of_the_commands_counts_for_more_than_what_was_found() -> None:
    found = Found(msgspec.structs.replace(TESTED, lint_commands=("l",)), (Decision("test-command", "", "", "", 1),))
    assert as_told(found, request()) == found
    told = as_told(found, request(answers={"test_command": " make t \n"}))
    assert (told.codebase.test_commands, told.decisions) == (("make t",), ())
    told = as_told(found, request(test_commands=("a", "b"), lint_commands=("c",), answers={"test_command": "x"}))
    assert (told.codebase.test_commands, told.codebase.lint_commands) == (("a", "b"), ("c",))


# --- revisions --------------------------------------------------------------------------------------------------------

PRD = Prd(
    "F", "the-slug", 1, "high",
    (Requirement("R-1", "one", check="a"), Requirement("R-2", "two", depends_on=("R-1",)), Requirement("R-3", "three")),
    ("#1",), ("old",), "Why.",
)  # fmt: skip


def revised(text: str, **more: Any) -> Planned:
    return planned(request(previous=PRD, revision=text, version=2, **more))


def requirements(text: str) -> dict[str, Requirement]:
    return {requirement.id: requirement for requirement in revised(text).prd.requirements}


def test_a_revision_in_plain_words_is_a_constraint_and_changes_no_requirement() -> None:
    answer = revised("Please use\nfewer words.\n\nAnd be quick")
    assert answer.prd.requirements == PRD.requirements
    assert answer.prd.constraints == ("old", "Please use fewer words.", "And be quick")
    assert (answer.prd.version, answer.prd.slug, answer.prd.related_issues) == (2, "the-slug", ("#1",))
    assert answer.decisions[0].id == "revision-v2"
    assert "constraint: And be quick" in answer.prd.body


def test_the_documented_edits_are_carried_out() -> None:
    edits = "add: four (should). Check: `d`\n- drop R-3\nR-2: two and a half\ncheck R-2: `make it`\n"
    more = "* files R-1: a.py, b.py\ndepends R-4: R-1, R-2\npriority R-1: could\nrole R-1: docs"
    assert requirements(edits + more) == {
        "R-1": Requirement("R-1", "one", "could", "a", ("a.py", "b.py"), role="docs"),
        "R-2": Requirement("R-2", "two and a half", check="make it", depends_on=("R-1",)),
        "R-4": Requirement("R-4", "four.", "should", "d", depends_on=("R-1", "R-2")),
    }


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ("drop R-9", "there is no requirement R-9"),
        ("drop R-1", "R-2 depends on R-1, which is no requirement here"),
        ("R-9: new", "there is no requirement R-9"),
        ("depends R-1: R-2", "in a circle"),
        ("files R-1: ../x", "outside the repository"),
        ("priority R-1: sometime", "not understood"),
        ("add: three", "says so already"),
        ("R-1: Check: `x`", "gives no text"),
    ],
)
def test_an_edit_that_cannot_be_carried_out_changes_nothing_and_that_is_said(edit: str, why: str) -> None:
    answer = revised(edit)
    assert answer.prd.requirements == PRD.requirements
    assert answer.prd.constraints == PRD.constraints
    assert edit in answer.decisions[0].evidence[0] and why in answer.decisions[0].evidence[0]
    assert f"- not done: {edit}" in answer.prd.body


@pytest.mark.parametrize(
    "text", ["drop tables before tests", "remove the old code", "UTF-8: only", "check the docs: all"]
)
def test_words_that_only_look_like_an_edit_are_a_constraint(text: str) -> None:
    assert revised(text).prd.constraints == ("old", text)


def test_the_last_requirement_is_not_dropped() -> None:
    lone = msgspec.structs.replace(PRD, requirements=PRD.requirements[:1])
    answer = planned(request(previous=lone, revision="drop R-1", version=2))
    assert answer.prd.requirements == lone.requirements


def test_a_whole_new_specification_takes_the_place_of_the_old_one_under_the_same_name() -> None:
    prd = planned(request(previous=PRD, revision="# Other\n\n- only this. Check: `x`\n", version=2)).prd
    assert (prd.feature, prd.slug, prd.version) == ("Other", "the-slug", 2)
    assert prd.requirements == (Requirement("R-1", "only this.", check="x"),)


def test_planning_again_without_a_revision_keeps_the_prd() -> None:
    prd = planned(request(previous=PRD, version=2)).prd
    assert (prd.requirements, prd.constraints, prd.version) == (PRD.requirements, PRD.constraints, 2)


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("text", ["# Other\n\nNo list.\n", "---\nfeature: [\n---\n- a\n"])
def test_a_new_specification_that_cannot_be_read_ends_no_run(text: str, interactive: bool) -> None:
    answer = revised(text, interactive=interactive, answers={"specification": "# An old answer\n- a\n"})
    assert (answer.prd.requirements, answer.prd.constraints) == (PRD.requirements, PRD.constraints)
    assert (answer.prd.version, answer.decisions[0].id) == (2, "revision-v2")
    assert "- not done:" in answer.prd.body and "the specification" in answer.prd.body


PROVED = msgspec.structs.replace(PRD, requirements=PRD.requirements[:1])


def test_an_edit_that_leaves_a_requirement_unproved_is_left_out() -> None:
    answer = planned(request(previous=PROVED, revision="add: more", version=2), UNTESTED)
    assert answer.prd.requirements == PROVED.requirements
    assert "- not done: add: more ... (nothing could prove R-2" in answer.prd.body


def test_or_the_test_command_is_asked_for_first() -> None:
    asked = request(previous=PROVED, revision="add: more", version=2, interactive=True)
    assert list(questions(asked, UNTESTED)) == ["test_command"]
