"""What follows from a person's signed word that is about no gate: grants, and what was done without approval? Pure."""

from __future__ import annotations

from maestro.approvals.book import Action, ActionBook
from maestro.bus.service import Asked, Said
from maestro.gatekeeper.answers import Refused, check_no_secret, printable
from maestro.gatekeeper.book import GateBook
from maestro.gatekeeper.deciding import Decision, Here, refusal
from maestro.gatekeeper.gates import NEVER_AUTO, OWN_KEY
from maestro.gatekeeper.standing import why_no_grant
from maestro.gatekeeper.words import About, Sent, Word, check_entitled, word_of
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.actions import grant_digest
from maestro_contracts.records import Repo

Signed = c.IssueGrant | c.RevokeGrant | c.ApproveAfter | c.RollBack
MAX_WHY = 2000


def sign_grant(gates: GateBook, book: ActionBook, id: str, command: c.IssueGrant, here: Here) -> Decision:
    name = f"grant:{command.grant.id}"
    try:
        digest = grant_digest(command.grant)
        word = _word(gates, command, About(here.run, name, 1, digest, ""), "issue", here)
        _check_grant(gates, book, command, word, here)
    except Refused as refused:
        return refusal(id, name, 1, "issue", command.by, command.via, refused)
    event = e.GrantIssued(command.grant, word.vote("issue", "issue", here.now), word.nonce)
    return Decision((Said(f"{name}/issued", event, id),))


def _check_grant(gates: GateBook, book: ActionBook, command: c.IssueGrant, word: Word, here: Here) -> None:
    grant, rules = command.grant, gates.approvals
    if book.ended:
        raise Refused("the run has ended", "expired")
    if not grant.id or printable(grant.id, 64) != grant.id or " " in grant.id:
        raise Refused("its id is not one to 64 characters that can be shown")
    if grant.id in book.grants:
        raise Refused(f"there is a grant {grant.id} already", "already_decided")
    why = why_no_grant(grant, here.now)
    if why:
        raise Refused(why)
    check_no_secret(" ".join((*grant.paths, *grant.command, grant.why)), "it")
    if grant.level >= NEVER_AUTO and rules.quorum > 1:
        raise Refused(f"level 3 needs {rules.quorum} people here, each time", "not_your_gate")
    if grant.level >= NEVER_AUTO and word.signed != "person":
        raise Refused(OWN_KEY, "not_your_gate")
    roles = rules.level3 if grant.level >= NEVER_AUTO else rules.level2
    check_entitled(word.person, here.people, roles, (), "", signed=bool(word.signed))


def revoke_grant(gates: GateBook, book: ActionBook, id: str, command: c.RevokeGrant, here: Here) -> Decision:
    """Anybody who is enrolled may take a grant back: it only makes things safer."""
    name = f"grant:{command.grant}"
    try:
        standing = book.grants.get(command.grant)
        if standing is None:
            raise Refused(f"there is no grant {printable(command.grant)}", "unknown_gate")
        if standing.revoked:
            raise Refused("it was revoked before", "already_decided")
        digest = grant_digest(standing.issued.grant)
        word = _word(gates, command, About(here.run, name, 1, digest, ""), "revoke", here)
        check_entitled(word.person, here.people, (), (), "", signed=bool(word.signed))
    except Refused as refused:
        return refusal(id, name, 1, "revoke", command.by, command.via, refused)
    vote = word.vote("revoke", "revoke", here.now)
    event = e.GrantRevoked(command.grant, vote, word.nonce, _why(command.why))
    return Decision((Said(f"{name}/revoked", event, id),))


def after_the_fact(
    gates: GateBook, book: ActionBook, repo: Repo | None, id: str, command: c.ApproveAfter | c.RollBack, here: Here
) -> Decision:
    name = f"audit:{command.proposal}"
    given = "approve-after" if isinstance(command, c.ApproveAfter) else "roll-back"
    try:
        action = _begun(book, command.proposal)
        digest = action.started.digest if action.started else action.proposed.digest
        word = _word(gates, command, About(here.run, name, 1, digest, ""), given, here)
        roles = gates.approvals.level3 if action.level >= NEVER_AUTO else gates.approvals.level2
        check_entitled(word.person, here.people, roles, (), action.proposed.by, signed=bool(word.signed))
        return _after(action, repo, id, command, word, here)
    except Refused as refused:
        return refusal(id, name, 1, given, command.by, command.via, refused)


def _begun(book: ActionBook, proposal: str) -> Action:
    action = book.actions.get(proposal)
    if action is None:
        raise Refused(f"nothing was proposed as {printable(proposal)}", "unknown_gate")
    if action.started is None:
        raise Refused("it was not done, so there is nothing to approve or to undo", "bad_choice")
    return action


def _after(
    action: Action, repo: Repo | None, id: str, command: c.ApproveAfter | c.RollBack, word: Word, here: Here
) -> Decision:
    name = f"audit:{command.proposal}"
    if isinstance(command, c.ApproveAfter):
        if action.approved_after is not None:
            raise Refused(f"{action.approved_after.vote.person} has approved it already", "already_decided")
        vote = word.vote("approve after", "approve-after", here.now)
        approved = e.EffectApproved(command.proposal, vote, word.nonce, _why(command.why))
        return Decision((Said(f"{name}/approved", approved, id),))
    if action.rolled_back is not None:
        raise Refused("it was rolled back already", "already_decided")
    commit = action.ended.commit if action.ended else ""
    if not commit or repo is None:
        raise Refused("it is no commit on the run's branch, so Maestro cannot undo it: undo it by hand", "bad_choice")
    ordered = e.RollBackOrdered(
        command.proposal, word.vote("roll back", "roll-back", here.now), word.nonce, _why(command.why)
    )
    said = Said(f"{name}/ordered:{id}", ordered, id)
    revert = c.RevertChange(command.proposal, repo, commit, action.proposed.summary)
    return Decision((said,), (Asked(f"revert:{command.proposal}:{id}", revert, said.id),))


def _word(gates: GateBook, command: Signed, about: About, choice: str, here: Here) -> Word:
    sent = Sent(command.by, command.via, command.statement, command.signature, command.attested)
    word = word_of(sent, about, here.people, gates.nonces, here.now)
    if word.statement is not None and word.statement.choice != choice:
        raise Refused(f"it was signed for {printable(word.statement.choice)}, not for {choice}", "unauthenticated")
    why = "" if isinstance(command, c.IssueGrant) else command.why
    if word.statement is not None and word.statement.text != why:
        raise Refused("the reason that was sent is not the one that was signed", "unauthenticated")
    check_no_secret(why, "the reason")
    return word


def _why(given: str) -> str:
    return "\n".join(printable(line, MAX_WHY) for line in given[:MAX_WHY].splitlines())
