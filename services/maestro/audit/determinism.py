"""Are the files that people read what the log says? The fold and its projections, made again and compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from maestro.audit.findings import Property
from maestro.log.verify import Commit, Rejected
from maestro.projections.beads import BEADS_FILE
from maestro.projections.files import FLOW, safe_name
from maestro.projections.projector import Projector
from maestro.runs.fold import disbelieve, fold
from maestro_contracts import events as e

SHARED = frozenset({BEADS_FILE})
"""Files that hold other people's lines too."""
SEALS = (e.LogSealed, e.SealCosigned)
MOST_LINES = 50_000
MEND = "`maestro replay --write` makes it again"


class _LastEvent(msgspec.Struct):
    seq: int


class _Metadata(msgspec.Struct):
    last_event: _LastEvent


class Determinism:
    """Folds the run beside its audit. Without files to compare with, its history is not kept. Files are of the entry
    that they name as their last: what only the notary said since then changes nothing in them."""

    def __init__(self, run: str, files: Mapping[str, bytes] | None, *, keep: bool = False) -> None:
        """`keep`: the history is kept all the same, for whoever wants the files."""
        self.projector = Projector(run)
        self._files = files
        self._keeps = keep or files is not None
        self._upto = _last_entry(run, files)
        self._made: dict[str, bytes] | None = None
        self._later = 0
        self._is_long = False

    def hear(self, verdict: Commit | Rejected) -> None:
        """The next entry."""
        if self._upto is not None and verdict.seq > self._upto:
            self._keep()
            seals = isinstance(verdict, Commit) and all(isinstance(event, SEALS) for event in verdict.events)
            self._later += not seals
        if isinstance(verdict, Rejected):
            disbelieve(self.projector.state, verdict.seq, verdict.reason)
        elif self._keeps:
            self.projector.apply(verdict)
            self._bound_history()
        else:
            fold(self.projector.state, verdict)

    def _bound_history(self) -> None:
        """The one file with a line for each event is not made of a log that is too long for it."""
        lines = self.projector.history.lines
        if len(lines) > MOST_LINES:
            self._is_long = True
            lines.clear()

    def files(self) -> dict[str, bytes]:
        """The files that the log makes, without those that others write to as well."""
        made = {path: content for path, content in self.projector.files().items() if path not in SHARED}
        if self._is_long:
            made.pop(self._execution_log, None)
        return made

    @property
    def _execution_log(self) -> str:
        return f"{_session(self.projector.state.run)}/execution-log.md"

    def _keep(self) -> None:
        if self._made is None:
            self._made = self.files()

    def compare(self, found: Property) -> None:
        """The files as they are against the files as the log has them."""
        found.count("events folded", self.projector.state.events)
        if self._files is None:
            return found.cannot_tell("", "there are no files to compare the log with")
        if self._later:
            found.cannot_tell("", f"the files are of entry {self._upto}; {self._later} others came later")
        self._keep()
        if self._is_long:
            found.cannot_tell(self._execution_log, f"a run of more than {MOST_LINES:,} events: it is not made again")
        made = self._made or {}
        for path, content in made.items():
            if path not in self._files:
                found.breaks(path, f"it is missing; {MEND}")
            elif self._files[path] != content:
                found.breaks(path, f"it is not what the log says; {MEND}")
        for path in self._files:
            if path not in made and path not in SHARED and not (self._is_long and path == self._execution_log):
                found.breaks(path, "the log makes no such file")
        found.count("files", len(made))


def _session(run: str) -> str:
    return f"{FLOW}/maestro/sessions/{safe_name(run)}"


def _last_entry(run: str, files: Mapping[str, bytes] | None) -> int | None:
    """The entry that the files say they are of; None where they say nothing."""
    if files is None:
        return None
    try:
        content = files[f"{_session(run)}/metadata.json"]
        return msgspec.json.decode(content, type=_Metadata).last_event.seq
    except (KeyError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
