"""What becomes of a run that goes on from a point of another one?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.command_line import Person
from tests.support.gitrepo import git

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody whose run is over: they approved its plan."""
    person = Person(tmp_path_factory.mktemp("owner"))
    done = person.does(*person.run_arguments, "--answers-from-playbook")
    assert done.code == 0, done.out + done.err
    return person


@pytest.fixture(scope="module")
def parent(owner: Person) -> str:
    return owner.the_run()


def rows(owner: Person, run: str) -> Rows:
    """What was said in a run; the notary's seals may come after it has ended."""
    said = [json.loads(line) for line in owner.does("log", run, "--json").out.splitlines()]
    return [row for row in said if row["type"] not in {"LogSealed", "SealCosigned"}]


@pytest.fixture(scope="module")
def before(owner: Person, parent: str) -> Rows:
    """What the parent's log says while there is no fork."""
    return rows(owner, parent)


def entry_of(said: Rows, type: str) -> int:
    """The entry in which this was said first."""
    return int(next(row["address"] for row in said if row["type"] == type).partition(".")[0])


def runs(owner: Person) -> set[str]:
    return {run.name for folder in (owner.state / "repos").glob("*/runs") for run in folder.iterdir()}


def forked(owner: Person, *arguments: str) -> tuple[int, str]:
    """A fork's exit code and name."""
    before = runs(owner)
    done = owner.does("fork", *arguments, "--no-input")
    [new] = runs(owner) - before
    return done.code, new


def file(owner: Person, run: str, name: str) -> str:
    return (owner.repo / f".flow/maestro/sessions/{run}/{name}").read_text()


def test_a_fork_at_a_gate_that_is_answered_otherwise_ends_otherwise(owner: Person, parent: str, before: Rows) -> None:
    refs = git(owner.repo, "for-each-ref", f"refs/heads/maestro/{parent}", f"refs/maestro/{parent}")
    entry = entry_of(before, "GateDecided")

    code, fork = forked(owner, parent, "--at", str(entry), "--answer", "approve-plan=abort")

    state = json.loads(file(owner, fork, "metadata.json"))
    assert (code, state["status"], state["failed_step"]) == (1, "failed", "approve-plan")
    assert "RunCompleted" in {row["type"] for row in before}
    assert (state["forked"]["parent"], state["forked"]["entry"]) == (parent, entry)
    said = rows(owner, fork)
    assert said[0]["type"] == "RunForked" and said[0]["data"]["parent"] == parent
    [decided] = [row["data"] for row in said if row["type"] == "GateDecided"]
    assert (decided["key"], decided["votes"][0]["signature"] != "") == ("x", True)
    # The parent is not touched, and the fork's branch is where the parent's was.
    assert rows(owner, parent) == before
    assert git(owner.repo, "for-each-ref", f"refs/heads/maestro/{parent}", f"refs/maestro/{parent}") == refs
    assert git(owner.repo, "rev-parse", f"maestro/{fork}") == owner.base


def test_a_fork_from_the_middle_does_what_is_left_with_approvals_of_its_own(
    owner: Person, parent: str, before: Rows
) -> None:
    entry = entry_of(before, "TaskMerged")
    merged = next(row["data"] for row in before if row["type"] == "TaskMerged")

    code, fork = forked(owner, parent, "--at", str(entry))

    said = rows(owner, fork)
    approved = {row["data"]["proposal"] for row in said if row["type"] == "ApprovalGiven"}
    begun = {row["data"]["proposal"] for row in said if row["type"] == "EffectStarted"}
    again = {row["data"]["task"] for row in said if row["type"] == "TaskMerged"}
    assert code == 0 and again == {"T-001", "T-002"} - {merged["task"]}
    assert begun and begun <= approved
    assert git(owner.repo, "merge-base", f"maestro/{fork}", f"maestro/{parent}") == merged["commit"]
    assert "def greet" in git(owner.repo, "show", f"maestro/{fork}:hello.py")
    assert "def part" in git(owner.repo, "show", f"maestro/{fork}:bye.py")
    assert f"entry {entry} of `{parent}`" in file(owner, fork, "final-report.md")
    assert owner.does("audit", "hitl", fork).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--answer", "approve-plan"), "names no gate and choice"),
        (("--answer", "approve-plan=a", "--answer", "approve-plan=x"), "given twice"),
    ],
)
def test_an_answer_that_is_none_is_refused_before_anything_is_read(
    owner: Person, parent: str, arguments: tuple[str, ...], says: str
) -> None:
    done = owner.does("fork", parent, "--at", "3", *arguments)
    assert done.code == 2 and says in done.err


def test_an_answer_to_a_gate_that_was_passed_is_refused_before_anything_begins(owner: Person, parent: str) -> None:
    there = runs(owner)

    done = owner.does("fork", parent, "--at=-0s", "--answer", "approve-plan=abort")

    assert done.code == 2 and "was decided and its answer used" in done.err
    assert runs(owner) == there
