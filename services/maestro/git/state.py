"""Can a run start on this folder? What is there, and the first thing that stands against it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from maestro.git.command import git
from maestro.git.problems import GitProblem
from maestro.git.workspace import local
from maestro_contracts.records import Problem

NEEDED = (2, 38)
SHOWN = 10


@dataclass(frozen=True, slots=True)
class RepoState:
    """What lies at `path`. `dirty` lists changed and unknown files of the person's tree; `branch` is empty where
    HEAD is detached; `head` is empty where there is no commit yet."""

    path: Path
    is_repo: bool
    root: Path | None = None
    git_dir: Path | None = None
    bare: bool = False
    empty: bool = False
    detached: bool = False
    dirty: tuple[str, ...] = ()
    branch: str = ""
    head: str = ""

    def problem(self, *, allow_dirty: bool = False, allow_detached: bool = False) -> Problem | None:
        """The first thing that stands against a run here, with its mend."""
        if not self.is_repo:
            mend = "run `git init` there and commit, or give another path with --repo"
            return Problem("structural", f"{self.path} is not a git repository", mend)
        if self.empty:
            mend = "commit something first: `git commit --allow-empty -m 'Start'` will do"
            return Problem("structural", f"the repository at {self.path} has no commit yet", mend)
        if self.detached and not allow_detached:
            mend = "`git switch` to the branch that the work should start from"
            return Problem("structural", f"HEAD of {self.path} is detached at {self.head[:12]}", mend)
        if self.dirty and not allow_dirty:
            more = f" and {len(self.dirty) - SHOWN} more" if len(self.dirty) > SHOWN else ""
            reason = f"{self.path} has changes that are not committed: {', '.join(self.dirty[:SHOWN])}{more}"
            return Problem("structural", reason, "commit them or `git stash -u`: a run starts from a commit")
        return None


async def inspect(path: Path) -> RepoState:
    """What lies at `path`. Raises GitProblem where git is missing, too old, or fails for another reason."""
    await require_git()
    if not path.is_dir():
        raise GitProblem("structural", f"there is no folder {path}", "give the path of a git repository with --repo")
    try:
        repository, root = await local(path)
    except GitProblem as problem:
        if "not a git repository" in problem.reason:
            return RepoState(path=path, is_repo=False)
        raise
    head = await repository.find("HEAD") if root is None else await _head(root)
    branch = (await git("symbolic-ref", "--quiet", "--short", "HEAD", cwd=root or repository.git_dir, ok=(0, 1))).text
    return RepoState(
        path=path,
        is_repo=True,
        root=root,
        git_dir=repository.git_dir,
        bare=root is None,
        empty=not head,
        detached=not branch,
        dirty=await _dirty(root) if root else (),
        branch=branch,
        head=head or "",
    )


async def _head(root: Path) -> str:
    return (await git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", cwd=root, ok=(0, 1, 128))).text


async def require_git() -> tuple[int, ...]:
    """Git's version. Raises GitProblem where it is missing or older than what merging without a worktree needs."""
    text = (await git("version")).text
    found = re.search(r"(\d+)\.(\d+)", text)
    version = tuple(int(part) for part in found.groups()) if found else (0, 0)
    if version < NEEDED:
        raise GitProblem("environment", f"{text} is too old", "install git 2.38 or newer")
    return version


async def _dirty(root: Path) -> tuple[str, ...]:
    status = ("status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames", "--ignore-submodules=none")
    fields = (await git(*status, cwd=root, user_config=True)).fields
    return tuple(field[3:] for field in fields if not field[3:].startswith(".flow/"))
