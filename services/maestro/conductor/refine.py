"""What does the next iteration do? Tasks made from what the last one left undone, and nothing else."""

from __future__ import annotations

import msgspec

from maestro.conductor.errors import NOT_REFINED
from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Evidence, Problem, Requirement, TaskSpec


def fix_tasks(state: RunState, checked: e.RunChecked, number: int) -> tuple[TaskSpec, ...]:
    """The tasks of iteration `number`: failed tasks again, in their groups; then, one after the other, each requirement
    that does not hold and has no task among the failed ones; or else the failing commands that nothing covers. What
    trying again cannot help is left out, with what needs it."""
    failed = failed_tasks(state)
    hopeless = _hopeless(state, failed)
    again = [task for task in failed if task.spec.id not in hopeless]
    tasks = _redo(again, number)
    covered = {requirement for task in failed for requirement in task.spec.requirements}
    group = max((task.group for task in tasks), default=0)
    missing = [requirement for requirement in _not_met(state, checked) if requirement.id not in covered]
    for position, requirement in enumerate(missing, start=group + 1):
        tasks.append(_fix_requirement(state, requirement, checked, number, position))
    if not tasks and not hopeless:
        tasks = [_fix_command(evidence, number, n) for n, evidence in enumerate(_failing(checked), start=1)]
    return tuple(tasks)


def stuck(state: RunState, why: tuple[str, ...]) -> Problem:
    """Why there is no further iteration although not all holds."""
    hopeless = _hopeless(state, failed_tasks(state))
    if not hopeless:
        return Problem("ambiguous", "nobody can tell what to mend: " + "; ".join(why), "add checks")
    reason = f"trying again would not help {', '.join(hopeless)}: " + "; ".join(why)
    return Problem("check_failed", reason, "see the report; mend the task, its files or the agent, and start a new run")


def failed_tasks(state: RunState) -> list[TaskState]:
    """The tasks that failed and have not been taken up again by a later iteration."""
    latest = {_root(task.spec.id): task for task in state.tasks.values()}
    return [task for task in latest.values() if task.status == "failed"]


def _hopeless(state: RunState, failed: list[TaskState]) -> list[str]:
    """The failed tasks that another iteration cannot help: they left their bounds, or failed in the very same way as
    in the iteration before, or need such a task."""
    found: list[str] = []
    for task in failed:
        needs = {_root(name) for name in task.spec.depends_on} & {_root(name) for name in found}
        if needs or _out_of_bounds(task) or task.problem in _problems_before(state, task):
            found.append(task.spec.id)
    return found


def _out_of_bounds(task: TaskState) -> bool:
    return task.problem is not None and task.problem.kind in NOT_REFINED


def _problems_before(state: RunState, task: TaskState) -> list[Problem | None]:
    """What the task ended with in the iteration before; empty where there was none."""
    earlier = [
        other for other in state.tasks.values() if _root(other.spec.id) == _root(task.spec.id) and other is not task
    ]
    return [earlier[-1].problem] if earlier else []


def asked_tasks(text: str, number: int) -> tuple[TaskSpec, ...]:
    """What a person asked for at a gate that sends the work back."""
    title = text.strip().splitlines()[0][:100]
    return (TaskSpec(id=f"G-1.{number}", title=f"Revise: {title}", description=text),)


def reasons(state: RunState, checked: e.RunChecked) -> tuple[str, ...]:
    """Why another iteration is needed, for people."""
    failed = [f"{task.spec.id} failed: {task.problem.reason}" for task in failed_tasks(state) if task.problem]
    verdicts = [
        f"{verdict.id}: {verdict.why or 'not met'}" for verdict in checked.requirements if verdict.verdict != "met"
    ]
    commands = [f"`{evidence.command}` exited {evidence.exit_code}" for evidence in _failing(checked)]
    return tuple(dict.fromkeys(failed + verdicts + commands))


def _not_met(state: RunState, checked: e.RunChecked) -> list[Requirement]:
    failed = {verdict.id for verdict in checked.requirements if verdict.verdict == "not_met"}
    return [requirement for requirement in (state.prd.requirements if state.prd else ()) if requirement.id in failed]


def _failing(checked: e.RunChecked) -> list[Evidence]:
    """What failed before the run as well is nobody's task."""
    return [evidence for evidence in checked.evidence if not evidence.passed and not evidence.excused]


def _redo(again: list[TaskState], number: int) -> list[TaskSpec]:
    new = {task.spec.id: f"{_root(task.spec.id)}.{number}" for task in again}
    return [
        msgspec.structs.replace(
            task.spec,
            id=new[task.spec.id],
            depends_on=tuple(new[name] for name in task.spec.depends_on if name in new),
        )
        for task in again
    ]


def _root(task_id: str) -> str:
    """The id without the iteration's number: `T-003.2` is the third task once more."""
    return task_id.rpartition(".")[0] or task_id


def _fix_requirement(
    state: RunState, requirement: Requirement, checked: e.RunChecked, number: int, group: int
) -> TaskSpec:
    evidence = next((item for item in checked.evidence if item.command == requirement.check), None)
    files = {
        path for task in state.tasks.values() if requirement.id in task.spec.requirements for path in task.spec.files
    }
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
