"""Which files does a run become under `.flow/`? Their names and exact bytes, from its state and history alone.

Deterministic: the same log gives the same bytes, whoever makes them and when. Times come from events, keys are sorted.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import msgspec

from maestro.projections import facts
from maestro.projections.beads import BEADS_FILE
from maestro.projections.history import History, Timed
from maestro.projections.issues import to_jsonl
from maestro.projections.log_view import LogLine
from maestro.projections.report import report
from maestro.projections.text import fence, prose, utc
from maestro.runs.state import GateState, RunState, StepState, TaskState
from maestro_contracts import events as e

FLOW = ".flow"
_PRD_PATH = re.compile(r"\.flow/prd-[a-z0-9][a-z0-9._-]*\.md")
_STATUS_LINE = re.compile(r"^status:.*$", flags=re.MULTILINE)


def files(state: RunState, history: History) -> dict[str, bytes]:
    """Path (relative to the repository, with `/`) to content, for everything that the run shows under `.flow/`
    (and, where its settings say so, `.beads/`)."""
    if state.status == "none":
        return {}
    session = f"{FLOW}/maestro/sessions/{safe_name(state.run)}"
    texts = {
        f"{session}/metadata.json": _json(metadata(state)),
        f"{session}/decisions.json": _json(decisions(state, history)),
        f"{session}/checkpoints.json": _json(checkpoints(state)),
        f"{session}/execution-log.md": execution_log(state, history),
        f"{session}/final-report.md": report(state, history),
        **_decision_files(state, history),
        **_prd_files(state, history),
        **_beads_files(state),
    }
    return {path: texts[path].encode("utf-8", "backslashreplace") for path in sorted(texts)}


def _beads_files(state: RunState) -> dict[str, str]:
    """The tasks as beads issues, where the run's settings ask for them and there are any."""
    wanted = state.settings is not None and state.settings.beads and state.tasks
    return {BEADS_FILE: to_jsonl(state)} if wanted else {}


def safe_name(text: str, limit: int = 60) -> str:
    """The text as part of a file's name: unchanged where that is safe, else shortened and with a hash of the whole."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[:limit].rstrip("-")
    if name and name == text:
        return name
    return f"{name or 'x'}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _plain(value: Any) -> Any:
    """Records as mappings with every field, also where it holds its default: a shape that depends on no content."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


# --- metadata ------------------------------------------------------------------------------------------------------


def metadata(state: RunState) -> dict[str, Any]:
    """What a program wants to know of a run: status, steps, tasks, PRD, branch."""
    return {
        "run": state.run,
        "feature": state.feature,
        "source": state.source,
        "status": state.status,
        "requested_by": state.requested_by,
        "repo": _plain(state.repo),
        **({"forked": _plain(state.forked)} if state.forked else {}),
        "branch": state.branch,
        "head": state.head,
        "started": utc(state.started),
        "ended": utc(state.ended),
        "last_event": {"at": utc(state.last), "seq": state.seq},
        "events": state.events,
        "problem": _plain(state.problem),
        "failed_step": state.failed_step,
        "iteration": state.iteration,
        "workflow": {"name": state.workflow.name, "sha256": state.workflow.sha256} if state.workflow else None,
        "prd": _prd(state),
        "requirements": {"total": len(facts.requirements(state)), "unmet": [r.id for r in facts.unmet(state)]},
        "epics": _plain(state.epics),
        "steps": [_step(step) for step in state.steps.values()],
        "tasks": [_task(task) for task in state.tasks.values()],
        "changed_files": _plain(facts.changed_files(state)),
    }


def _prd(state: RunState) -> dict[str, Any] | None:
    if state.prd is None:
        return None
    return {
        "path": state.prd_path,
        "sha256": state.prd_sha256,
        "slug": state.prd.slug,
        "status": state.prd_status,
        "version": state.prd.version,
    }


def _step(step: StepState) -> dict[str, Any]:
    return {
        "name": step.step.name,
        "kind": step.step.kind,
        "phase": step.step.phase,
        "status": step.status,
        "visit": step.visit,
        "attempt": step.attempt,
        "outcome": step.outcome,
        "started": utc(step.started),
        "ended": utc(step.ended),
    }


