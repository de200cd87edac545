"""Which dependencies does this write of a manifest add, change or remove, and do they run in production?

Read line by line with the section that each stands in, so that whole files, diffs and fragments are one case. A line
whose section nobody can see counts as runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from maestro.policy.changes import Change, Line, Sign
from maestro.policy.effects import Effect, Where

_DEV = re.compile(
    r"(?:^|[^a-z])(?:dev|develop|development|devel|tests?|testing|lint|linting|typing|types|docs?|documentation|format|"
    r"style|qa|ci|bench|benchmarks?|debug|tooling|pre-?commit|coverage|devdependencies|dev-dependencies|require-dev|"
    r"dev-packages|dependency-groups)(?:$|[^a-z])",
    re.I,
)
_DEV_ALONE = re.compile(
    r"devDependencies|dev_dependencies|testImplementation|testRuntimeOnly|testCompile\w*|androidTest\w*"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A line of a manifest that is about a dependency."""

    sign: Sign
    name: str
    dev: bool
    odd: bool = False
    """From a URL, a path or a repository and not from the index by its name."""


def effects_of_manifest(path: str, change: Change) -> Iterator[Effect]:
    """`dependency` effects of the lines that change; none where only other parts of the manifest do."""
    name = path.rpartition("/")[2].lower()
    seen: dict[tuple[str, bool], set[str]] = {}
    odd: set[str] = set()
    for found in _reader(name)(path, change):
        if found.sign == " ":
            continue
        seen.setdefault((found.name, found.dev), set()).add(found.sign)
        odd |= {found.name} if found.odd else set()
    for (package, dev), signs in sorted(seen.items()):
        where: Where = "dev" if dev else "runtime"
        detail = (
            "source" if package in odd else {"+": "add", "-": "remove"}["".join(signs)] if len(signs) == 1 else "change"
        )
        yield Effect("dependency", package[:120], where, detail)


def _reader(name: str):  # type: ignore[no-untyped-def]
    if name.endswith(".toml") or name in ("pipfile",):
        return _toml
    if name.endswith(".json") or name.startswith("deno.json"):
        return _json
    if name == "go.mod":
        return _go
    if name in ("gemfile", "brewfile") or name.endswith(".gemspec"):
        return _gemfile
    if name.endswith((".xml", "proj", ".props")):
        return _xml
    if name.endswith((".txt", ".in")):
        return _requirements
    if name.endswith((".gradle", ".kts", ".sbt", ".exs", ".swift")) or name in ("podfile",):
        return _calls
    if name in ("setup.py", "setup.cfg"):
        return _setup
    return _any_line


# --- TOML -------------------------------------------------------------------------------------------------------

_TABLE = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ARRAY = re.compile(r"\s*([\w.\"-]+)\s*=\s*\[(.*)")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_./@-]+)\"?(?:\.\w+)?\s*=\s*(.+)")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")
_TOML_TABLES = re.compile(
    r"(?:^|[.\"'])(?:(?:dev-|build-|optional-)?dependencies|packages|dev-packages|dependency-groups|libraries|"
    r"replace|patch\b.*|override-dependencies|constraint-dependencies)(?:$|[.\"'])",
    re.I,
)
_TOML_ARRAYS = re.compile(r"^(?:dependencies|requires|install_requires|dev-dependencies|.*-dependencies)$", re.I)
_TOML_SOURCES = re.compile(
    r"tool\.uv\.(?:sources|index)|tool\.poetry\.source|tool\.pdm\.source|^source$|^registries|^patch"
)


def _toml(path: str, change: Change) -> Iterator[Found]:
    table, array = "", ""
    for line in change.lines:
        hint = _hunk(line)
        if hint is not None:
            table, array = hint, ""
            continue
        if opened := _TABLE.match(line.text):
            table, array = opened.group(1), ""
            continue
        rest = line.text
        if not array and (started := _ARRAY.match(line.text)) and _holds_dependencies(table, started.group(1)):
            array, rest = started.group(1).strip('"'), started.group(2)
        if array:
            yield from (
                _python_requirement(line.sign, each, f"{table}.{array}", path) for each in _QUOTED.findall(rest)
            )
            array = "" if _closes(rest) else array
        elif not table:
            yield from _bare(line, path)
        elif _TOML_SOURCES.search(table) and line.text.strip():
            yield Found(line.sign, f"[{table}]", _is_dev(table), odd=True)
        elif _TOML_TABLES.search(table) and (pair := _KEY.match(line.text)) and pair.group(1) != "python":
            yield Found(line.sign, pair.group(1), _is_dev(table), odd=_is_odd(pair.group(2)))
        elif _hinted(table):
            yield from (_python_requirement(line.sign, each, table, path) for each in _QUOTED.findall(rest))


def _hinted(table: str) -> bool:
    return "dependenc" in table.lower() and not table.startswith("tool.")


def _holds_dependencies(table: str, key: str) -> bool:
    return bool(_TOML_ARRAYS.match(key.strip('"')) or re.search(r"optional-dependencies|dependency-groups", table))


