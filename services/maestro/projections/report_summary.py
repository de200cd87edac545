"""What does the reader need to know first? The outcome in sentences, then the figures."""

from __future__ import annotations

from maestro.projections import facts
from maestro.projections.history import History
from maestro.projections.text import cell_code, code, count, duration, prose, table, utc
from maestro.runs.state import RunState


def summary(state: RunState, _history: History) -> list[str]:
    missing = _missing(state)
    more = ["", "Not done yet:", "", *missing] if missing else []
    return [*_outcome(state), *_trespasses(state), "", *table(("What", "Value"), _figures(state)), *more]


def _trespasses(state: RunState) -> list[str]:
    found = facts.trespasses(state)
    if not found:
        return []
    head = "**Look at this first.** Agents did what they may not. The work was refused, but nothing was put back:"
    return ["", head, "", *(f"- {prose(reason)}" for reason in found)]


def _outcome(state: RunState) -> list[str]:
    work = f"{len(facts.done_tasks(state))} of {count(facts.task_count(state), 'task')} done"
    if facts.requirements(state):
        work += f", {_met(state)}"
    match state.status:
        case "completed":
            untouched = "" if facts.trespasses(state) else "; your own branch and files were not touched"
            where = f" The result is on branch {code(state.branch)}{untouched}."
            return [f"**The run is completed**: {work}.{where if state.branch else ''}"]
        case "failed":
            return [f"**The run failed** at step {code(state.failed_step)}: {work}.", "", *_problem(state)]
        case "cancelled":
            return [f"**The run was cancelled**: {work}.", "", *_problem(state)]
        case "paused":
            return [f"**The run is paused**: {work}. This is the report so far."]
        case "none":
            return ["Nothing is known of this run."]
        case _:
            return [f"**The run is not over**: {work}. This is the report so far."]


def _problem(state: RunState) -> list[str]:
    if state.problem is None:
        return []
    mend = f" What to do: {prose(state.problem.mend)}" if state.problem.mend else ""
    return [f"Reason ({state.problem.kind}): {prose(state.problem.reason)}{mend}"]


def _met(state: RunState) -> str:
    wanted = facts.requirements(state)
    if not state.checks:
        return f"{count(len(wanted), 'requirement')} not checked yet"
    return f"{len(wanted) - len(facts.unmet(state))} of {count(len(wanted), 'requirement')} met"


def _figures(state: RunState) -> list[tuple[str, str]]:
    rows = [
        ("Feature", prose(state.feature)),
        ("Status", state.status),
        ("Run", cell_code(state.run)),
        ("Asked by", prose(state.requested_by)),
        ("Started", utc(state.started)),
        ("Duration", duration((state.ended or state.last) - state.started) if state.started else ""),
        ("Requirements", _met(state) if state.prd else ""),
        ("Tasks", _tasks(state)),
        ("Tests", _tests(state)),
        ("Checkpoints", str(facts.made_checkpoints(state))),
        ("Branch", f"{cell_code(state.branch)} at {cell_code(state.head[:12])}" if state.branch else ""),
        ("Based on", cell_code(state.repo.base[:12]) if state.repo else ""),
        ("Goes on from", f"entry {state.forked.entry} of {cell_code(state.forked.parent)}" if state.forked else ""),
        ("Plan", f"{cell_code(state.prd_path)}, {state.prd_status}" if state.prd_path else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _tasks(state: RunState) -> str:
    if not state.tasks:
        return ""
    groups = len({(task.step, task.spec.group) for task in state.tasks.values()})
    done = f"{len(facts.done_tasks(state))} of {facts.task_count(state)} done"
    return f"{done}, in {count(groups, 'group')}, {count(facts.attempts(state), 'attempt')}"


def _tests(state: RunState) -> str:
    ran = facts.project_checks(state, facts.TESTS)
    if not ran:
        return "not run on the whole branch yet" if state.tasks else ""
    return f"{facts.outcome(ran)}: " + ", ".join(cell_code(evidence.command, 80) for evidence in ran)


def _missing(state: RunState) -> list[str]:
    lines = [f"- Gate {code(gate.gate)} waits for an answer." for gate in state.open_gates()]
    lines += [
        f"- Task {code(task.spec.id)}, {prose(task.spec.title)}: {task.status}"
        + (f" ({prose(task.problem.reason, 160)})" if task.problem else "")
        for task in facts.open_tasks(state)
    ]
    found = facts.verdicts(state)
    for requirement in facts.unmet(state):
        verdict = found[requirement.id].verdict.replace("_", " ") if requirement.id in found else "not checked"
        lines.append(f"- Requirement {code(requirement.id)}, {prose(requirement.text, 160)}: {verdict}")
    if state.status != "completed":
        steps = [code(name) for name, step in state.steps.items() if step.status != "done"]
        lines += [f"- Steps that are not done: {', '.join(steps)}"] if steps else []
    return lines
