"""What was proved, by whom, on which tree? The validators' own evidence, never a worker's word."""

from __future__ import annotations

from collections.abc import Iterator

from maestro.projections import facts
from maestro.projections.history import History, Timed
from maestro.projections.text import cell_code, code, count, duration, prose, table
from maestro.runs.state import RunState
from maestro_contracts import events as e
from maestro_contracts.records import Evidence

VERDICTS = {"met": "met", "not_met": "**not met**", "cannot_tell": "**cannot tell**"}
VOTES = {"accept": "accepted", "reject": "**rejected**", "cannot_tell": "**cannot tell**"}


def testing(state: RunState, history: History) -> list[str]:
    lines = ["Validators ran all of this themselves, each on a fresh checkout; what workers said is not counted here."]
    lines += ["", "### The whole branch", "", *_branch(state)]
    if facts.requirements(state):
        lines += ["", "### Requirements", "", *_requirements(state)]
    if history.votes:
        lines += ["", "### Each task", "", *_tasks(history)]
    return lines


def _branch(state: RunState) -> list[str]:
    check = facts.last_check(state)
    if check is None:
        return ["No validator has looked at the whole branch yet."]
    rounds = f" This was look number {len(state.checks)}." if len(state.checks) > 1 else ""
    where = f"Commit {code(check.commit[:12])}, tree {code(check.tree)}"
    lines = [f"{where}, looked at by {code(check.validator)}: {VERDICTS[check.verdict]}.{rounds}"]
    if check.evidence:
        head = ("What", "Command", "Exit code", "Took", "Output's SHA-256")
        lines += ["", *table(head, [_evidence(evidence) for evidence in check.evidence])]
    return lines


def _evidence(evidence: Evidence) -> tuple[str, ...]:
    took, output = duration(evidence.duration_ms), cell_code(evidence.output_sha256[:12])
    return prose(evidence.what), cell_code(evidence.command, 120), _exit(evidence), took, output


def _exit(evidence: Evidence) -> str:
    return str(evidence.exit_code) if evidence.passed else f"**{evidence.exit_code}**"


def _requirements(state: RunState) -> list[str]:
    found = facts.verdicts(state)
    rows = []
    for requirement in facts.requirements(state):
        verdict = found.get(requirement.id)
        rows.append(
            (
                cell_code(requirement.id),
                prose(requirement.text, 160),
                requirement.priority,
                cell_code(requirement.check, 120),
                VERDICTS[verdict.verdict] if verdict else "not checked yet",
                prose(verdict.why, 160) if verdict and verdict.verdict != "met" else "",
            )
        )
    return table(("Requirement", "What must be true", "Priority", "Check", "Verdict", "Why"), rows)


def _tasks(history: History) -> list[str]:
    head = ("Task", "Attempt", "Validator", "Tree", "Command", "Exit code", "Vote")
    return table(head, [row for timed in history.votes for row in _vote(timed)])


def _vote(timed: Timed) -> Iterator[tuple[str, ...]]:
    vote = timed.event
    assert isinstance(vote, e.VoteCast)
    start = (cell_code(vote.task), str(vote.attempt), cell_code(vote.validator), cell_code(vote.tree[:12]))
    for evidence in vote.evidence:
        yield *start, cell_code(evidence.command, 120), _exit(evidence), VOTES[vote.verdict]
    if not vote.evidence:
        yield *start, "", "", VOTES[vote.verdict]


def quality_gates(state: RunState, history: History) -> list[str]:
    rows = [
        _gates_decided(state),
        _claims_checked(history),
        _merges(state, history),
        _project("The project's tests", facts.project_checks(state, facts.TESTS)),
        _project("The project's linters", facts.project_checks(state, facts.LINT)),
        _all_met(state),
        _clean_log(state),
    ]
    return table(("Gate", "Result", "Shown by"), rows)


def _gates_decided(state: RunState) -> tuple[str, str, str]:
    gates = {gate.gate: gate for gate in state.gates.values() if gate.gate == gate.step}
    if not gates:
        return "Gates are decided", "no gate", ""
    said = [gate.decided for gate in gates.values() if gate.decided]
    shown = "; ".join(f"{prose(d.gate)}: {prose(d.choice)} by {prose(d.approver)}, via {prose(d.via)}" for d in said)
    passed = len(said) == len(gates) and not any(decided.target == "_fail" for decided in said)
    return "Gates are decided", "passed" if passed else "**open**", shown


def _claims_checked(history: History) -> tuple[str, str, str]:
    rejected = sum(1 for timed in history.setbacks if isinstance(timed.event, e.TaskRejected))
    looked = len({(timed.event.task, timed.event.attempt) for timed in history.votes})  # type: ignore[attr-defined]
    result = "held" if looked else "nothing to check"
    shown = f"{count(looked, 'claim')} validated afresh, {rejected} rejected"
    return "No worker's word is taken", result, shown


def _merges(state: RunState, history: History) -> tuple[str, str, str]:
    refused = sum(1 for timed in history.setbacks if isinstance(timed.event, e.MergeRefused))
    left = [task.spec.id for task in facts.open_tasks(state)]
    result = "passed" if state.tasks and not left else "**open**" if left else "nothing to merge"
    return "Every task is merged", result, f"{count(len(history.merges), 'merge')}, {refused} refused"


def _project(name: str, ran: list[Evidence]) -> tuple[str, str, str]:
    if not ran:
        return name, "not run", "no command was found or configured"
    shown = ", ".join(f"{cell_code(evidence.command, 80)} exited {evidence.exit_code}" for evidence in ran)
    return name, facts.outcome(ran), shown


def _all_met(state: RunState) -> tuple[str, str, str]:
    wanted, left = facts.requirements(state), facts.unmet(state)
    if not wanted:
        return "All requirements are met", "no requirements", ""
    shown = f"{len(wanted) - len(left)} of {len(wanted)} met on the final tree" if state.checks else "not checked yet"
    return "All requirements are met", "**open**" if left else "passed", shown


def _clean_log(state: RunState) -> tuple[str, str, str]:
    wrong = len(state.violations) + len(state.dead_letters)
    lost = count(len(state.dead_letters), "command")
    shown = f"{count(len(state.violations), 'event')} out of place, {lost} given up"
    return "The log contradicts nobody", "**look at it**" if wrong else "passed", shown
