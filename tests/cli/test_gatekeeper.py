"""Can somebody sit at a terminal, or behind a pipe, and decide each gate as it opens?"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.cli.test_terminal import ASKED, Sit, decided, sits
from tests.support.command_line import Person

__all__ = ["sits"]


def test_a_gate_is_presented_with_its_run_and_decided_by_a_key_and_what_became_of_it_is_said(
    person: Person, sits: Sit
) -> None:
    assert person.does(*person.run_arguments, "--no-input").code == 5
    seat = sits("gatekeeper", env={"NO_COLOR": "1"})

    seat.expect("Waiting for gates")
    seat.expect(f"approve-plan of {person.the_run()}")
    seat.expect("Shall Maestro build what this PRD says")
    seat.expect(ASKED)
    seat.sendline("no, stop")
    seat.expect("is none of the choices")
    seat.expect(ASKED)
    seat.sendline("a")
    seat.expect("a text to go with it")
    seat.sendline("go ahead")
    seat.expect(f"approve-plan of {person.the_run()}: approve by ")
    assert "\x1b[" not in seat.before

    assert decided(person) == ("approve", "cli", "go ahead")


def test_behind_a_pipe_gates_are_lines_and_lines_are_answers(person: Person) -> None:
    assert person.does(*person.run_arguments, "--no-input").code == 5
    run = person.the_run()
    answers = [
        "junk",
        "[" * 100_000,
        "\udcff",
        json.dumps({"run": None, "gate": "approve-plan", "choice": "approve"}),
        json.dumps({"run": run, "gate": "approve-plan", "choice": "approve", "conditions": ["but"]}),
        json.dumps({"run": run, "gate": "approve-plan", "choice": "approve", "visit": 2}),
        json.dumps({"run": run, "gate": "approve-plan", "choice": "perhaps"}),
        json.dumps({"run": run, "gate": "approve-plan", "choice": "approve"}),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "maestro.cli", "gatekeeper", "--json"],
        input="\n".join(answers) + "\n",
        cwd=person.repo,
        env=person.env,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        timeout=120,
    )

    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [each["gate"] for each in said if "status" in each][:1] == ["approve-plan"]
    assert sum("not an answer" in str(each.get("error")) for each in said) == 5
    assert any("is at visit 1 by now, not 2" in str(each.get("error")) for each in said)
    assert any("none of the choices" in str(each.get("error")) for each in said)
    assert next(each["ok"] for each in said if "ok" in each).startswith("approve-plan: approve by ")


def test_without_a_terminal_it_says_how_to_decide_instead(person: Person) -> None:
    done = person.does("gatekeeper")
    assert done.code == 2
    assert "maestro gate decide" in done.err
