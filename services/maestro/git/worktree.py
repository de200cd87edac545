"""Where can an agent or a check work without anybody's own tree being touched? In a worktree of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro.git import names
from maestro.git.command import Result, git
from maestro.git.finishing import finish
from maestro.git.lock import locked
from maestro.git.problems import DISK_FULL, GitProblem, from_os_error
from maestro.git.removing import remove
from maestro.git.repository import Repository

TRIES = 5
PRIVATE = ".private"
ROOM, ROOM_PREFIX = "room", "mst-"
"""In `private`: where the home and temporary folder of the program that works here lie, for whoever tidies up."""
CHECKING_OUT: dict[str, Any] = {"timeout_s": 1800.0, "user_config": True}
"""A person's filters (large files) are part of what a checkout is."""
NEARLY_FULL = 1024 * 1024

LITTER = """\
__pycache__/
*.py[co]
.pytest_cache/
.mypy_cache/
.ruff_cache/
.hypothesis/
.venv/
node_modules/
.DS_Store
"""
"""What tools leave behind where a project's own ignore rules forget it; never part of a change."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """A checkout of `base` at `path`. `admin` is git's own folder for it; `private` a folder beside it for what is
    not part of the work (the index as it was at first, home and temporary folders)."""

    repository: Repository
    path: Path
    admin: Path
    private: Path
    base: str

    async def git(self, *args: str | Path, **how: Any) -> Result:
        """Run git here. It is told where its folders are: whatever lies at `.git` in the tree is not believed."""
        where = (f"--git-dir={self.admin}", f"--work-tree={self.path}")
        ignore = ("-c", f"core.excludesFile={self.private}/litter")
        return await git(*where, *ignore, *args, **{"cwd": self.path, **how})

    async def write_tree(self) -> str:
        """The tree of everything that lies here now, ignored files left out. Taken with the index as it was at first:
        flags that somebody set in the worktree's index hide nothing."""
        index = self.private / "index.now"
        shutil.copy2(self.private / "index", index)
        env = {"GIT_INDEX_FILE": str(index)}
        await self.git("add", "--all", "--", ".", env=env, **CHECKING_OUT)
        return (await self.git("write-tree", env=env)).text

    async def restore(self) -> None:
        """Everything as the commit has it again; what was added is deleted. For checkouts that hold nobody's work."""
        if not self.untouched_link():
            await asyncio.to_thread(remove, self.path / ".git")
            shutil.copy2(self.private / "link", self.path / ".git")
        await self.git("reset", "--hard", "--quiet", self.base, **CHECKING_OUT)
        await self.git("clean", "-ffdqx", **CHECKING_OUT)

    async def nested(self) -> tuple[str, ...]:
        """Folders here that are repositories of their own: git would keep only their names."""
        untracked = (await self.git("ls-files", "--others", "--exclude-standard", "-z")).fields
        tracked = {os.path.dirname(path) for path in (await self.git("ls-files", "-z")).fields}
        known = {path for folder in tracked for path in _with_parents(folder)}
        inside = {path for path in known if os.path.lexists(self.path / path / ".git")}
        found = {path.rstrip("/") for path in untracked if path.endswith("/")} | inside
        return tuple(sorted(names.shown(path) for path in found))

    @property
    def there(self) -> bool:
        """False where the folder is gone, or is a link to somewhere else by now."""
        return self.path.is_dir() and not self.path.is_symlink()

    def untouched_link(self) -> bool:
        """True where `.git` in the tree still is the file that git wrote."""
        link = self.path / ".git"
        try:
            return self.there and not link.is_symlink() and link.read_bytes() == (self.private / "link").read_bytes()
        except OSError:
            return False

    async def remove(self) -> None:
        """Take the worktree away, whatever an agent did to its files' modes. Refs and commits stay."""
        await finish(asyncio.to_thread(remove, self.path, self.admin, self.private))


async def add_worktree(repository: Repository, path: Path, commit: str) -> Worktree:
    """A new worktree of `commit` at `path`, which must not exist. Raises GitProblem and then leaves nothing behind."""
    private = path.with_name(path.name + PRIVATE)
    try:
        private.mkdir(parents=True)
        await _register(repository, path, commit)
        tree = Worktree(repository, path, _admin(path), private, commit)
        await tree.git("reset", "--hard", "--quiet", commit, **CHECKING_OUT)
        _remember(tree)
        return tree
    except BaseException as error:
        # How full the disk is must be asked before what filled it is taken away.
        problem = _explained(error, path) if isinstance(error, GitProblem | OSError) else None
        await finish(asyncio.to_thread(remove, path, _registered(repository, path), private))
        if problem is not None:
            raise problem from None
        raise


async def worktree_again(repository: Repository, path: Path, base: str) -> Worktree | None:
    """The worktree at `path` that a process left behind when it died, without the room of the program that worked in
    it. One that never was whole is removed: None."""
    private = path.with_name(path.name + PRIVATE)
    admin = _registered(repository, path)
    _remove_room(private / ROOM)
    if path.is_dir() and admin != path and (private / "litter").exists():
        return Worktree(repository, path, admin, private, base)
    await finish(asyncio.to_thread(remove, path, admin, private))
    return None


def _remove_room(note: Path) -> None:
    with contextlib.suppress(OSError):
        room = Path(note.read_text())
        if room.parent == Path(tempfile.gettempdir()) and room.name.startswith(ROOM_PREFIX):
            remove(room)


async def _register(repository: Repository, path: Path, commit: str) -> None:
    """Git gives each worktree a name by looking for a free one: one process at a time, and again where another
    program holds a lock."""
    add = ("worktree", "add", "--detach", "--no-checkout", path, commit)
    async with locked(repository.git_dir / "maestro-worktrees.lock"):
        for attempt in range(TRIES):
            try:
                await repository.git(*add)
                return
            except GitProblem as problem:
                if problem.kind != "transient" or attempt + 1 == TRIES:
                    raise
                await asyncio.to_thread(remove, path, _registered(repository, path))
            await asyncio.sleep(0.1 * 2**attempt)


def _with_parents(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _admin(path: Path) -> Path:
    link = (path / ".git").read_text("utf-8", "surrogateescape")
    return Path(link.removeprefix("gitdir: ").rstrip("\n"))


def _remember(tree: Worktree) -> None:
    shutil.copy2(tree.admin / "index", tree.private / "index")
    shutil.copy2(tree.path / ".git", tree.private / "link")
    (tree.private / "litter").write_text(LITTER)


def _registered(repository: Repository, path: Path) -> Path:
    """Git's own folder for the worktree at `path`, also where the checkout never came to be."""
    known = repository.git_dir / "worktrees"
    for folder in known.iterdir() if known.is_dir() else ():
        with contextlib.suppress(OSError):
            if (folder / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n") == str(path / ".git"):
                return folder
    return path


def _explained(error: GitProblem | OSError, path: Path) -> GitProblem:
    """Git does not always say that the disk was full; the disk does."""
    problem = error if isinstance(error, GitProblem) else from_os_error(error, f"making the worktree {path}")
    with contextlib.suppress(OSError):
        folder = next(parent for parent in path.parents if parent.is_dir())
        full = problem.mend == DISK_FULL or shutil.disk_usage(folder).free < NEARLY_FULL
        if full and problem.kind in ("transient", "environment"):
            return GitProblem("environment", f"no space left under {folder}: {problem.reason}", DISK_FULL)
    return problem
