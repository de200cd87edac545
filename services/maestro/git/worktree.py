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
from maestro.git.own import make_own_git, put_own_git
from maestro.git.problems import DISK_FULL, GitProblem, from_os_error
from maestro.git.removing import remove
from maestro.git.repository import Repository
from maestro.git.submodules import Submodule, submodules

PRIVATE = ".private"
OWN = "own"
"""In `private`: the git that programs see in the tree, as it was at first."""
ROOM, ROOM_PREFIX = "room", "mst-"
"""In `private`: where the home and temporary folder of the program that works here lie, for whoever tidies up."""
CHECKING_OUT: dict[str, Any] = {"timeout_s": 1800.0, "user_config": True}
"""A person's filters (large files) are part of what a checkout is."""
WHOLE = ("-c", "core.sparseCheckout=false", "-c", "core.splitIndex=false", "-c", "core.untrackedCache=false")
"""A person's own tree may hold a part of the files only; a task's holds all."""
POINTER = b"version https://git-lfs.github.com/spec/"
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
    """A checkout of `base` at `path`. `private` is a folder beside it for what is not part of the work (the index as
    it was at first, the git that programs see here, home and temporary folders)."""

    repository: Repository
    path: Path
    private: Path
    base: str

    async def git(self, *args: str | Path, index: Path | None = None, **how: Any) -> Result:
        """Run git here, with the run's repository: whatever lies at `.git` in the tree is not believed. `index` is the
        file that is used as such; without one it is the index as it was at first, only to be read."""
        where = (f"--git-dir={self.repository.git_dir}", f"--work-tree={self.path}")
        env = {"GIT_INDEX_FILE": str(index or self.index)}
        settings = (*WHOLE, "-c", f"core.excludesFile={self.private}/litter")
        return await git(*where, *settings, *args, **{"cwd": self.path, "env": env, **how})

    @property
    def index(self) -> Path:
        """As it was at first: flags that somebody sets in the index that programs see here hide nothing."""
        return self.private / "index"

    async def write_tree(self) -> str:
        """The tree of everything that lies here now, ignored files left out."""
        for module in await self.modules():
            # Nothing in there can be asked: what is configured there is whoever's worked here.
            await asyncio.to_thread(remove, self.path / module.path / ".git")
        index = self._scratch()
        await self.git("add", "--all", "--", ".", index=index, **CHECKING_OUT)
        return (await self.git("write-tree", index=index)).text

    async def restore(self) -> None:
        """Everything as the commit has it again; what was added is deleted. For checkouts that hold nobody's work."""
        index = self._scratch()
        await self.git("read-tree", "--reset", "-u", self.base, index=index, **CHECKING_OUT)
        await self.git("clean", "-ffdqx", index=index, **CHECKING_OUT)
        await asyncio.to_thread(put_own_git, self.private / OWN / ".git", self.path, index)
        for inner in await self._inner():
            inner.path.mkdir(parents=True, exist_ok=True)
            await inner.restore()

    async def modules(self) -> list[Submodule]:
        """The submodules of what was checked out. Those that are not on this host are empty folders here."""
        return await submodules(self.repository, self.base)

    async def changed_modules(self) -> tuple[str, ...]:
        """The submodules in which something differs from their commits: git would keep none of it."""
        changed = []
        for module in await self.modules():
            inner = self._of(module)
            if inner is None:
                place = self.path / module.path
                if place.is_dir() and not place.is_symlink() and any(place.iterdir()):
                    changed.append(module.path)
            elif inner.there and await inner._is_changed():
                changed.append(module.path)
        return tuple(names.shown(path) for path in changed)

    async def _is_changed(self) -> bool:
        as_it_was = (await self.repository.commit(self.base)).tree
        return bool(await self.changed_modules()) or await self.write_tree() != as_it_was

    async def _inner(self) -> list[Worktree]:
        found = [self._of(module) for module in await self.modules()]
        return [inner for inner in found if inner is not None]

    def _of(self, module: Submodule) -> Worktree | None:
        if module.repository is None:
            return None
        return Worktree(module.repository, self.path / module.path, self.private / module.key, module.commit)

    def _scratch(self) -> Path:
        return Path(shutil.copy2(self.index, self.private / "index.now"))

    async def nested(self) -> tuple[str, ...]:
        """Folders here that are repositories of their own: git would keep only their names."""
        untracked = (await self.git("ls-files", "--others", "--exclude-standard", "-z")).fields
        tracked = {os.path.dirname(path) for path in (await self.git("ls-files", "-z")).fields}
        known = {path for folder in tracked for path in _with_parents(folder)}
        inside = {path for path in known if os.path.lexists(self.path / path / ".git")}
        found = {path.rstrip("/") for path in untracked if path.endswith("/")} | inside
        return tuple(sorted(names.shown(path) for path in found))

    async def pointers(self) -> tuple[str, ...]:
        """Large files that lie here by their pointers only."""
        found = (await self.git("ls-files", "-z", "--", ":(attr:filter=lfs)")).fields
        return tuple(names.shown(path) for path in found if _is_pointer(self.path / path))

    @property
    def there(self) -> bool:
        """False where the folder is gone, or is a link to somewhere else by now."""
        return self.path.is_dir() and not self.path.is_symlink()

    async def remove(self) -> None:
        """Take the worktree away, whatever an agent did to its files' modes. Refs and commits stay."""
        await finish(asyncio.to_thread(remove, self.path, self.private))


