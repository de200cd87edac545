"""What can be done in one git repository without touching a working tree? Objects, refs, merges, differences."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro.git import names
from maestro.git.command import Result, git
from maestro.git.problems import GitProblem, RefMoved
from maestro_contracts.records import FileChange

MISSING = ""
"""As the old value of a ref: it must not exist. Zeros would have to be as many as the repository's hashes have."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What merging two commits gives: the tree, and the paths in conflict (then the tree is of no use)."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as it was written."""

    id: str
    tree: str
    parents: tuple[str, ...]
    message: str

    @property
    def trailers(self) -> dict[str, str]:
        return names.trailers(self.message)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's database: its common git directory."""

    git_dir: Path

    async def git(self, *args: str | Path, **how: Any) -> Result:
        """Run git on this repository; no working tree is meant. See `maestro.git.command.git`."""
        return await git(f"--git-dir={self.git_dir}", *args, **{"cwd": self.git_dir, **how})

    # --- reading ------------------------------------------------------------------------------------------------

    async def commit(self, name: str) -> Commit:
        """The commit of that name. Raises GitProblem where there is none."""
        id = await self.find(name)
        if id is None:
            raise GitProblem("structural", f"there is no commit {name} in {self.git_dir}", "fetch it first")
        raw = (await self.git("cat-file", "commit", id)).out.decode("utf-8", "replace")
        head, _, message = raw.partition("\n\n")
        lines = [line.split(" ", 1) for line in head.splitlines() if " " in line]
        parents = tuple(value for key, value in lines if key == "parent")
        return Commit(id, next(value for key, value in lines if key == "tree"), parents, message)

    async def find(self, name: str) -> str | None:
        """The id of the commit of that name, or None."""
        if not name or name.startswith("-"):
            return None
        result = await self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))
        return result.text if result.code == 0 else None

    async def descends(self, commit: str, base: str) -> bool:
        """True where `base` is `commit` or one of its ancestors."""
        return (await self.git("merge-base", "--is-ancestor", base, commit, ok=(0, 1))).code == 0

    async def history(self, base: str, head: str) -> list[Commit]:
        """The commits from `base` (left out) to `head` along the first parents, newest first."""
        wanted = ["--first-parent", "-z", "--format=%H%n%T%n%P%n%B", head, f"^{base}", "--"]
        result = await self.git("log", *wanted)
        commits = []
        for entry in result.out.decode("utf-8", "replace").split("\0"):
            if entry.strip():
                id, tree, parents, message = entry.split("\n", 3)
                commits.append(Commit(id, tree, tuple(parents.split()), message))
        return commits

    async def read_file(self, commit: str, path: str) -> bytes | None:
        """A file's bytes as the commit has them; None where it is no file there."""
        result = await self.git("cat-file", "blob", f"{commit}:{path}", ok=(0, 128))
        return result.out if result.code == 0 else None

    async def modes(self, base: str, commit: str) -> dict[str, str]:
        """The files that differ with their new modes (`120000` is a link, `160000` a repository, `000000` gone)."""
        raw = (await self.git("diff-tree", "-r", "-z", "--raw", "--no-renames", base, commit, "--")).fields
        return dict(zip(raw[1::2], (entry.split(" ")[1] for entry in raw[0::2]), strict=True))

    async def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        """The files that differ. Renames show as one deleted and one added file: nothing is hidden by likeness."""
        plain = ("--no-renames", "--no-ext-diff", "--no-textconv", "-z", base, commit, "--")
        status = (await self.git("diff-tree", "-r", "--name-status", *plain)).fields
        counts = (await self.git("diff-tree", "-r", "--numstat", *plain)).fields
        kinds = dict(zip(status[1::2], status[0::2], strict=True))
        changes = []
        for field in counts:
            added, removed, path = field.split("\t", 2)
            changes.append(FileChange(names.shown(path), _lines(added), _lines(removed), kinds.get(path, "M")))
        return tuple(changes)

    # --- writing objects ------------------------------------------------------------------------------------------

    async def commit_tree(self, tree: str, parents: Sequence[str], message: str) -> str:
        """Write a commit; no ref moves."""
        args = [part for parent in parents for part in ("-p", parent)]
        return (await self.git("commit-tree", tree, *args, "-F", "-", stdin=message.encode())).text

    async def merge(self, ours: str, theirs: str) -> Merge:
        """Merge two commits in memory."""
        how = ("--write-tree", "-z", "--name-only", "--no-messages")
        result = await self.git("merge-tree", *how, ours, theirs, ok=(0, 1))
        tree, *conflicts = result.fields
        return Merge(tree, tuple(dict.fromkeys(names.shown(path) for path in conflicts if path)))

    async def revert(self, head: str, commit: str) -> Merge:
        """What `head` is without what `commit` brought to its first parent. The three trees are merged as commits made
        for that: naming a base to `merge-tree` needs git 2.40."""
        before = (await self.commit(commit)).parents[0]
        base = await self._bare_commit(commit)
        return await self.merge(await self._bare_commit(head, base), await self._bare_commit(before, base))

    async def _bare_commit(self, like: str, *parents: str) -> str:
        return await self.commit_tree((await self.commit(like)).tree, parents, "Maestro\n")

    async def put_file(self, commit: str, path: str, content: bytes) -> str:
        """The tree of `commit` with one file made or replaced; ignore rules do not matter."""
        _refuse_unsafe(path)
        blob = (await self.git("hash-object", "-w", "--stdin", "--no-filters", stdin=content)).text
        with tempfile.TemporaryDirectory(prefix="maestro-index-") as folder:
            env = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
            await self.git("read-tree", commit, env=env)
            await self.git("update-index", "--add", "--replace", "--cacheinfo", f"100644,{blob},{path}", env=env)
            return (await self.git("write-tree", env=env)).text

    # --- refs of this repository ------------------------------------------------------------------------------------

    async def ref(self, name: str) -> str | None:
        """The commit that the ref names, or None."""
        return await self.find(name)

    async def set_ref(self, name: str, new: str, old: str | None) -> None:
        """Move the ref from `old` (None: it must not exist) to `new`. Raises RefMoved where it stands elsewhere."""
        args = ("update-ref", "-m", "maestro", name, new, old or MISSING)
        for attempt in range(LOCK_TRIES):
            try:
                await self.git(*args)
                return
            except GitProblem as problem:
                await _wait_for_lock(self, problem, name, old, attempt)


LOCK_TRIES = 8


async def _wait_for_lock(repository: Repository, problem: GitProblem, name: str, old: str | None, n: int) -> None:
    """Git takes a ref's lock by a file: another program's turn is waited for, a lost swap is told."""
    if problem.kind != "transient":
        raise problem
    if await repository.ref(name) != old:
        raise RefMoved(name) from problem
    if n + 1 == LOCK_TRIES:
        raise problem
    await asyncio.sleep(0.05 * 2**n)


def _lines(count: str) -> int:
    return -1 if count == "-" else int(count)


def _refuse_unsafe(path: str) -> None:
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts):
        raise GitProblem("structural", f"{path!r} is no path inside a repository", "use a relative path without `..`")
