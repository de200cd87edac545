"""Did somebody touch the person's working tree or refs while an agent worked? How they are, before and after."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from maestro.git.command import git
from maestro.git.names import shown
from maestro.git.workspace import RunRepo

NOT_WATCHED = ("refs/remotes/", "refs/prefetch/")
"""What a fetch brings changes while a run goes on, for other reasons than its agents."""
WRITTEN_MEANWHILE = (".flow/", ".beads/issues.jsonl", ".beads/.maestro-tmp-")
"""Where Maestro itself writes while an agent works: what it shows of the run, renewed with each event."""
LITTER = (
    "__pycache__",
    "*.py[co]",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".DS_Store",
    "*.sw[op]",
    ".#*",
    "4913",
)
"""What systems, editors and test runs leave in a person's tree while they look at it."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Names of things with what they were, as a person would name them."""

    things: dict[str, str]

    def differs(self, other: Fingerprint) -> tuple[str, ...]:
        """The names of what is not the same in the other one, sorted."""
        names = self.things.keys() | other.things.keys()
        return tuple(sorted(shown(name) for name in names if self.things.get(name) != other.things.get(name)))


async def fingerprint(repo: RunRepo) -> Fingerprint:
    """What lies in the person's working tree, where that is on this host: HEAD, and the changed and unknown files.
    Ignored files and what Maestro writes meanwhile are not watched."""
    return Fingerprint({} if repo.root is None else await _head(repo.root) | await _tree(repo.root))


async def refs_of(repo: RunRepo) -> dict[str, str]:
    """The refs of the person and of all runs, with what they name."""
    listed = await repo.repository.git("for-each-ref", "--format=%(objectname) %(refname)")
    pairs = (line.split(" ", 1) for line in listed.text.splitlines())
    return {name: id for id, name in pairs if not name.startswith(NOT_WATCHED)}


async def _head(root: Path) -> dict[str, str]:
    head = await git("rev-parse", "--symbolic-full-name", "HEAD", cwd=root, ok=(0, 128))
    commit = await git("rev-parse", "HEAD", cwd=root, ok=(0, 128))
    return {"HEAD": f"{head.text} {commit.text}"}


async def _tree(root: Path) -> dict[str, str]:
    status = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
    fields = (await git(*status, cwd=root, user_config=True)).fields
    return {
        str(root / field[3:]): f"{field[:2]} {_stat(root / field[3:])}"
        for field in fields
        if not field[3:].startswith(WRITTEN_MEANWHILE) and not _is_litter(field[3:])
    }


def _is_litter(path: str) -> bool:
    return any(fnmatchcase(part, pattern) for part in path.split("/") for pattern in LITTER)


def _stat(path: Path) -> str:
    """A file that was changed before can be changed again: its size and time tell."""
    try:
        found = os.lstat(path)
    except OSError:
        return "gone"
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino} {found.st_mode}"
