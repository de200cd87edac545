"""Did somebody touch what is the person's own while an agent worked? A fingerprint before, one after, what differs."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from maestro.git.command import git
from maestro.git.names import HEADS, REFS, shown
from maestro.git.workspace import RunRepo

OURS = (HEADS, REFS)
NOT_WATCHED = (*OURS, "refs/remotes/", "refs/prefetch/")
"""Refs that change while a run goes on for other reasons than its agents: ours, and what a fetch brings."""
WATCHED_FILES = ("config", "config.worktree", "info/attributes")
FLOW = ".flow/"
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
    """Names of things with what they were: files and refs, as a person would name them."""

    things: dict[str, str]

    def differs(self, other: Fingerprint) -> tuple[str, ...]:
        """The names of what is not the same in the other one, sorted."""
        names = self.things.keys() | other.things.keys()
        return tuple(sorted(shown(name) for name in names if self.things.get(name) != other.things.get(name)))


async def fingerprint(repo: RunRepo) -> Fingerprint:
    """What a run's agents must leave alone: the person's HEAD, refs, configuration and hooks, and, where their
    working tree is on this host, its changed and unknown files. Ignored files and `.flow/` are not watched."""
    things = dict(await asyncio.to_thread(lambda: list(_git_files(repo.repository.git_dir))))
    things |= await _refs(repo)
    if repo.root is not None:
        things |= await _tree(repo.root)
    return Fingerprint(things)


def _git_files(git_dir: Path) -> Iterator[tuple[str, str]]:
    hooks = git_dir / "hooks"
    watched = [git_dir / name for name in WATCHED_FILES]
    for path in watched + (sorted(hooks.iterdir()) if hooks.is_dir() else []):
        if path.is_file():
            yield str(path), hashlib.sha256(path.read_bytes()).hexdigest()


async def _refs(repo: RunRepo) -> dict[str, str]:
    listed = await repo.repository.git("for-each-ref", "--format=%(refname) %(objectname)")
    pairs = (line.split(" ", 1) for line in listed.text.splitlines())
    refs = {name: commit for name, commit in pairs if not name.startswith(NOT_WATCHED)}
    if repo.root is not None:
        head = await git("rev-parse", "--symbolic-full-name", "HEAD", cwd=repo.root, ok=(0, 128))
        commit = await git("rev-parse", "HEAD", cwd=repo.root, ok=(0, 128))
        refs["HEAD"] = f"{head.text} {commit.text}"
    return refs


async def _tree(root: Path) -> dict[str, str]:
    status = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
    fields = (await git(*status, cwd=root, user_config=True)).fields
    return {
        str(root / field[3:]): f"{field[:2]} {_stat(root / field[3:])}"
        for field in fields
        if not field[3:].startswith(FLOW) and not _is_litter(field[3:])
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
