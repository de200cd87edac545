"""What follows from a command to the gatekeeper? `decide(books, id, command, here) -> Decision`: pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from maestro.approvals import book as actions
from maestro.approvals.book import ActionBook
from maestro.gatekeeper import book, gates, proposing, signing, waiting
from maestro.gatekeeper.book import GateBook
from maestro.gatekeeper.deciding import Decision, Here
from maestro.gatekeeper.proposing import Judged
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Repo

__all__ = ["Books", "Decision", "GateCommand", "Here", "decide", "evolve"]

GateCommand = (
    c.OpenGate
    | c.DecideGate
    | c.GateDeadline
    | c.GateReminder
    | c.GateEscalation
    | c.PollGate
    | c.JudgeGate
    | c.JudgePullRequest
    | c.CloseGate
    | c.AskPeople
    | c.IssueGrant
    | c.RevokeGrant
    | c.ApproveAfter
    | c.RollBack
)


@dataclass(frozen=True, slots=True)
class Books:
    """What a run's log says of its gates and its actions, and where its work is."""

    gates: GateBook = field(default_factory=GateBook)
    actions: ActionBook = field(default_factory=ActionBook)
    repo: Repo | None = None


def evolve(books: Books, event: e.Event) -> Books:
    """The books after one more event."""
    if isinstance(event, e.RunStarted | e.RunForked):
        books = replace(books, repo=event.repo)
    gates_after, actions_after = book.evolve(books.gates, event), actions.evolve(books.actions, event)
    if gates_after is books.gates and actions_after is books.actions:
        return books
    return replace(books, gates=gates_after, actions=actions_after)


def decide(books: Books, id: str, command: GateCommand | Judged, here: Here) -> Decision:
    """What the command (with its id) leads to. What ends an action's gate approves or rejects the action with it."""
    decision = _decide(books, id, command, here)
    for said in decision.said:
        if isinstance(said.event, e.GateDecided | e.GateClosed) and said.event.gate.startswith("action:"):
            after = _folded(books, decision)
            decision += proposing.answered(after.actions, said.event, id, here.now)
    return decision


def _folded(books: Books, decision: Decision) -> Books:
    for said in decision.said:
        books = evolve(books, said.event)
    return books


def _decide(books: Books, id: str, command: GateCommand | Judged, here: Here) -> Decision:
    match command:
        case c.OpenGate():
            return gates.open_gate(books.gates, id, command, here)
        case c.DecideGate():
            return gates.answer(books.gates, id, command, here)
        case c.GateDeadline():
            return gates.deadline(books.gates, id, command, here)
        case c.GateReminder():
            return gates.reminder(books.gates, id, command, here)
        case c.GateEscalation():
            return gates.escalation(books.gates, id, command, here)
        case c.PollGate():
            return waiting.poll(books.gates, id, command, here)
        case c.JudgeGate():
            return waiting.judge(books.gates, id, command, here)
        case c.JudgePullRequest():
            return waiting.judge_pull_request(books.gates, id, command, here)
        case c.CloseGate():
            return gates.close(books.gates, id, command)
        case c.AskPeople():
            return proposing.asked_later(books.actions, id, command, here)
        case c.IssueGrant():
            return signing.sign_grant(books.gates, books.actions, id, command, here)
        case c.RevokeGrant():
            return signing.revoke_grant(books.gates, books.actions, id, command, here)
        case c.ApproveAfter() | c.RollBack():
            return signing.after_the_fact(books.gates, books.actions, books.repo, id, command, here)
        case Judged():
            return proposing.propose(books.actions, id, command, here)
        case _:
            assert_never(command)
