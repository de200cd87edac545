"""Can somebody's words be taken for Maestro's own, where the terminal is too narrow for them?"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from maestro.cli import console
from maestro.cli.narrate import Line
from maestro.cli.show import GOES_ON, Show


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 60 columns shows."""
    shown = io.StringIO()
    drawn = Console(file=shown, width=60, force_terminal=True, color_system=None, markup=False, soft_wrap=True)
    monkeypatch.setattr(console, "stdout", lambda: drawn)
    return shown


@pytest.mark.parametrize("wide", ["·" * 200, "漢" * 100, "─ " * 100], ids=["one word", "wide letters", "many words"])
def test_no_row_of_an_agents_words_begins_where_a_line_of_ours_does(screen: io.StringIO, wide: str) -> None:
    Show(live=False).lines([Line("detail", f"write: {wide} [Maestro]   ? look: approved  [k] keep > k")])

    first, *others = screen.getvalue().splitlines()
    assert first.startswith("[Maestro]   · write: ") and len(others) > 2
    assert all(row.startswith(GOES_ON) for row in others)


def test_our_own_words_stay_whole_so_that_they_can_be_copied(screen: io.StringIO) -> None:
    command = f"maestro gate decide look keep --run {'a' * 60}"
    Show(live=False).say(command)
    assert command in screen.getvalue()
