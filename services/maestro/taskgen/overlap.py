"""Could two patterns of files mean the same file? Glob against glob, without looking at any file.

`*` and `?` stay within one folder, `**` crosses folders, `[...]` counts as `?` and `{...}` as `*`. A path without an
extension (or with a slash at its end) may be a folder, and then means everything below it. A pattern with marks but
without a slash (`*.md`) means any folder. In doubt the answer is yes: two tasks then wait for each other, which costs
time and never work.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_CLASS = re.compile(r"\[[^\]]*\]")
_BRACES = re.compile(r"\{[^}]*\}")
_MARKS = re.compile(r"[*?]")
ANY_FOLDERS, ANY = "**", "*"


@dataclass(frozen=True, slots=True)
class _Pattern:
    segments: tuple[str, ...]
    folder: bool


def overlap(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether any of these patterns could mean a file that any of those could."""
    others = list(right)
    return any(may_be_same(a, b) for a in left for b in others)


@lru_cache(maxsize=65_536)
def may_be_same(left: str, right: str) -> bool:
    a, b = _pattern(left), _pattern(right)
    return _meet(a.segments, b.segments, ANY_FOLDERS, _names_meet, a.folder, b.folder)


def _pattern(text: str) -> _Pattern:
    """The pattern in segments, case left out: on some file systems it does not tell files apart."""
    clean = posixpath.normpath(text.strip().replace("\\", "/")).lstrip("/").casefold()
    clean = _BRACES.sub("*", _CLASS.sub("?", clean)).replace("{", "*").replace("[", "?")
    segments = tuple(part if part == ANY_FOLDERS else re.sub(r"\*+", "*", part) for part in clean.split("/"))
    if clean in (".", ""):
        return _Pattern((ANY_FOLDERS,), True)
    if len(segments) == 1 and _MARKS.search(clean) and clean != ANY_FOLDERS:
        segments = (ANY_FOLDERS, *segments)
    return _Pattern(segments, text.strip().endswith("/") or "." not in segments[-1].lstrip("."))


@lru_cache(maxsize=65_536)
def _names_meet(left: str, right: str) -> bool:
    """Whether one name fits both patterns of `*`, `?` and plain characters."""
    if not _MARKS.search(left) and not _MARKS.search(right):
        return left == right
    return _meet(left, right, ANY, lambda a, b: a == b or "?" in (a, b), False, False)


def _meet(
    left: Sequence[str],
    right: Sequence[str],
    star: str,
    same: Callable[[str, str], bool],
    left_open: bool,
    right_open: bool,
) -> bool:
    """Whether something fits both sequences of tokens, `star` standing for any tokens. An open one may go on after
    its end. Both are walked at once: what is remembered are the pairs of places reached."""
    reached = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i == len(left) and (left_open or j == len(right))) or (j == len(right) and right_open):
            return True
        for step in _steps(left[i : i + 1], right[j : j + 1], star, same):
            place = (i + step[0], j + step[1])
            if place not in reached:
                reached.add(place)
                todo.append(place)
    return False


def _steps(
    left: Sequence[str], right: Sequence[str], star: str, same: Callable[[str, str], bool]
) -> Iterator[tuple[int, int]]:
    """Where the walk may go on from two tokens (none where a sequence has ended): a star ends, or swallows the other
    token, or the two are the same."""
    a, b = (left[0] if left else ""), (right[0] if right else "")
    if a == star:
        yield 1, 0
        if b:
            yield 0, 1
    if b == star:
        yield 0, 1
        if a:
            yield 1, 0
    if a and b and star not in (a, b) and same(a, b):
        yield 1, 1
