"""Which lines does a write bring, and which does it take away? From whole files, diffs and fragments alike."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Sign = Literal["+", "-", " "]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `+` is new, `-` goes away, a space stays. `number` counts within what was given, from 1."""

    sign: Sign
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Change:
    """The lines of a write. `whole` where the whole file is known, so that it can be read as one."""

    lines: tuple[Line, ...]
    whole: bool
    is_diff: bool = False

    @property
    def added(self) -> list[Line]:
        return [line for line in self.lines if line.sign == "+"]

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.sign != " "]

    @property
    def kept_or_added(self) -> list[Line]:
        """All that will stand in the file, as far as it was shown."""
        return [line for line in self.lines if line.sign != "-"]

    def before(self) -> str:
        return "\n".join(line.text for line in self.lines if line.sign != "+")

    def after(self) -> str:
        return "\n".join(line.text for line in self.kept_or_added)


_HEADER = re.compile(r"(?:@@|diff --git |--- |\*\*\* Begin Patch|Index: )")
_NOT_CONTENT = re.compile(
    r"(?:diff --git |index [0-9a-f]{6,}|--- (?:a/|/dev/null)|\+\+\+ (?:b/|/dev/null)|\\ No newline)"
)


def change_of(content: str, before: str | None = None, path: str = "") -> Change:
    """What a write of `content` changes. A text that begins as a diff does is a diff; one with lines marked `+` at
    their beginning is a fragment of one."""
    if _HEADER.match(content.lstrip("\n")):
        return Change(_of_diff(content), whole=False, is_diff=True)
    if before is not None:
        return Change(_compared(before, content), whole=True)
    lines = content.splitlines()
    if _is_fragment(lines, path):
        dashes_are_content = path.lower().endswith((".yml", ".yaml"))
        return Change(_of_diff(content, dashes_are_content), whole=False, is_diff=True)
    return Change(tuple(Line("+", line, number) for number, line in enumerate(lines, 1)), whole=True)


def _is_fragment(lines: list[str], path: str) -> bool:
    """Prose has lists with `+`, and code lines that begin with an operator: there every line must be marked."""
    written = [line for line in lines if line.strip()]
    signs = {line[0] for line in written}
    if "+" not in signs:
        return False
    return signs <= {"+", "-", " "} or not re.search(r"\.(?:md|mdx|rst|txt|adoc|csv|patch|diff)$", path, re.I)


def _of_diff(content: str, dashes_are_content: bool = False) -> tuple[Line, ...]:
    """`dashes_are_content`: nobody can tell a line that goes from an item of a list, so that it counts as both."""
    found: list[Line] = []
    for number, line in enumerate(content.splitlines(), 1):
        if _NOT_CONTENT.match(line):
            continue
        if line[:1] == "+":
            found.append(Line("+", line[1:], number))
        elif line[:1] == "-":
            found.append(Line("-", line[1:], number))
            found += [Line("+", line, number)] if dashes_are_content else []
        else:
            found.append(Line(" ", line.removeprefix(" "), number))
    return tuple(found)


MAX_COMPARED = 2_000
"""Lines that differ in the middle of two files; more are taken as all replaced, since comparing takes their square."""


def _compared(before: str, after: str) -> tuple[Line, ...]:
    old, new = before.splitlines(), after.splitlines()
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    found = [Line(" ", text, number) for number, text in enumerate(new[:head], 1)]
    found += _middle(old[head : len(old) - tail], new[head : len(new) - tail], head)
    first = len(new) - tail + 1
    return (*found, *(Line(" ", text, number) for number, text in enumerate(new[len(new) - tail :], first)))


def _shared(one: list[str], other: list[str]) -> int:
    """How many lines are the same at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _middle(old: list[str], new: list[str], number: int) -> list[Line]:
    found: list[Line] = []
    if max(len(old), len(new)) > MAX_COMPARED:
        opcodes: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(old), 0, len(new))]
    else:
        opcodes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    for tag, i1, i2, j1, j2 in opcodes:
        if tag in ("replace", "delete"):
            found += [Line("-", line, number + 1) for line in old[i1:i2]]
        for line in new[j1:j2]:
            number += 1
            found.append(Line(" " if tag == "equal" else "+", line, number))
    return found


_COMMENT = {
    "py": r"#|\"\"\"|'''",
    "rb": r"#",
    "sh": r"#(?!!)",
    "yaml": r"#",
    "yml": r"#",
    "toml": r"#",
    "sql": r"--",
    "lua": r"--",
    "html": r"<!--",
}
_C_LIKE = r"//|/\*|\*(?:\s|/|$)"


def is_comment(line: str, extension: str) -> bool:
    """Whether a line says nothing to the machine, in a language with that file extension."""
    text = line.strip()
    return not text or re.match(_COMMENT.get(extension, _C_LIKE), text) is not None
