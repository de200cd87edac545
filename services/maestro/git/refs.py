"""Where do a run's refs live, and how are they moved? In the repository itself, or behind a URL that is pushed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from maestro.git import names
from maestro.git.command import git
from maestro.git.problems import GitProblem, RefMoved, without_secrets
from maestro.git.repository import Repository

TRANSFER_TIMEOUT_S = 900.0


class Refs(Protocol):
    """The run's refs, shared by everybody who works on the run. What `write` moved is seen by all when it returns."""

    async def read(self, name: str) -> str | None:
        """The commit that the ref names, or None; the commit is then in the repository at hand."""
        ...

    async def write(self, name: str, new: str, old: str | None) -> None:
        """Move the ref from `old` (None: it must not exist) to `new`. Raises RefMoved where it stands elsewhere."""
        ...

    async def ensure(self, commit: str) -> None:
        """Make sure that the commit is in the repository at hand. Raises GitProblem where nobody has it."""
        ...


@dataclass(frozen=True, slots=True)
class OwnRefs:
    """The repository at hand is the one that everybody shares."""

    repository: Repository

    async def read(self, name: str) -> str | None:
        return await self.repository.ref(name)

    async def write(self, name: str, new: str, old: str | None) -> None:
        await self.repository.set_ref(name, new, old)

    async def ensure(self, commit: str) -> None:
        await self.repository.commit(commit)


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The repository at hand is a copy; the refs that count are the ones behind the URL."""

    repository: Repository
    url: str
    run: str

    async def read(self, name: str) -> str | None:
        listed = await git("ls-remote", "--refs", "--", self.url, name, user_config=True, timeout_s=TRANSFER_TIMEOUT_S)
        found = [line.split("\t") for line in listed.text.splitlines()]
        commit = next((id for id, ref in found if ref == name), None)
        if commit is not None and await self.repository.find(commit) is None:
            await self._fetch(f"+{name}:{name}")
        return commit

    async def write(self, name: str, new: str, old: str | None) -> None:
        lease = f"--force-with-lease={name}:{old or ''}"
        push = ("push", "--porcelain", "--no-verify", lease, "--", self.url, f"{new}:{name}")
        result = await self.repository.git(*push, ok=(0, 1), user_config=True, timeout_s=TRANSFER_TIMEOUT_S)
        if result.code == 0:
            await self.repository.git("update-ref", name, new)
        elif await self.read(name) != old:
            raise RefMoved(name)
        else:
            said = without_secrets(f"{result.text} {result.err}".strip())[:600]
            raise GitProblem("environment", f"the repository's server refused {name}: {said}", "allow pushing it")

    async def ensure(self, commit: str) -> None:
        if await self.repository.find(commit) is None:
            ours = f"{names.REFS}{self.run}/*"
            await self._fetch("+refs/heads/*:refs/remotes/origin/*", f"+{ours}:{ours}")
        if await self.repository.find(commit) is None:
            await self._fetch(commit)
        await self.repository.commit(commit)

    async def _fetch(self, *specs: str) -> None:
        how = ("--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head")
        await self.repository.git("fetch", *how, "--", self.url, *specs, user_config=True, timeout_s=TRANSFER_TIMEOUT_S)
