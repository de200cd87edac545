"""Which point of a run do the words of `maestro replay --at` mean?"""

from __future__ import annotations

import pytest

from maestro.cli.commands.replay import LONGEST_S, pause_s
from maestro.cli.errors import CliError
from maestro.cli.main import call
from maestro.cli.moments import Moment, read_moment

NEW_YEAR = 1_767_225_600_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12", Moment(seq=12)),
        ("0", Moment(seq=0)),
        ("2026-01-01T00:00Z", Moment(at=NEW_YEAR)),
        ("2026-01-01", Moment(at=NEW_YEAR)),
        ("2026-01-01T01:00:00.250+01:00", Moment(at=NEW_YEAR + 250)),
        ("+90s", Moment(after=90_000)),
        ("+1h30m", Moment(after=5_400_000)),
        ("+250ms", Moment(after=250)),
        ("-0.5min", Moment(before=30_000)),
    ],
)
def test_an_entry_a_time_or_a_length_of_the_run(text: str, moment: Moment) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "12x", "-3", "5m", "+", "now", "1" * 40, "2026-13-01", "\u0663"])
def test_what_is_no_moment_is_refused_with_what_can_be_given(text: str) -> None:
    with pytest.raises(CliError) as refused:
        read_moment(text)
    assert "+90s" in refused.value.mend


def test_a_length_counts_from_the_runs_own_begin_or_end_and_asks_no_clock() -> None:
    assert read_moment("+2s").time(first=10_000, last=90_000) == 12_000
    assert read_moment("-2s").time(first=10_000, last=90_000) == 88_000
    assert read_moment("7").time(first=10_000, last=90_000) is None


def test_a_pause_is_the_runs_own_and_never_long() -> None:
    assert pause_s(0, 5_000, 1) == 0.0
    assert pause_s(1_000, 3_000, 4) == 0.5
    assert pause_s(1_000, 90_000_000, 4) == LONGEST_S
    assert pause_s(3_000, 1_000, 4) == 0.0


@pytest.mark.parametrize(
    "options", [("--speed", "0"), ("--speed", "2", "--json"), ("--write", "--at", "3"), ("--write", "--speed", "2")]
)
def test_what_does_not_go_together_is_refused_before_anything_is_read(options: tuple[str, ...]) -> None:
    assert call(["replay", "no-such-run-aaaaaa", *options]) == 2
