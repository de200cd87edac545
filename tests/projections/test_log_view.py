"""Does every event read as one visible line?"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.projections.log_view import SUMMARIES, log_line, summary
from maestro_contracts import events as e
from maestro_contracts.events import EVENTS
from maestro_contracts.records import Problem
from tests.support.seeing import hidden

st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))


@st.composite
def any_event(draw: st.DrawFn) -> e.Event:
    cls = draw(st.sampled_from(sorted(EVENTS.values(), key=lambda event: event.__name__)))
    every_field = {field.name: st.from_type(field.type) for field in msgspec.structs.fields(cls)}
    return draw(st.builds(cls, **every_field))


def test_every_event_has_a_line() -> None:
    assert set(SUMMARIES) == set(EVENTS.values())


@settings(deadline=None)
@given(any_event(), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_a_line_is_one_line_and_all_of_it_can_be_seen(event: e.Event, actor: str, at: int) -> None:
    line = str(log_line("12.3", at, actor, event))
    assert not hidden(line)
    assert type(event).__name__ in line
    line.encode("utf-8")


def test_a_claim_says_that_it_is_a_claim() -> None:
    claim = e.TaskClaimed("T-001", 1, 1, "worker-1", "c" * 40, says=(e.Ran("pytest", 0),))
    assert summary(claim) == "T-001, attempt 1 by worker-1, commit cccccccccccc, says `pytest` exited 0"


def test_a_line_tells_address_time_author_and_what_happened() -> None:
    event = e.TaskRejected("T-001", 1, Problem("false_claim", "the tests\nfail"))
    expected = "   24.0  2026-01-01T00:00:00.000Z  conductor-1         TaskRejected          "
    assert str(log_line("24.0", 1_767_225_600_000, "conductor-1", event)) == (
        expected + "T-001, attempt 1: false_claim: the tests fail"
    )


@pytest.mark.parametrize("phase", [0, 3])
def test_a_phase_is_named_where_its_step_starts(phase: int) -> None:
    line = log_line("1.0", 0, "c", e.StepStarted("implement", 1, 1, "implement", phase, "Implement"))
    assert line.phase == ("3: Implementation" if phase else "")
