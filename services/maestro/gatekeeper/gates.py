"""What follows from a command to a gate? Pure, and always the same.

Event ids name the slot they fill (see `ending.py`); `<gate>:<visit>/vote:<who>` takes one vote of each person.
"""

from __future__ import annotations

import hashlib

import msgspec

from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper.answers import Answer, Refused, answer_of, check_open, printable, utc
from maestro.gatekeeper.book import Gate, GateBook
from maestro.gatekeeper.counting import outcome
from maestro.gatekeeper.deciding import CLOCK_SKEW_MS, Decision, Here, refusal
from maestro.gatekeeper.ending import (
    POLLED,
    closed,
    decided,
    default_of,
    escalation_due,
    gate_slot,
    goes_on,
    needless,
    reminder_due,
    reminder_timer,
    timers_of,
)
from maestro.gatekeeper.waiting import first_look, unmerged, why_not_watched
from maestro.gatekeeper.words import About, Sent, Word, check_entitled, word_of
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.yamlfile import did_you_mean

NEVER_AUTO = 3
"""From this level on no default decides anything."""
BY_DEFAULT = frozenset({"approval", "pull-request"})
"""Kinds of gates that take their default at the deadline."""
OWN_KEY = "this needs your own key's signature, not a gateway's word for you"


# --- opening ----------------------------------------------------------------------------------------------------


def open_gate(book: GateBook, id: str, command: c.OpenGate, here: Here) -> Decision:
    gate = book.gate(command.gate, command.visit)
    if gate.opened is not None or gate.is_over:
        return Decision()
    if book.ended:
        return Decision((closed(command.gate, command.visit, command.step, book.ended, id),))
    opened = _opened(command, here)
    why = why_not_watched(book, command)
    if why:
        end = closed(opened.gate, opened.visit, opened.step, why, id)
        return Decision((Said(f"{gate_slot(opened.gate, opened.visit)}/opened", opened, id), end))
    auto = command.auto and command.auto_approve
    return opening(opened, id, here, auto=auto, asks=first_look(book, opened, command.repo))


def opening(opened: e.GateOpened, id: str, here: Here, *, auto: bool = False, asks: tuple[Asked, ...] = ()) -> Decision:
    """The gate, and what goes with it: its end where it waits for nobody, else its timers and what is asked at first.
    `auto`: its default may be taken at once."""
    said = Said(f"{gate_slot(opened.gate, opened.visit)}/opened", opened, id)
    end = _ends_at_once(opened, id, here, auto=auto)
    if end is not None:
        return Decision((said, end))
    return Decision((said,), asks, timers_of(opened))


def _opened(command: c.OpenGate, here: Here) -> e.GateOpened:
    return e.GateOpened(
        gate=command.gate,
        visit=command.visit,
        step=command.step,
        prompt=command.prompt,
        choices=command.choices,
        opened=here.now,
        freeform=command.freeform,
        deadline=None if command.timeout_s is None else here.now + int(command.timeout_s * 1000),
        default=command.default,
        auto=command.auto,
        quorum=command.quorum,
        artifact_sha256=command.artifact_sha256,
        questions=command.questions,
        kind=command.kind,
        digest=command.artifact_sha256 or _digest_of_question(command),
        policy_sha256=here.policy,
        roles=command.roles,
        of=command.of,
        people=command.people,
        veto=command.veto,
        escalate=command.escalate,
        remind_s=command.remind_s,
        conditions=command.conditions,
        command=command.command,
        every_s=command.every_s if command.kind in POLLED else 0.0,
        commit=command.commit if command.kind in POLLED else "",
    )


def _digest_of_question(command: c.OpenGate) -> str:
    """Where there is neither action nor artifact, a decision is bound to what was asked."""
    asked = (command.prompt, command.choices, command.questions, command.command)
    return hashlib.sha256(b"maestro/question/v1\n" + msgspec.json.encode(asked) + b"\n").hexdigest()


def _ends_at_once(opened: e.GateOpened, id: str, here: Here, *, auto: bool) -> Said | None:
    """The end of a gate that waits for nobody: one that --auto-approve answers, or that nobody could answer."""
    why = _unanswerable(opened, here)
    if not why and auto and opened.kind in {"approval", "action"} and opened.level < NEVER_AUTO:
        answer = default_of(opened)
        if answer is not None:
            return decided(opened, answer, "--auto-approve", "auto", id, here.now)
        why = "--auto-approve takes a gate's default, and this gate has none that stands by itself"
    return closed(opened.gate, opened.visit, opened.step, why, id) if why else None


