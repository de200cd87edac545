"""What is read out of a specification, and what is said where it cannot be read."""

from __future__ import annotations

import re

import pytest

from maestro.planner.errors import SpecificationError
from maestro.planner.specification import MAX_CHARS, MINIMAL, parse
from maestro_contracts.records import Requirement


def only(text: str) -> Requirement:
    """The one requirement of a specification whose requirements section holds this text."""
    (requirement,) = parse(f"# Feature\n\n## Requirements\n\n{text}\n").requirements
    return requirement


def ids(text: str) -> list[str]:
    return [requirement.id for requirement in parse(text).requirements]


def refusal(text: str) -> SpecificationError:
    with pytest.raises(SpecificationError) as caught:
        parse(text)
    return caught.value


# --- the feature and its requirements ---------------------------------------------------------------------------------


def test_the_first_heading_is_the_feature() -> None:
    assert parse("# Slugs for **everyone**\n\n- one thing\n").feature == "Slugs for everyone"


def test_a_first_heading_that_only_announces_requirements_is_no_feature() -> None:
    assert parse("## Requirements\n\n- one thing\n").feature == ""


@pytest.mark.parametrize("line", ["- one thing", "* one thing", "1. one thing", "7) one thing", "- [ ] one thing"])
def test_bullets_numbers_and_open_checkboxes_are_requirements(line: str) -> None:
    assert only(line) == Requirement("R-1", "one thing")


@pytest.mark.parametrize(
    "line", ["R-7: one thing", "**R-7** one thing", "**R-7:** one thing", "**R-7: one thing**", "[R-7] one thing"]
)
def test_an_explicit_id_is_kept_however_it_is_written(line: str) -> None:
    assert only(f"- {line}") == Requirement("R-7", "one thing")


@pytest.mark.parametrize("text", ["UTF-8: is read", "**HTTP2** is spoken", "S3: holds the files", "Python3: only"])
def test_names_of_standards_and_products_are_not_taken_for_ids(text: str) -> None:
    requirement = only(f"- {text}")
    assert (requirement.id, requirement.text) == ("R-1", text)


def test_ids_are_given_around_those_that_are_taken() -> None:
    assert ids("# F\n- a\n- R-2: b\n- c\n- R1: d\n") == ["R-3", "R-2", "R-4", "R1"]


def test_a_text_that_goes_on_over_lines_is_one_text() -> None:
    assert only("- one thing\n  that goes on\n  and on") == Requirement("R-1", "one thing that goes on and on")


def test_nested_bullets_are_details_of_the_text() -> None:
    assert (
        only("- one thing\n  - a detail\n  - another\n    - deeper").text
        == "one thing\n- a detail\n- another\n  - deeper"
    )


def test_a_heading_with_an_id_is_a_requirement_with_all_that_stands_below_it() -> None:
    first, second = parse(
        "# F\n\n## Requirements\n\n### R-1: Log in\n\nPeople log in.\n\n- Check: `a`\n- quickly\n\n### R-2: Log out\n"
    ).requirements
    assert first == Requirement("R-1", "Log in\nPeople log in.\n- quickly", check="a")
    assert second == Requirement("R-2", "Log out")


def test_nested_bullets_with_ids_are_requirements_and_the_one_above_is_their_section() -> None:
    one, two, three = parse(
        "# F\n- R-1: Accounts\n  - Role: database\n  - R-1.1: open\n  - R-1.2: close. Depends on: R-1.1\n"
        "- last. Depends on: R-1\n"
    ).requirements
    assert (one.id, one.section, one.role) == ("R-1.1", "Accounts", "database")
    assert two.depends_on == ("R-1.1",)
    assert three.depends_on == ("R-1.1", "R-1.2")


