"""Which plain facts do several parts of a report need? Counts and look-ups over a run's state."""

from __future__ import annotations

from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import Evidence, FileChange, Requirement, RequirementVerdict, Sighting


def requirements(state: RunState) -> tuple[Requirement, ...]:
    return state.prd.requirements if state.prd else ()


def last_check(state: RunState) -> e.RunChecked | None:
    """The newest look that a validator had at the whole branch."""
    return state.checks[-1] if state.checks else None


def verdicts(state: RunState) -> dict[str, RequirementVerdict]:
    check = last_check(state)
    return {verdict.id: verdict for verdict in check.requirements} if check else {}


def unmet(state: RunState) -> list[Requirement]:
    """Requirements that no validator has found met."""
    found = verdicts(state)
    return [r for r in requirements(state) if r.id not in found or found[r.id].verdict != "met"]


def trespasses(state: RunState) -> list[str]:
    """What agents did that they may not, each once: outside their worktree, to `.git`, beyond their task's files."""
    problems = [problem for task in state.tasks.values() for problem in task.problems]
    return list(dict.fromkeys(problem.reason for problem in problems if problem.kind == "scope_violation"))


def seen_at_forge(seen: Sighting) -> str:
    """What is known of the request to merge the run's branch, and what a person can do where it decides nothing."""
    if seen.problem is not None:
        at = f" ({seen.url})" if seen.url else ""
        return f"{seen.problem.reason}{at}; {seen.problem.mend}".rstrip("; ")
    if seen.state == "none":
        return "nobody asks to merge the run's branch yet; push it and open a pull or merge request"
    merged = f", as {seen.merge_commit[:12]}" if seen.merge_commit else ""
    return f"#{seen.request} is {seen.state}{merged}" + (f" ({seen.url})" if seen.url else "")


def done_tasks(state: RunState) -> list[TaskState]:
    return [task for task in state.tasks.values() if task.status == "done"]


def open_tasks(state: RunState) -> list[TaskState]:
    """Tasks that are not done, without those that a later iteration did in their place."""
    done = {_root(task) for task in done_tasks(state)}
    return [task for task in state.tasks.values() if task.status != "done" and not _replaced(task, done)]


def _replaced(task: TaskState, done: set[str]) -> bool:
    return task.status == "failed" and _root(task) in done


def _root(task: TaskState) -> str:
    """The task's id without the iteration's number: `T-003.2` does `T-003` once more."""
    return task.spec.id.partition(".")[0]


def task_count(state: RunState) -> int:
    return len(done_tasks(state)) + len(open_tasks(state))


def attempts(state: RunState) -> int:
    return sum(task.attempt for task in state.tasks.values())


def made_checkpoints(state: RunState) -> int:
    return sum(1 for checkpoint in state.checkpoints.values() if checkpoint.ref)


TESTS, LINT = "the project's tests", "lint"
"""How validators' evidence begins to say what it is evidence of."""
NOT_ITS_FAULT = "not its fault"
"""How they say that a command failed in the same way before."""


def project_checks(state: RunState, what: str) -> list[Evidence]:
    """What the last look at the whole branch ran of one kind: `TESTS` or `LINT`."""
    check = last_check(state)
    return [evidence for evidence in check.evidence if evidence.what.startswith(what)] if check else []


def outcome(ran: list[Evidence]) -> str:
    """What these commands came to, in a word or two of Markdown; empty where there are none."""
    failed = [evidence for evidence in ran if not evidence.passed]
    if not failed:
        return "passed" if ran else ""
    old = all(NOT_ITS_FAULT in evidence.what for evidence in failed)
    return "failed before as well" if old else f"**{len(failed)} of {len(ran)} failed**"


def changed_files(state: RunState) -> list[FileChange]:
    """The handed-over changes; before that, what the merged tasks' claims say, added up by file."""
    if state.handed_over is not None:
        return list(state.handed_over.files)
    files: dict[str, FileChange] = {}
    for task in done_tasks(state):
        for change in task.claim.files if task.claim else ():
            before = files.get(change.path)
            files[change.path] = change if before is None else _both(before, change)
    return [files[path] for path in sorted(files)]


def _both(one: FileChange, other: FileChange) -> FileChange:
    if min(one.added, other.added) < 0:
        return FileChange(one.path, -1, -1, one.status)
    return FileChange(one.path, one.added + other.added, one.removed + other.removed, one.status)
