"""How does a run reach its repository from this host? In place where it is a local path, else through a copy."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from maestro.git import names
from maestro.git.command import git
from maestro.git.lock import locked
from maestro.git.problems import GitProblem, from_os_error, without_secrets
from maestro.git.refs import OwnRefs, Refs, RemoteRefs
from maestro.git.repository import Repository
from maestro.git.worktree import PRIVATE, Worktree, add_worktree, worktree_again


@dataclass(frozen=True, slots=True)
class RunRepo:
    """One run's way to its repository. `root` is the person's working tree where it is on this host, else None."""

    run: str
    repository: Repository
    refs: Refs
    folder: Path
    root: Path | None = None

    @property
    def branch(self) -> str:
        return names.branch_ref(self.run)

    async def worktree(self, name: str, commit: str) -> Worktree:
        """A new worktree of `commit`, named after what it is for. Raises GitProblem and then leaves nothing."""
        await self.refs.ensure(commit)
        return await add_worktree(self.repository, self.folder / f"{names.safe(name)}-{secrets.token_hex(4)}", commit)

    @asynccontextmanager
    async def checkout(self, name: str, commit: str) -> AsyncIterator[Worktree]:
        """A worktree that is removed at the end."""
        tree = await self.worktree(name, commit)
        try:
            yield tree
        finally:
            await tree.remove()

    async def left_behind(self, name: str, base: str) -> list[Worktree]:
        """Whole worktrees of that name which somebody who died did not remove; what is not whole is removed."""
        found = []
        for private in list(self.folder.glob(f"{names.safe(name)}-????????{PRIVATE}")):
            path = private.with_name(private.name.removesuffix(PRIVATE))
            tree = await worktree_again(self.repository, path, base)
            if tree is not None:
                found.append(tree)
        return found

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One at a time on the branches of runs, across the processes of this host."""
        return locked(self.repository.git_dir / "maestro-branches.lock")


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that holds all worktrees and copies of this host: `<work>/<run>/...`."""

    work: Path

    async def open(self, run: str, url: str) -> RunRepo:
        """The run's way to the repository at `url` (a path or a git URL). Raises GitProblem."""
        folder = self.work / names.safe(run)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, f"making {folder}") from None
        if is_url(url):
            repository = await self._copy(folder, url)
            return RunRepo(run, repository, RemoteRefs(repository, url, names.safe(run)), folder)
        repository, root = await local(Path(url))
        return RunRepo(run, repository, OwnRefs(repository), folder, root)

    async def _copy(self, folder: Path, url: str) -> Repository:
        """The bare copy of the run; commits come into it when they are asked for."""
        copy = folder / "copy.git"
        if not (copy / "HEAD").is_file():
            async with locked(folder / "copy.lock"):
                await git("init", "--quiet", "--bare", "--template=", "--initial-branch=maestro-none", copy)
        return Repository(copy)


async def local(path: Path) -> tuple[Repository, Path | None]:
    """The repository that holds `path`, and its working tree (None where it is bare). Raises GitProblem."""
    if not path.is_dir():
        mend = "give a URL that every worker can reach, or have the folder at the same path on every host"
        raise GitProblem("structural", f"there is no folder {path} on this host", mend)
    asked = ("rev-parse", "--path-format=absolute", "--is-bare-repository", "--is-inside-git-dir", "--git-common-dir")
    bare, inside, common = (await git(*asked, cwd=path)).path.split("\n", 2)
    if bare == "true" or inside == "true":
        return Repository(Path(common)), None
    return Repository(Path(common)), Path((await git("rev-parse", "--show-toplevel", cwd=path)).path)


def is_url(url: str) -> bool:
    """True for `scheme://...` and `host:path`; a folder that is there is a path, whatever its name."""
    if os.path.isdir(url):
        return False
    return "://" in url or (":" in url.split("/", 1)[0] and not url.startswith(("/", ".")))


def shown(url: str) -> str:
    """The URL without user names and passwords."""
    return without_secrets(url)
