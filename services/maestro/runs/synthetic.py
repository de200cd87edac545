"""Which tasks does a step bring along by itself? `command`, `agent` and `probe` steps need no task generator.

A `probe` step's prompt is a list of widths: `1,20,1` is one task, then twenty, then one.
"""

from __future__ import annotations

import msgspec

from maestro_contracts.records import AgentSpec, Step, TaskSpec

PROBE = AgentSpec(kind="probe")


def tasks_of_step(step: Step) -> list[TaskSpec]:
    match step.kind:
        case "probe":
            return _probe_tasks(step)
        case "command":
            task = TaskSpec(step.name, step.title or step.command, agent=_shell(step), may_be_empty=True)
        case _:
            task = TaskSpec(step.name, step.title or step.name, role=step.role, description=step.prompt)
    return [msgspec.structs.replace(task, check=proof(step))]


def _shell(step: Step) -> AgentSpec:
    agent = AgentSpec(kind="command", command=("sh", "-c", step.command))
    return agent if step.timeout_s is None else msgspec.structs.replace(agent, timeout_s=step.timeout_s)


def proof(step: Step) -> str:
    """One shell command that succeeds where everything does that the step's contract names; empty without one."""
    return " && ".join(f"(\n{command}\n)" for command in step.contract.values())


def _probe_tasks(step: Step) -> list[TaskSpec]:
    widths = [int(part) for part in (step.prompt or "1").split(",")]
    return [
        TaskSpec(id=f"{step.name}-{group}-{number}", title="", group=group, agent=PROBE)
        for group, width in enumerate(widths, start=1)
        for number in range(1, width + 1)
    ]
