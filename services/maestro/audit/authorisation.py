"""Had each effect its approval? Exactly that action, by somebody who may, in time, used once.

Pure. `projections/hitl.py` finds what was done without people; here each approval itself is held against what it says
to rest on: votes that people signed, the approved PRD, a grant.
"""

from __future__ import annotations

from dataclasses import dataclass

from maestro.audit.decisions import NEVER_AUTO, SKEW_MS, Decisions, Place
from maestro.audit.findings import Property
from maestro.gatekeeper.standing import covers_part, listed, why_no_grant
from maestro.gatekeeper.words import About
from maestro.projections import hitl
from maestro_contracts import events as e
from maestro_contracts.actions import grant_digest

BY_PEOPLE = frozenset({"person", "same"})


@dataclass(slots=True)
class ActionSeen:
    """One proposal and what became of it."""

    proposed: e.ActionProposed
    classified: e.ActionClassified | None = None
    approval: e.ApprovalGiven | None = None
    rejected: bool = False
    void: bool = False
    started: str = ""
    command: str = ""

    @property
    def level(self) -> int:
        return self.classified.level if self.classified else NEVER_AUTO


@dataclass(slots=True)
class GrantSeen:
    issued: e.GrantIssued
    valid: bool
    used: int = 0
    revoked: bool = False


