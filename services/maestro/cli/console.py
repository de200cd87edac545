"""How does the command line speak? Plain lines where nobody watches, colours and a live panel where a person does.

Everything that somebody else wrote (agents, specifications, logs) comes through `visible` before it gets here, and is
never read as markup.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 1000
"""Columns where nobody watches: nothing is broken or cut off for a program that reads it."""


@cache
def stdout() -> Console:
    return _console(sys.stdout)


@cache
def stderr() -> Console:
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


PLAIN = {"✓": "+", "✗": "x", "→": "->", "●": "*", "·": "-", "…": "..."}
"""Our own marks where the terminal or the pipe takes no Unicode."""


def say_what_can_be_said() -> None:
    """What a stream's encoding does not know is written in another way, and ends no command."""
    codecs.register_error("maestro", _in_another_way)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="maestro")


def _in_another_way(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    unknown = error.object[error.start : error.end]
    written = (PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in unknown)
    return "".join(written), error.end


def write(text: str = "") -> None:
    """A line of a command's result."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line beside the result, for people: it does not get into a pipe."""
    # A terminal that was closed hears nothing, and that must not keep anything from being stopped.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def write_json(value: Any) -> None:
    write(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))


def write_line(value: Any) -> None:
    """One line of JSON, at once: somebody reads line by line."""
    write(json.dumps(value, sort_keys=True, ensure_ascii=False))
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Rows under their columns, or one line that says why there are none."""
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    if not rows:
        return note(empty)
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        # What stands first is typed in again: it stays whole however narrow the terminal is.
        made.add_column(column, overflow="fold", no_wrap=index == 0)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    stdout().print(made, soft_wrap=False)


def is_interactive() -> bool:
    """Whether a person sits at the terminal that both shows and hears."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
