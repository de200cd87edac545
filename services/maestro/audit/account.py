"""What does an auditor want to read of a run? Who approved what, when, on which evidence, from its log. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from maestro.log.verify import Commit, Rejected
from maestro.projections.text import one_line, utc
from maestro_contracts import events as e
from maestro_contracts.records import Vote

ROWS = 2_000
"""So many rows of a table are kept; all are counted."""
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Something on the timeline, from one time to another (ms). `kind`: step, gate, effect, seal."""

    kind: str
    name: str
    start: int
    end: int


@dataclass(slots=True)
class Account:
    """Hears a log's entries. Times are UTC."""

    feature: str = ""
    first: int = 0
    last: int = 0
    decisions: list[Row] = field(default_factory=list)
    effects: list[Row] = field(default_factory=list)
    acceptances: list[Row] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    _opened: dict[tuple[str, int], tuple[int, e.GateOpened]] = field(default_factory=dict)
    _steps: dict[str, int] = field(default_factory=dict)
    _actions: dict[str, e.ActionProposed] = field(default_factory=dict)
    _levels: dict[str, int] = field(default_factory=dict)
    _approved: dict[str, e.ApprovalGiven] = field(default_factory=dict)
    _begun: dict[str, tuple[str, int, e.EffectStarted]] = field(default_factory=dict)
    _votes: dict[tuple[str, int], list[e.VoteCast]] = field(default_factory=dict)

    def hear(self, verdict: Commit | Rejected) -> None:
        if not isinstance(verdict, Commit):
            return
        ts = verdict.header.ts
        self.first, self.last = self.first or ts, max(self.last, ts)
        self.authors[f"{verdict.header.actor} ({verdict.role})"] += 1
        for index, event in enumerate(verdict.events):
            self.types[type(event).__name__] += 1
            self._hear(f"{verdict.seq}.{index}", ts, event)

    def _hear(self, at: str, ts: int, event: e.Event) -> None:
        match event:
            case e.RunStarted():
                self.feature = event.feature
            case e.StepStarted():
                self._steps.setdefault(event.step, ts)
            case e.StepCompleted() | e.StepFailed():
                self._span("step", event.step, self._steps.pop(event.step, ts), ts)
            case e.GateOpened():
                self._opened[event.gate, event.visit] = ts, event
            case e.GateDecided():
                self._decided(at, ts, event)
            case e.GrantIssued():
                what = f"grant {event.grant.id} until {utc(event.grant.expires)}, {event.grant.uses} uses"
                self._row(self.decisions, (at, utc(ts), what, "issue", _who((event.vote,)), event.grant.why))
            case e.ActionProposed():
                self._actions[event.proposal] = event
            case e.ActionClassified():
                self._levels.setdefault(event.proposal, event.level)
            case e.ApprovalGiven():
                self._approved.setdefault(event.proposal, event)
            case e.EffectStarted():
                self._begun[event.proposal] = at, ts, event
            case e.EffectEnded():
                self._ended(ts, event)
            case e.VoteCast():
                self._votes.setdefault((event.task, event.attempt), []).append(event)
            case e.TaskAccepted():
                self._accepted(at, ts, event)
            case e.LogSealed():
                self._span("seal", f"{event.size} entries", ts, ts)
            case _:
                return

    def _decided(self, at: str, ts: int, event: e.GateDecided) -> None:
        since, opened = self._opened.pop((event.gate, event.visit), (ts, None))
        self._span("gate", event.gate, since, ts)
        asked = opened.prompt if opened else ""
        rests = f"{opened.digest[:16]}… by policy {opened.policy_sha256[:12]}" if opened and opened.digest else ""
        who = _who(event.votes) or f"nobody ({event.via})"
        self._row(self.decisions, (at, utc(ts), f"{event.gate}: {asked}", event.choice, who, rests))

    def _ended(self, ts: int, event: e.EffectEnded) -> None:
        begun = self._begun.pop(event.proposal, None)
        if begun is None:
            return
        at, since, started = begun
        approval, proposed = self._approved.get(event.proposal), self._actions.get(event.proposal)
        by = ", ".join(approval.approvers) or approval.by if approval else "nobody"
        what = proposed.summary if proposed else event.proposal
        level = self._levels.get(event.proposal, started.level)
        self._span("effect", event.proposal, since, ts)
        self._row(self.effects, (at, utc(since), str(level), what, started.by, by, event.outcome))

    def _accepted(self, at: str, ts: int, event: e.TaskAccepted) -> None:
        votes = [vote for vote in self._votes.pop((event.task, event.attempt), []) if vote.tree == event.tree]
        who = ", ".join(f"{vote.validator}: {vote.verdict}" for vote in votes)
        ran = "; ".join(dict.fromkeys(f"{one.command} → {one.exit_code}" for vote in votes for one in vote.evidence))
        self._row(self.acceptances, (at, utc(ts), f"{event.task}, attempt {event.attempt}", event.tree[:12], who, ran))

    def _span(self, kind: str, name: str, start: int, end: int) -> None:
        if len(self.spans) < ROWS:
            self.spans.append(Span(kind, one_line(name, 60), start, end))

    def _row(self, table: list[Row], row: Row) -> None:
        if len(table) < ROWS:
            table.append(tuple(one_line(cell, 300) for cell in row))


def _who(votes: tuple[Vote, ...]) -> str:
    how = {"person": "own key", "gateway": "through a gateway", "": "unsigned"}
    return ", ".join(f"{vote.person} ({how[vote.signed]})" for vote in votes)
