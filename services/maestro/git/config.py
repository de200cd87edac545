"""Is a changed configuration of a repository still the same to git's behaviour? Tools and people note things about
branches in it all the time; those notes make git neither run nor fetch anything it did not before."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from maestro.git.command import git
from maestro.git.problems import GitProblem

CONFIG = "config"
_NOTE = re.compile(r"branch\.(.*\.)?(merge|rebase|description|vscode-[^.]*|github-pr-[^.]*)|gui\..*", re.DOTALL)
_REMOTE = re.compile(r"branch\..*\.remote", re.DOTALL)


class Text(Protocol):
    @property
    def data(self) -> bytes: ...


async def same_effect(git_dir: Path, name: str, before: Mapping[str, Text], now: Mapping[str, Text]) -> bool:
    """True where the file is a configuration, before and now, and only notes about branches differ."""
    if Path(name).name != CONFIG or name not in before or name not in now:
        return False
    try:
        old, new = await _entries(before[name].data), await _entries(now[name].data)
    except GitProblem:
        return False
    remotes = {key.removeprefix("remote.").removesuffix(".url") for key, _ in old if key.endswith(".url")}
    return _essence(old, remotes) == _essence(new, remotes)


async def _entries(text: bytes) -> list[tuple[str, str]]:
    with tempfile.NamedTemporaryFile(prefix="maestro-config-") as file:
        file.write(text)
        file.flush()
        listed = (await git("config", "--file", file.name, "--no-includes", "--list", "-z")).fields
    return [(key, value) for key, _, value in (field.partition("\n") for field in listed)]


def _essence(entries: list[tuple[str, str]], remotes: set[str]) -> list[tuple[str, str]]:
    return [
        (key, value)
        for key, value in entries
        if not _NOTE.fullmatch(key) and not (_REMOTE.fullmatch(key) and value in remotes | {"."})
    ]
