"""What does touching this path do, and what will be found there? Paths' effects; files that the text itself writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from maestro.policy.network import where_of_host
from maestro.policy.path_classes import PathClass
from maestro.policy.paths import Operation, canonical, effects_of_path, info, secrets_below
from maestro.policy.shell.state import NO_FOLDER
from maestro.policy.shell.text import DECODED, EMPTY, NETWORK, PERSONAL, SECRET, UNKNOWN, Text, anything, joined

if TYPE_CHECKING:
    from maestro.policy.shell.walk import Reader


def place_in_memory(reader: Reader, path: str) -> str:
    """Under which name a path is remembered."""
    return reader.state.followed(canonical(path, reader.state.cwd, reader.state.home))


_AT_THE_TOP = re.compile(r"/+(?:\./+)*[^/]*[*?\[]")
"""`/*`, `/et?`: any of the machine's own folders."""


def _effects(
    reader: Reader, operation: Operation, path: Text, *, deep: bool = False, detail: str = ""
) -> frozenset[str]:
    """Adds what the operation does; the marks of what is there."""
    marks: set[str] = set()
    for folder in (reader.state.cwd, *reader.state.other_folders):
        if folder == NO_FOLDER and not path.value.startswith(("/", "~")):
            reader.found.add(operation, path.value, "unresolved", detail)
            folder = "."
        if operation != "read" and path.glob and _AT_THE_TOP.match(canonical(path.value, folder, reader.state.home)):
            path = Text("/", False, path.marks)
        found = effects_of_path(
            operation, path.value, cwd=folder, home=reader.state.home, glob=path.glob, deep=deep, detail=detail
        )
        literal = canonical(path.value, folder, reader.state.home)
        if (led := reader.state.followed(literal)) != literal and not (
            operation == "delete"
            and literal in reader.state.links
            and literal not in reader.state.mounts
            and not path.value.endswith("/")
        ):
            found += effects_of_path(operation, led, home=reader.state.home, glob=path.glob, deep=deep, detail=detail)
        for effect in found:
            reader.found.add(effect.kind, effect.target, effect.where, effect.detail)
            marks |= (
                {SECRET} if effect.kind == "credential" else {PERSONAL} if effect.kind == "personal-data" else set()
            )
    return frozenset(marks)


def read(reader: Reader, path: Text, *, deep: bool = False) -> Text:
    """Reading a file; its content."""
    remembered = reader.state.files.get(place_in_memory(reader, path.value)) or reader.state.files.get(path.value)
    if path.value in ("-", "/dev/stdin", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        return Text() if path.value == "/dev/null" else anything(*path.marks)
    marks = _effects(reader, "read", path, deep=deep or ("found" in path.marks and path.value.endswith("/*")))
    marks |= _read_by_name(reader, path)
    if remembered is not None:
        return remembered.having(*marks)
    return anything(*marks, *(path.marks & {SECRET, NETWORK, PERSONAL}), "file:" + place_in_memory(reader, path.value))


def _read_by_name(reader: Reader, path: Text) -> frozenset[str]:
    """Files whose names a search has found: what is known to be secret below there, by its name."""
    searched = path.paths() if not path.known else [path.value] if "found" in path.marks else []
    marks: set[str] = set()
    for each in searched:
        folder, _, name = place_in_memory(reader, each).rpartition("/")
        for found in secrets_below(folder or ".", name):
            marks |= _effects(reader, "read", Text(found))
    return frozenset(marks)


def written(
    reader: Reader,
    path: Text,
    content: Text,
    *,
    appended: bool = False,
    content_known: bool = True,
    deep: bool = False,
) -> None:
    """Writing to a file; what it holds afterwards is remembered. `deep`: a whole tree is put there."""
    if path.value in ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "-"):
        return
    if not path.known and path.value.startswith(UNKNOWN) and not path.paths():
        reader.found.add("write", path.value, "unresolved", "")
    else:
        _effects(reader, "write", path, detail="append" if appended else "", deep=deep)
        if not appended and content == EMPTY and _DATABASE.search(path.value):
            _effects(reader, "delete", path)
    name = place_in_memory(reader, path.value)
    if not content_known:
        content = anything()
    if appended and (before := reader.state.files.get(name)) is not None:
        content = joined([before, content])
    elif appended:
        content = joined([anything(), content])
    reader.state.files[name] = content


_DATABASE = re.compile(r"\.(?:db|sqlite3?|s3db|mdb|rdb|duckdb)$", re.I)
"""One that is written with nothing in it is emptied."""


