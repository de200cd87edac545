"""Did people decide where they must? What a run's log shows of effects, approvals, gates and who gave them. Pure.

It believes nothing that a service concluded: each effect is held against the approval that stands before it in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from maestro.gatekeeper.counting import ways_on
from maestro.projections.text import utc
from maestro.runs.fold import change_of
from maestro_contracts import events as e
from maestro_contracts.records import Vote, Workflow

Kind = Literal[
    "effect without approval",
    "approval without effect",
    "missed checkpoint",
    "self-approval",
    "late decision",
    "expired approval",
    "understated level",
]
PEOPLE = frozenset({"person", "same"})
HEARS: tuple[type[e.Event], ...] = (
    e.RunStarted,
    e.RunCompleted,
    e.RunFailed,
    e.RunCancelled,
    e.ActionProposed,
    e.ActionClassified,
    e.ApprovalGiven,
    e.EffectStarted,
    e.TaskClaimed,
    e.TaskMerged,
    e.GateOpened,
    e.GateDecided,
    e.StepStarted,
    e.EffectApproved,
    e.RolledBack,
)
"""Every event that `Audit.read` does something with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at. `at` is the event's address in the log; `settled` says how a person has
    dealt with it since (empty: nobody has). An approval that nobody used is no mistake: `grave` is False."""

    kind: Kind
    about: str
    at: str
    what: str
    grave: bool = True
    settled: str = ""


@dataclass(slots=True)
class Audit:
    """Reads the events of one run in their order."""

    processes: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    _proposed: dict[str, e.ActionProposed] = field(default_factory=dict)
    _classified: dict[str, e.ActionClassified] = field(default_factory=dict)
    _approved: dict[str, tuple[str, e.ApprovalGiven]] = field(default_factory=dict)
    _started: dict[str, e.EffectStarted] = field(default_factory=dict)
    _took_over: set[str] = field(default_factory=set)
    _opened: dict[tuple[str, int], e.GateOpened] = field(default_factory=dict)
    _seen: dict[tuple[str, int], e.PullRequestSeen] = field(default_factory=dict)
    _passed: set[tuple[str, int]] = field(default_factory=set)
    _claims: dict[tuple[str, int], e.TaskClaimed] = field(default_factory=dict)
    _settled: dict[str, str] = field(default_factory=dict)
    _workflow: Workflow | None = None
    _visits: dict[str, int] = field(default_factory=dict)
    _ended: bool = False

    def read(self, at: str, actor: str, event: e.Event) -> None:
        """The next event, at this address, said by this process."""
        match event:
            case e.RunStarted(workflow=workflow) | e.RunForked(workflow=workflow):
                self._workflow = workflow
            case e.RunCompleted() | e.RunFailed() | e.RunCancelled():
                self._ended = True
            case e.ActionProposed():
                self._proposed.setdefault(event.proposal, event)
            case e.ActionClassified():
                self._classified.setdefault(event.proposal, event)
                if event.violation:
                    self._find("understated level", event.proposal, at, event.violation, grave=False)
            case e.ApprovalGiven():
                self._approve(at, event)
            case e.EffectStarted():
                self._start(at, event)
            case e.TaskClaimed():
                self._claims[event.task, event.attempt] = event
            case e.TaskMerged():
                self._merged(at, event)
            case e.GateOpened():
                self._opened[event.gate, event.visit] = event
            case e.PullRequestSeen():
                self._seen[event.gate, event.visit] = event
            case e.GateDecided():
                self._decided(at, event)
            case e.StepStarted():
                self._step(at, event)
            case e.EffectApproved():
                self._settled[event.proposal] = f"approved after the fact by {event.vote.person}"
            case e.RolledBack():
                self._settled[event.proposal] = f"rolled back by {event.commit[:12]}"
            case _:
                return

    def result(self) -> list[Finding]:
        """Everything found, the grave first."""
        unused = [
            Finding("approval without effect", proposal, at, f"approved by {_by(given)}, and not used", grave=False)
            for proposal, (at, given) in self._approved.items()
            if self._ended and given.level > 1 and proposal not in self._started and proposal not in self._took_over
        ]
        found = [self._with_outcome(finding) for finding in [*self.findings, *unused]]
        return sorted(found, key=lambda finding: (not finding.grave, bool(finding.settled)))

    def _with_outcome(self, finding: Finding) -> Finding:
        settled = self._settled.get(finding.about, "")
        return Finding(finding.kind, finding.about, finding.at, finding.what, finding.grave, settled)

    def _find(self, kind: Kind, about: str, at: str, what: str, *, grave: bool = True) -> None:
        self.findings.append(Finding(kind, about, at, what, grave))

    def _approve(self, at: str, event: e.ApprovalGiven) -> None:
        self._approved.setdefault(event.proposal, (at, event))
        self._took_over.add(event.took_over)
        proposed, classified = self._proposed.get(event.proposal), self._classified.get(event.proposal)
        level = classified.level if classified else 3
        if event.by == "policy" and level > 1:
            what = f"level {level} was approved by the policy alone"
            self._find("missed checkpoint", event.proposal, at, what)
        if event.by == "auto" and level > 2:
            self._find("missed checkpoint", event.proposal, at, "level 3 was approved by --auto-approve")
        if proposed is not None and proposed.by in event.approvers:
            self._find("self-approval", event.proposal, at, f"{proposed.by} proposed and approved it")
        self._processes(event.proposal, at, event.approvers)

    def _processes(self, about: str, at: str, names: Iterable[str]) -> None:
        for name in names:
            if name in self.processes:
                self._find("self-approval", about, at, f"{name} is a part of Maestro and no person")

    def _start(self, at: str, event: e.EffectStarted) -> None:
        self._started.setdefault(event.proposal, event)
        given = self._approved.get(event.proposal)
        if given is None:
            return self._find("effect without approval", event.proposal, at, "it was begun without any approval")
        approval = given[1]
        if approval.digest != event.digest:
            self._find("effect without approval", event.proposal, at, "it is not exactly what was approved")
        if event.proposal in self._took_over:
            self._find("effect without approval", event.proposal, at, "its approval had gone to a later proposal")
        if approval.expires and event.at >= approval.expires:
            self._find("expired approval", event.proposal, at, f"its approval ended at {utc(approval.expires)}")

    def _merged(self, at: str, event: e.TaskMerged) -> None:
        claim, proposal = self._claims.get((event.task, event.attempt)), change_of(event.task, event.attempt)
        if claim is not None and claim.commit and proposal not in self._started:
            self._find("effect without approval", proposal, at, f"{event.task} was merged without an approval")

    def _decided(self, at: str, event: e.GateDecided) -> None:
        opened = self._opened.get((event.gate, event.visit))
        self._passed.add((event.gate, event.visit))
        late = opened is not None and opened.deadline is not None and event.at >= opened.deadline
        if late and event.via not in {"deadline", "timer"}:
            assert opened is not None and opened.deadline is not None
            self._find("late decision", event.gate, at, f"its deadline was {utc(opened.deadline)}")
        if event.via == "forge" and not self._was_seen(event, opened):
            self._find("missed checkpoint", event.gate, at, "nobody had seen at the forge what is said to decide it")
        if opened is not None and len(_people(event.votes)) < opened.quorum and event.votes and _is_yes(opened, event):
            self._find("missed checkpoint", event.gate, at, f"{opened.quorum} people should have agreed")
        self._processes(event.gate, at, _people(event.votes))

    def _was_seen(self, event: e.GateDecided, opened: e.GateOpened | None) -> bool:
        """Whether the integrator had said that the gate's own commit was merged, or its request closed."""
        seen = self._seen.get((event.gate, event.visit))
        if seen is None or opened is None or opened.kind != "pull-request" or seen.commit != opened.commit:
            return False
        return seen.sighting.problem is None and seen.sighting.state == ("closed" if event.target else "merged")

    def _step(self, at: str, event: e.StepStarted) -> None:
        """A step that needs a gate must not begin before the gate was decided in this visit of it."""
        self._visits[event.step] = event.visit
        steps = {step.name: step for step in self._workflow.steps} if self._workflow else {}
        for name in steps[event.step].depends_on if event.step in steps else ():
            if name in steps and steps[name].kind == "gate" and (name, self._visits.get(name, 0)) not in self._passed:
                self._find("missed checkpoint", name, at, f"{event.step} began although nobody had decided there")


def _is_yes(opened: e.GateOpened, event: e.GateDecided) -> bool:
    """A veto, or a no when a yes is out of reach, needs no quorum."""
    return any(choice.key == event.key for choice in ways_on(opened.choices))


def _people(votes: Iterable[Vote]) -> set[str]:
    return {vote.person for vote in votes}


def _by(given: e.ApprovalGiven) -> str:
    return ", ".join(given.approvers) or given.by
