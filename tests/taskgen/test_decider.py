"""Which tasks, groups and epics a PRD becomes."""

from __future__ import annotations

from typing import Any

import pytest

from maestro.taskgen.decider import MAX_TASKS, Generated, Refused, generate
from maestro.taskgen.graph import check_graph, display_title
from maestro_contracts.commands import GenerateTasks
from maestro_contracts.records import Codebase, Epic, Prd, Requirement, TaskSpec


def prd(*requirements: Requirement, **more: Any) -> Prd:
    return Prd("F", "f", 1, "medium", requirements, **more)


def asked(of: Prd, least: int = 5, most: int = 7) -> GenerateTasks:
    return GenerateTasks("tasks", 1, 1, of, Codebase(), least, most)


def graph(*requirements: Requirement, least: int = 1, most: int = 7, **more: Any) -> Generated:
    result = generate(asked(prd(*requirements, **more), least, most))
    assert isinstance(result, Generated), result
    return result


def tasks(*requirements: Requirement) -> dict[str, TaskSpec]:
    return {task.id: task for task in graph(*requirements).tasks}


def groups(*requirements: Requirement) -> list[int]:
    return [task.group for task in graph(*requirements).tasks]


def need(number: int, text: str = "do it", **more: Any) -> Requirement:
    return Requirement(f"R-{number}", text, **more)


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_each_requirement_is_a_task_that_carries_its_check_and_files() -> None:
    (task,) = graph(need(1, "Do **it**.\n- well", check="make", files=("a.py",), role="docs", section="S")).tasks
    assert task == TaskSpec(
        id="T-001", title="Do it", group=1, epic="E-1", description="Do **it**.\n- well", role="docs",
        files=("a.py",), requirements=("R-1",), check="make",
    )  # fmt: skip


def test_constraints_are_told_to_every_agent() -> None:
    result = graph(need(1), need(2), constraints=("no new package", "be quick"))
    assert all(task.description.endswith("Constraints:\n- no new package\n- be quick") for task in result.tasks)


def test_files_that_a_text_only_mentions_are_no_limit_to_where_a_task_may_write() -> None:
    assert tasks(need(1, "like `src/a.py`"))["T-001"].files == ()


def test_a_long_text_gives_a_short_title() -> None:
    (task,) = graph(need(1, "word " * 60)).tasks
    assert len(task.title) <= 80 and task.title.endswith("...")


def test_open_checkboxes_below_a_requirement_are_tasks_and_the_last_one_proves_it() -> None:
    one, two, three, other = graph(
        need(1, "All.\n- [ ] first\n  with more\n- a detail\n- [ ] second\n- [ ] third", check="make"),
        need(2, depends_on=("R-1",)),
    ).tasks
    assert [task.title for task in (one, two, three)] == ["first", "second", "third"]
    assert [task.check for task in (one, two, three)] == ["", "", "make"]
    assert three.depends_on == ("T-001", "T-002") and other.depends_on == ("T-003",)
    assert {task.requirements for task in (one, two, three)} == {("R-1",)}
    assert one.description.startswith("first\nwith more\n\nThis is one part of the requirement R-1:")


@pytest.mark.parametrize("text", ["All.\n- one\n- two", "All.\n- [ ] the only one", "All.\n- [x] a\n- [x] b"])
def test_nothing_else_splits_a_requirement(text: str) -> None:
    assert len(graph(need(1, text)).tasks) == 1


@pytest.mark.parametrize(
    ("requirement", "role"),
    [
        (need(1), "backend"),
        (need(1, role="wizard", files=("a.css",)), "wizard"),
        (need(1, files=("README.md", "docs/a.txt")), "docs"),
        (need(1, files=("web/a.tsx", "tests/test_a.py")), "frontend"),
        (need(1, files=("tests/test_a.py",)), "tests"),
        (need(1, files=("src/a.py", "README.md")), "backend"),
        (need(1, "a page with a button"), "frontend"),
        (need(1, "a migration of the database"), "database"),
        (need(1, "the `page` is a variable"), "backend"),
        (need(1, "passwords are encrypted in the database"), "security"),
    ],
)
def test_the_role_is_what_is_said_else_what_files_and_words_tell(requirement: Requirement, role: str) -> None:
    assert graph(requirement).tasks[0].role == role


# --- dependencies and groups ------------------------------------------------------------------------------------------


def test_what_does_not_touch_runs_side_by_side() -> None:
    assert groups(need(1, files=("a.py",)), need(2, files=("b.py",)), need(3)) == [1, 1, 1]