def _closes(text: str) -> bool:
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    return "]" in bare


def _bare(line: Line, path: str) -> Iterator[Found]:
    """A line of a fragment whose table was not shown: what looks like a requirement is one, for production."""
    text = line.text.strip()
    if re.fullmatch(r"[\"'][A-Za-z0-9_.\[\],-]+\s*(?:[<>=!~^@;].*)?[\"'],?", text):
        yield _python_requirement(line.sign, text.strip("\"',"), "", path)
    elif re.fullmatch(
        r"[A-Za-z0-9_-]+\s*=\s*(?:[\"'][\^~=<>*]?\d[^\"']*[\"']|\{.*(?:version|git|path|workspace).*\})", text
    ) and not re.match(r"(?:version|edition|rust-version|python|requires-python|target-version)\b", text):
        yield Found(line.sign, text.partition("=")[0].strip(), _is_dev(path), odd=_is_odd(text))


def _python_requirement(sign: Sign, text: str, section: str, path: str) -> Found:
    name = re.split(r"[\s<>=!~;@\[(]", text.strip(), maxsplit=1)[0] or text
    return Found(sign, name, _is_dev(section), odd=_is_odd(text))


# --- JSON -------------------------------------------------------------------------------------------------------

_JSON_SECTIONS = re.compile(
    r"^(?:dependencies|devDependencies|peerDependencies|optionalDependencies|bundledDependencies|overrides|resolutions|"
    r"require|require-dev|imports|repositories|pnpm|packages|catalogs?)$"
)
_JSON_OPEN = re.compile(r"\s*\"([^\"]+)\"\s*:\s*[{\[]")
_JSON_PAIR = re.compile(r"\"([^\"]+)\"\s*:\s*\"([^\"]*)\"")


def _json(path: str, change: Change) -> Iterator[Found]:
    if change.whole:
        try:
            before, after = (json.loads(text) if text.strip() else {} for text in (change.before(), change.after()))
        except (ValueError, RecursionError):
            before = after = None
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _compared(before, after)
            return
    yield from _json_lines(change)


def _compared(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Found]:
    """The sections of two whole manifests."""
    for section in sorted(before.keys() | after.keys()):
        if not _JSON_SECTIONS.match(section):
            continue
        old, new = (
            each if isinstance(each, dict) else {section: each} for each in (before.get(section), after.get(section))
        )
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name) and name not in _NOT_PACKAGES:
                for sign, held in (("-", old), ("+", new)):
                    if held.get(name) is not None:
                        yield Found("-" if sign == "-" else "+", name, _is_dev(section), odd=_is_odd(str(held[name])))


_NOT_PACKAGES = frozenset(("version", "php", "node", "npm"))


def _json_lines(change: Change) -> Iterator[Found]:
    hinted, stack = "", list[str]()
    for line in change.lines:
        hint = _hunk(line)
        if hint is not None:
            hinted, stack = hint, []
            continue
        opened = _JSON_OPEN.match(line.text)
        if opened:
            stack.append(opened.group(1))
        section = next((each for each in stack if _JSON_SECTIONS.match(each)), hinted)
        body = line.text[opened.end() :] if opened else line.text
        known = _JSON_SECTIONS.match(section) or "dependenc" in section.lower()
        for name, spec in _JSON_PAIR.findall(body):
            if (known or (not stack and _is_version(spec))) and name not in _NOT_PACKAGES:
                yield Found(line.sign, name, _is_dev(section), odd=_is_odd(spec))
        closing = body.count("}") + body.count("]") - body.count("{") - body.count("[")
        del stack[max(0, len(stack) - max(closing, 0)) :]


def _is_version(text: str) -> bool:
    return bool(
        re.match(r"(?:[\^~<>=v]*\d+(?:\.\d+|\.x|$)|\*$|latest$|workspace:|npm:|git\+|github:|https?:|file:)", text)
    )


# --- the others -------------------------------------------------------------------------------------------------


def _requirements(path: str, change: Change) -> Iterator[Found]:
    dev = _is_dev(path.rpartition("/")[2]) or bool(re.search(r"requirements/(?:dev|test|lint|doc)", path))
    for line in change.lines:
        text = line.text.split(" #")[0].strip()
        if not text or text.startswith(("#", "@@", "--hash")):
            continue
        if text.startswith(("-i ", "--index", "--extra-index", "--find-links", "-f ", "--trusted-host")):
            yield Found(line.sign, text.split()[0], False, odd=True)
        elif not text.startswith(("-r", "-c", "--require", "--only", "--no-", "--pre")):
            name = re.split(r"[\s<>=!~;@\[\\]", text.removeprefix("-e ").strip(), maxsplit=1)[0]
            yield Found(line.sign, name, dev, odd=_is_odd(text))