def _unanswerable(opened: e.GateOpened, here: Here) -> str:
    if not opened.choices:
        return "it has no choices, so nobody can answer it"
    if opened.quorum < 1:
        return "it wants the answers of nobody"
    if (opened.quorum > 1 or opened.roles or opened.people) and not here.people.anybody():
        return "it is for certain people, and nobody is enrolled; see `maestro keys enrol`"
    return ""


# --- timers -----------------------------------------------------------------------------------------------------


def _too_early(due: int, timer: str, command: c.Command, here: Here) -> Decision | None:
    """Set again, for when our own clock has come to it: as much later as the server's is ahead."""
    if here.now + CLOCK_SKEW_MS >= due:
        return None
    return Decision(timers=(SetTimer(timer, 2 * due - here.now, Asked(f"{timer}:{here.now}", command)),))


def deadline(book: GateBook, id: str, command: c.GateDeadline, here: Here) -> Decision:
    gate = book.gate(command.gate, command.visit)
    opened = gate.opened
    if gate.is_over or opened is None or opened.deadline is None:
        return Decision()
    slot = gate_slot(opened.gate, opened.visit)
    early = _too_early(opened.deadline, f"{slot}/deadline", command, here)
    if early is not None:
        return early
    if opened.kind == "timer":
        end = decided(opened, goes_on(opened), "timer", "timer", id, here.now)
    elif (answer := default_of(opened)) is not None and opened.kind in BY_DEFAULT and opened.level < NEVER_AUTO:
        end = decided(opened, answer, "deadline", "deadline", id, here.now)
    else:
        end = closed(opened.gate, opened.visit, opened.step, _nobody_in_time(gate, opened), id, expired=True)
    return Decision((end,), unset=needless(gate))


def _nobody_in_time(gate: Gate, opened: e.GateOpened) -> str:
    assert opened.deadline is not None
    if opened.kind == "command":
        ran = f"it last exited with {gate.ran.exit_code}" if gate.ran else "it never ran"
        return f"its command had not passed at its deadline ({utc(opened.deadline)}): {ran}"
    if opened.kind == "pull-request":
        return f"its branch had not been merged at its deadline ({utc(opened.deadline)}): {unmerged(gate)}"
    return f"nobody answered until its deadline ({utc(opened.deadline)}), and it has no default"


def reminder(book: GateBook, id: str, command: c.GateReminder, here: Here) -> Decision:
    gate = book.gate(command.gate, command.visit)
    opened = gate.opened
    if gate.is_over or opened is None or opened.remind_s is None or command.number != gate.reminders + 1:
        return Decision()
    slot = gate_slot(opened.gate, opened.visit)
    early = _too_early(reminder_due(opened, command.number), f"{slot}/reminder:{command.number}", command, here)
    if early is not None:
        return early
    said = e.GateReminded(opened.gate, opened.visit, command.number, here.now, (*opened.roles, *gate.escalated))
    following = reminder_timer(opened, command.number + 1)
    # After a long silence of all processes there is one reminder, not one for each that was missed.
    due = max(following.due, here.now + int(opened.remind_s * 1000))
    timer = SetTimer(following.id, due, following.asked)
    return Decision((Said(f"{slot}/reminded:{command.number}", said, id),), timers=(timer,))


def escalation(book: GateBook, id: str, command: c.GateEscalation, here: Here) -> Decision:
    gate = book.gate(command.gate, command.visit)
    opened = gate.opened
    if gate.is_over or opened is None or opened.escalate is None or gate.escalated:
        return Decision()
    slot = gate_slot(opened.gate, opened.visit)
    early = _too_early(escalation_due(opened), f"{slot}/escalation", command, here)
    if early is not None:
        return early
    said = e.GateEscalated(opened.gate, opened.visit, opened.escalate.to, here.now)
    return Decision((Said(f"{slot}/escalated", said, id),))


# --- answers ----------------------------------------------------------------------------------------------------


def answer(book: GateBook, id: str, command: c.DecideGate, here: Here) -> Decision:
    visit = command.visit or book.latest(command.gate)
    try:
        return _counted(book, id, command, visit, here)
    except Refused as refused:
        return refusal(id, command.gate, visit, command.choice, command.by, command.via, refused)