def test_each_row_of_a_table_of_requirements_is_one() -> None:
    rows = "| FR-1 | one | could | `a \\| b` |\n| FR-2 | two | | |\n"
    table = f"| ID | Requirement | Priority | Check |\n|--|--|--|--|\n{rows}"
    assert parse(f"# F\n\n## Requirements\n\n{table}").requirements == (
        Requirement("FR-1", "one", priority="could", check="a | b"),
        Requirement("FR-2", "two"),
    )


# --- which lists count ------------------------------------------------------------------------------------------------


def test_without_a_section_for_them_all_lists_are_requirements() -> None:
    requirements = parse("# F\n\n## Reading\n\n- a\n\n## Writing\n\n- b\n").requirements
    assert [(r.text, r.section) for r in requirements] == [("a", "Reading"), ("b", "Writing")]


def test_with_a_section_for_them_other_lists_are_passed_over_and_that_is_said() -> None:
    specification = parse("# F\n\n## Steps\n\n- a\n\n## Requirements\n\n- b\n\n### Reading\n\n- c\n")
    assert [(r.text, r.section) for r in specification.requirements] == [("b", ""), ("c", "Reading")]
    assert specification.notes == ("1 list items below 'Steps' were not read as requirements",)


def test_background_is_kept_as_prose_and_is_no_requirement() -> None:
    specification = parse("# F\n\nWhy we do it.\n\n## Background\n\n- an old story\n\n## Requirements\n\n- a\n")
    assert [r.text for r in specification.requirements] == ["a"]
    assert specification.body == "Why we do it.\n\n## Background\n\n- an old story"


def test_constraints_and_what_is_out_of_scope_are_constraints() -> None:
    text = "# F\n- a\n\n## Constraints\n\n- no new\n  package\n\nPython 3.11.\n\n## Out of scope\n\n- a web page\n"
    assert parse(text).constraints == ("no new package", "Python 3.11.", "Out of scope: a web page")


def test_a_ticked_item_is_done_and_what_depends_on_it_can_start() -> None:
    specification = parse("# F\n- [x] R-1: a\n- [ ] R-2: b. Depends on: R-1\n")
    assert specification.requirements == (Requirement("R-2", "b."),)
    assert specification.notes == ("ticked items are done already and were not planned: R-1",)


def test_acceptance_criteria_in_a_section_of_their_own_go_to_the_requirements_they_name() -> None:
    specification = parse(
        "# F\n\n## Requirements\n\n- R-1: a\n\n## Acceptance criteria\n\n- R-1: `make a`\n- all is quick\n"
    )
    assert specification.requirements == (Requirement("R-1", "a", check="make a"),)
    assert specification.constraints == ("Acceptance: all is quick",)


def test_related_issues_are_gathered_from_their_section_and_from_the_text() -> None:
    text = "# F\n\nSee #12 and C#7.\n\n- R-1: a, as in #3\n\n## Related issues\n\n- ABC-12, https://example.org/i/9\n"
    assert parse(text).related_issues == ("#12", "#3", "ABC-12", "https://example.org/i/9")


def test_comments_and_code_are_not_read() -> None:
    assert ids("# F\n<!--\n- R-8: no\n-->\n\n```\n- R-9: no #1\n```\n\n- R-1: yes <!-- no -->\n") == ["R-1"]


# --- attributes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "- one. Check: `make it`",
        "- one. Acceptance: `make it`.",
        "- one. (Check: `make it`)",
        "- one.\n  Check: `make it`",
        "- one.\n  - Acceptance check: `make it`",
        "- one.\n  - **Check:** `make it`",
        "- one.\n  - Acceptance:\n    - `make it`",
        "- one.\n  - Acceptance:\n    ```sh\n    make it\n    ```",
        "- one.\n\n  ```sh acceptance\n  make it\n  ```",
        "- one.\n\n  Check:\n\n  ```\n  make it\n  ```",
    ],
)
def test_a_check_is_read_wherever_it_may_stand(written: str) -> None:
    assert only(written) == Requirement("R-1", "one.", check="make it")


