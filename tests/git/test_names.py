"""What are refs and commits called, and where may a task write?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.git import names
from maestro.git.scope import leads_out, outside


def test_good_names_stay_as_they_are() -> None:
    assert names.task_ref("add-tags-abc234", "T-001", 2) == "refs/maestro/add-tags-abc234/tasks/T-001/2"
    assert names.checkpoint_ref("r-1", 3) == "refs/maestro/r-1/checkpoints/3"
    assert names.branch_ref("r-1") == "refs/heads/maestro/r-1"


@given(st.text(min_size=1))
def test_any_name_becomes_one_safe_part_of_a_ref(name: str) -> None:
    safe = names.safe(name)

    assert safe and not set(safe) & set(" ~^:?*[\\/\x7f") and ".." not in safe
    assert not safe.startswith((".", "-")) and not safe.endswith((".", ".lock"))


def test_different_names_stay_different() -> None:
    assert len({names.safe(name) for name in ("a b", "a/b", "a-b", "a  b")}) == 4


@given(st.text(), st.text(), st.text(min_size=1))
def test_trailers_come_back_whatever_the_title_and_the_body_say(title: str, body: str, task: str) -> None:
    text = names.message(title, body, Maestro_Task=task, Maestro_Run="r-1", Maestro_Empty="")

    expected = {"Maestro-Task": " ".join(task.split()), "Maestro-Run": "r-1"}
    assert names.trailers(text) == {name: value for name, value in expected.items() if value}


def test_a_body_cannot_add_trailers() -> None:
    text = names.message("x", "Maestro-Task: T-666\n\nMaestro-Task: T-667", Maestro_Task="T-001")

    assert names.trailers(text) == {"Maestro-Task": "T-001"}


@pytest.mark.parametrize(
    ("path", "pattern", "inside"),
    [
        ("lib/a.py", "lib/a.py", True),
        ("lib/a.py", "./lib/a.py", True),
        ("lib/a.py", "lib", True),
        ("lib/a.py", "lib/", True),
        ("library/a.py", "lib", False),
        ("lib/a.py", "lib/*.py", True),
        ("lib/sub/a.py", "lib/*.py", False),
        ("lib/sub/a.py", "lib/**/*.py", True),
        ("lib/a.py", "lib/**/*.py", True),
        ("lib/sub/a.py", "lib/**", True),
        ("a.py", "**/a.py", True),
        ("axpy", "a.py", False),
        ("lib/a.py", "lib/?.py", True),
        ("a[1].py", "a[1].py", True),
    ],
)
def test_where_a_task_may_write(path: str, pattern: str, inside: bool) -> None:
    assert (outside([path], (pattern,)) == ()) is inside


def test_no_pattern_names_everything() -> None:
    assert outside(["a", "b/c"], ()) == ()


@pytest.mark.parametrize(
    ("link", "target", "out"),
    [
        ("a", "b", False),
        ("d/a", "../b", False),
        ("a", "../b", True),
        ("a", "/b", True),
        ("a", "d/../../b", True),
        ("a", ".git/x", True),
    ],
)
def test_which_links_lead_out(link: str, target: str, out: bool) -> None:
    assert leads_out(link, target) is out
