"""Which repositories does a commit have inside it, and which of them are here? From what lies on this host, without any
network: a person's own `git submodule update --init` is what brings them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maestro.git import names
from maestro.git.command import git
from maestro.git.problems import GitProblem
from maestro.git.repository import Repository

LINK = "160000"


@dataclass(frozen=True, slots=True)
class Submodule:
    """A place in a tree that another repository's commit belongs to; `repository` is None where that is not here."""

    path: str
    commit: str
    repository: Repository | None

    @property
    def key(self) -> str:
        """As a folder's name."""
        return f"sub-{names.safe(self.path)}"


async def submodules(repository: Repository, commit: str) -> list[Submodule]:
    """The submodules of a commit; none where it has no `.gitmodules`."""
    text = await repository.read_file(commit, ".gitmodules")
    if text is None:
        return []
    listed = (await repository.git("ls-tree", "-r", "-z", commit)).fields
    links = [(entry.split(" ")[2].split("\t")[0], entry.partition("\t")[2]) for entry in listed if entry[:6] == LINK]
    known = await _names(text) if links else {}
    return [Submodule(path, id, await _here(repository, known.get(path, ""), id)) for id, path in links]


async def _names(text: bytes) -> dict[str, str]:
    """The names by which a repository keeps its submodules, by their paths."""
    try:
        read = ("config", "--file", "-", "--no-includes", "-z", "--get-regexp", r"^submodule\..*\.path$")
        fields = (await git(*read, stdin=text, ok=(0, 1))).fields
    except GitProblem:
        return {}
    pairs = (field.partition("\n") for field in fields)
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in pairs}


async def _here(repository: Repository, name: str, commit: str) -> Repository | None:
    modules = repository.git_dir / "modules"
    place = modules / name
    if not name or ".." in Path(name).parts or not (place / "HEAD").is_file():
        return None
    found = Repository(place)
    return found if await found.find(commit) else None
