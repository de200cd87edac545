"""What does a run's log say of actions: proposed, judged, approved, begun, ended? `ActionBook` and its fold. Pure.

`why_not_begin` is the law of effects: whoever is about to do something asks it at the newest entry of the log, and
says `EffectStarted` at exactly that place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from maestro_contracts import events as e
from maestro_contracts.actions import Grant
from maestro_contracts.records import PolicyText, Settings

NO_PERSON = frozenset({"auto", "deadline", "timer", "command", "forge"})
"""Channels of decisions that no person made."""


@dataclass(frozen=True, slots=True)
class Action:
    """One proposal and what became of it. Of `approval` and `rejected` at most one is there, and it stays. `void`: its
    approval went to a later proposal of the same."""

    proposed: e.ActionProposed
    classified: e.ActionClassified | None = None
    slowed: e.AgentSlowed | None = None
    gate: str = ""
    approval: e.ApprovalGiven | None = None
    rejected: e.ActionRejected | None = None
    void: bool = False
    started: e.EffectStarted | None = None
    ended: e.EffectEnded | None = None
    approved_after: e.EffectApproved | None = None
    rolled_back: e.RolledBack | None = None

    @property
    def is_pending(self) -> bool:
        return self.approval is None and self.rejected is None

    @property
    def level(self) -> int:
        return self.classified.level if self.classified else 3

    @property
    def asked(self) -> str:
        return self.classified.asked if self.classified else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant, how often it was used, and whether it was taken back."""

    issued: e.GrantIssued
    used: int = 0
    revoked: bool = False

    def counts(self, now: int) -> bool:
        grant = self.issued.grant
        return not self.revoked and now < grant.expires and self.used < grant.uses