def _counted(book: GateBook, id: str, command: c.DecideGate, visit: int, here: Here) -> Decision:
    """The vote, and the gate's end where it decides. Raises Refused."""
    gate, opened = _open_gate(book, command.gate, visit, here.now)
    word = _word(book, opened, command, here)
    given = answer_of(opened, command)
    _check_says_the_same(word, given, command)
    _check_entitled(book, gate, opened, word, here)
    before = gate.vote_of(word.person)
    if before is not None:
        reason = f"{word.person} has answered already, at {utc(before.vote.at)}: {before.vote.choice}"
        raise Refused(reason, "already_decided")
    voted = e.GateVoted(
        gate=opened.gate,
        visit=opened.visit,
        step=opened.step,
        vote=word.vote(given.choice.label, given.choice.key, here.now),
        nonce=word.nonce,
        text=given.text,
        conditions=given.conditions,
        answers=dict(given.answers),
    )
    said = Said(f"{gate_slot(opened.gate, opened.visit)}/vote:{_ballot(word.person)}", voted, id)
    return Decision((said,)) + _end_by_votes(opened, gate, (*gate.votes, voted), id, here)


def _end_by_votes(opened: e.GateOpened, gate: Gate, votes: tuple[e.GateVoted, ...], id: str, here: Here) -> Decision:
    roles = (*opened.roles, *gate.escalated) if opened.roles else ()
    voters = opened.of if opened.of and not opened.people else here.people.how_many(roles, opened.people)
    key = outcome(opened, votes, voters)
    if not key:
        return Decision()
    return Decision((_decided_by(opened, key, votes, id, here.now),), unset=needless(gate))


def _open_gate(book: GateBook, name: str, visit: int, now: int) -> tuple[Gate, e.GateOpened]:
    gate = book.gate(name, visit)
    if gate.opened is None and not gate.is_over and name not in book.names():
        known = did_you_mean(name, book.names())
        raise Refused(f"there is no gate {printable(name)!r}; {known}".rstrip("; "), "unknown_gate")
    check_open(gate, now)
    if book.ended:
        raise Refused(book.ended, "expired")
    assert gate.opened is not None, "a gate that is open was opened"
    return gate, gate.opened


def _word(book: GateBook, opened: e.GateOpened, command: c.DecideGate, here: Here) -> Word:
    sent = Sent(command.by, command.via, command.statement, command.signature, command.attested)
    about = About(here.run, opened.gate, opened.visit, opened.digest, opened.policy_sha256)
    word = word_of(sent, about, here.people, book.nonces, here.now)
    if word.signed == "gateway" and opened.level >= NEVER_AUTO and book.approvals.own_key:
        raise Refused(OWN_KEY, "not_your_gate")
    return word


def _check_says_the_same(word: Word, given: Answer, command: c.DecideGate) -> None:
    """What a person signed is what counts: what was sent beside it must be the same."""
    said = word.statement
    if said is None:
        return
    same = (said.choice, said.text, said.conditions, said.answers) == (
        given.choice.key,
        command.text,
        command.conditions,
        command.answers,
    )
    if not same:
        raise Refused("what was sent is not what was signed", "unauthenticated")


def _check_entitled(book: GateBook, gate: Gate, opened: e.GateOpened, word: Word, here: Here) -> None:
    roles = (*opened.roles, *gate.escalated) if opened.roles else ()
    named = () if gate.escalated and here.people.may(word.person, gate.escalated) else opened.people
    check_entitled(word.person, here.people, roles, named, opened.proposer, signed=bool(word.signed))


def _ballot(person: str) -> str:
    """One slot for each person; a name that nobody checked may hold anything."""
    return person if person.isascii() and person.isprintable() and " " not in person else _hashed(person)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- the end of a gate ------------------------------------------------------------------------------------------


def close(book: GateBook, id: str, command: c.CloseGate) -> Decision:
    gate = book.gate(command.gate, command.visit)
    if gate.is_over:
        return Decision()
    step = gate.opened.step if gate.opened is not None else command.gate.partition(".")[0]
    said = closed(command.gate, command.visit, step, command.because, id)
    return Decision((said,), unset=needless(gate))


def _decided_by(opened: e.GateOpened, key: str, votes: tuple[e.GateVoted, ...], id: str, now: int) -> Said:
    choice = next(choice for choice in opened.choices if choice.key == key)
    deciding = [voted for voted in votes if voted.vote.key == key]
    texts = [voted for voted in deciding if voted.text]
    answer = Answer(
        choice,
        texts[0].text if len(texts) == 1 else "\n\n".join(f"{voted.vote.person}: {voted.text}" for voted in texts),
        tuple(dict.fromkeys(text for voted in deciding for text in voted.conditions)),
        deciding[-1].answers,
    )
    people = ", ".join(voted.vote.person for voted in deciding)
    proofs = tuple(voted.vote for voted in deciding)
    return decided(opened, answer, people, votes[-1].vote.via, id, now, proofs)
