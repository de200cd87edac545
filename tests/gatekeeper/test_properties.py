"""What holds for a gate, whatever is told to it, in whatever order?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.gatekeeper.decider import Books, GateCommand, Here, decide
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice
from tests.support.gates import ASK, CHOICES, OPEN, Desk
from tests.support.townsfolk import Townsfolk

GATES = st.sampled_from(["approve-plan", "other"])
VISITS = st.integers(1, 2)
ANSWERS = st.sampled_from(["a", "approve", " R ", "x", "no", "", "approve!"]) | st.text(max_size=8)
OPENS = st.builds(
    OPEN,
    gate=GATES,
    visit=VISITS,
    timeout_s=st.none() | st.floats(0.001, 100),
    default=st.sampled_from(["", "approve", "x", "nothing"]),
    auto=st.booleans(),
    auto_approve=st.booleans(),
    freeform=st.booleans(),
)
ASKS = st.builds(ASK, choice=ANSWERS, gate=GATES, visit=st.integers(0, 3), text=st.text(max_size=4))
COMMANDS: st.SearchStrategy[GateCommand] = st.one_of(
    OPENS,
    ASKS,
    st.builds(c.GateDeadline, gate=GATES, visit=VISITS),
    st.builds(c.CloseGate, gate=GATES, visit=VISITS, because=st.just("over")),
)
STORIES = st.lists(st.tuples(COMMANDS, st.integers(0, 60_000)), max_size=30)


def told(story: list[tuple[GateCommand, int]]) -> Desk:
    desk = Desk()
    for command, later in story:
        desk.at(desk.now + later).tell(command)
    return desk


@given(STORIES)
def test_a_gate_ends_at_most_once_whatever_it_is_told(story: list[tuple[GateCommand, int]]) -> None:
    events = [said.event for said in told(story).log]
    ends = [(event.gate, event.visit) for event in events if isinstance(event, e.GateDecided | e.GateClosed)]
    assert set(Counter(ends).values()) <= {1}


@given(STORIES)
def test_no_event_takes_a_slot_twice(story: list[tuple[GateCommand, int]]) -> None:
    ids = [said.id for said in told(story).log]
    assert len(ids) == len(set(ids))


@given(STORIES)
def test_what_a_person_decided_is_exactly_a_choice_they_named(story: list[tuple[GateCommand, int]]) -> None:
    desk = Desk()
    for command, later in story:
        desk.at(desk.now + later).tell(command)
        for event in desk.last:
            if isinstance(event, e.GateDecided) and event.via == "cli":
                assert isinstance(command, c.DecideGate)
                assert command.choice.strip().casefold() in {event.key.casefold(), event.choice.casefold()}


@given(STORIES, st.integers(0, 10**6))
def test_telling_everything_again_decides_nothing_new(story: list[tuple[GateCommand, int]], later: int) -> None:
    desk = told(story)
    book = desk.book
    for command, _ in story:
        if not isinstance(command, c.OpenGate) and not isinstance(command, c.GateDeadline):
            continue
        if book.gate(command.gate, command.visit).is_over:
            desk.at(desk.now + later).tell(command)
            assert desk.last == ()
    assert desk.book == book


@given(STORIES, COMMANDS)
def test_deciding_twice_on_the_same_book_gives_the_same_answer(
    story: list[tuple[GateCommand, int]], command: GateCommand
) -> None:
    desk = told(story)
    assert decide(desk.books, "id", command, desk.here) == decide(desk.books, "id", command, desk.here)


@given(st.text(), st.sampled_from([CHOICES, (Choice("Straße", "ß"), Choice("no", "n"))]))
def test_no_text_decides_unless_it_is_one_choice(answer: str, choices: tuple[Choice, ...]) -> None:
    desk = Desk().tell(OPEN(choices=choices)).tell(ASK(answer))
    names = [name.casefold() for choice in choices for name in (choice.key, choice.label)]
    is_choice = answer.strip().casefold() in names
    assert isinstance(desk.last[-1], e.GateDecided) == is_choice


def test_an_empty_book_opens_nothing_by_itself() -> None:
    assert decide(Books(), "id", c.GateDeadline("approve-plan", 1), Here("r", 10**12)).said == ()


# --- people -------------------------------------------------------------------------------------------------------

NAMES = ("ann", "bob", "cy")
WORDS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["a", "r", "x", "no"]),
    st.sampled_from(["own", "own", "own", "forged", "unsigned", "replayed", "late", "other gate"]),
)
RULES = st.fixed_dictionaries(
    {"quorum": st.integers(1, 3), "veto": st.booleans(), "roles": st.sampled_from([(), ("lead",), ("lead", "team")])}
)


@settings(max_examples=60)
@given(RULES, st.lists(WORDS, max_size=8))
def test_a_yes_is_always_the_signed_word_of_enough_people_who_may(
    rules: dict[str, Any], words: list[tuple[str, str, str]]
) -> None:
    folk = Townsfolk().meet("ann", "lead").meet("bob", "team").meet("cy")
    desk = Desk(folk)
    opened = desk.tell(OPEN(**rules)).said(e.GateOpened)
    said: list[c.DecideGate] = []
    for person, key, how in words:
        desk.at(desk.now + 1)
        word = folk.says(opened, person, key, desk.now - 10**6 if how == "late" else desk.now)
        match how:
            case "forged":
                word = folk.sent(
                    folk.statement(opened, person, key, desk.now), by_key_of=NAMES[NAMES.index(person) - 1]
                )
            case "unsigned":
                word = msgspec.structs.replace(word, statement="", signature="")
            case "replayed" if said:
                word = said[-1]
            case "other gate":
                word = folk.says(msgspec.structs.replace(opened, gate="other"), person, key, desk.now)
                word = msgspec.structs.replace(word, gate=opened.gate)
            case "own" | "replayed":  # Where nothing was said before, there is nothing to replay.
                said.append(word)
        desk.tell(word)
    decisions = [each.event for each in desk.log if isinstance(each.event, e.GateDecided)]
    assert len(decisions) <= 1
    for decided in decisions:
        people = {vote.person for vote in decided.votes}
        assert all(folk.may(person, opened.roles) for person in people)
        if decided.key == "a":
            assert len(people) >= opened.quorum
            signed = {word.statement for word in said}
            assert {vote.statement for vote in decided.votes} <= signed
