"""Where do a run's lines and its live panel go? To the terminal; without one, the lines alone."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from maestro.cli import console
from maestro.cli.narrate import Line
from maestro.runs.state import RunState

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

STYLES = {"phase": "bold", "ok": "green", "bad": "red", "ask": "bold yellow", "detail": "dim"}
GOES_ON = "          | "
"""Stands before each further row of a line that is wider than the terminal."""


class Show:
    """What a person sees of a run. `lines` come at once; the panel is drawn when `draw` is called."""

    def __init__(self, *, live: bool, quiet: bool = False) -> None:
        self._wants_live, self._quiet = live, quiet
        self._live: Live | None = None
        self.notes: dict[str, str] = {}

    def lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.tell(str(line), STYLES.get(line.kind, ""))

    def say(self, text: str, style: str = "") -> None:
        """Our own words, whole: a person may copy them."""
        if self._quiet:
            return console.note(text)
        if not console.stdout().is_terminal:
            return _plain(text)
        console.stdout().print(_styled(text, style))

    def tell(self, text: str, style: str = "") -> None:
        """A line with somebody else's words in it. Where the terminal is too narrow for it, its further rows stand
        back, so that none of them looks like a line or a question of ours."""
        if self._quiet or not console.stdout().is_terminal:
            return self.say(text, style)
        from rich.text import Text

        out, line = console.stdout(), _styled(text, style)
        if line.cell_len > out.width:
            rows = line.wrap(out, max(out.width - len(GOES_ON), 10), overflow="fold")
            line = Text(f"\n{GOES_ON}").join(rows)
        out.print(line)

    def draw(self, state: RunState) -> None:
        if self._live is not None:
            from maestro.cli.panel import panel

            now, width = int(time.time() * 1000), console.stdout().width
            self._live.update(panel(state, now, self.notes.values(), width), refresh=True)

    def start(self) -> None:
        """Show the panel from now on, where somebody watches."""
        if self._wants_live and self._live is None:
            from rich.live import Live
            from rich.text import Text

            self._live = Live(Text(), console=console.stdout(), auto_refresh=False, transient=True)
            self._live.start()

    def stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """The terminal belongs to a question for a while."""
        was_live = self._live is not None
        self.stop()
        try:
            yield
        finally:
            if was_live:
                self.start()


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    prefix, bracket, rest = text.partition("] ") if text.startswith("[Maestro]") else ("", "", text)
    return Text.assemble((prefix + bracket, "dim"), (rest, style))


def _plain(text: str) -> None:
    console.write(text)
    sys.stdout.flush()