async def add_worktree(repository: Repository, path: Path, commit: str) -> Worktree:
    """A new worktree of `commit` at `path`, which must not exist. Raises GitProblem and then leaves nothing behind."""
    tree = Worktree(repository, path, path.with_name(path.name + PRIVATE), commit)
    try:
        tree.private.mkdir(parents=True)
        path.mkdir()
        await _check_out(tree)
        return tree
    except BaseException as error:
        # How full the disk is must be asked before what filled it is taken away.
        problem = _explained(error, path) if isinstance(error, GitProblem | OSError) else None
        await tree.remove()
        if problem is not None:
            raise problem from None
        raise


async def worktree_again(repository: Repository, path: Path, base: str) -> Worktree | None:
    """The worktree at `path` that a process left behind when it died, without the room of the program that worked in
    it. One that never was whole is removed: None."""
    tree = Worktree(repository, path, path.with_name(path.name + PRIVATE), base)
    _remove_room(tree.private / ROOM)
    if tree.there and (tree.private / "litter").exists():
        return tree
    await tree.remove()
    return None


async def _check_out(tree: Worktree) -> None:
    await tree.git("read-tree", "--reset", "-u", tree.base, **CHECKING_OUT)
    own = await make_own_git(tree.repository, tree.private / OWN, tree.base)
    await asyncio.to_thread(put_own_git, own, tree.path, tree.index)
    for inner in await tree._inner():
        inner.private.mkdir()
        await _check_out(inner)
    (tree.private / "litter").write_text(LITTER)


def _remove_room(note: Path) -> None:
    with contextlib.suppress(OSError):
        room = Path(note.read_text())
        if room.parent == Path(tempfile.gettempdir()) and room.name.startswith(ROOM_PREFIX):
            remove(room)


def _is_pointer(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False


def _with_parents(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _explained(error: GitProblem | OSError, path: Path) -> GitProblem:
    """Git does not always say that the disk was full; the disk does."""
    problem = error if isinstance(error, GitProblem) else from_os_error(error, f"making the worktree {path}")
    with contextlib.suppress(OSError):
        folder = next(parent for parent in path.parents if parent.is_dir())
        full = problem.mend == DISK_FULL or shutil.disk_usage(folder).free < NEARLY_FULL
        if full and problem.kind in ("transient", "environment"):
            return GitProblem("environment", f"no space left under {folder}: {problem.reason}", DISK_FULL)
    return problem
