"""Which git does a program in a worktree see? A repository of its own, that borrows the objects and nothing else.

Its configuration, hooks, attributes, refs and stash are its own: whatever `git` does in a worktree reaches nobody
else's repository. It knows the branches and tags as they were when it was made, and has no remote to push to.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from maestro.git import names
from maestro.git.command import git
from maestro.git.removing import remove
from maestro.git.repository import Repository

SHA256_DIGITS = 64
COPIED = ("shallow", "info/exclude", "info/attributes")
"""What decides how the history and the files are read."""


async def make_own_git(repository: Repository, folder: Path, commit: str) -> Path:
    """A new repository at `folder` that stands at `commit`; returns its git folder. Raises GitProblem, OSError."""
    format = "sha256" if len(commit) == SHA256_DIGITS else "sha1"
    await git("init", "--quiet", "--template=", f"--object-format={format}", "--initial-branch=maestro-none", folder)
    refs = await repository.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
    lines = [line for line in refs.out.splitlines(keepends=True) if f" {names.HEADS}".encode() not in line]
    own = folder / ".git"
    await asyncio.to_thread(_fill, own, repository.git_dir, commit, b"".join(lines))
    return own


def put_own_git(own: Path, tree: Path, index: Path) -> None:
    """A copy of the repository as the `.git` of `tree`, in the place of whatever lies there."""
    place = tree / ".git"
    remove(place)
    shutil.copytree(own, place)
    shutil.copy2(index, place / "index")


def _fill(own: Path, git_dir: Path, commit: str, refs: bytes) -> None:
    (own / "objects/info").mkdir(parents=True, exist_ok=True)
    (own / "objects/info/alternates").write_text(f"{git_dir / 'objects'}\n", "utf-8", "surrogateescape")
    (own / "packed-refs").write_bytes(b"# pack-refs with: sorted\n" + refs)
    (own / "HEAD").write_text(f"{commit}\n")
    (own / "info").mkdir(exist_ok=True)
    for name in COPIED:
        if (git_dir / name).is_file():
            shutil.copyfile(git_dir / name, own / name)
