"""What holds for the graph of every PRD?"""

from __future__ import annotations

import graphlib
from itertools import combinations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.planner.decider import Planned, SpecificationPlanner
from maestro.taskgen.decider import Generated, generate
from maestro.taskgen.graph import check_graph
from maestro.taskgen.overlap import overlap
from maestro_contracts.commands import DraftPlan, GenerateTasks
from maestro_contracts.records import Codebase, Prd, Repo, Requirement

FILES = st.sampled_from(
    ["a.py", "b.py", "src/a.py", "src/b.py", "src/*.py", "src/", "docs/**/*.md", "*.md", "README.md"]
)
TEXTS = st.sampled_from([
    "do it", "change `money.split`", "change `money`", "see `src/a.py`", "a page with a button", "the README",
    "all\n- [ ] one\n- [ ] two\n- [ ] three", "all\n- [ ] one", "`book.total` and docs/guide.md",
])  # fmt: skip


@st.composite
def any_prd(draw: st.DrawFn) -> Prd:
    order = draw(st.permutations(range(draw(st.integers(1, 14)))))
    requirements = [
        Requirement(
            f"R-{place}",
            draw(TEXTS),
            check=draw(st.sampled_from(["", "make", "pytest tests/test_a.py"])),
            files=tuple(draw(st.lists(FILES, max_size=2, unique=True))),
            depends_on=tuple(
                f"R-{other}" for other in draw(st.lists(st.integers(0, place - 1), max_size=3, unique=True))
            )
            if place
            else (),
            section=draw(st.sampled_from(["", "", "A", "B", "C", "D", "E", "F", "G", "H", "I"])),
            role=draw(st.sampled_from(["", "", "docs"])),
        )
        for place in range(len(order))
    ]
    return Prd("F", "f", 1, "medium", tuple(requirements[place] for place in order))


@settings(max_examples=150, deadline=None)
@given(any_prd(), st.integers(1, 6), st.integers(0, 6))
def test_every_prd_becomes_a_graph_that_holds(prd: Prd, least: int, more: int) -> None:
    request = GenerateTasks("tasks", 1, 1, prd, Codebase(), least, least + more)
    result = generate(request)

    assert isinstance(result, Generated), result
    assert check_graph(prd, result.epics, result.tasks) == []
    assert generate(request) == result
    # The same, without trusting the checker.
    tasks = {task.id: task for task in result.tasks}
    assert len(tasks) == len(result.tasks)
    list(graphlib.TopologicalSorter({id: task.depends_on for id, task in tasks.items()}).static_order())
    assert {id for task in tasks.values() for id in task.requirements} == {r.id for r in prd.requirements}
    for one, two in combinations(tasks.values(), 2):
        if one.group == two.group:
            assert not overlap(one.files, two.files)
            assert one.id not in two.depends_on and two.id not in one.depends_on
    last = {task.requirements[0]: task for task in result.tasks}
    for requirement in prd.requirements:
        assert last[requirement.id].check == requirement.check
        for other in requirement.depends_on:
            assert last[other].group < min(t.group for t in tasks.values() if t.requirements == (requirement.id,))
    assert sorted(id for epic in result.epics for id in epic.tasks) == sorted(tasks)
    assert all(epic.tasks and epic.title for epic in result.epics)
    assert len(result.epics) <= least + more
    assert len(result.epics) >= least or len(prd.requirements) < least


@settings(max_examples=50, deadline=None)
@given(any_prd())
def test_the_graph_does_not_depend_on_how_the_request_travelled(prd: Prd) -> None:
    request = GenerateTasks("tasks", 1, 1, prd, Codebase())
    again = msgspec.json.decode(msgspec.json.encode(request), type=GenerateTasks)
    assert generate(again) == generate(request)


ITEM = st.builds(
    "- {}{}. {}\n".format,
    st.sampled_from(["", "[ ] "]),
    st.sampled_from(["one", "`a.b` is quick", "two (should)"]),
    st.sampled_from(["", "Check: `make`", "Files: a.py, src/*.py", "Depends on: R-1", "Role: docs"]),
)
LINES = st.lists(
    st.one_of(ITEM, st.sampled_from(["## A\n", "## B\n", "\nProse.\n\n", "## Constraints\n- less\n\n## C\n"]))
)


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_every_specification_that_is_planned_becomes_a_graph(lines: list[str]) -> None:
    text = "# F\n\n- R-1: first\n" + "".join(lines)
    request = DraftPlan("plan", 1, 1, "F", "spec", text, Repo("u", "b"), 1)
    plan = SpecificationPlanner().plan(request, Codebase(test_commands=("make",)))
    assert isinstance(plan, Planned), plan
    assert isinstance(generate(GenerateTasks("tasks", 1, 1, plan.prd, Codebase())), Generated)
