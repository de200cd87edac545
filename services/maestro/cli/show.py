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

STYLES = {"phase": "bold", "ok": "green", "bad": "red", "ask": "bold yellow", "detail": "dim"}


class Show:
    """What a person sees of a run. `lines` come at once; the panel is drawn when `draw` is called."""

    def __init__(self, *, live: bool, quiet: bool = False) -> None:
        self._wants_live, self._quiet = live, quiet
        self._live: Live | None = None
        self.notes: dict[str, str] = {}

    def lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.say(str(line), STYLES.get(line.kind, ""))

    def say(self, text: str, style: str = "") -> None:
        if self._quiet:
            return console.note(text)
        if not console.stdout().is_terminal:
            return _plain(text)
        from rich.text import Text

        prefix, bracket, rest = text.partition("] ") if text.startswith("[Maestro]") else ("", "", text)
        console.stdout().print(Text.assemble((prefix + bracket, "dim"), (rest, style)))

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


def _plain(text: str) -> None:
    console.write(text)
    sys.stdout.flush()
