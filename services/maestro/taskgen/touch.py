"""What will a task touch, as far as its requirement tells, and may two tasks therefore work side by side?

Where the requirement says `Files:`, that is what counts, and two such tasks are apart when their files are. Where it
does not, the paths and the symbols that its text names in code marks stand in for them: two such tasks are kept apart
when they name the same path, symbol or module. Tasks that name nothing may share a group with any other: a conflict
between them then shows when they are merged, and costs one attempt.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maestro.taskgen.overlap import overlap
from maestro_contracts.records import Requirement

_CODE = re.compile(r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_FILE = re.compile(
    r"(?<![\w/:.@-])(?:[\w.*-]+/)*[\w*-]+(?:\.[\w*-]+)*\.(?:"
    r"py|pyi|js|jsx|ts|tsx|mjs|vue|svelte|rs|go|java|kt|c|h|cc|cpp|hpp|cs|rb|php|swift|ex|exs|sh|sql|html|css|scss|"
    r"md|rst|txt|toml|yaml|yml|json|ini|cfg|xml|proto|lua|tf)\b(?![\w/(])"
)
_SYMBOL = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|#)[A-Za-z_]\w*)*(?=\(|$)")
_COMMON = frozenset({
    "true", "false", "none", "null", "nil", "int", "str", "string", "bool", "float", "list", "dict", "set", "tuple",
    "bytes", "object", "error", "exception", "valueerror", "typeerror", "keyerror", "pytest", "python", "main", "self",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """`files` as the requirement says; `paths` and `names` as its text names them, used where `files` is empty."""

    files: tuple[str, ...]
    paths: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def touch(requirement: Requirement, text: str) -> Touch:
    """What the task of this requirement (or of this part of its text) touches."""
    if requirement.files:
        return Touch(requirement.files)
    paths = dict.fromkeys([*_FILE.findall(text), *_FILE.findall(requirement.check)])
    return Touch((), tuple(paths), frozenset(_symbols(text)))


def apart(left: Touch, right: Touch) -> bool:
    """Whether the two may be worked on at the same time."""
    if left.files and right.files:
        return not overlap(left.files, right.files)
    if left.files:
        return not _named(right, left.files)
    if right.files:
        return not _named(left, right.files)
    return not overlap(left.paths, right.paths) and not _same_names(left.names, right.names)


def _symbols(text: str) -> Iterator[str]:
    for match in _CODE.finditer(text):
        symbol = _SYMBOL.match(match["code"].strip())
        if symbol is not None and symbol[0].casefold() not in _COMMON:
            yield symbol[0].replace("::", ".").replace("#", ".").casefold()


def _named(other: Touch, files: Iterable[str]) -> bool:
    """Whether a task without files of its own names one of these files, or the module that it is."""
    files = list(files)
    modules = frozenset(module for file in files for module in _modules(file))
    return overlap(files, other.paths) or any(
        name in modules or any(name.startswith(f"{module}.") for module in modules) for name in other.names
    )


def _modules(file: str) -> Iterator[str]:
    """The names under which code knows a file: `src/a/b.py` is `b`, `a.b` and `src.a.b`."""
    stem = posixpath.splitext(file)[0].casefold()
    parts = [part for part in stem.split("/") if part]
    for start in range(len(parts)):
        yield ".".join(parts[start:])


def _same_names(left: frozenset[str], right: frozenset[str]) -> bool:
    return any(a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.") for a in left for b in right)
