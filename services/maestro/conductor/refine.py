"""What does the next iteration do? Tasks made from what the last one left undone, and nothing else."""

from __future__ import annotations

import msgspec

from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Evidence, Requirement, TaskSpec


def fix_tasks(state: RunState, checked: e.RunChecked, number: int) -> tuple[TaskSpec, ...]:
    """The tasks of iteration `number`: abandoned tasks again, then each requirement that does not hold and has no
    task among them, then the failing commands that nothing else covers."""
    group = 1
    again = [task for task in state.tasks.values() if task.status == "failed"]
    tasks = [_redo(task, number, group) for task in again]
    covered = {requirement for task in again for requirement in task.spec.requirements}
    for requirement in _not_met(state, checked):
        if requirement.id not in covered:
            tasks.append(_fix_requirement(state, requirement, checked, number, group))
    if not tasks:
        tasks = [_fix_command(evidence, number, n) for n, evidence in enumerate(_failing(checked), start=1)]
    return tuple(tasks)


def asked_tasks(text: str, number: int) -> tuple[TaskSpec, ...]:
    """What a person asked for at a gate that sends the work back."""
    title = text.strip().splitlines()[0][:100]
    return (TaskSpec(id=f"G-1.{number}", title=f"Revise: {title}", description=text),)


def reasons(state: RunState, checked: e.RunChecked) -> tuple[str, ...]:
    """Why another iteration is needed, for people."""
    verdicts = [f"{verdict.id}: {verdict.why or 'not met'}" for verdict in checked.requirements if verdict.verdict != "met"]
    commands = [f"`{evidence.command}` exited {evidence.exit_code}" for evidence in _failing(checked)]
    return tuple(dict.fromkeys(verdicts + commands))


def _not_met(state: RunState, checked: e.RunChecked) -> list[Requirement]:
    failed = {verdict.id for verdict in checked.requirements if verdict.verdict == "not_met"}
    return [requirement for requirement in (state.prd.requirements if state.prd else ()) if requirement.id in failed]


def _failing(checked: e.RunChecked) -> list[Evidence]:
    return [evidence for evidence in checked.evidence if not evidence.passed]


def _redo(task: TaskState, number: int, group: int) -> TaskSpec:
    return msgspec.structs.replace(task.spec, id=f"{_root(task.spec.id)}.{number}", group=group, depends_on=())


def _root(task_id: str) -> str:
    return task_id.partition(".")[0]


def _fix_requirement(
    state: RunState, requirement: Requirement, checked: e.RunChecked, number: int, group: int
) -> TaskSpec:
    evidence = next((item for item in checked.evidence if item.command == requirement.check), None)
    files = {path for task in state.tasks.values() if requirement.id in task.spec.requirements for path in task.spec.files}
    return TaskSpec(
        id=f"F-{requirement.id}.{number}",
        title=f"Make {requirement.id} hold: {requirement.text}",
        group=group,
        description=f"The check failed:\n{evidence.tail}" if evidence else "",
        files=tuple(sorted(files)),
        requirements=(requirement.id,),
        check=requirement.check,
    )


def _fix_command(evidence: Evidence, number: int, position: int) -> TaskSpec:
    return TaskSpec(
        id=f"F-{position}.{number}",
        title=f"Make `{evidence.command}` succeed again",
        group=position,
        description=f"It exited {evidence.exit_code}:\n{evidence.tail}",
        check=evidence.command,
    )
