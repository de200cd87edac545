"""What does one look at a run come to? All decisions that follow from each other, as far as nobody else is needed.

A decision that follows from another one is decided on a copy of the state that has folded the first. For a run with
very many tasks a copy would cost more than it saves: there the first decision is written, and the next one is made when
it is read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maestro.bus.service import Asked, Said, SetTimer
from maestro.conductor.asking import Asks, follow
from maestro.conductor.decider import Request, chains, decide
from maestro.runs.fold import evolve
from maestro.runs.state import RunState, clone
from maestro_contracts.events import RunForked

SMALL = 200
"""Tasks; a copy of a state with so many takes about 0.3 ms."""
DEEP = 50
"""Decisions in a row; more than any sensible workflow has without waiting for somebody."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is said and asked. `unfinished`: more is due as soon as this is in the log."""

    said: tuple[Said, ...]
    asks: Asks
    unfinished: bool


def take_turn(state: RunState, requests: Sequence[Request], now: int) -> Turn:
    said: list[Said] = []
    commands: list[Asked] = []
    timers: list[SetTimer] = []
    for _ in range(DEEP):
        decided = decide(state, requests, now)
        asks = follow(state, decided, now)
        said += decided
        commands += asks.commands
        timers += asks.timers
        more = chains(decided)
        if not more or len(state.tasks) > SMALL or any(isinstance(item.event, RunForked) for item in decided):
            break  # What a fork brings along is there when it is read back from the log, and believed.
        state = clone(state) if len(said) == len(decided) else state
        for item in decided:
            evolve(state, item.event, now)
        requests = ()
    return Turn(tuple(said), Asks(tuple(commands), tuple(timers)), more)
