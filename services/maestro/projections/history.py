"""What has to be remembered of a run that its state forgets? The events in order, as people will read of them.

The state holds what is true now; a report also tells what was tried and did not hold. Kept are one line for each event
and, in full, the events that a report speaks of; the many events of plain progress are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from maestro.projections.log_view import LogLine, log_line
from maestro_contracts import events as e


class Named(Protocol):
    """An event's id, beside the event."""

    @property
    def id(self) -> str: ...


class Commit(Protocol):
    """What projections need of a verified commit."""

    @property
    def seq(self) -> int: ...
    @property
    def header(self) -> Any: ...
    @property
    def records(self) -> Sequence[Named]: ...
    @property
    def events(self) -> Sequence[e.Event]: ...


class Timed(msgspec.Struct, frozen=True):
    """An event with its address in the log (`seq.index`), its time (ms) and its author. `of` is the run in whose log it
    stands where that is a parent's."""

    seq: int
    index: int
    at: int
    actor: str
    id: str
    event: e.Event
    of: str = ""

    @property
    def address(self) -> str:
        return f"{self.of}/{self.seq}.{self.index}" if self.of else f"{self.seq}.{self.index}"


SETBACKS = (
    e.StepFailed,
    e.StepsReset,
    e.IterationStarted,
    e.TaskRejected,
    e.TaskFailed,
    e.TaskRetryScheduled,
    e.TaskAbandoned,
    e.MergeRefused,
    e.StepWorkFailed,
    e.PlanRefused,
    e.TasksRefused,
    e.RequestRefused,
    e.CommandDeadLettered,
    e.GateClosed,
    e.RunPaused,
    e.RunResumed,
)
"""What the report tells under "What was retried or rejected, and why"."""


class History(msgspec.Struct):
    """The part of a run's story that its state does not keep."""

    lines: list[LogLine] = []
    setbacks: list[Timed] = []
    votes: list[Timed] = []
    decisions: list[Timed] = []
    prd_statuses: dict[int, str] = {}
    claims: dict[tuple[str, int], e.TaskClaimed] = {}
    merges: list[Timed] = []


def remember(history: History, commit: Commit) -> History:
    """The history with one more commit. Changes `history` in place and returns it."""
    _inherit(history, commit)
    for index, (record, event) in enumerate(zip(commit.records, commit.events, strict=True)):
        timed = Timed(commit.seq, index, commit.header.ts, commit.header.actor, record.id, event)
        history.lines.append(log_line(timed.address, timed.at, timed.actor, event))
        _keep(history, timed)
    return history


def _inherit(history: History, commit: Any) -> None:
    """What a forked run brings along: what a report rests on, and not what went wrong on the way there."""
    past = getattr(commit, "past", ())
    if not past:
        return
    forked = next(event for event in commit.events if isinstance(event, e.RunForked))
    for before in past:
        _inherit(history, before)
        pairs = zip(getattr(before, "records", ()), getattr(before, "events", ()), strict=True)
        for index, (record, event) in enumerate(pairs):
            if not isinstance(event, SETBACKS):
                header = before.header
                _keep(history, Timed(before.seq, index, header.ts, header.actor, record.id, event, forked.parent))


def _keep(history: History, timed: Timed) -> None:
    match timed.event:
        case e.VoteCast():
            history.votes.append(timed)
        case e.DecisionRecorded():
            history.decisions.append(timed)
        case e.TaskClaimed() as claim if claim.tree:
            history.claims[claim.task, claim.attempt] = claim
        case e.TaskMerged():
            history.merges.append(timed)
        case e.PrdCommitted() as committed:
            history.prd_statuses[committed.version] = committed.status
        case event if isinstance(event, SETBACKS):
            history.setbacks.append(timed)
