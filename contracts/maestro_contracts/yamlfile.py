"""How is a YAML file read so that every mistake can be shown with its line and its mend?

YAML 1.2 (so `no` is the word, not false), plain data only: mappings, sequences, strings, numbers, true, false, null.
Anchors, aliases, merge keys, tags and a second document are refused: what a person reads is what Maestro reads.
Importing this costs nothing; the parser is imported when the first file is read.
"""

from __future__ import annotations

import difflib
import math
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pathlib

    from ruamel.yaml.nodes import Node

MAX_BYTES = 256 * 1024
"""A file that people write is never this large; the limit bounds the work that a hostile one can cause."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One mistake: where it stands (line from 1; 0 where it is the whole file), what is wrong, and how to mend it."""

    file: str
    line: int
    field: str
    reason: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        field = f"{self.field}: " if self.field else ""
        mend = f"\n    {self.mend}" if self.mend else ""
        return f"{place}: {field}{self.reason}{mend}"


class InvalidFile(ValueError):
    """A file that a person must mend; `problems` lists every mistake found, in the order of the file."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data (`None` where it is empty) and the line of each of its places. `text` is what was read."""

    source: str
    text: str
    data: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of a place, or of the nearest thing around it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, reason: str, mend: str = "") -> FileProblem:
        return FileProblem(self.source, self.line(path), dotted(path), reason, mend)


def dotted(path: Path) -> str:
    """`steps[2].choices[0].key`"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`did you mean 'retry'?`, or the list of what is known where nothing is near."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(given.casefold(), list(folded), n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"known: {', '.join(sorted(names))}" if names else ""


def read_yaml(text: str, source: str) -> Document:
    """The file's data with the line of each place. Raises InvalidFile."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidFile([_too_large(source)])
    node = _compose(text, source)
    if node is None:
        return Document(source, text, None, {(): 1})
    reader = _Reader(source)
    data = reader.read(node, ())
    if reader.problems:
        raise InvalidFile(reader.problems)
    return Document(source, text, data, reader.lines)


def read_yaml_file(path: pathlib.Path) -> Document:
    """The same for a file on disk. Raises InvalidFile, also where it cannot be read or is not UTF-8. A repository that
    nobody trusts may hold a link to anything: a device or a pipe, which have no end, are no files. The null device is
    an empty one, wherever it is mounted."""
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir() and not _is_null(path):
            raise InvalidFile([FileProblem(str(path), 0, "", "is a device or a pipe", "name a file")])
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 10)
        text = content.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidFile([FileProblem(str(path), 0, "", reason, "check the path and its permissions")]) from None
    except UnicodeDecodeError as error:
        if len(content) > MAX_BYTES:
            raise InvalidFile([_too_large(str(path))]) from None
        line = content[: error.start].count(b"\n") + 1
        raise InvalidFile([FileProblem(str(path), line, "", "not UTF-8", "save the file as UTF-8")]) from None
    return read_yaml(text.replace("\r\n", "\n").replace("\r", "\n"), str(path))


def _is_null(path: pathlib.Path) -> bool:
    found = path.stat()
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev


def _too_large(source: str) -> FileProblem:
    return FileProblem(source, 0, "", f"larger than {MAX_BYTES // 1024} KiB", "make it smaller")


def _compose(text: str, source: str) -> Node | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 2)
    try:
        node: Node | None = parser.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidFile([_syntax(source, mark.line + 1 if mark else 0, str(error.problem))]) from None
    except YAMLError as error:
        raise InvalidFile([_syntax(source, 0, str(error).splitlines()[0])]) from None
    except RecursionError:
        raise InvalidFile([_syntax(source, 0, "nested too deeply")]) from None
    except ValueError as error:
        raise InvalidFile([_syntax(source, 0, str(error))]) from None
    return node


_SYNTAX_MENDS = {
    "\\t": "indent with spaces, not with tabs",
    "mapping values": "put a text that holds ': ' in quotes",
    "undefined alias": "write the value itself: anchors and aliases are not taken here",
    "nested": "keep it flat",
    "another document": "keep one document in the file: remove the second '---'",
}


def _syntax(source: str, line: int, reason: str) -> FileProblem:
    mends = (mend for sign, mend in _SYNTAX_MENDS.items() if sign in reason)
    return FileProblem(source, line, "", f"not YAML: {reason}", next(mends, "check the indentation and the quotes"))


class _Reader:
    """Turns nodes into plain data, notes each line, and collects what is refused."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Path, int] = {}
        self.problems: list[FileProblem] = []
        self._seen: set[int] = set()

    def read(self, node: Node, path: Path) -> Any:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self._seen or node.anchor:
            self._refuse(line, path, "anchors and aliases are not taken here", "write the value itself")
            return None
        self._seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, key = key_node.start_mark.line + 1, key_node.value
            if not isinstance(key, str) or key_node.anchor or key_node.tag.endswith((":merge", ":null")):
                self._refuse(line, path, "a key must be a plain word", "write the keys out")
            elif key in data:
                first = self.lines[*path, key]
                self._refuse(line, (*path, key), f"written twice (first on line {first})", "keep one of the two")
            else:
                self.lines[*path, key] = line
                data[key] = self.read(value_node, (*path, key))
        return data

    def _scalar(self, node: Node, path: Path) -> Any:
        try:
            return _SCALARS[str(node.tag)](node.value)
        except KeyError:
            mend = "write plain text, numbers, lists and mappings"
            self._refuse(node.start_mark.line + 1, path, f"the tag {node.tag} is not taken here", mend)
        except ValueError as error:
            self._refuse(node.start_mark.line + 1, path, str(error), "write a plain number, or put the text in quotes")
        return None

    def _refuse(self, line: int, path: Path, reason: str, mend: str) -> None:
        self.problems.append(FileProblem(self.source, line, dotted(path), reason, mend))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _integer(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].lower(), 10)
    value = int(digits.replace("_", "")[2:] if base != 10 else digits.replace("_", ""), base)
    if abs(value) >= 2**63:
        raise ValueError("this number is too large")
    return sign * value


def _number(text: str) -> float:
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        raise ValueError(f"{text!r} is no number that can be used here") from None
    if not math.isfinite(value):
        raise ValueError("this number is too large")
    return value


_TAG = "tag:yaml.org,2002:"
_SCALARS: dict[str, Callable[[str], Any]] = {
    f"{_TAG}str": str,
    f"{_TAG}timestamp": str,
    f"{_TAG}null": lambda text: None,
    f"{_TAG}bool": _boolean,
    f"{_TAG}int": _integer,
    f"{_TAG}float": _number,
}
