"""Who decided what, and why? Maestro's own decisions, and the answers that gates got."""

from __future__ import annotations

from maestro.projections.history import History
from maestro.projections.text import cell_code, code, prose, table, utc
from maestro.runs.state import GateState, RunState
from maestro_contracts.records import Decision

CHANNELS = {
    "cli": "by a person at the command line",
    "web": "by a person on the web page",
    "rest": "by a person over the API",
    "tui": "by a person in the terminal window",
    "webhook": "by a webhook's callback, in the name that the configuration gives",
    "deadline": "by the deadline: nobody answered in time, the default was taken",
    "forge": "by the forge: there the run's branch was merged, or its request closed",
    "auto": "automatically (--auto-approve): no person looked",
    "script": "by the playbook's prepared answer: no person looked",
}


def decisions(_state: RunState, history: History) -> list[str]:
    if not history.decisions:
        return ["Maestro decided nothing by itself."]
    lines = ["Maestro decided these points itself. Each can be changed by revising the plan.", ""]
    for timed in history.decisions:
        lines += [*_decision(timed.event.decision), ""]  # type: ignore[attr-defined]
    return lines[:-1]


def _decision(decision: Decision) -> list[str]:
    lines = [f"- **{prose(decision.topic)}**: {prose(decision.decision)}"]
    lines += [f"  - Why: {prose(decision.rationale)}"] if decision.rationale else []
    lines += [f"  - Confidence: {round(decision.confidence * 100)}%"]
    others = "; ".join(prose(other) for other in decision.alternatives)
    lines += [f"  - Alternatives: {others or 'none were looked at'}"]
    evidence = "; ".join(prose(found) for found in decision.evidence)
    return [*lines, f"  - Seen: {evidence}"] if evidence else lines


def approvals(state: RunState, _history: History) -> list[str]:
    gates = list(state.gates.values())
    if not gates:
        return ["No gate was opened: nobody was asked anything."]
    lines = table(("When (UTC)", "Gate", "Decision", "Who", "How", "What they said"), [_answer(gate) for gate in gates])
    for gate in gates:
        lines += _questions(gate)
        lines += _refused(gate)
    return lines


def _name(gate: GateState) -> str:
    return gate.gate if gate.visit <= 1 else f"{gate.gate} (visit {gate.visit})"


def _answer(gate: GateState) -> tuple[str, ...]:
    name = cell_code(_name(gate))
    if gate.decided is not None:
        said = gate.decided
        how = CHANNELS.get(said.via, f"via {prose(said.via)}")
        return utc(said.at), name, prose(said.choice), prose(said.approver), how, prose(said.text)
    if gate.closed is not None:
        return "", name, "none", "nobody", "closed: " + prose(gate.closed.because), ""
    return "", name, "none yet", "nobody", "waits for an answer", ""


def _questions(gate: GateState) -> list[str]:
    if gate.opened is None or not gate.opened.questions:
        return []
    answers = gate.decided.answers if gate.decided else {}
    lines = ["", f"Questions of {code(_name(gate))}:", ""]
    for question in gate.opened.questions:
        lines.append(f"- {prose(question.text)} {_reply(answers, question.id)}")
    return lines


def _reply(answers: dict[str, str], question: str) -> str:
    return f"**{prose(answers[question])}**" if answers.get(question) else "(no answer)"


def _refused(gate: GateState) -> list[str]:
    if not gate.refused:
        return []
    lines = ["", f"Answers to {code(_name(gate))} that were refused:", ""]
    return lines + [f"- {code(no.given) or 'nothing'} by {prose(no.by)}: {prose(no.reason)}" for no in gate.refused]
