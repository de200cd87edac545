"""Which tasks do steps bring along by themselves?"""

from __future__ import annotations

import subprocess

import pytest

from maestro.runs.synthetic import proof, tasks_of_step
from maestro_contracts.records import Step


def test_a_command_step_is_one_task_that_the_shell_does_within_the_steps_time() -> None:
    (task,) = tasks_of_step(Step("docs", "command", command="make docs", timeout_s=90.0))
    assert task.agent is not None
    assert (task.agent.command, task.agent.timeout_s, task.may_be_empty) == (("sh", "-c", "make docs"), 90.0, True)


def test_an_agent_step_is_one_task_for_the_configured_agent() -> None:
    (task,) = tasks_of_step(Step("docs", "agent", prompt="Write the docs.", role="writer", title="Docs"))
    assert (task.title, task.description, task.role, task.agent) == ("Docs", "Write the docs.", "writer", None)


@pytest.mark.parametrize("kind", ["command", "agent"])
def test_a_steps_contract_is_its_tasks_check(kind: str) -> None:
    (task,) = tasks_of_step(Step("docs", kind, contract={"page": "test -s page", "index": "test -s index"}))
    assert task.check == proof(Step("docs", kind, contract={"page": "test -s page", "index": "test -s index"})) != ""


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["true", "true"], 0),
        (["true", "false"], 1),
        (["false", "true"], 1),
        (["true # a note", "exit 0", "false || true"], 0),
    ],
)
def test_a_contract_holds_where_every_command_of_it_succeeds(commands: list[str], code: int) -> None:
    step = Step("docs", "command", contract={str(n): command for n, command in enumerate(commands)})
    assert subprocess.run(["sh", "-c", proof(step)]).returncode == code


def test_a_step_without_a_contract_has_no_check() -> None:
    assert tasks_of_step(Step("docs", "command", command="true"))[0].check == ""


def test_a_probe_step_has_groups_as_wide_as_it_says() -> None:
    tasks = tasks_of_step(Step("probe", "probe", prompt="1,3,1"))
    assert [task.group for task in tasks] == [1, 2, 2, 2, 3]
    assert {task.agent.kind for task in tasks if task.agent} == {"probe"}
