"""What came of a run? The report that its reader decides on: what was asked, done, proved, approved, and what is next.

Markdown, from the run's state and history alone; for a run that is not over it says what is missing and how to go on.
"""

from __future__ import annotations

from collections.abc import Callable

from maestro.projections.history import History
from maestro.projections.report_next import next_steps
from maestro.projections.report_people import approvals, decisions
from maestro.projections.report_proof import quality_gates, testing
from maestro.projections.report_summary import summary
from maestro.projections.report_work import changes, checkpoints, setbacks
from maestro.projections.text import prose
from maestro.runs.state import RunState

Section = Callable[[RunState, History], list[str]]

SECTIONS: tuple[tuple[str, Section], ...] = (
    ("Summary", summary),
    ("Decisions", decisions),
    ("Changes", changes),
    ("Testing", testing),
    ("Quality gates", quality_gates),
    ("Approvals", approvals),
    ("Checkpoints", checkpoints),
    ("What was retried or rejected, and why", setbacks),
    ("Next steps", next_steps),
)


def report(state: RunState, history: History) -> str:
    """The report as Markdown, ending in one newline."""
    lines = [f"# {prose(state.feature) or 'A run that has not started'}"]
    for title, section in SECTIONS:
        lines += ["", f"## {title}", "", *section(state, history)]
    return "\n".join(lines).rstrip() + "\n"