def _go(path: str, change: Change) -> Iterator[Found]:
    block = ""
    for line in change.lines:
        text = line.text.strip()
        if opened := re.match(r"(require|replace|exclude|tool|retract)\s*\(", text):
            block = opened.group(1)
        elif text == ")":
            block = ""
        elif found := re.match(r"(?:(require|replace|tool)\s+)?([\w.-]+\.[\w.-]+/\S+)(?:\s+(v\S+|=>.*))?", text):
            kind = found.group(1) or block
            yield Found(line.sign, found.group(2), kind == "tool", odd=kind == "replace")


def _gemfile(path: str, change: Change) -> Iterator[Found]:
    groups: list[str] = []
    for line in change.lines:
        text = line.text.strip()
        if (hint := _hunk(line)) is not None:
            groups = [hint]
        elif opened := re.match(r"group\s+(.*?)\s+do\b", text):
            groups.append(opened.group(1))
        elif text == "end" and groups:
            groups.pop()
        elif found := re.match(r"(gem|brew|cask|mas|\w+\.add_(?:\w+_)?dependency)\s*\(?\s*[\"']([^\"']+)", text):
            dev = (
                _is_dev(" ".join(groups))
                or _is_dev(text.partition(found.group(2))[2])
                or "development" in found.group(1)
            )
            yield Found(
                line.sign, found.group(2), dev, odd=bool(re.search(r"\b(?:git|github|path|source)\s*[:=]", text))
            )
        elif re.match(r"source\s", text) and line.sign != " ":
            yield Found(line.sign, "source", False, odd=change.is_diff)


def _xml(path: str, change: Change) -> Iterator[Found]:
    """Maven's and .NET's files: one element after another, as they stand in the lines."""
    signs: set[Sign] = set()
    block, inside = "", False
    for line in change.lines:
        if re.search(r"<(?:dependency|plugin|parent|extension|repository)>", line.text):
            block, inside, signs = "", True, set()
        block += f"{line.text}\n"
        if line.sign != " ":
            signs.add(line.sign)
        for package in re.findall(
            r"<(?:PackageReference|PackageVersion|package)\s+(?:Include|Update|id)=\"([^\"]+)\"", line.text
        ):
            yield Found(line.sign, package, "PrivateAssets" in line.text or _is_dev(path))
        if inside and re.search(r"</(?:dependency|plugin|parent|extension|repository)>", line.text):
            yield from _maven(block, signs)
            inside, signs = False, set()
    if signs and (inside or re.search(r"<(?:artifactId|groupId|version)>", block)):
        yield from _maven(block, signs)


def _maven(block: str, signs: set[Sign]) -> Iterator[Found]:
    name = re.search(r"<artifactId>\s*([^<]+)", block)
    dev = bool(re.search(r"<scope>\s*test", block))
    for sign in sorted(signs):
        yield Found(sign, name.group(1).strip() if name else "dependency", dev, odd="<repository>" in block)


def _calls(path: str, change: Change) -> Iterator[Found]:
    """Manifests that are programs: a line that calls what declares a dependency."""
    for line in change.lines:
        text = line.text.strip()
        found = re.match(
            r"(\w*(?:mplementation|ompile\w*|pi|untimeOnly|lasspath|rocessor|latform)|pod|\.package|\{:|id|libraryDependencies)\b"
            r".*?[\"':(]+([\w./:@-]+)",
            text,
        )
        if found:
            yield Found(
                line.sign,
                found.group(2),
                bool(_DEV_ALONE.match(text)) or "only: [:dev" in text or "only: :test" in text,
            )
        elif re.match(r"maven\s*\{|url\s*[=(]|mavenLocal|resolvers", text):
            yield Found(line.sign, "repository", False, odd=True)


def _setup(path: str, change: Change) -> Iterator[Found]:
    section = ""
    for line in change.lines:
        text = line.text.strip()
        if opened := re.match(
            r"[\"']?(install_requires|setup_requires|extras_require|tests_require|dev|test|docs|options\.\w+)\b", text
        ):
            section = opened.group(1)
        if section and line.sign != " ":
            for each in _QUOTED.findall(text) or (
                [text] if path.endswith(".cfg") and re.match(r"[\w.-]+\s*[<>=~!]", text) else []
            ):
                yield _python_requirement(line.sign, each, section, path)


def _any_line(path: str, change: Change) -> Iterator[Found]:
    for line in change.lines:
        if line.text.strip() and not line.text.lstrip().startswith(("#", "//", ";")):
            yield Found(line.sign, path.rpartition("/")[2], _is_dev(path))


# --- shared -----------------------------------------------------------------------------------------------------


def _hunk(line: Line) -> str | None:
    """What a diff's hunk header says about where it stands; None where the line is none."""
    found = re.match(r"@@(?:[ 0-9,+-]*@@)?\s*(.*?)\s*(?:@@)?\s*$", line.text) if line.sign == " " else None
    return found.group(1).strip("[]\"':{} ") if found else None


def _is_dev(section: str) -> bool:
    return bool(_DEV.search(section) or _DEV_ALONE.search(section))


def _is_odd(spec: str) -> bool:
    return bool(
        re.search(r"git\+|github:|gitlab:|https?://|file:|ssh://|\bgit\s*=|\burl\s*=|\bregistry\s*=| @ |npm:", spec)
    )
