"""Does a claim stand up?"""

from __future__ import annotations

import pytest

from maestro.validator.decider import (
    Checked,
    Kind,
    Looked,
    claims_success,
    failing_tests,
    passed_tests,
    problem_of_checks,
    problem_of_commit,
    requirement_verdict,
    run_verdict,
)
from maestro.validator.tampering import Touched
from maestro_contracts.records import Evidence, FileChange, Ran, Requirement, TaskSpec

TASK = TaskSpec("T-001", "Say more", files=("src/",))
CHANGES = (FileChange("src/a.py", 1, 0),)


def ran(
    command: str = "pytest -q", code: int = 1, kind: Kind = "tests", base: int | None = None, new: tuple[str, ...] = ()
) -> Checked:
    before = None if base is None else Evidence(command, base, 5, base == 0)
    return Checked(kind, Evidence(command, code, 5, code == 0, tail="E  assert 1 == 2\n1 failed"), before, new)


def test_an_honest_commit_has_no_problem() -> None:
    assert problem_of_commit(TASK, "t1", Looked("t1", True, CHANGES)) is None


@pytest.mark.parametrize(
    ("claimed", "looked", "kind"),
    [
        ("t2", Looked("t1", True, CHANGES), "false_claim"),
        ("", Looked("t1", True, CHANGES), "false_claim"),
        ("t1", Looked("t1", False, CHANGES), "false_claim"),
        ("t1", Looked("t1", True, ()), "no_change"),
        ("t1", Looked("t1", True, (*CHANGES, FileChange("other.py", 1, 0))), "scope_violation"),
        ("t1", Looked("t1", True, CHANGES, links=(("src/l", "/etc/passwd"),)), "scope_violation"),
        ("t1", Looked("t1", True, CHANGES, nested=("src/sub",)), "scope_violation"),
        (
            "t1",
            Looked("t1", True, CHANGES, tests=(Touched("test_a.py", "def test_a(): pass", None),)),
            "tests_tampered",
        ),
    ],
)
def test_what_is_wrong_with_a_commit(claimed: str, looked: Looked, kind: str) -> None:
    problem = problem_of_commit(TASK, claimed, looked)

    assert problem is not None and problem.kind == kind


def test_a_failing_check_is_quoted() -> None:
    problem = problem_of_checks([ran(base=0)], ())

    assert problem is not None
    assert problem.kind == "check_failed"
    assert "`pytest -q` exits 1" in problem.reason and "assert 1 == 2" in problem.reason


@pytest.mark.parametrize(
    ("tail", "tool"),
    [
        ("/usr/bin/python3: No module named pytest", "pytest"),
        ("ModuleNotFoundError: No module named 'hello'", "hello"),
        ("sh: 1: ruff: not found", "ruff"),
        ("sh: line 1: make: command not found", "make"),
    ],
)
def test_a_tool_that_is_missing_is_named_with_the_place_where_it_goes(tail: str, tool: str) -> None:
    problem = problem_of_checks([Checked("check", Evidence("x", 127, 5, False, tail=tail), None, ())], ())

    assert problem is not None and problem.kind == "check_failed"
    assert f"where {tool} is a tool: install it where the validators run" in problem.mend


def test_a_worker_that_said_otherwise_has_lied() -> None:
    problem = problem_of_checks([ran(base=0)], (Ran("python -m pytest", 0),))

    assert problem is not None and problem.kind == "false_claim"
    assert "the worker says that `pytest -q` passes" in problem.reason


def test_a_lie_about_one_command_comes_before_the_failure_of_another() -> None:
    problem = problem_of_checks([ran("make check", kind="check"), ran(base=0)], (Ran("pytest", 0),))

    assert problem is not None and problem.kind == "false_claim"


@pytest.mark.parametrize(
    ("said", "lie"),
    [
        (Ran("pytest  -q", 0), True),
        (Ran("python3 -m pytest tests", 0), True),
        (Ran("the project's tests", 0), True),
        (Ran("pytest -q", 1), False),
        (Ran("ruff check", 0), False),
        (Ran("cat pytest.ini", 0), False),
    ],
)
def test_what_counts_as_saying_that_the_tests_pass(said: Ran, lie: bool) -> None:
    assert claims_success([said], ran()) is lie


def test_tests_that_failed_before_in_the_same_way_are_not_the_changes_fault() -> None:
    assert problem_of_checks([ran(base=1)], ()) is None


@pytest.mark.parametrize(
    "check", [ran(base=2), ran(base=1, new=("tests/test_a.py::test_new",)), ran(kind="check", base=1)]
)
def test_another_failure_than_before_and_any_failing_acceptance_check_are(check: Checked) -> None:
    assert problem_of_checks([check], ()) is not None


def test_pytests_summary_is_read() -> None:
    output = "FAILED tests/test_a.py::test_x[a b] - assert 1 == 2\nERROR tests/test_b.py\nsomething FAILED here\n"

    assert failing_tests(output) == {"tests/test_a.py::test_x[a b]", "tests/test_b.py"}


@pytest.mark.parametrize(
    ("output", "passed"),
    [
        ("..\n2 passed in 0.01s\n", 2),
        ("1 failed, 12 passed, 3 warnings in 2s", 12),
        ("Ran 7 tests in 0.1s\n\nOK", 7),
        ("# tests 4\n# pass 4\n", 4),
        ("test_a.py::test_a\n\n1 test collected in 0.01s", 0),
        ("", 0),
    ],
)
def test_the_tests_that_passed_are_counted(output: str, passed: int) -> None:
    assert passed_tests(output) == passed


def test_a_requirement_is_met_by_its_own_check_only() -> None:
    requirement = Requirement("R-1", "It works", check="true")

    assert requirement_verdict(requirement, ran("true", 0, "check"), []).verdict == "met"
    assert requirement_verdict(requirement, ran("true", 1, "check"), []).verdict == "not_met"
    unproven = requirement_verdict(Requirement("R-2", "It is nice"), None, [ran(code=0)])
    assert (unproven.verdict, unproven.why) == ("cannot_tell", "it names no acceptance check; the project's tests pass")


def test_a_run_is_met_where_nothing_is_known_to_fail() -> None:
    nice = requirement_verdict(Requirement("R-2", "It is nice"), None, [])
    missed = requirement_verdict(Requirement("R-1", "x", check="false"), ran("false", 1, "check"), [])

    assert run_verdict([nice], [ran(code=0)]) == "met"
    assert run_verdict([nice], [ran(base=1)]) == "met"
    assert run_verdict([nice], [ran(base=0)]) == "not_met"
    assert run_verdict([nice, missed], []) == "not_met"
