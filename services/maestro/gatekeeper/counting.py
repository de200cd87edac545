"""Which choice do these votes come to? So many for one choice, one veto, or a yes out of reach. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from maestro_contracts import events as e
from maestro_contracts.records import Choice
from maestro_contracts.workflow_rules import FAIL


def ways_on(choices: Sequence[Choice]) -> list[Choice]:
    """The choices that are a yes: those that go on; where there is none, those that do not end the run."""
    return (
        [choice for choice in choices if not choice.target]
        or [choice for choice in choices if choice.target != FAIL]
        or list(choices)
    )


def outcome(opened: e.GateOpened, votes: Sequence[e.GateVoted], voters: int) -> str:
    """The key of the choice that the votes (in order, one for each person) come to; empty while it is open. `voters` is
    how many may vote in all.

    A choice with `quorum` votes is taken. With `veto` one vote for another way than on is. Without, such votes count
    until none of the ways on can reach its quorum: then the other way with most of them is taken, the latest on a tie.
    """
    count = Counter(voted.vote.key for voted in votes)
    reached = [choice.key for choice in opened.choices if count[choice.key] >= opened.quorum]
    if reached:
        return reached[0]
    on = {choice.key for choice in ways_on(opened.choices)}
    against = [voted.vote.key for voted in votes if voted.vote.key not in on]
    if not against:
        return ""
    if opened.veto:
        return against[0]
    left = max(0, voters - len(votes))
    if all(count[key] + left < opened.quorum for key in on):
        most = max(count[key] for key in against)
        return next(key for key in reversed(against) if count[key] == most)
    return ""