def test_a_dependency_is_done_in_an_earlier_group() -> None:
    result = tasks(need(1, depends_on=("R-2",)), need(2), need(3, depends_on=("R-1",)))
    assert {id: (task.group, task.depends_on) for id, task in result.items()} == {
        "T-001": (2, ("T-002",)),
        "T-002": (1, ()),
        "T-003": (3, ("T-001",)),
    }


def test_tasks_that_may_write_one_file_wait_for_each_other_in_the_prds_order() -> None:
    result = tasks(need(1, files=("src/a.py",)), need(2, files=("src/*.py",)), need(3, files=("src/",)))
    assert {id: (task.group, task.depends_on) for id, task in result.items()} == {
        "T-001": (1, ()),
        "T-002": (2, ("T-001",)),
        "T-003": (3, ("T-002",)),
    }


def test_a_declared_dependency_turns_that_order_round() -> None:
    result = tasks(need(1, files=("a.py",), depends_on=("R-2",)), need(2, files=("a.py",)))
    assert (result["T-001"].depends_on, result["T-002"].depends_on) == (("T-002",), ())


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("change `src/a.py`", "read src/a.py too", [1, 2]),
        ("`Money.split` rounds", "`Money.split()` is quick", [1, 2]),
        ("`money` rounds", "`money.split` is quick", [1, 2]),
        ("`money.split` rounds", "`money.join` is new", [1, 1]),
        ("`None` is returned", "`None` is taken", [1, 1]),
        ("see https://example.org/a.py", "see https://example.org/a.py", [1, 1]),
        ("be quick", "be small", [1, 1]),
    ],
)
def test_tasks_without_files_are_kept_apart_by_what_they_name(one: str, two: str, expected: list[int]) -> None:
    result = graph(need(1, one), need(2, two))
    assert [task.group for task in result.tasks] == expected
    assert all(task.depends_on == () for task in result.tasks), "a guess orders, but is no dependency"


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        (("src/tally/money.py",), "`tally.money.split` rounds", [1, 2]),
        (("src/tally/money.py",), "`Money` rounds", [1, 2]),
        (("src/tally/*.py",), "mind src/tally/book.py", [1, 2]),
        (("src/tally/money.py",), "`tally.book` is new", [1, 1]),
    ],
)
def test_a_task_with_files_and_one_that_names_them_are_kept_apart(
    files: tuple[str, ...], text: str, expected: list[int]
) -> None:
    assert groups(need(1, files=files), need(2, text)) == expected


def test_a_check_that_names_a_file_counts_as_naming_it() -> None:
    assert groups(need(1, check="pytest tests/test_a.py -k x"), need(2, check="pytest tests/test_a.py -k y")) == [1, 2]


def test_how_tasks_without_files_were_grouped_is_said() -> None:
    (decision,) = graph(need(1), need(2, files=("a.py",))).decisions
    assert (decision.id, decision.evidence) == ("groups-v1", ("T-001",))


def test_a_title_for_people_names_the_group() -> None:
    assert display_title(TaskSpec("T-001", "Do it", 3)) == "[P:Group-3] Do it"


# --- epics ------------------------------------------------------------------------------------------------------------


def titles(*requirements: Requirement, least: int = 5, most: int = 7) -> list[tuple[str, int]]:
    return [(epic.title, len(epic.tasks)) for epic in graph(*requirements, least=least, most=most).epics]


def in_sections(*sizes: int) -> list[Requirement]:
    names = [chr(ord("A") + n) for n, size in enumerate(sizes) for _ in range(size)]
    return [need(n, f"do {n}", section=name) for n, name in enumerate(names, 1)]


def test_sections_are_epics_where_their_number_is_right() -> None:
    assert titles(*in_sections(2, 1, 3, 1, 1)) == [("A", 2), ("B", 1), ("C", 3), ("D", 1), ("E", 1)]


def test_too_many_sections_are_merged_the_smallest_neighbours_first() -> None:
    found = titles(*in_sections(3, 1, 1, 3, 3, 3, 3, 3))
    assert found == [("A", 3), ("B and C", 2), ("D", 3), ("E", 3), ("F", 3), ("G", 3), ("H", 3)]


def test_too_few_sections_are_split_the_largest_first() -> None:
    assert [size for _, size in titles(*in_sections(8, 2))] == [2, 2, 2, 2, 2]


