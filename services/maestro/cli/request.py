"""What does a command line ask for? Its options as they were typed, before anybody has looked whether they can be."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from maestro.cli.errors import CliError

BEADS_FILE = ".beads/issues.jsonl"

if TYPE_CHECKING:
    from maestro.cli.where import Place
    from maestro.git.state import RepoState


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `maestro run`."""

    feature: str = ""
    spec: Path | None = None
    agent: str = ""
    workflow: str = ""
    base: str = ""
    allow_dirty: bool = False
    auto_approve: bool = False
    interactive: bool = False


def check_repository(place: Place, asked: Asked) -> RepoState:
    """The repository, where a run may start on it. Raises CliError. Costs no import, so it comes before all else."""
    assert place.git is not None, "a place with a repository was found"
    git = replace(place.git, dirty=tuple(path for path in place.git.dirty if not _is_ours(path, place)))
    problem = git.problem(allow_dirty=asked.allow_dirty or bool(asked.base), allow_detached=bool(asked.base))
    if problem is not None:
        raise CliError(problem.reason, _mend(problem.mend, git.dirty, git.detached))
    return git


def _is_ours(path: str, place: Place) -> bool:
    """The tracker's file, which Maestro writes where it is asked for: it must not stand against the next run, also
    where that does not ask for it."""
    if path not in (".beads/", BEADS_FILE):
        return False
    if place.written is not None and place.written.tracker.beads:
        return True
    from maestro.cli.own_paths import is_ours_alone

    return is_ours_alone(place.folder(), path, _committed(place.folder()))


def _committed(repo: Path) -> bytes:
    """The tracker's file as it is in HEAD; nothing where it is not there."""
    show = ["git", "-C", str(repo), "-c", "safe.directory=*", "show", f"HEAD:{BEADS_FILE}"]
    return subprocess.run(show, capture_output=True).stdout


def _mend(mend: str, dirty: tuple[str, ...], detached: bool) -> str:
    if detached:
        return f"{mend}, or name the commit to start from: --base HEAD"
    if dirty:
        return f"{mend}; or give --allow-dirty to start from HEAD without them (your files stay as they are)"
    return mend