def _task(task: TaskState) -> dict[str, Any]:
    return {
        "id": task.spec.id,
        "title": task.spec.title,
        "epic": task.spec.epic,
        "group": task.spec.group,
        "requirements": list(task.spec.requirements),
        "status": task.status,
        "attempts": task.attempt,
        "worker": task.worker,
        "commit": task.commit,
        "started": utc(task.started),
        "ended": utc(task.ended),
        "problems": _plain(task.problems),
    }


# --- decisions and checkpoints -------------------------------------------------------------------------------------


def decisions(state: RunState, history: History) -> dict[str, Any]:
    """What Maestro decided itself and what people, deadlines or prepared answers decided at gates."""
    return {
        "run": state.run,
        "decisions": [_decision(timed) for timed in history.decisions],
        "approvals": [_approval(gate) for gate in state.gates.values()],
    }


def _decision(timed: Timed) -> dict[str, Any]:
    assert isinstance(timed.event, e.DecisionRecorded)
    made = {"address": timed.address, "at": utc(timed.at), "by": timed.actor, "event": timed.id}
    return {**made, **_plain(timed.event.decision)}


def _approval(gate: GateState) -> dict[str, Any]:
    said = gate.decided
    return {
        "gate": gate.gate,
        "visit": gate.visit,
        "status": gate.status,
        "choice": said.choice if said else "",
        "by": said.approver if said else "",
        "via": said.via if said else "",
        "at": utc(said.at) if said else "",
        "text": said.text if said else "",
        "answers": dict(said.answers) if said else {},
        "closed_because": gate.closed.because if gate.closed else "",
        "artifact_sha256": gate.opened.artifact_sha256 if gate.opened else "",
    }


def _decision_files(state: RunState, history: History) -> dict[str, str]:
    found: dict[str, str] = {}
    for timed in history.decisions:
        assert isinstance(timed.event, e.DecisionRecorded)
        name = f"{FLOW}/maestro/decisions/{safe_name(state.run)}-{safe_name(timed.event.decision.id)}"
        # A second plan decides the same question anew: both stay.
        path = f"{name}.json" if f"{name}.json" not in found else f"{name}.{timed.address}.json"
        found[path] = _json({"run": state.run, **_decision(timed)})
    return found


def checkpoints(state: RunState) -> dict[str, Any]:
    made = [point for point in state.checkpoints.values() if point.ref]
    rows = [{**_plain(point), "at": utc(point.at)} for point in made]
    return {"run": state.run, "branch": state.branch, "checkpoints": rows}


# --- texts ---------------------------------------------------------------------------------------------------------


def execution_log(state: RunState, history: History) -> str:
    """Every event as one line, under the phase in which it happened."""
    lines = [f"# Execution log of {prose(state.run)}", "", f"{prose(state.feature)}. Times are UTC."]
    phase, part = "", list[LogLine]()
    for line in history.lines:
        if line.phase and line.phase != phase:
            lines += _part(phase, part)
            phase, part = line.phase, []
        part.append(line)
    return "\n".join([*lines, *_part(phase, part)]) + "\n"


def _part(phase: str, part: list[LogLine]) -> list[str]:
    title = f"Phase {prose(phase)}" if phase else "Start"
    return ["", f"## {title}", "", *fence("\n".join(map(str, part)))] if part else []


def _prd_files(state: RunState, history: History) -> dict[str, str]:
    found = {}
    for version, text in state.prd_texts.items():
        path = state.prd_paths[version]
        if not _PRD_PATH.fullmatch(path):
            path = f"{FLOW}/prd-{safe_name(path)}-v{version}.md"
        found[path] = with_status(text, prd_status(state, history, version))
    return found


def prd_status(state: RunState, history: History, version: int) -> str:
    """`draft`, `approved`, `implemented`, or `superseded` where a later version took its place."""
    if state.prd is None or version < state.prd.version:
        return "superseded"
    return state.prd_status or history.prd_statuses.get(version, "draft")


def with_status(markdown: str, status: str) -> str:
    """The PRD with this status in its front matter; everything else stays, byte for byte."""
    head, mark, rest = markdown.partition("\n---")
    if not mark or not head.startswith("---"):
        return markdown
    return _STATUS_LINE.sub(f"status: {status}", head, count=1) + mark + rest
