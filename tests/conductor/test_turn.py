"""Is a turn the same as its decisions one by one?"""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.conductor.asking import follow
from maestro.conductor.decider import decide
from maestro.conductor.turn import take_turn
from maestro.runs.fold import evolve
from maestro.runs.state import RunState, clone
from maestro_contracts import commands as c
from maestro_contracts import events as e
from tests.support.conversation import Conversation, honest


def one_by_one(state: RunState, now: int) -> tuple[list[str], list[str]]:
    said, asked, state = [], [], deepcopy(state)
    while decided := decide(state, (), now):
        asked += [ask.id for ask in follow(state, decided, now).commands]
        for item in decided:
            said.append(item.id)
            evolve(state, item.event, now)
    return said, asked


def test_a_turn_says_and_asks_what_its_decisions_would_one_by_one_and_leaves_the_state_alone() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        answered = honest(run, id, command)
        if answered is not None:
            state = deepcopy(run.state)
            evolve(state, answered[1], run.now, answered[0])
            before = deepcopy(state)
            turn = take_turn(state, (), run.now)
            assert state == before
            assert ([s.id for s in turn.said], [a.id for a in turn.asks.commands]) == one_by_one(state, run.now)
        return answered

    assert Conversation().start().answer_all(reply).state.status == "completed"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60))
def test_folding_a_clone_further_never_changes_the_original(at: int) -> None:
    events = Conversation().start().answer_all(honest).said
    run = Conversation()
    for _, actor, event in events[:at]:
        evolve(run.state, event, 5, actor)
    before, copy = deepcopy(run.state), clone(run.state)
    assert copy == before
    for _, actor, event in events[at:]:
        evolve(copy, event, 5, actor)
    assert run.state == before