def test_a_check_is_kept_to_the_letter() -> None:
    assert only("- one. Check: `` echo 'a  `b`   c' ``").check == "echo 'a  `b`   c'"


def test_several_checks_must_all_succeed() -> None:
    assert only("- one. Check: `a`, `b` and `c`\n  - Check: `d`").check == "a && b && c && d"


def test_a_check_of_several_lines_fails_with_its_first_failing_line() -> None:
    assert only("- one\n  ```sh check\n  false\n\n  true\n  ```").check == "set -e\nfalse\ntrue"


def test_words_are_never_taken_for_a_command() -> None:
    specification = parse("# F\n- one. Acceptance: it works everywhere\n")
    assert specification.requirements == (Requirement("R-1", "one. Acceptance: it works everywhere"),)
    assert "R-1 has an acceptance in words only" in specification.notes[0]


def test_what_looks_like_an_attribute_within_a_sentence_or_in_code_stays_text() -> None:
    text = "print the role: admin, and `x. Check: y`"
    assert only(f"- {text}") == Requirement("R-1", text)


@pytest.mark.parametrize(
    ("written", "priority"),
    [
        ("one (should)", "should"), ("one [could]", "could"), ("should: one", "should"), ("P3: one", "could"),
        ("one. Priority: low", "could"), ("one", "must"), ("R-1 (could): one", "could"),
        ("**R-1** (could): one", "could"), ("R-1: (could) one", "could"),
    ],
)  # fmt: skip
def test_priorities_are_read_where_they_are_marked(written: str, priority: str) -> None:
    requirement = only(f"- {written}")
    assert (requirement.priority, requirement.text.rstrip(".")) == (priority, "one")


def test_a_loud_word_is_a_priority_and_a_quiet_one_is_not() -> None:
    assert only("- it SHOULD be quick").priority == "should"
    assert only("- it should be quick").priority == "must"


def test_sections_named_after_a_priority_give_it() -> None:
    requirements = parse("# F\n\n## Must have\n\n- a\n\n## Nice to have\n\n- b\n\n## Won't have\n\n- c\n").requirements
    assert [(r.text, r.priority, r.section) for r in requirements] == [("a", "must", ""), ("b", "could", "")]


@pytest.mark.parametrize("written", ["a.py, b/*.py", "`a.py`, `b/*.py`", "`a.py` and `b/*.py`", "`a.py, b/*.py`"])
def test_files_are_read_with_and_without_code_marks(written: str) -> None:
    assert only(f"- one. Files: {written}.").files == ("a.py", "b/*.py")


def test_a_path_with_a_space_needs_code_marks_and_else_is_no_path() -> None:
    assert only("- one. Files: `b c.py`").files == ("b c.py",)
    assert only("- one. Files: b c.py").text == "one. Files: b c.py"


@pytest.mark.parametrize("path", ["/etc/passwd", "../other.py", "a/../../b", "~/x", "C:\\x.py"])
def test_a_file_outside_the_repository_is_refused(path: str) -> None:
    error = refusal(f"# F\n\n- one\n  Files: {path}\n")
    assert (error.line, "outside the repository" in error.reason) == (4, True)


def test_role_and_dependencies_are_read() -> None:
    one = parse("# F\n- a\n- b. Role: Frontend. Depends on: R-1\n- c\n  Depends on: 1, R-2 and none\n").requirements
    assert (one[1].role, one[1].depends_on, one[2].depends_on) == ("frontend", ("R-1",), ("R-1", "R-2"))


# --- front matter -----------------------------------------------------------------------------------------------------


def test_front_matter_says_feature_priority_and_issues() -> None:
    text = "---\nfeature: Slugs\npriority: High\nrelated_issues: [GH-7]\nauthor: someone\n---\n\n# Else\n\n- a\n"
    specification = parse(text)
    assert (specification.feature, specification.priority) == ("Slugs", "high")
    assert specification.related_issues == ("GH-7",)