@dataclass(frozen=True, slots=True)
class ActionBook:
    """All actions of a run by proposal, the grants by id, and what the approved PRD allows."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    grants: Mapping[str, Standing] = field(default_factory=dict)
    allows: tuple[str, ...] = ()
    drafts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    artifacts: Mapping[tuple[str, int], str] = field(default_factory=dict)
    settings: Settings | None = None
    ended: bool = False
    quarantine: e.ViolationFound | None = None

    @property
    def policies(self) -> tuple[PolicyText, ...]:
        return self.settings.policies if self.settings else ()

    @property
    def auto_approve(self) -> bool:
        return self.settings is not None and self.settings.auto_approve

    def waiting(self, asked: str) -> list[Action]:
        """The proposals that wait for the answer to this question, oldest first."""
        return [action for action in self.actions.values() if action.asked == asked and asked and action.is_pending]

    def gate_of(self, asked: str) -> str:
        """The gate at which this question waits for an answer; empty where there is none."""
        return next((action.gate for action in self.waiting(asked) if action.gate), "")

    def asks(self, task: str) -> int:
        """How often the work on this task has asked people."""
        return sum(bool(action.gate or action.slowed) for action in self.actions.values() if _task(action) == task)

    def grant(self, id: str) -> Grant | None:
        return self.grants[id].issued.grant if id in self.grants else None


def _task(action: Action) -> str:
    return action.proposed.task


def evolve(book: ActionBook, event: e.Event) -> ActionBook:
    """The book after one more event. What comes first stays."""
    match event:
        case e.RunStarted(settings=settings) | e.RunForked(settings=settings) if book.settings is None:
            return replace(book, settings=settings)
        case e.RunCancelled() | e.RunFailed() | e.RunCompleted():
            return replace(book, ended=True)
        case e.ViolationFound() if book.quarantine is None:
            return replace(book, quarantine=event)
        case e.RunResumed():
            return replace(book, quarantine=None)
        case e.PrdDrafted(sha256=sha256, prd=prd):
            return replace(book, drafts={**book.drafts, sha256: prd.allows})
        case e.GateOpened():
            return _opened(book, event)
        case e.GateDecided():
            return _decided(book, event)
        case e.ActionProposed(proposal=proposal) if proposal not in book.actions:
            return replace(book, actions={**book.actions, proposal: Action(event)})
        case e.GrantIssued(grant=grant) if grant.id not in book.grants:
            return replace(book, grants={**book.grants, grant.id: Standing(event)})
        case e.GrantRevoked(grant=id) if id in book.grants:
            return replace(book, grants={**book.grants, id: replace(book.grants[id], revoked=True)})
        case e.ApprovalGiven():
            return _approved(book, event)
        case (
            e.ActionClassified()
            | e.AgentSlowed()
            | e.ActionRejected()
            | e.EffectStarted()
            | e.EffectEnded()
            | e.EffectApproved()
            | e.RolledBack()
        ) if event.proposal in book.actions:
            return _with(book, _evolve_action(book.actions[event.proposal], event))
        case _:
            return book


def _with(book: ActionBook, action: Action) -> ActionBook:
    return replace(book, actions={**book.actions, action.proposed.proposal: action})


def _evolve_action(action: Action, event: e.Event) -> Action:
    match event:
        case e.ActionClassified() if action.classified is None:
            return replace(action, classified=event)
        case e.AgentSlowed() if action.slowed is None:
            return replace(action, slowed=event)
        case e.ActionRejected() if action.is_pending:
            return replace(action, rejected=event)
        case e.EffectStarted() if action.started is None:
            return replace(action, started=event)
        case e.EffectEnded() if action.ended is None:
            return replace(action, ended=event)
        case e.EffectApproved() if action.approved_after is None:
            return replace(action, approved_after=event)
        case e.RolledBack() if action.rolled_back is None:
            return replace(action, rolled_back=event)
        case _:
            return action


def _opened(book: ActionBook, event: e.GateOpened) -> ActionBook:
    if event.proposal and event.proposal in book.actions:
        return _with(book, replace(book.actions[event.proposal], gate=event.gate))
    if event.artifact_sha256:
        return replace(book, artifacts={**book.artifacts, (event.gate, event.visit): event.artifact_sha256})
    return book


def _decided(book: ActionBook, event: e.GateDecided) -> ActionBook:
    """Who approves a PRD approves what it lists; a default or --auto-approve is nobody."""
    artifact = book.artifacts.get((event.gate, event.visit), "")
    if artifact not in book.drafts or event.target or event.via in NO_PERSON:
        return book
    return replace(book, allows=book.drafts[artifact])


def _approved(book: ActionBook, event: e.ApprovalGiven) -> ActionBook:
    action = book.actions.get(event.proposal)
    if action is None or not action.is_pending:
        return book
    book = _with(book, replace(action, approval=event))
    earlier = book.actions.get(event.took_over)
    if earlier is not None:
        book = _with(book, replace(earlier, void=True))
    standing = book.grants.get(event.grant)
    if standing is not None and not event.took_over:
        book = replace(book, grants={**book.grants, event.grant: replace(standing, used=standing.used + 1)})
    return book


# --- the law of effects -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody is about to do: the exact action's digest, its level by the policy of now, for which command."""

    proposal: str
    digest: str
    level: int
    policy: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why it may not begin. `again`: it is to be proposed again."""

    reason: str
    again: bool = False


def why_not_begin(book: ActionBook, intent: Intent, now: int) -> Hindrance | None:
    """Why this may not be done now; None where it may."""
    action = book.actions.get(intent.proposal)
    if action is None:
        return Hindrance("it was never proposed", again=True)
    if action.rejected is not None:
        return Hindrance(f"{action.rejected.by} rejected it: {action.rejected.reason}")
    approval = action.approval
    if approval is None:
        return Hindrance("nobody has approved it yet")
    if book.ended:
        return Hindrance("the run has ended")
    if book.quarantine is not None:
        return Hindrance(f"the run is quarantined: entry {book.quarantine.entry}: {book.quarantine.reason}")
    if action.started is not None and (not intent.command or action.started.command != intent.command):
        return Hindrance("its approval was used already", again=True)
    if action.void:
        return Hindrance("its approval was used for the same action, proposed later", again=True)
    if approval.digest != intent.digest or not intent.digest:
        return Hindrance("it is not exactly what was approved", again=True)
    if intent.level > approval.level:
        return Hindrance(f"it is level {intent.level} by now, and was approved as level {approval.level}", again=True)
    if approval.level > 1 and approval.policy_sha256 != intent.policy:
        return Hindrance("the policy has changed since it was approved", again=True)
    if approval.expires and now >= approval.expires and action.started is None:
        return Hindrance("its approval is too old", again=True)
    if approval.grant and book.grants[approval.grant].revoked and action.started is None:
        return Hindrance(f"the grant {approval.grant} was revoked", again=True)
    return None
