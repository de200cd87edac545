"""Does a path lie where a task may write? Patterns of paths, and links that lead out; pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def outside(paths: Iterable[str], patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that no pattern names. `*` stays in one folder, `**` does not; a folder names all that is in it; no
    pattern at all names everything."""
    if not patterns:
        return ()
    return tuple(path for path in paths if not any(_compiled(pattern).fullmatch(path) for pattern in patterns))


def leads_out(link: str, target: str) -> bool:
    """True where a link at path `link` with this target leaves the repository."""
    if posixpath.isabs(target):
        return True
    end = posixpath.normpath(posixpath.join(posixpath.dirname(link), target))
    return end == ".." or end.startswith("../") or ".git" in end.split("/")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    plain = pattern.removeprefix("./").rstrip("/")
    parts = (_MEANING.get(token, re.escape(token)) for token in _TOKEN.findall(plain))
    return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)
