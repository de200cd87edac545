"""Does a workflow of a person's own run as its manifest says, with every way out of a gate?"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.command_line import Done
from tests.support.endtoend import Owner, ended_as_it_would_have, forget_all_but_the_log, untouched
from tests.support.gitrepo import git
from tests.support.wait import wait_for

MANIFEST = """\
version: 1
name: mine
description: A generator, an agent, and somebody who looks at both.

steps:
  - {name: initialise, type: initialise, phase: 1, title: Preparing}

  - name: generate
    type: command
    phase: 2
    title: Making
    depends_on: [initialise]
    command: printf 'def greet(name):\\n    return "Hello, " + name\\n' > hello.py
    timeout: 1m
    contract:
      greeting: python3 -c "from hello import greet; assert greet('Ann') == 'Hello, Ann'"

  - name: describe
    type: agent
    phase: 2
    title: Making
    depends_on: [generate]
    role: docs
    prompt: Describe hello.py in GREETING.md.
    max_visits: 2
    contract: {described: grep -q greet GREETING.md}

  - name: look
    type: gate
    phase: 3
    title: Looking
    depends_on: [describe]
    prompt: Is it well described?
    choices:
      - {label: keep, key: k}
      - {label: again, key: g, target: describe}
      - {label: stop, key: s, target: _fail}
    freeform: true
    TIMEOUT

  - name: note
    type: command
    phase: 3
    title: Looking
    depends_on: [look]
    command: echo "$MAESTRO_RUN looked at" > LOOKED.md

  - {name: handoff, type: handoff, phase: 4, title: Handoff, depends_on: [note]}
"""
PLAY = """\
playbook: 1
tasks:
  - id: describe
    attempts:
      - - append: {path: GREETING.md, text: "greet, badly told\\n"}
      - - append: {path: GREETING.md, text: "greet, well told\\n"}
"""
PATIENT = "timeout: 2h"


class Author(Owner):
    """Somebody with a workflow of their own, whose gates they answer from the command line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.play.write_text(PLAY)

    def runs(self, timeout: str, *more: str) -> Done:
        manifest = self.folder / "mine.yaml"
        manifest.write_text(MANIFEST.replace("TIMEOUT", timeout))
        arguments = ("run", "--workflow", manifest, "--agent", f"script:{self.play}")
        return self.does(*arguments, *(more or ("--no-input",)))

    def chooses(self, choice: str, text: str = "") -> None:
        done = self.does("gate", "decide", "look", choice, "--run", self.the_run(), "--text", text)
        assert done.code == 0, done.err

    def goes_on(self) -> Done:
        return self.does("resume", self.the_run(), "--no-input")

    def on_the_branch(self, path: str) -> str:
        return git(self.repo, "show", f"maestro/{self.the_run()}:{path}", ok=False)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_a_command_an_agent_and_a_gate_that_sends_the_work_back_end_in_a_branch(author: Author) -> None:
    waiting = author.runs(PATIENT)
    assert waiting.code == 5, waiting.out + waiting.err
    assert "the gate look needs an answer" in waiting.err

    author.chooses("again", "say it better")
    again = author.goes_on()
    assert again.code == 5, again.out + again.err
    author.chooses("k", "now it is fine")
    done = author.goes_on()

    assert done.code == 0, done.out + done.err
    assert author.on_the_branch("GREETING.md") == "greet, badly told\ngreet, well told"
    assert author.on_the_branch("LOOKED.md").endswith("looked at")
    ended_as_it_would_have(author)
    report = author.does("report", author.the_run()).out
    assert "say it better" in report and "now it is fine" in report
    assert author.does("runs", "--json").json[0]["status"] == "completed"


def test_a_step_is_visited_no_more_often_than_it_may_be(author: Author) -> None:
    assert author.runs(PATIENT).code == 5
    author.chooses("again")
    assert author.goes_on().code == 5
    author.chooses("again")
    done = author.goes_on()

    assert done.code == 1
    assert "describe was visited 2 times already" in done.out and "max_visits" in done.out
    assert author.on_the_branch("GREETING.md"), "what was merged stays"
    untouched(author)


def test_a_choice_that_ends_the_run_ends_it_with_the_persons_reason(author: Author) -> None:
    assert author.runs(PATIENT).code == 5
    author.chooses("stop", "nobody reads it")
    done = author.goes_on()

    assert done.code == 1
    assert "chose 'stop' at look: nobody reads it" in done.out
    assert author.on_the_branch("LOOKED.md") == ""


@pytest.mark.parametrize(("default", "code", "words"), [("default: keep", 0, "keep"), ("", 1, "nobody answered")])
def test_a_deadline_that_passed_while_everything_was_down_takes_the_default_or_ends_the_run_once(
    author: Author, default: str, code: int, words: str
) -> None:
    assert author.runs(f"timeout: 3s\n    {default}".rstrip()).code in (5, code)
    wait_for(lambda: time.time() > _deadline(author), what="the deadline")
    if not default:  # The timer itself may be lost as well.
        with author.server() as client:
            forget_all_but_the_log(client)

    done = author.goes_on()

    assert done.code == code, done.out + done.err
    rows = author.rows()
    ends = [row for row in rows if row["type"] in ("GateDecided", "GateClosed")]
    assert [row["data"]["gate"] for row in ends] == ["look"]
    assert words in author.does("report", author.the_run()).out
    if code == 0:
        assert ends[0]["data"]["via"] == "deadline"
    else:
        assert ends[0]["data"]["expired"] and "has no default" in ends[0]["data"]["because"]
    assert bool(author.on_the_branch("LOOKED.md")) == (code == 0)


def _deadline(author: Author) -> float:
    """When the gate's time is up, in seconds since the epoch; read once, since nothing runs while we wait."""
    if not hasattr(author, "deadline"):
        opened = next(row for row in author.rows() if row["type"] == "GateOpened")
        author.deadline = opened["data"]["deadline"] / 1000  # type: ignore[attr-defined]
    return author.deadline  # type: ignore[attr-defined,no-any-return]


def test_yes_takes_the_default_and_never_makes_one_up(author: Author) -> None:
    done = author.runs(PATIENT, "--yes")

    assert done.code == 1
    assert "--auto-approve takes a gate's default, and this gate has none" in done.out
    assert author.runs("default: keep", "--yes").code == 0
