"""What does a playbook say an agent does, and what is said about a wrong one?"""

from __future__ import annotations

import pytest

from maestro.agents import playbook as p
from maestro_contracts.records import TaskSpec
from maestro_contracts.yamlfile import InvalidFile

HEAD = "playbook: 1\ntasks:\n"


def load(body: str) -> p.Playbook:
    return p.load_playbook(HEAD + body, "play.yaml")


def refusal(body: str, head: str = HEAD) -> str:
    with pytest.raises(InvalidFile) as caught:
        p.load_playbook(head + body, "play.yaml")
    return str(caught.value)


def test_every_step_reads() -> None:
    book = load(
        """
  - id: T-001
    steps:
      - write: {path: a, text: x, executable: true}
      - append: {path: a, text: x}
      - replace: {path: a, old: x, new: y}
      - edit: {path: a, after: x, text: y}
      - delete: a
      - move: {from: a, to: b}
      - run: pytest
      - run: {command: pytest, expect: any}
      - delay: 0.5
      - say: hello
      - fail: {kind: agent_refused, reason: no}
      - lie: tests_pass
      - lie: {ran: pytest}
      - crash
      - crash: 3
      - hang
"""
    )

    assert book.plays[0].steps(1) == (
        p.Write("a", "x", True),
        p.Append("a", "x"),
        p.Replace("a", "x", "y"),
        p.Edit("a", "y", after="x"),
        p.Delete("a"),
        p.Move("a", "b"),
        p.Run("pytest"),
        p.Run("pytest", "any"),
        p.Delay(0.5),
        p.Say("hello"),
        p.Fail("agent_refused", "no"),
        p.Lie("tests_pass"),
        p.Lie(ran="pytest"),
        p.Crash(),
        p.Crash(3),
        p.Hang(),
    )


def test_each_attempt_has_its_steps_and_the_last_serves_all_later_ones() -> None:
    play = load("  - id: T-001\n    attempts:\n      - [say: one]\n      - [say: two]\n").plays[0]

    assert [play.steps(n) for n in (1, 2, 3)] == [(p.Say("one"),), (p.Say("two"),), (p.Say("two"),)]


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        ("id: T-001", True),
        ("id: T-*", True),
        ("id: T-002", False),
        ("title: '*TAGS*'", True),
        ("title: tags", False),
        ("requirement: R-2", True),
        ("{id: T-001, requirement: R-9}", False),
    ],
)
def test_an_entry_plays_for_the_tasks_that_match_all_its_patterns(entry: str, matches: bool) -> None:
    task = TaskSpec("T-001", "Add tags to notes", requirements=("R-1", "R-2"))
    body = f"  - {entry[:-1]}, steps: []}}\n" if entry.startswith("{") else f"  - {entry}\n    steps: []\n"

    assert (load(body).play(task) is not None) is matches


def test_the_first_entry_that_matches_is_played() -> None:
    book = load("  - id: T-001\n    steps: [say: mine]\n  - id: '*'\n    steps: [say: anybody's]\n")

    first = book.play(TaskSpec("T-001", ""))
    other = book.play(TaskSpec("T-002", ""))
    assert first and first.steps(1) == (p.Say("mine"),)
    assert other and other.steps(1) == (p.Say("anybody's"),)


def test_answers_are_found_by_the_gates_name() -> None:
    approve = "  - {gate: approve-*, choice: approve, text: Fine.}\n"
    questions = "  - {gate: plan.questions, answers: {q-1: yes}}\n"
    text = f"playbook: 1\nanswers:\n{approve}{questions}tasks: []\n"
    book = p.load_playbook(text, "play.yaml")

    assert book.answer("approve-plan") == p.Answer("approve-*", "approve", "Fine.")
    assert book.answer("plan.questions") == p.Answer("plan.questions", answers={"q-1": "yes"})
    assert book.answer("other") is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "  - id: a\n    steps:\n      - wirte: {path: a}\n",
            "play.yaml:5: tasks[0].steps[0].wirte: is not a step\n    did you mean 'write'?",
        ),
        ("  - id: a\n    steps:\n      - write: {path: a, txt: x, text: y}\n", "did you mean 'text'?"),
        (
            "  - id: a\n    steps:\n      - write: {path: a}\n",
            "play.yaml:5: tasks[0].steps[0].write: `text` is missing",
        ),
        (
            "  - id: a\n    steps:\n      - delay: soon\n",
            "tasks[0].steps[0].delay.seconds: expected `float`, got `str`",
        ),
        ("  - id: a\n    steps:\n      - fail: {kind: lazy, reason: x}\n", "kind"),
        ("  - id: a\n    steps:\n      - edit: {path: a, text: x}\n", "needs either `after` or `before`"),
        ("  - id: a\n    steps:\n      - replace: {path: a, old: '', new: x}\n", "is empty"),
        ("  - id: a\n    steps:\n      - lie: {}\n", "claims nothing"),
        ("  - id: a\n    steps:\n      - {say: a, run: b}\n", "is not a step"),
        ("  - id: a\n    steps:\n      - jump\n", "is not a step"),
        ("  - id: a\n    steps: hang\n", "is not a list"),
        ("  - id: a\n    stesp: []\n", "did you mean 'steps'?"),
        ("  - id: a\n", "needs either `steps` or `attempts`"),
        ("  - id: a\n    steps: []\n    attempts: [[]]\n", "needs either `steps` or `attempts`"),
        ("  - id: a\n    attempts: []\n", "give at least one list of steps"),
        ("  - steps: []\n", "matches no task"),
        ("  - id: 3\n    steps: []\n", "put it in quotes"),
        ("  - id: a\n    id: b\n    steps: []\n", "written twice"),
        ("  - plain\n", "is not a mapping"),
    ],
)
def test_a_mistake_is_told_with_line_field_and_mend(body: str, said: str) -> None:
    assert said in refusal(body)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a mapping"),
        ("tasks: []\n", "`playbook` is missing"),
        ("playbook: 2\ntasks: []\n", "version 2 is not known"),
        ("playbook: 1\ntasks: []\nanswers: [{gaet: x}]\n", "did you mean 'gate'?"),
        ("playbook: [\n", "not YAML"),
    ],
)
def test_a_file_that_is_no_playbook_is_refused(text: str, said: str) -> None:
    assert said in refusal(text, head="")


def test_all_mistakes_are_told_at_once() -> None:
    said = refusal("  - id: a\n    steps:\n      - jump\n      - delay: soon\n  - steps: []\n")

    assert said.count("play.yaml:") == 3
