"""What happens when a person sits at the terminal? Real terminals: what is typed at a gate decides it or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.support.command_line import TIMEOUT_S, Person

Sit = Callable[..., "pexpect.spawn[str]"]
ASKED = r"\[a\] approve  \[r\] revise  \[x\] abort > "


@pytest.fixture
def sits(person: Person) -> Iterator[Sit]:
    """Sits down at a terminal and types a maestro command."""
    seats: list[pexpect.spawn[str]] = []

    def sit(*arguments: str, env: dict[str, str] | None = None) -> pexpect.spawn[str]:
        seat = pexpect.spawn(
            sys.executable,
            ["-m", "maestro.cli", *arguments],
            cwd=str(person.repo),
            env={**person.env, "TERM": "xterm-256color", **(env or {})},
            encoding="utf-8",
            timeout=TIMEOUT_S,
            dimensions=(40, 120),
        )
        seats.append(seat)
        return seat

    yield sit
    for seat in seats:
        seat.close(force=True)


def ends(seat: pexpect.spawn[str]) -> int:
    seat.expect(pexpect.EOF)
    seat.close()
    return int(seat.exitstatus if seat.exitstatus is not None else -1)


def decided(person: Person) -> tuple[str, str, str]:
    """How the plan's gate was decided: the choice, the channel, the text."""
    gate = person.does("gate", "show", "approve-plan", "--json").json["decided"]
    return gate["choice"], gate["via"], gate["text"]


def test_only_a_choice_decides_and_no_stop_does_not_approve(person: Person, sits: Sit) -> None:
    seat = sits(*person.run_arguments)

    seat.expect(ASKED)
    for wrong in ("no, stop", "y", ""):
        seat.sendline(wrong)
        seat.expect("type one of a \\(approve\\), r \\(revise\\), x \\(abort\\)")
        seat.expect(ASKED)
    assert person.does("gate", "list", "--json").json[0]["decided"] is None
    seat.sendline("approve")
    seat.expect("a text to go with it")
    seat.sendline("careful, please")

    # From here on the panel shows phases, groups, and tasks with their workers.
    seat.expect("✓ Planning.*● Implementation")
    seat.expect(r"\[P:Group-1\] \d of 2 tasks done")
    seat.expect("T-00[12].*worker-[12]")
    assert ends(seat) == 0
    assert decided(person) == ("approve", "cli", "careful, please")


def test_abort_ends_the_run(person: Person, sits: Sit) -> None:
    seat = sits(*person.run_arguments)

    seat.expect(ASKED)
    seat.sendline("x: not now")

    assert ends(seat) == 1
    assert decided(person) == ("abort", "cli", "not now")


def test_an_end_of_input_decides_nothing_and_says_how_to_decide_elsewhere(person: Person, sits: Sit) -> None:
    seat = sits(*person.run_arguments)

    seat.expect(ASKED)
    seat.sendeof()
    seat.expect("nothing is decided")
    seat.expect("maestro gate decide approve-plan approve --run")
    assert person.does("gate", "list", "--json").json[0]["decided"] is None
    seat.sendintr()

    assert ends(seat) == 130


def test_a_gate_that_is_decided_elsewhere_is_asked_no_more(person: Person, sits: Sit) -> None:
    seat = sits(*person.run_arguments)

    seat.expect(ASKED)
    assert person.does("gate", "approve", "approve-plan").code == 0
    seat.expect("approve-plan: approve")

    assert ends(seat) == 0


def test_ctrl_c_at_a_gate_decides_nothing_and_says_how_to_come_back(person: Person, sits: Sit) -> None:
    seat = sits(*person.run_arguments)

    seat.expect(ASKED)
    seat.sendintr()
    seat.expect("maestro resume ")

    assert ends(seat) == 130
    [gate] = person.does("gate", "list", "--json").json
    assert gate["decided"] is None
    again = sits("resume", person.the_run())
    again.expect(ASKED)
    again.sendline("a")
    again.expect("a text to go with it")
    again.sendline("")
    assert ends(again) == 0


def write_editor(person: Person, text: str) -> str:
    """An editor that writes the text in place of what it is given."""
    (person.folder / "text").write_text(text)
    path = person.folder / "editor"
    path.write_text(f'#!/bin/sh\ncp "$1" "{person.folder}/given"\ncp "{person.folder}/text" "$1"\n')
    path.chmod(0o755)
    return str(path)


def test_a_sentence_opens_the_specification_s_form_in_the_editor(person: Person, sits: Sit) -> None:
    editor = write_editor(person, person.spec.read_text())
    seat = sits("run", "Greet people", "--agent", f"script:{person.play}", env={"EDITOR": editor})

    seat.expect("Write them as a specification")
    seat.expect("Enter: write it in your editor > ")
    seat.sendline("")
    seat.expect(r"\[a\] answer  \[x\] abort > ")
    seat.sendline("a")
    seat.expect(ASKED)
    seat.sendline("a:")

    assert ends(seat) == 0
    assert "# Greet people" in (person.folder / "given").read_text()
    assert "## Requirements" in (person.folder / "given").read_text()


def test_an_editor_that_fails_takes_nothing_over_and_is_offered_again(person: Person, sits: Sit) -> None:
    seat = sits("run", "Greet people", "--agent", f"script:{person.play}", env={"EDITOR": "false"})

    seat.expect("Enter: write it in your editor > ")
    seat.sendline("")
    seat.expect("exit code 1; nothing was taken over")
    seat.expect("Enter: write it in your editor > ")
    seat.sendintr()

    assert ends(seat) == 130


def test_the_demo_lets_the_person_answer_its_gate(person: Person, sits: Sit, tmp_path: Path) -> None:
    seat = sits("demo", str(tmp_path / "demo"))

    seat.expect(ASKED)
    seat.sendline("x:")

    assert ends(seat) == 1
    assert (tmp_path / "demo" / "tally" / ".git").is_dir()
