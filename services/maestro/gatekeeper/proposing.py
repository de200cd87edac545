"""What follows when somebody wants to do something? Its level is recorded; then it is approved, rejected or asked.

Pure. Nobody is asked where the level is 1, where the approved PRD lists exactly this, where a grant covers it, or where
people have answered this very question in this run. The same question from several is one gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maestro.approvals.book import Action, ActionBook
from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper import describing
from maestro.gatekeeper.deciding import Decision, Here
from maestro.gatekeeper.gates import opening
from maestro.gatekeeper.standing import granted, listed
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.actions import ActionPart
from maestro_contracts.proposals import Proposal
from maestro_contracts.records import Approvals, Choice
from maestro_contracts.workflow_rules import FAIL, REJECT

CHOICES = (Choice("approve", "a"), Choice("reject", "r", REJECT), Choice("abort", "x", FAIL))
FREE_ASKS = 5
"""So often the work on one task may ask people at once; each further question waits twice as long as the one before."""
FIRST_DELAY_MS = 30_000
LONGEST_DELAY_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Judged:
    """An action as the gatekeeper has read and classified it. `parts` are those above level 1 (of an action of one part
    that one), `exact` the proposals they stand for; `digest` covers all of it, `asked` the parts above level 1."""

    proposal: str
    task: str
    attempt: int
    by: str
    agent: str
    digest: str
    level: int
    parts: tuple[ActionPart, ...]
    exact: tuple[Proposal, ...]
    asked: str
    summary: str
    policy_version: str
    policy: str
    claimed: int = 0
    violation: str = ""
    judge: str = ""
    why: str = ""
    merged: bool = False


def propose(book: ActionBook, id: str, judged: Judged, here: Here) -> Decision:
    """Recorded, and what follows at once."""
    if judged.proposal in book.actions or book.ended:
        return Decision()
    proposed = e.ActionProposed(
        proposal=judged.proposal,
        task=judged.task,
        attempt=judged.attempt,
        by=judged.by,
        digest=judged.digest,
        summary=judged.summary,
        agent=judged.agent,
        claimed=judged.claimed,
        why=judged.why,
    )
    classified = e.ActionClassified(
        proposal=judged.proposal,
        level=judged.level,
        policy_version=judged.policy_version,
        policy_sha256=judged.policy,
        parts=judged.parts,
        asked=judged.asked,
        violation=judged.violation,
        judge=judged.judge,
    )
    slot = action_slot(judged.proposal)
    said = (Said(f"{slot}/proposed", proposed, id), Said(f"{slot}/classified", classified, id))
    return Decision(said) + _verdict(book, id, judged, Action(proposed, classified), here)


def action_slot(proposal: str) -> str:
    return f"action:{proposal}"


def approval_slot(proposal: str) -> str:
    """`<slot>/decided` takes an approval or a rejection, `<slot>/consumed` the one use of it."""
    return f"approval:{proposal}"


def _verdict(book: ActionBook, id: str, judged: Judged, action: Action, here: Here) -> Decision:
    if not judged.digest or (judged.level > 1 and not judged.asked):
        reason = "it cannot be written down exactly, so nobody could approve exactly this"
        return Decision((rejected(action, "policy", reason, id, here.now),))
    if judged.level == 1:
        return Decision((approved(action, "policy", id, here.now),))
    known = _known_answer(book, id, judged, action, here.now)
    if known is not None:
        return Decision((known,))
    if book.gate_of(judged.asked):
        return Decision()
    return _asked(book, id, action, here, merged=judged.merged)


def _known_answer(book: ActionBook, id: str, judged: Judged, action: Action, now: int) -> Said | None:
    """What was decided before about exactly this, or covers it."""
    for earlier in book.actions.values():
        if earlier.asked != judged.asked:
            continue
        if earlier.rejected is not None and earlier.rejected.gate:
            said = earlier.rejected
            reason = f"{said.by} has rejected exactly this in this run: {said.reason}"
            return rejected(action, said.by, reason, id, now, gate=said.gate)
        if _can_be_taken_over(earlier, judged, now):
            return _taken_over(action, earlier, id, now)
    seen = _seen_in_parts(book, judged) if judged.merged else None
    if seen is not None:
        return _taken_over(action, seen, id, now, was_used=True)
    if judged.level == 2 and listed(book.allows, judged.parts):
        return approved(action, "prd", id, now)
    grant = granted(book, judged.parts, judged.exact, judged.level, now)
    if not grant:
        return None
    return approved(action, "grant", id, now, grant=grant, expires=book.grants[grant].issued.grant.expires)


def _seen_in_parts(book: ActionBook, judged: Judged) -> Action | None:
    """People need not look at a change again whose every grave file they have approved, byte for byte, when this same
    attempt was about to write it; returns the last of those actions."""
    by_people = [
        each
        for each in book.actions.values()
        if each.approval is not None
        and each.approval.by in {"person", "same"}
        and (each.proposed.task, each.proposed.attempt) == (judged.task, judged.attempt)
        and each.approval.policy_sha256 == judged.policy
    ]
    found = None
    for part in judged.parts:
        same = (each for each in by_people if each.asked == part.digest and each.level >= part.level)
        found = next(same, None)
        if found is None:
            return None
    return found


def _can_be_taken_over(earlier: Action, judged: Judged, now: int) -> bool:
    approval = earlier.approval
    return (
        approval is not None
        and approval.by in {"person", "same"}
        and earlier.started is None
        and not earlier.void
        and earlier.proposed.task == judged.task
        and judged.level <= approval.level
        and approval.policy_sha256 == judged.policy
        and not (approval.expires and now >= approval.expires)
    )


def _taken_over(action: Action, earlier: Action, id: str, now: int, *, was_used: bool = False) -> Said:
    """`was_used`: the earlier one keeps its approval."""
    assert earlier.approval is not None
    before = earlier.approval
    event = e.ApprovalGiven(
        proposal=action.proposed.proposal,
        digest=action.proposed.digest,
        level=action.level,
        by="same",
        policy_sha256=before.policy_sha256,
        at=now,
        approvers=before.approvers,
        expires=before.expires,
        gate=before.gate,
        visit=before.visit,
        took_over="" if was_used else earlier.proposed.proposal,
        asked=action.asked,
        conditions=before.conditions,
    )
    return Said(f"{approval_slot(action.proposed.proposal)}/decided", event, id)


# --- asking people ----------------------------------------------------------------------------------------------


def _asked(book: ActionBook, id: str, action: Action, here: Here, *, merged: bool) -> Decision:
    asks = book.asks(action.proposed.task)
    if asks < FREE_ASKS:
        return ask_people(book, id, action, here, merged=merged)
    delay = min(FIRST_DELAY_MS * 2 ** min(asks - FREE_ASKS, 20), LONGEST_DELAY_MS)
    proposal = action.proposed.proposal
    slowed = e.AgentSlowed(proposal, action.proposed.task, asks, delay)
    timer = f"{action_slot(proposal)}/ask"
    return Decision(
        (Said(f"{action_slot(proposal)}/slowed", slowed, id),),
        timers=(SetTimer(timer, here.now + delay, Asked(timer, c.AskPeople(proposal))),),
    )


def asked_later(book: ActionBook, id: str, command: c.AskPeople, here: Here) -> Decision:
    """The delay of an agent that asked too often is over."""
    action = book.actions.get(command.proposal)
    if action is None or not action.is_pending or action.gate or book.ended or book.gate_of(action.asked):
        return Decision()
    return ask_people(book, id, action, here, merged=action.proposed.proposal.startswith("change:"))


def ask_people(book: ActionBook, id: str, action: Action, here: Here, *, merged: bool) -> Decision:
    """The gate of this action, with its end where --auto-approve answers it."""
    assert action.classified is not None, "an action is classified before anybody is asked"
    proposed, parts = action.proposed, action.classified.parts
    rules = book.settings.approvals if book.settings else Approvals()
    is_grave = action.level >= 3
    opened = e.GateOpened(
        gate=f"action:{proposed.proposal}",
        visit=1,
        step="",
        prompt=f"{proposed.task or proposed.by} wants to do this (level {action.level}): {proposed.summary}",
        choices=CHOICES,
        opened=here.now,
        freeform=True,
        default="" if is_grave else "approve",
        auto=not is_grave,
        quorum=rules.quorum if is_grave else 1,
        kind="action",
        digest=action.asked,
        policy_sha256=action.classified.policy_sha256,
        roles=rules.level3 if is_grave else rules.level2,
        conditions=True,
        proposal=proposed.proposal,
        proposer=proposed.by,
        level=action.level,
        context=describing.context(parts, proposed.why),
        impact=describing.impact(parts),
        reversibility=describing.reversibility(parts, merged=merged),
        diff=describing.differences(parts),
    )
    return opening(opened, id, here, auto=book.auto_approve)


def answered(book: ActionBook, end: e.GateDecided | e.GateClosed, id: str, now: int) -> Decision:
    """What the end of an action's gate means for every proposal that waited for it."""
    action = next((each for each in book.actions.values() if each.gate == end.gate and each.gate), None)
    if action is None or book.ended:
        return Decision()
    rules = book.settings.approvals if book.settings else Approvals()
    return Decision(tuple(_answered(book.waiting(action.asked), end, id, now, rules)))


