"""How do a run's state and log become what the gateway tells? Pure: the data of `views.py`, made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from maestro.gateway.access import now_ms
from maestro.gateway.views import (
    CheckpointView,
    DecidedView,
    EventView,
    GateView,
    GrantView,
    JournalView,
    RefusedView,
    RunSummary,
    RunView,
    StepView,
    TaskView,
    VoteView,
)
from maestro.gateway.watching import Standing, Watched
from maestro.log.reader import Commit, Rejected
from maestro.projections import facts
from maestro.projections.journal import Entry
from maestro.projections.text import utc
from maestro.runs.state import GateState, RunState, TaskState
from maestro_contracts import events as e


def run_summary(state: RunState) -> RunSummary:
    return RunSummary(
        run=state.run,
        feature=state.feature,
        status=state.status,
        requested_by=state.requested_by,
        started=utc(state.started),
        ended=utc(state.ended),
        last_event=utc(state.last),
        seq=state.seq,
        branch=state.branch,
        tasks=facts.task_count(state),
        done=len(facts.done_tasks(state)),
        open_gates=[gate.gate for gate in waiting(state)],
    )


def run_view(state: RunState) -> RunView:
    return RunView(
        run=state.run,
        feature=state.feature,
        status=state.status,
        source=state.source,
        text=state.text,
        requested_by=state.requested_by,
        started=utc(state.started),
        ended=utc(state.ended),
        seq=state.seq,
        events=state.events,
        branch=state.branch,
        head=state.head,
        iteration=state.iteration,
        problem=state.problem,
        failed_step=state.failed_step,
        prd_path=state.prd_path,
        prd_status=state.prd_status,
        prd_version=state.prd.version if state.prd else 0,
        steps=_steps(state),
        tasks=[_task(task) for task in state.tasks.values()],
        gates=gate_views(state),
        checkpoints=[
            CheckpointView(point.number, point.name, point.commit, point.ref, utc(point.at))
            for point in state.checkpoints.values()
        ],
        violations=list(state.violations),
    )


def _steps(state: RunState) -> list[StepView]:
    return [
        StepView(
            name=each.step.name,
            kind=each.step.kind,
            phase=each.step.phase,
            title=each.step.title,
            status=each.status,
            visit=each.visit,
            attempt=each.attempt,
            outcome=each.outcome,
            started=utc(each.started),
            ended=utc(each.ended),
        )
        for each in state.steps.values()
    ]


def _task(task: TaskState) -> TaskView:
    return TaskView(
        id=task.spec.id,
        title=task.spec.title,
        epic=task.spec.epic,
        group=task.spec.group,
        step=task.step,
        depends_on=list(task.spec.depends_on),
        requirements=list(task.spec.requirements),
        status=task.status,
        attempt=task.attempt,
        worker=task.worker,
        commit=task.commit,
        votes=[vote.verdict for vote in task.votes],
        started=utc(task.started),
        ended=utc(task.ended),
        problem=task.problem,
    )


def waiting(state: RunState) -> list[GateState]:
    """The gates at which a person is asked now."""
    return [] if state.ended_for_good else [gate for gate in state.open_gates() if gate.opened is not None]


def gate_views(state: RunState) -> list[GateView]:
    """Every gate that was ever open, in order."""
    return [gate_view(state, gate) for gate in state.gates.values() if gate.opened is not None]


def find_gate(state: RunState, name: str, visit: int = 0) -> GateState | None:
    """A visit of a gate that was opened; without `visit` the one that is open, else the newest."""
    found = [gate for gate in state.gates.values() if gate.gate == name and gate.opened is not None]
    if visit:
        return next((gate for gate in found if gate.visit == visit), None)
    return max(found, key=lambda gate: (gate.status == "open", gate.visit), default=None)


def gate_version(opened: e.GateOpened) -> str:
    """Names what is asked, so that nobody decides something else than they saw."""
    asked = hashlib.sha256(msgspec.json.encode(opened)).hexdigest()
    return f"{opened.visit}-{asked[:16]}"


def gate_view(state: RunState, gate: GateState) -> GateView:
    opened = gate.opened
    assert opened is not None
    closed = gate.closed.because if gate.closed else ""
    return GateView(
        run=state.run,
        gate=gate.gate,
        visit=gate.visit,
        step=gate.step,
        status=_gate_status(state, gate),
        version=gate_version(opened),
        prompt=opened.prompt,
        choices=list(opened.choices),
        freeform=opened.freeform,
        questions=list(opened.questions),
        quorum=opened.quorum,
        opened=utc(opened.opened),
        deadline=utc(opened.deadline or 0),
        default=opened.default,
        artifact_sha256=opened.artifact_sha256,
        kind=opened.kind,
        level=opened.level,
        roles=list(opened.roles),
        people=list(opened.people),
        conditions=opened.conditions,
        digest=opened.digest,
        policy_sha256=opened.policy_sha256,
        proposal=opened.proposal,
        context=opened.context,
        impact=opened.impact,
        reversibility=opened.reversibility,
        diff=opened.diff,
        votes=[VoteView(each.vote.person, each.vote.choice, each.vote.via, each.vote.signed) for each in gate.votes],
        decided=_decided(gate.decided) if gate.decided else None,
        closed_because=closed or ("the run has ended" if gate.status == "open" and state.ended_for_good else ""),
        expired=gate.closed is not None and gate.closed.expired,
        refused=[RefusedView(no.given, no.by, no.reason) for no in gate.refused],
    )


def _gate_status(state: RunState, gate: GateState) -> Literal["open", "decided", "closed"]:
    if gate.decided is not None:
        return "decided"
    return "open" if gate.status == "open" and not state.ended_for_good else "closed"


def _decided(said: e.GateDecided) -> DecidedView:
    return DecidedView(said.choice, said.key, said.approver, said.via, utc(said.at), said.text, dict(said.answers))


def grant_view(watched: Watched, standing: Standing) -> GrantView:
    revoked = standing.revoked
    return GrantView(
        run=watched.run,
        grant=standing.issued.grant,
        given_by=standing.issued.vote.person,
        given=utc(standing.at),
        used=standing.used,
        good=standing.is_good(now_ms()) and not watched.state.ended_for_good,
        revoked_by=revoked.vote.person if revoked else "",
    )


def journal_view(entry: Entry) -> JournalView:
    return JournalView(
        id=entry.id,
        type=entry.kind,
        at=utc(entry.at),
        author=entry.author,
        title=entry.title,
        content=entry.content,
        tags=list(entry.tags),
        task=entry.task,
        files=list(entry.files),
        related=list(entry.related),
        options=list(entry.options),
        hitl_reviewed=entry.hitl_reviewed,
        reviewed_by=entry.reviewed_by,
        note=entry.note,
    )


def event_views(verdict: Commit | Rejected) -> list[EventView]:
    """The events of one entry of the log."""
    if isinstance(verdict, Rejected):
        address = f"{verdict.seq}.0"
        return [EventView(address, verdict.seq, 0, "", "", "", verdict.actor, "", "", {}, verdict.reason)]
    header = verdict.header
    pairs: Iterable[tuple[Any, e.Event]] = zip(verdict.records, verdict.events, strict=True)
    return [
        EventView(
            address=f"{verdict.seq}.{index}",
            seq=verdict.seq,
            index=index,
            id=record.id,
            type=event.type_name(),
            at=utc(header.ts),
            actor=header.actor,
            role=verdict.role,
            cause=record.cause,
            data=msgspec.to_builtins(event),
        )
        for index, (record, event) in enumerate(pairs)
    ]
