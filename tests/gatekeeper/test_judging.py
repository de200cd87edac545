"""Is an action judged by the run's policy, and are its parts what people should see?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.approvals.policies import classified, policy_digest, policy_for
from maestro.gatekeeper import describing
from maestro.gatekeeper.judging import judge_action, judge_change
from maestro.git.change import Change
from maestro_contracts import commands as c
from maestro_contracts.proposals import FileWrite, Shell
from maestro_contracts.records import PolicyText, Repo
from tests.support.seeing import hidden

TIGHTER = PolicyText(
    "project",
    ".flow/maestro/policy.yaml",
    """version: 1
revision: 3
rules:
  - name: docs-are-sacred
    level: 2
    when: {kind: write, target: "docs/*"}
    why: somebody reads them
    match: [{kind: file_write, path: docs/a.md, content: x}]
    not_match: [{kind: file_write, path: src/a.py, content: x}]
""",
)
COMMAND = c.ProposeChange("change:T-001:1", "T-001", 1, "worker-1", Repo("/r", "b"), "b", "c1")


def test_the_digest_of_a_policy_is_known_without_reading_its_rules() -> None:
    for texts in ((), (TIGHTER,)):
        assert policy_digest(texts) == policy_for(texts).sha256


def test_a_run_is_judged_by_the_texts_that_it_has_kept() -> None:
    write = (FileWrite("docs/a.md", "x"),)
    assert [each.level for each in classified(write, policy_for(()))] == [1]
    assert [each.level for each in classified(write, policy_for((TIGHTER,)))] == [2]


def test_what_nobody_could_read_is_asked_about() -> None:
    change = Change((FileWrite("a.bin", "3 bytes"), FileWrite("b.py", "x = 1\n")), "d" * 64, ("a.bin",))
    judged = judge_change(COMMAND, change, policy_for(()))
    assert (judged.level, [part.about for part in judged.parts]) == (2, ["write a.bin"])
    assert "nobody can say what it holds" in judged.parts[0].reasons[0]


def test_an_ordinary_change_says_how_much_it_is() -> None:
    change = Change((FileWrite("a.py", "x = 1\n"), FileWrite("b.py", "x = 1\n")), "d" * 64)
    judged = judge_change(COMMAND, change, policy_for(()))
    assert (judged.level, judged.parts, judged.asked, judged.summary) == (1, (), "", "2 ordinary changes")


SECRET = "ghp_" + "a8Bf3kLz09QwErTyUiOpAsDfGhJkLzXcVbN1"


@pytest.mark.parametrize(
    "command",
    [
        f"git push https://bob:{SECRET}@github.example/x/y.git main",
        f"pip install git+https://{SECRET}@github.example/x/y.git",
        f"npm install https://user:{SECRET}@npm.example/x.tgz",
        f"rm -rf ./{SECRET}",
        f"curl -H 'Authorization: token {SECRET}' 'https://api.example/x?token={SECRET}'",
    ],
)
def test_a_secret_in_a_command_or_in_its_reason_stands_in_nothing_that_is_kept_of_it(command: str) -> None:
    asked = c.ProposeAction("step:T-001.1.1.1", "T-001", 1, "worker-1", (Shell(command),), "command", f"with {SECRET}")
    judged = judge_action(asked, policy_for(()))

    assert judged.level > 1
    assert SECRET not in str((judged.parts, judged.summary, judged.why, judged.violation))


def proposed(command: str) -> str:
    """What people are shown of it."""
    asked = c.ProposeAction("step:T-001.1.1.1", "T-001", 1, "worker-1", (Shell(command),), "command")
    return describing.context(judge_action(asked, policy_for(())).parts)


def test_what_stands_far_behind_in_a_command_is_shown_to_whoever_approves_it() -> None:
    shown = proposed(f"npm install {' '.join(f'some-package-{n}' for n in range(60))} left-pad")
    assert "left-pad" in shown


def test_where_a_command_is_too_long_to_be_shown_that_is_said() -> None:
    assert "of 9,012 characters, and nobody is shown the rest" in proposed(f"npm install {'x' * 9000}")


def test_of_a_command_with_a_secret_all_else_is_shown() -> None:
    shown = proposed(f"git push https://bob:{SECRET}@github.example/x/y.git main")
    assert "git push https://bob:[" in shown and "github.example/x/y.git main" in shown


# --- what a write would change ----------------------------------------------------------------------------------


def written(after: str, before: str | None = None) -> str:
    command = c.ProposeAction("p", "T-001", 1, "worker-1", (FileWrite(".github/workflows/a.yml", after, before),))
    [part] = judge_action(command, policy_for(())).parts
    return part.diff


def test_people_see_what_a_write_would_change_line_by_line() -> None:
    assert written("on: push\n").splitlines() == ["@@ -0,0 +1 @@", "+on: push"]
    lines = written("a\nb: 2\nc\n", "a\nb: 1\nc\n").splitlines()
    assert lines == ["@@ -1,3 +1,3 @@", " a", "-b: 1", "+b: 2", " c"]
    assert written("same\n", "same\n") == ""


def test_of_a_change_above_level_1_all_files_are_shown_each_below_its_name() -> None:
    files = (FileWrite(".gitlab-ci.yml", "a: 1\n"), FileWrite("Dockerfile", "FROM scratch\n"), FileWrite("a.py", "x\n"))
    shown = describing.differences(judge_change(COMMAND, Change(files, "d" * 64), policy_for(())).parts)
    assert shown.splitlines() == [
        "write .gitlab-ci.yml",
        "@@ -0,0 +1 @@",
        "+a: 1",
        "write Dockerfile",
        "@@ -0,0 +1 @@",
        "+FROM scratch",
    ]


def test_a_secret_in_a_change_is_shown_to_nobody() -> None:
    shown = written(f"on: push\nenv: {{TOKEN: {SECRET}}}\n")
    assert SECRET not in shown and shown.count("\n") == 2


def test_a_long_change_says_that_there_is_more_and_a_huge_one_that_it_is_huge() -> None:
    lines = written("".join(f"{n}\n" for n in range(500))).splitlines()
    assert (len(lines), lines[-1]) == (describing.DIFF_LINES + 1, "... and more")
    assert "too large to be shown" in written("x" * (describing.COMPARED + 1))


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text())
def test_no_change_can_draw_on_a_persons_terminal(before: str, after: str) -> None:
    shown = written(after, before)
    assert not hidden(shown.replace("\n", ""))
    assert len(shown) <= (describing.DIFF_LINES + 1) * (describing.LINE + 1)