def _answered(
    waiting: list[Action], end: e.GateDecided | e.GateClosed, id: str, now: int, rules: Approvals
) -> Iterator[Said]:
    for action in waiting:
        if isinstance(end, e.GateClosed):
            yield rejected(action, "nobody", end.because, id, now, gate="", visit=end.visit)
        elif end.target:
            reason = end.text or f"{end.choice}, without a reason"
            yield rejected(action, end.approver, reason, id, now, end.gate, end.visit, abort=end.target == FAIL)
        else:
            by = "person" if end.votes else "auto"
            expires = now + int(rules.good_for_s * 1000)
            yield approved(action, by, id, now, end=end, expires=expires)


def approved(
    action: Action,
    by: str,
    id: str,
    now: int,
    *,
    grant: str = "",
    end: e.GateDecided | None = None,
    expires: int = 0,
) -> Said:
    assert action.classified is not None, "an action is classified before it is approved"
    event = e.ApprovalGiven(
        proposal=action.proposed.proposal,
        digest=action.proposed.digest,
        level=action.level,
        by=by,  # type: ignore[arg-type]
        policy_sha256=action.classified.policy_sha256,
        at=now,
        approvers=tuple(vote.person for vote in end.votes) or (end.approver,) if end else (),
        expires=expires,
        grant=grant,
        gate=end.gate if end else "",
        visit=end.visit if end else 0,
        asked=action.asked,
        conditions=end.conditions if end else (),
    )
    return Said(f"{approval_slot(action.proposed.proposal)}/decided", event, id)


def rejected(
    action: Action, by: str, reason: str, id: str, now: int, gate: str = "", visit: int = 0, *, abort: bool = False
) -> Said:
    event = e.ActionRejected(action.proposed.proposal, action.proposed.digest, by, reason, now, gate, visit, abort)
    return Said(f"{approval_slot(action.proposed.proposal)}/decided", event, id)
