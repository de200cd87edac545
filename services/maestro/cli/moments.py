"""Which point of a run does a person mean? An entry, a time, or a time counted from the run's own begin or end.

No clock is asked: a replay says the same whenever it is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_LENGTH = re.compile(r"([+-])((?:\d+(?:\.\d+)?(?:ms|min|s|m|h|d))+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|min|s|m|h|d)")
MEND = "give an entry (12), a time (2026-01-31T08:15Z), +90s after the run's begin, or -5m from its end"


@dataclass(frozen=True, slots=True)
class Moment:
    """One of: `seq`, an entry; `at`, a time (ms since the epoch); `after` or `before`, a length (ms) from the run's
    first entry or back from its last."""

    seq: int | None = None
    at: int | None = None
    after: int | None = None
    before: int | None = None

    def time(self, first: int, last: int) -> int | None:
        """The time meant (ms) in a run whose first and last entry were written then; None where an entry is meant."""
        if self.after is not None:
            return first + self.after
        if self.before is not None:
            return last - self.before
        return self.at


def read_moment(text: str) -> Moment:
    """What `--at` says. A time without an offset is UTC. Raises CliError."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return Moment(seq=int(text))
    if length := _LENGTH.fullmatch(text):
        ms = round(sum(float(number) * UNITS_MS[unit] for number, unit in _PART.findall(length[2])))
        return Moment(after=ms) if length[1] == "+" else Moment(before=ms)
    try:
        time = datetime.fromisoformat("" if text.isdecimal() else text)
    except ValueError:
        raise CliError(f"{text!r} is no entry and no time", MEND, Exit.USAGE) from None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return Moment(at=round(time.timestamp() * 1000))
