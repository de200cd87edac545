"""How do a run's files follow its log? Commit by commit, and in the end the same as from the whole log at once."""

from __future__ import annotations

from maestro.projections.files import files
from maestro.projections.history import Commit, History, remember
from maestro.projections.report import report
from maestro.runs.fold import disbelieve, fold, new_run
from maestro.runs.state import RunState


class Projector:
    """Folds one run's commits, in their order, and shows them. A commit that was applied already is passed over."""

    def __init__(self, run: str) -> None:
        self.state: RunState = new_run(run)
        self.history = History()

    def apply(self, commit: Commit) -> None:
        if commit.seq > self.state.seq:
            fold(self.state, commit)
            remember(self.history, commit)

    def disbelieve(self, seq: int, reason: str) -> None:
        """Take in an entry that is not believed."""
        disbelieve(self.state, seq, reason)

    def files(self) -> dict[str, bytes]:
        """Path to content of all of the run's files, for `folder.write`."""
        return files(self.state, self.history)

    def report(self) -> str:
        return report(self.state, self.history)