def test_a_priority_line_below_the_title_is_that_of_the_feature() -> None:
    specification = parse("# F\n\nPriority: high\n\nMore.\n\n- a\n")
    assert (specification.priority, specification.body) == ("high", "More.")


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert parse("---\n\n# F\n\n- a\n\n---\n").feature == "F"


def test_requirements_in_the_front_matter_take_the_place_of_the_lists() -> None:
    text = (
        "---\nfeature: F\nrequirements:\n  - {id: R-1, text: one, check: a}\n---\n\n## Requirements\n\n- R-1: other\n"
    )
    assert parse(text).requirements == (Requirement("R-1", "one", check="a"),)


@pytest.mark.parametrize(
    ("head", "line"),
    [("feature: [", 3), ("feature: a\nfeature: b", 3), ("a: b\n  c: d\n e", 4), ("requirements: 7", 1),
     ("requirements:\n - text: x", 1)],
)  # fmt: skip
def test_broken_front_matter_is_named_with_its_line(head: str, line: int) -> None:
    error = refusal(f"---\n{head}\n---\n- a\n")
    assert "front matter" in error.reason
    assert abs(error.line - line) <= 1


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# Only a title\n", "# F\n\nOnly prose.\n", "# F\n\n## Requirements\n\n-\n"]
)
def test_a_specification_without_requirements_is_refused_and_the_least_form_shown(text: str) -> None:
    error = refusal(text)
    assert (error.line, MINIMAL in error.mend) == (0, True)


def test_the_least_form_that_is_shown_is_one_that_is_taken() -> None:
    assert parse(MINIMAL).requirements == (
        Requirement("R-1", "one thing that must be true at the end", check="a command that proves it"),
    )


@pytest.mark.parametrize("second", ["R-1", "R1"])
def test_a_duplicate_id_is_refused_on_its_line_and_names_the_first(second: str) -> None:
    error = refusal(f"# F\n\n- R-1: a\n- {second}: b\n")
    assert (error.line, error.reason) == (4, f"the requirement id {second} was taken before, on line 3")


def test_an_unknown_dependency_is_refused_on_its_line_and_the_known_ones_are_named() -> None:
    error = refusal("---\nfeature: F\n---\n- R-1: a\n- R-2: b\n  Depends on: R-9\n")
    assert (error.line, error.reason) == (6, "R-2 depends on R-9, which is no requirement here")
    assert "R-1, R-2" in error.mend


def test_a_cycle_is_refused_and_shown() -> None:
    error = refusal("# F\n- R-1: a. Depends on: R-3\n- R-2: b. Depends on: R-1\n- R-3: c. Depends on: R-2\n")
    assert error.line in (2, 3, 4)
    assert re.search(r"R-\d -> R-\d -> R-\d -> R-\d", error.reason)


def test_a_requirement_that_depends_on_itself_is_refused() -> None:
    assert "depends on itself" in refusal("# F\n- R-1: a. Depends on: R-1\n").reason


def test_an_acceptance_block_that_belongs_to_nothing_is_refused_on_its_line() -> None:
    error = refusal("# F\n\n- a\n\n```sh acceptance\nmake\n```\n")
    assert (error.line, "belongs to no requirement" in error.reason) == (5, True)


def test_a_check_on_a_group_of_requirements_is_refused() -> None:
    assert "has parts with ids and a check" in refusal("# F\n- R-1: a. Check: `x`\n  - R-1.1: b\n").reason


def test_a_text_that_is_too_long_is_refused_before_it_is_parsed() -> None:
    assert "characters" in refusal("- a\n" * MAX_CHARS).reason


def test_a_paragraph_that_no_person_wrote_is_refused() -> None:
    assert refusal("# F\n\n- x" + "<!--" * 10_000).line == 3


def test_too_many_requirements_are_refused() -> None:
    assert "more than 2000" in refusal("# F\n" + "- a\n" * 2_001).reason
