"""What of this is already on the branch, and may the branch be built upon? From the branch's own commits. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from maestro.approvals.book import Hindrance
from maestro.git.names import message
from maestro.git.repository import Commit
from maestro_contracts.records import FileChange, Problem

PRD_FOLDER = ".flow/"


def merged_before(history: Iterable[Commit], task: str, commit: str) -> Commit | None:
    """The merge of this very commit for this task, where the branch has it already."""
    for candidate in history:
        if candidate.trailers.get("Maestro-Task") == task and candidate.parents[1:] == (commit,):
            return candidate
    return None


def said_before(history: Iterable[Commit], event: str) -> Commit | None:
    """The commit that was made for this event, where the branch has it already."""
    return next((commit for commit in history if commit.trailers.get("Maestro-Event") == event), None)


def moved_by_others(branch: str, head: str, onto: str, since: Iterable[FileChange] | None) -> Problem | None:
    """Whether the branch stands where the log says. `since` is what changed from there to its head, None where its
    head does not descend from there; the PRD may have been committed meanwhile, nothing else."""
    if not onto or onto == head:
        return None
    strange = None if since is None else [change.path for change in since if not change.path.startswith(PRD_FOLDER)]
    if strange == []:
        return None
    reason = f"{branch} was moved by somebody else: it is at {head[:12]}, the log says {onto[:12]}"
    if strange:
        reason += f" (changed: {', '.join(strange[:8])})"
    mend = f"keep what is there under another name, `git branch -f {branch} {onto}`, then resume the run"
    return Problem("ambiguous", reason, mend)


def conflict(task: str, paths: tuple[str, ...]) -> Problem:
    shown = ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")
    return Problem(
        "merge_conflict", f"{task} and what was merged before it change the same lines: {shown}", "do it again"
    )


def not_permitted(hindrance: Hindrance | None) -> Problem | None:
    """Why the change may not be merged now; None where it may."""
    if hindrance is None:
        return None
    return Problem("not_approved", f"its change may not be merged: {hindrance.reason}", "it is asked about again")


def not_on_branch(branch: str, commit: str) -> Problem:
    reason = f"{commit[:12]} is not on {branch}"
    return Problem("structural", reason, "was the branch moved? Undo it by hand")


def not_undone(paths: tuple[str, ...]) -> Problem:
    shown = ", ".join(paths[:8])
    mend = "undo it by hand on the run's branch, or roll back first what was merged after it"
    return Problem("merge_conflict", f"what was merged after it changes the same lines: {shown}", mend)


def revert_message(run: str, what: str, commit: str, event: str) -> str:
    body = f"This reverts commit {commit}, as a person has asked for."
    return message(f"Roll back: {what}", body, Maestro_Run=run, Maestro_Event=event)


def merge_message(run: str, task: str, attempt: int, title: str, event: str) -> str:
    trailers = {"Maestro_Run": run, "Maestro_Task": task, "Maestro_Attempt": str(attempt), "Maestro_Event": event}
    return message(f"Merge {task}: {title}", **trailers)


def prd_message(run: str, path: str, status: str, event: str) -> str:
    return message(f"PRD {status}: {path}", Maestro_Run=run, Maestro_Event=event)