def test_a_section_is_split_by_role_before_it_is_cut_in_the_middle() -> None:
    mixed = [need(n, f"do {n}", role="docs" if n % 2 else "backend", section="All") for n in range(1, 7)]
    result = graph(*mixed, least=2)
    assert [epic.requirements for epic in result.epics] == [("R-1", "R-3", "R-5"), ("R-2", "R-4", "R-6")]
    assert result.epics[0].title == "All: do 1 and 2 more"


def test_few_requirements_give_few_epics_none_of_them_empty_and_that_is_said() -> None:
    result = graph(need(1, "one"), need(2, "two"), least=5)
    assert [(epic.title, epic.tasks) for epic in result.epics] == [("one", ("T-001",)), ("two", ("T-002",))]
    assert result.decisions[0].decision == "2 epics for 2 requirements"
    assert graph(need(1, "one"), least=5).decisions[0].decision == "1 epic for 1 requirement"


def test_few_requirements_in_sections_stay_in_them() -> None:
    assert titles(*in_sections(2, 1)) == [("A", 2), ("B", 1)]


def test_nothing_is_said_where_the_number_of_epics_is_as_wanted() -> None:
    assert [decision.id for decision in graph(*in_sections(1, 1, 1, 1, 1), least=5).decisions] == ["groups-v1"]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirements", "why"),
    [
        ((), "no requirements"),
        ((need(1), need(1)), "not there exactly once"),
        ((need(1, depends_on=("R-9",)),), "depends on R-9"),
        ((need(1, depends_on=("R-2",)), need(2, depends_on=("R-1",))), "in a circle"),
        ((need(1, depends_on=("R-1",)),), "in a circle"),
        ((need(1, "x\n" + "- [ ] a\n" * (MAX_TASKS + 1)),), "more than"),
    ],
)
def test_a_prd_that_makes_no_graph_is_refused_with_a_mend(requirements: tuple[Requirement, ...], why: str) -> None:
    result = generate(asked(prd(*requirements)))
    assert isinstance(result, Refused)
    assert why in result.problem.reason and result.problem.mend and result.problem.kind == "structural"


# --- checking anybody's graph -----------------------------------------------------------------------------------------

ONE = TaskSpec("T-1", "a", 1, "E-1", requirements=("R-1",), files=("a.py",))
TWO = TaskSpec("T-2", "b", 2, "E-1", requirements=("R-2",), files=("a.py",), depends_on=("T-1",))
BOTH = (Epic("E-1", "e", ("T-1", "T-2")),)


def change(task: TaskSpec, **fields: Any) -> TaskSpec:
    return TaskSpec(**{name: getattr(task, name) for name in task.__struct_fields__} | fields)


def test_a_graph_that_holds_has_nothing_said_against_it() -> None:
    assert check_graph(prd(need(1), need(2)), BOTH, (ONE, TWO)) == []


@pytest.mark.parametrize(
    ("tasks", "epics", "said"),
    [
        ((ONE,), (Epic("E-1", "e", ("T-1",)),), "no task is for the requirement R-2"),
        ((ONE, change(TWO, requirements=("R-2", "R-7"))), BOTH, "names the requirement R-7"),
        ((ONE, change(TWO, depends_on=("T-9",))), BOTH, "T-2 depends on T-9, which is no task"),
        ((change(ONE, depends_on=("T-2",)), TWO), BOTH, "in a circle"),
        ((ONE, change(TWO, group=1)), BOTH, "not after T-1"),
        ((ONE, change(TWO, group=1, depends_on=())), BOTH, "T-1 and T-2 are both in group 1"),
        ((ONE, change(TWO, group=3)), BOTH, "group 2 is empty"),
        ((change(ONE, group=0), TWO), BOTH, "groups count from 1"),
        ((ONE, ONE, TWO), BOTH, "the task id T-1 is there 2 times"),
        ((ONE, TWO), (Epic("E-1", "e", ("T-1",)),), "T-2 belongs to no epic"),
        ((ONE, TWO), (*BOTH, Epic("E-2", "e", ())), "the epic E-2 has no tasks"),
        ((ONE, TWO), (*BOTH, Epic("E-2", "e", ("T-1",))), "does not belong to the epic E-2 alone"),
        ((), (), "there are no tasks"),
    ],
)
def test_what_is_wrong_with_a_graph_is_said(tasks: tuple[TaskSpec, ...], epics: tuple[Epic, ...], said: str) -> None:
    assert any(said in line for line in check_graph(prd(need(1), need(2)), epics, tasks))
