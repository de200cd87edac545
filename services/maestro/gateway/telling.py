"""What is told to those who do not look: which events of a run are news, and in which words? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from maestro.gateway.answers import event_views
from maestro.gateway.settings import Kind
from maestro.log.reader import Commit
from maestro.policy.redact import redacted
from maestro.projections.text import one_line, utc
from maestro.runs.state import RunState
from maestro_contracts import events as e

_NEWS: dict[type[e.Event], Kind] = {
    e.GateOpened: "gate.opened",
    e.GateReminded: "gate.reminded",
    e.GateDecided: "gate.decided",
    e.GateClosed: "gate.closed",
    e.RunStarted: "run.started",
    e.RunForked: "run.started",
    e.RunCompleted: "run.ended",
    e.RunFailed: "run.ended",
    e.RunCancelled: "run.ended",
}


_LARGE = frozenset({"entries", "blobs"})
"""What a fork brings along of its parent; the API has it."""


class News(msgspec.Struct, frozen=True):
    """One thing to tell. `id` is the same however often it is told; `data` is the event as in the API, redacted."""

    id: str
    type: Kind
    run: str
    at: str
    feature: str
    title: str
    text: str
    url: str
    data: dict[str, Any]
    gate: str = ""
    visit: int = 0


def news(state: RunState, commit: Commit, url: str) -> Iterator[News]:
    """What one entry of a run's log has to tell."""
    for view, event in zip(event_views(commit), commit.events, strict=True):
        kind = _NEWS.get(type(event))
        if kind is None:
            continue
        title, text = _words(state, event)
        yield News(
            id=f"msg_{state.run}_{view.address.replace('.', '_')}",
            type=kind,
            run=state.run,
            at=utc(commit.header.ts),
            feature=redacted(one_line(state.feature, 200)),
            title=redacted(one_line(title, 200)),
            text=redacted(one_line(text, 1000)),
            url=f"{url}/runs/{quote(state.run)}",
            data=_clean({name: value for name, value in view.data.items() if name not in _LARGE}),
            gate=getattr(event, "gate", ""),
            visit=getattr(event, "visit", 0),
        )


def _words(state: RunState, event: e.Event) -> tuple[str, str]:
    match event:
        case e.GateOpened():
            return f"{event.gate} waits for an answer", event.prompt
        case e.GateReminded():
            return f"{event.gate} still waits for an answer", f"reminder {event.number}"
        case e.GateDecided():
            return f"{event.gate}: {event.choice} by {event.approver}", event.text
        case e.GateClosed():
            return f"{event.gate} is closed", event.because
        case e.RunCompleted():
            return f"Completed: {state.feature}", f"branch {state.branch}"
        case e.RunFailed():
            return f"Failed: {state.feature}", event.problem.reason
        case e.RunCancelled():
            return f"Cancelled: {state.feature}", event.why
        case _:
            return f"Started: {state.feature}", f"asked by {state.requested_by}"


def _clean(value: Any) -> Any:
    """The value without what looks like a secret, whatever came into the log."""
    match value:
        case str():
            return redacted(value)
        case dict():
            return {key: _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
        case _:
            return value
