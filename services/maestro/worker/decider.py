"""What did an attempt come to? From what was found in the worktree and around it: a claim, or a problem. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maestro.git.scope import outside
from maestro_contracts.records import FileChange, Problem, TaskSpec

SHOWN = 8
NOT_PUT_BACK = "look at it and put it right (nothing was reverted); if it was you, the task is simply tried again"
PUT_BACK = (
    "configuration and hooks are as they were; your files and branches were not reverted: look at them. "
    "If it was you, take your change from there: the task is simply tried again"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What lies there after the agent has ended. `touched` is what changed of others, `evidence` where changed files of
    git's are kept (they themselves were put back); `escaping` are links that lead out of the repository; `nested`
    repositories inside the worktree; `modules` submodules that were changed; `there` says that the worktree still is
    where it was."""

    changes: tuple[FileChange, ...] = ()
    touched: tuple[str, ...] = ()
    evidence: str = ""
    escaping: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    there: bool = True


def trespass(found: Found) -> Problem | None:
    """What the agent did to others. It comes before everything else: it happened, whatever else went wrong."""
    if found.touched:
        reason = f"while the agent worked, this changed outside its worktree: {listed(found.touched)}"
        return Problem("scope_violation", reason + _kept(found.evidence), PUT_BACK if found.evidence else NOT_PUT_BACK)
    if not found.there:
        return Problem(
            "scope_violation", "the agent removed its worktree", "tell the agent to work where it is started"
        )
    if found.nested:
        mend = "tell the agent to make no repository or clone inside the worktree"
        return Problem("scope_violation", f"the agent made a repository of its own: {listed(found.nested)}", mend)
    if found.modules:
        reason = f"files of submodules were changed, which are repositories of their own: {listed(found.modules)}"
        return Problem("scope_violation", reason, "tell the agent to leave them; change them in their own repositories")
    if found.escaping:
        mend = "link only to files of this repository, by relative paths"
        return Problem("scope_violation", f"a link leads out of the repository: {listed(found.escaping)}", mend)
    return None


def planted_earlier(names: Iterable[str], evidence: str) -> Problem:
    """What somebody left whose worker died before it could be put back."""
    reason = f"a worker died at its work, and this had changed in the repository: {listed(names)}"
    return Problem("scope_violation", reason + _kept(evidence), PUT_BACK)


def _kept(evidence: str) -> str:
    return f"; what was found there is kept in {evidence}" if evidence else ""


def problem_with(task: TaskSpec, found: Found) -> Problem | None:
    """Why this work is no claim; None where it is one."""
    return trespass(found) or _emptiness(task, found) or _too_far(task, found)


def _emptiness(task: TaskSpec, found: Found) -> Problem | None:
    if found.changes or task.may_be_empty:
        return None
    return Problem("no_change", "the agent ended well but changed no file", "say in the task what must be different")


def _too_far(task: TaskSpec, found: Found) -> Problem | None:
    strayed = outside((change.path for change in found.changes), task.files)
    if not strayed:
        return None
    reason = f"changed files that are none of the task's: {listed(strayed)} (it may change {listed(task.files)})"
    return Problem("scope_violation", reason, "keep to the task's files, or name more files in the task")


def listed(names: Iterable[str]) -> str:
    """Names for people: the first few, and how many more."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