class Authorisation:
    """Follows the actions of one run."""

    def __init__(self, decisions: Decisions, processes: frozenset[str], run: str, found: Property) -> None:
        self._decisions, self._run, self._found = decisions, run, found
        self._hitl = hitl.Audit(processes)
        self._actions: dict[str, ActionSeen] = {}
        self._grants: dict[str, GrantSeen] = {}
        self._drafts: dict[str, tuple[str, ...]] = {}
        self._allows: tuple[str, ...] = ()

    HEARS: tuple[type[e.Event], ...] = (
        *hitl.HEARS,
        e.PrdDrafted,
        e.ActionRejected,
        e.GrantIssued,
        e.GrantRevoked,
        e.RollBackOrdered,
    )

    def read(self, place: Place, actor: str, event: e.Event) -> None:
        self._hitl.read(place.at, actor, event)
        match event:
            case e.PrdDrafted():
                self._drafts[event.sha256] = event.prd.allows
            case e.GateDecided():
                self._prd_approved(event)
            case e.ActionProposed():
                self._actions.setdefault(event.proposal, ActionSeen(event))
            case e.ActionClassified() if event.proposal in self._actions:
                seen = self._actions[event.proposal]
                seen.classified = seen.classified or event
            case e.ApprovalGiven():
                self._approved(place, event)
            case e.ActionRejected() if event.proposal in self._actions:
                self._rejected(place, event)
            case e.EffectStarted():
                self._started(place, actor, event)
            case e.GrantIssued():
                self._granted(place, event)
            case e.GrantRevoked():
                self._revoked(place, event)
            case e.EffectApproved() | e.RollBackOrdered():
                self._after_the_fact(place, event)
            case _:
                return

    def end(self) -> list[hitl.Finding]:
        """Everything that `maestro audit hitl` finds; the grave and unsettled of it is violated."""
        found = self._hitl.result()
        for each in found:
            if each.grave and not each.settled:
                self._found.breaks(each.at, f"{each.kind}: {each.about}: {each.what}")
            elif each.grave:
                self._found.count("settled afterwards")
        return found

    def _prd_approved(self, event: e.GateDecided) -> None:
        seen = self._decisions.gates.get((event.gate, event.visit))
        if seen is None or not seen.valid or event.target or event.via in {"auto", "deadline", "timer", "command"}:
            return
        if seen.opened.artifact_sha256 in self._drafts:
            self._allows = self._drafts[seen.opened.artifact_sha256]

    # --- approvals ----------------------------------------------------------------------------------------------------

    def _approved(self, place: Place, event: e.ApprovalGiven) -> None:
        seen = self._actions.get(event.proposal)
        if seen is None:
            return self._found.breaks(place.at, f"{event.proposal} was approved and never proposed")
        if seen.approval is not None or seen.rejected:
            return self._found.breaks(place.at, f"{event.proposal} was decided a second time")
        why = self._why_not_approved(place, seen, event)
        if why:
            self._found.breaks(place.at, f"{event.proposal}: {why}")
        seen.approval = event
        self._found.count("approvals")
        earlier = self._actions.get(event.took_over)
        if earlier is not None:
            earlier.void = True

    def _rejected(self, place: Place, event: e.ActionRejected) -> None:
        seen = self._actions[event.proposal]
        if seen.approval is not None or seen.rejected:
            self._found.breaks(place.at, f"{event.proposal} was decided a second time")
        seen.rejected = True

    def _why_not_approved(self, place: Place, seen: ActionSeen, event: e.ApprovalGiven) -> str:
        """What an approval rests on must stand before it in the log."""
        said = seen.classified
        if said is None:
            return "it was approved before anybody had judged it"
        if event.digest != seen.proposed.digest or not event.digest:
            return "what was approved is not exactly what was proposed"
        if event.level != said.level or event.policy_sha256 != said.policy_sha256:
            return "it was approved at another level, or under another policy, than it was judged by"
        if event.asked != said.asked and event.by != "policy":
            return "people were asked about something else than was approved"
        match event.by:
            case "policy":
                return ""  # a higher level is found by `hitl`
            case "prd":
                good = said.level == 2 and listed(self._allows, said.parts)
                return "" if good else "no PRD that people approved lists it"
            case "grant":
                return self._why_not_granted(place, said, event)
            case "auto":
                return self._why_not_auto(event)
            case "person":
                return self._why_not_by_people(seen, event)
            case _:
                return self._why_not_the_same(seen, event)

    def _why_not_auto(self, event: e.ApprovalGiven) -> str:
        gate = self._decisions.gates.get((event.gate, event.visit))
        decided = gate.decided if gate and gate.valid else None
        if (
            decided is None
            or decided.via != "auto"
            or decided.target
            or gate is None
            or not _is_about(gate.opened, event)
        ):
            return "--auto-approve did not approve it at the gate that it names"
        return ""

    def _why_not_by_people(self, seen: ActionSeen, event: e.ApprovalGiven) -> str:
        gate, rules = self._decisions.gates.get((event.gate, event.visit)), self._decisions.approvals
        if gate is None or gate.decided is None or not gate.valid:
            return f"no decision of people at {event.gate or 'any gate'} stands in the log"
        decided, opened = gate.decided, gate.opened
        if decided.target or not decided.votes:
            return f"{opened.gate} was decided, and not for it"
        if not _is_about(opened, event):
            return f"{opened.gate} was about another action"
        people = {vote.person for vote in decided.votes}
        if people != set(event.approvers):
            return f"it names {', '.join(event.approvers)}, and {', '.join(sorted(people))} decided"
        if seen.proposed.by in people:
            return f"{seen.proposed.by} proposed and approved it"
        if event.level >= NEVER_AUTO and len(people) < rules.quorum:
            return f"level 3 needs {rules.quorum} people here"
        wanted = rules.level3 if event.level >= NEVER_AUTO else rules.level2
        if wanted and not set(opened.roles) <= set(wanted):
            return f"{opened.gate} asked people without the roles that the run's rules name"
        return ""

    def _why_not_the_same(self, seen: ActionSeen, event: e.ApprovalGiven) -> str:
        if event.took_over:
            earlier = self._actions.get(event.took_over)
            before = earlier.approval if earlier else None
            if earlier is None or before is None or before.by not in BY_PEOPLE:
                return f"people did not approve {event.took_over}, which it is said to be the same as"
            if earlier.started or earlier.void:
                return f"the approval of {event.took_over} was used already"
            same = (before.asked, before.approvers, before.policy_sha256) == (
                event.asked,
                event.approvers,
                event.policy_sha256,
            )
            if not same or not event.asked or event.level > before.level or event.expires != before.expires:
                return f"it is not the same as {event.took_over}, which people approved"
            return ""
        return self._why_not_seen_in_parts(seen, event)

    def _why_not_seen_in_parts(self, seen: ActionSeen, event: e.ApprovalGiven) -> str:
        """Each grave part was approved by people when this same attempt was about to write it."""
        work = (seen.proposed.task, seen.proposed.attempt)
        approved = {
            (each.classified.asked, each.approval.policy_sha256)
            for each in self._actions.values()
            if each.classified and each.approval and each.approval.by in BY_PEOPLE
            if (each.proposed.task, each.proposed.attempt) == work
        }
        assert seen.classified is not None
        grave = [part for part in seen.classified.parts if part.level > 1]
        if not grave or not all((part.digest, event.policy_sha256) in approved for part in grave):
            return "people have not approved every grave part of it before"
        return ""

    # --- grants -------------------------------------------------------------------------------------------------------

    def _why_not_granted(self, place: Place, said: e.ActionClassified, event: e.ApprovalGiven) -> str:
        grant = self._grants.get(event.grant)
        if grant is None or not grant.valid:
            return f"there is no grant {event.grant} by somebody who may"
        bounds = grant.issued.grant
        grant.used += 1
        if grant.revoked:
            return f"the grant {event.grant} was revoked before"
        if max(event.at, place.log_time - SKEW_MS) >= bounds.expires:
            return f"the grant {event.grant} had ended"
        if grant.used > bounds.uses:
            return f"the grant {event.grant} was used up"
        grave = [part for part in said.parts if part.level > 1]
        if said.level > bounds.level or not grave or not all(covers_part(bounds, part) for part in grave):
            return f"the grant {event.grant} does not cover it"
        # Of a longer command, or one with a secret in it, the log does not hold the words.
        shown = [part.about.removeprefix("run ").split()[: len(bounds.command)] for part in grave]
        if bounds.command and any(words != list(bounds.command) for words in shown):
            return f"the grant {event.grant} is for another command"
        return ""

    def _granted(self, place: Place, event: e.GrantIssued) -> None:
        grant, rules = event.grant, self._decisions.approvals
        about = About(self._run, f"grant:{grant.id}", 1, grant_digest(grant), "")
        word = self._decisions.word(place, event.vote, about, "issue")
        roles = rules.level3 if grant.level >= NEVER_AUTO else rules.level2
        valid = word is not None and self._decisions.entitled(place, word, roles, (), "")
        why = why_no_grant(grant, event.vote.at)
        if grant.level >= NEVER_AUTO and (rules.quorum > 1 or (word is not None and word.signed != "person")):
            why = why or "level 3 is not granted so"
        if why:
            self._found.breaks(place.at, f"the grant {grant.id} is none: {why}")
        self._grants.setdefault(grant.id, GrantSeen(event, valid and not why))

    def _revoked(self, place: Place, event: e.GrantRevoked) -> None:
        grant = self._grants.get(event.grant)
        if grant is None:
            return self._found.breaks(place.at, f"the grant {event.grant} was revoked and never given")
        about = About(self._run, f"grant:{event.grant}", 1, grant_digest(grant.issued.grant), "")
        if self._decisions.word(place, event.vote, about, "revoke") is not None:
            grant.revoked = True

    def _after_the_fact(self, place: Place, event: e.EffectApproved | e.RollBackOrdered) -> None:
        seen = self._actions.get(event.proposal)
        if seen is None:
            return self._found.breaks(place.at, f"{event.proposal} was settled and never proposed")
        choice = "approve-after" if isinstance(event, e.EffectApproved) else "roll-back"
        about = About(self._run, f"audit:{event.proposal}", 1, seen.started or seen.proposed.digest, "")
        word = self._decisions.word(place, event.vote, about, choice)
        rules = self._decisions.approvals
        roles = rules.level3 if seen.level >= NEVER_AUTO else rules.level2
        if word is not None:
            self._decisions.entitled(place, word, roles, (), seen.proposed.by)

    # --- effects ------------------------------------------------------------------------------------------------------

    def _started(self, place: Place, actor: str, event: e.EffectStarted) -> None:
        seen = self._actions.get(event.proposal)
        self._found.count("effects" if seen is None or seen.level > 1 else "effects of level 1")
        if seen is None:
            return  # found by `hitl`: it was begun without any approval
        if seen.started:
            return self._found.breaks(place.at, f"the approval of {event.proposal} was used a second time")
        seen.started = event.digest
        if event.by != actor:
            self._found.breaks(place.at, f"{actor} began {event.proposal} in the name of {event.by}")
        approval = seen.approval
        if approval is None:
            return
        if event.level > approval.level or (approval.level > 1 and event.policy_sha256 != approval.policy_sha256):
            self._found.breaks(place.at, f"{event.proposal} was begun under other rules than it was approved by")
        if not -SKEW_MS <= place.ts - event.at <= SKEW_MS:
            self._found.breaks(place.at, f"{event.proposal} is said to have begun at another time than its entry is of")
        # Who writes down a time that is too early is found by the entries before it.
        if approval.expires and event.at < approval.expires <= place.log_time - SKEW_MS:
            self._found.breaks(place.at, f"{event.proposal} was begun after its approval had ended")
        grant = self._grants.get(approval.grant)
        if grant is not None and grant.revoked and approval.by == "grant":
            self._found.breaks(place.at, f"{event.proposal} was begun after the grant {approval.grant} was revoked")


def _is_about(opened: e.GateOpened, event: e.ApprovalGiven) -> bool:
    """Whether people were asked about exactly what was approved, under the same policy and at no lower level."""
    return (
        opened.kind == "action"
        and bool(opened.digest)
        and opened.digest == event.asked
        and opened.policy_sha256 == event.policy_sha256
        and opened.level >= event.level
    )
