"""What becomes of a gate that waits for no person: for a command that passes, or for a merge at the forge? Pure.

Somebody else looks and says what there was to be seen; here it is judged, and the next look is set by a timer.
"""

from __future__ import annotations

from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper.answers import Answer
from maestro.gatekeeper.book import Gate, GateBook
from maestro.gatekeeper.counting import ways_on
from maestro.gatekeeper.deciding import Decision, Here
from maestro.gatekeeper.ending import POLLED, closed, decided, gate_slot, goes_on, needless
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Repo

NO_FORGE = "no forge is configured, so nobody could tell whether it was merged"
BACKOFF_S = 900.0
"""A forge that cannot be asked is asked ever more seldom, down to so often."""
PATIENCE_S = 3600.0
"""However long a forge asks to be left alone, it is asked again after this."""


def why_not_watched(book: GateBook, command: c.OpenGate) -> str:
    """Why nobody could ever tell whether what it waits for has happened; empty where somebody can."""
    if command.kind != "pull-request":
        return ""
    if book.forge is None:
        return NO_FORGE
    return "" if command.repo is not None and command.commit else "the run has no branch that could be merged"


def first_look(book: GateBook, opened: e.GateOpened, repo: Repo | None) -> tuple[Asked, ...]:
    """What is asked as soon as the gate is open."""
    if opened.kind not in POLLED or repo is None:
        return ()
    cause = f"{gate_slot(opened.gate, opened.visit)}/opened"
    return _look(book, opened, 1, repo, cause)


def _look(book: GateBook, opened: e.GateOpened, number: int, repo: Repo, cause: str) -> tuple[Asked, ...]:
    slot = gate_slot(opened.gate, opened.visit)
    if opened.kind == "command":
        run = c.RunGateCommand(opened.gate, opened.visit, number, repo, opened.commit, opened.command)
        return (Asked(f"{slot}/run:{number}", run, cause),)
    if book.forge is None:
        return ()
    seen = book.gate(opened.gate, opened.visit).seen
    told = seen.sighting if seen is not None else None
    ask = c.AskForge(opened.gate, opened.visit, number, repo, opened.commit, book.forge, told)
    return (Asked(f"{slot}/forge:{number}", ask, cause),)


def poll(book: GateBook, id: str, command: c.PollGate, here: Here) -> Decision:
    gate = book.gate(command.gate, command.visit)
    if gate.is_over or gate.opened is None or gate.opened.kind not in POLLED:
        return Decision()
    return Decision(asks=_look(book, gate.opened, command.number, command.repo, id))


def _again(opened: e.GateOpened, number: int, repo: Repo, due: int) -> Decision:
    slot = f"{gate_slot(opened.gate, opened.visit)}/poll"
    command = c.PollGate(opened.gate, opened.visit, number, repo, opened.commit)
    return Decision(timers=(SetTimer(slot, due, Asked(f"{slot}:{number}", command)),))


# --- a command ----------------------------------------------------------------------------------------------------


def judge(book: GateBook, id: str, command: c.JudgeGate, here: Here) -> Decision:
    """Its command was run once more: what counts is what a validator says of the gate's own command."""
    gate = book.gate(command.gate, command.visit)
    opened, ran = gate.opened, gate.ran
    if gate.is_over or opened is None or opened.kind != "command" or ran is None or ran.number < command.number:
        return Decision()
    if ran.passed and (ran.command, ran.commit) == (opened.command, opened.commit):
        end = decided(opened, goes_on(opened), f"{ran.validator}: `{opened.command}` passed", "command", id, here.now)
        return Decision((end,), unset=needless(gate))
    return _again(opened, ran.number + 1, command.repo, here.now + int(max(opened.every_s, 1.0) * 1000))


# --- a merge ------------------------------------------------------------------------------------------------------


def judge_pull_request(book: GateBook, id: str, command: c.JudgePullRequest, here: Here) -> Decision:
    """The forge was asked once more: what counts is what the integrator says of the gate's own commit. What is seen
    only after the deadline came too late: its timer ends the gate."""
    gate = book.gate(command.gate, command.visit)
    opened, seen = gate.opened, gate.seen
    if gate.is_over or opened is None or opened.kind != "pull-request" or seen is None:
        return Decision()
    if opened.deadline is not None and here.now >= opened.deadline:
        return Decision()
    end = _end_by_forge(opened, seen, id, here.now) if seen.commit == opened.commit else None
    if end is not None:
        return Decision((end,), unset=needless(gate))
    number = max(command.number, seen.number)
    due = here.now + int(pause(opened.every_s, seen, number, command.wait_s) * 1000)
    return _again(opened, number + 1, command.repo, due)


def pause(every_s: float, seen: e.PullRequestSeen, number: int, wait_s: float) -> float:
    """How long until the forge is asked again, in seconds, after it was asked for the `number`th time: twice as long
    each time that it could not be asked, and as long as it wants, within reason."""
    every = max(every_s, 1.0)
    if seen.sighting.state == "unknown":
        in_vain = min(max(number - seen.number, 0) + 1, 16)
        every = min(every * 2**in_vain, max(every, BACKOFF_S))
    return max(every, min(wait_s, PATIENCE_S))


def _end_by_forge(opened: e.GateOpened, seen: e.PullRequestSeen, id: str, now: int) -> Said | None:
    """The gate's end, where what was seen is one: a merge is the one choice that goes on, a request that was closed the
    one that does not, or nobody's where there are several or none."""
    what = seen.sighting
    if what.problem is not None or what.state not in {"merged", "closed"}:
        return None
    on = ways_on(opened.choices)
    name = f"#{what.request} ({what.url})" if what.url else f"#{what.request}"
    if what.state == "merged":
        who = f"{seen.integrator}: {name} was merged as {what.merge_commit[:12] or what.head[:12]}"
        return decided(opened, Answer(on[0]), who, "forge", id, now)
    why = f"{name} was closed without being merged"
    others = [choice for choice in opened.choices if choice not in on]
    if len(others) == 1:
        return decided(opened, Answer(others[0]), f"{seen.integrator}: {why}", "forge", id, now)
    return closed(opened.gate, opened.visit, opened.step, why, id)


def unmerged(gate: Gate) -> str:
    """What is known of its request at the deadline."""
    seen = gate.seen.sighting if gate.seen is not None else None
    if seen is None:
        return "the forge was never asked"
    if seen.problem is not None:
        return seen.problem.reason
    return "there was none" if seen.state == "none" else f"#{seen.request} was {seen.state}"