def deleted(reader: Reader, path: Text, *, recursive: bool = False) -> None:
    """Deleting. Where nobody can know what, that is said."""
    value = path.value
    if not path.known and path.paths() and ".." not in value:
        for below in path.paths():
            _effects(reader, "delete", Text(below, True), deep=False, detail="recursive" if recursive else "")
        return
    if _is_unresolved(path):
        reader.found.add("delete", value, "unresolved", "recursive" if recursive else "")
        reader.found.problems["what is deleted depends on what nobody can know beforehand"] = None
        return
    named = canonical(value, reader.state.cwd, reader.state.home)
    where = info(reader.state.followed(named) if named in reader.state.mounts else named)
    everything = (recursive and where.path in (".", "*", "./*", "..")) or re.fullmatch(r"(\./)?\.?\*(/\*)*", value)
    if recursive and re.fullmatch(r"\.\.(/\.\.)*", where.path):
        reader.found.add("delete", where.path, "project", "all")  # what the project stands in
    is_all = bool(everything) and where.where == "project" and recursive and where.path in (".", "*", ".*")
    _effects(reader, "delete", path, deep=recursive, detail="all" if is_all else "recursive" if recursive else "")
    reader.state.files.pop(place_in_memory(reader, value), None)


def _is_unresolved(path: Text) -> bool:
    """A name with a certain beginning inside one folder is certain enough: `build/$x.o` stays in `build`... unless the
    unknown part holds `..`; nobody can know that."""
    return not path.known or "default" in path.marks


def moved_file(reader: Reader, source: Text, target: Text, *, copied: bool, deep: bool = False) -> None:
    """A copy holds what its source held. `deep`: also where it is a folder."""
    content = read(reader, source) if copied else _peek(reader, source)
    if not copied:
        _effects(reader, "write", source, detail="move", deep=True)
        reader.state.files.pop(place_in_memory(reader, source.value), None)
    name = target
    last = source.value.rstrip("/").rpartition("/")[2]
    inside = Text(f"{target.value.rstrip('/')}/{last}", target.glob, target.marks)
    if target.value.endswith("/") or target.value in (".", "..", "~", reader.state.home):
        name = target if last == "." else inside
    else:
        put_inside(reader, target, last)
    written(reader, name, content, deep=deep or not copied)


_SENSITIVE: frozenset[PathClass] = frozenset(
    ("guard", "start-up", "security", "credential", "hook", "git-internal", "audit-log")
)


_DEFINES_TASKS = re.compile(
    r"(?:.*/)?(?:gnu)?makefile|(?:.*/)?(?:justfile|rakefile|cmakelists\.txt|taskfile\.ya?ml)", re.I
)


def code_from_elsewhere(reader: Reader) -> str:
    """A file or a folder of code that the same text has fetched, where it is now; empty where there is none."""
    here = "" if reader.state.cwd == "." else f"{reader.state.cwd}/"
    for name, content in reader.state.files.items():
        if NETWORK not in content.marks or not name.startswith(here):
            continue
        if here and name == f"{here}{UNKNOWN}":
            return reader.state.cwd
        if info(name).classes & {"source", "manifest"} or _DEFINES_TASKS.fullmatch(name):
            return name
    return ""


def put_inside(reader: Reader, folder: Text, name: str, *, deep: bool = False, content: Text | None = None) -> None:
    """Something of that name is put into a folder, if it is one: counts where the name is sensitive there."""
    inside = Text(f"{folder.value.rstrip('/')}/{name}", folder.glob, folder.marks)
    if content is not None:
        reader.state.files[place_in_memory(reader, inside.value)] = content
    if deep or info(place_in_memory(reader, inside.value)).classes & _SENSITIVE:
        _effects(reader, "write", inside, deep=deep)


def _peek(reader: Reader, source: Text) -> Text:
    before = set(reader.found.effects)
    content = read(reader, source)
    for effect in set(reader.found.effects) - before:
        if effect.kind == "read":
            del reader.found.effects[effect]
    return content


def sent(reader: Reader, content: Text, hosts: Sequence[str]) -> None:
    """Something leaves the machine."""
    for host in hosts:
        if content.marks & {SECRET}:
            reader.found.add("credential", host, where_of_host(host), "send")
        if content.marks & {PERSONAL}:
            reader.found.add("personal-data", host, where_of_host(host), "send")


def is_code_unknown(content: Text) -> str:
    """Why a content must not run unseen; empty where it may be read."""
    if NETWORK in content.marks:
        return "remote"
    if DECODED in content.marks and not content.known:
        return "decoded"
    return "" if content.known else "unresolved"
