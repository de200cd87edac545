"""What does the planner see of a project? Its file names, a few texts, and which of them are manifests.

All pure. A file that does not parse counts as not there.
"""

from __future__ import annotations

import configparser
import posixpath
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

LANGUAGES: Mapping[str, str] = {
    ".py": "Python", ".pyi": "Python", ".js": "JavaScript", ".mjs": "JavaScript", ".cjs": "JavaScript",
    ".jsx": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript", ".mts": "TypeScript", ".vue": "Vue",
    ".svelte": "Svelte", ".rs": "Rust", ".go": "Go", ".java": "Java", ".kt": "Kotlin", ".kts": "Kotlin",
    ".scala": "Scala", ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".cxx": "C++", ".hpp": "C++",
    ".cs": "C#", ".fs": "F#", ".rb": "Ruby", ".php": "PHP", ".swift": "Swift", ".ex": "Elixir", ".exs": "Elixir",
    ".erl": "Erlang", ".hs": "Haskell", ".ml": "OCaml", ".lua": "Lua", ".pl": "Perl", ".pm": "Perl", ".r": "R",
    ".jl": "Julia", ".dart": "Dart", ".zig": "Zig", ".sh": "Shell", ".bash": "Shell", ".sql": "SQL",
    ".html": "HTML", ".css": "CSS", ".scss": "CSS",
}  # fmt: skip

DEPENDENCY_FILES = frozenset({
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock",
    "environment.yml", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.toml", "Cargo.lock",
    "go.mod", "go.sum", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts",
    "Gemfile", "Gemfile.lock", "composer.json", "composer.lock", "mix.exs", "Package.swift"
})  # fmt: skip
REQUIREMENTS = re.compile(r"^(?:requirements[\w.-]*|constraints)\.(?:txt|in)$")
_CONFIGS = frozenset({
    "tox.ini", "noxfile.py", "pytest.ini", ".pytest.ini", "mypy.ini", "ruff.toml", ".ruff.toml", ".flake8",
    "conftest.py", "Makefile", "makefile", "GNUmakefile"
})  # fmt: skip
_LOCKS = frozenset({
    "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
    "Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock"
})  # fmt: skip
_PYTHON_TEST = re.compile(r"^(?:test_.*|.*_test|tests?)\.py$")


@dataclass(frozen=True, slots=True)
class Project:
    """The files as the rules see them: all names, some texts, which are executable."""

    paths: frozenset[str]
    texts: Mapping[str, str]
    executables: frozenset[str] = frozenset()

    def folders_with(self, *names: str) -> list[str]:
        """The folders that hold one of these files: the root alone where it does, else those at the least depth (2
        at most)."""
        folders = {posixpath.dirname(path) for path in self.paths if posixpath.basename(path) in names}
        if not folders:
            return []
        depth = min(_depth(folder) for folder in folders)
        return sorted(folder for folder in folders if _depth(folder) == depth) if depth <= 2 else []

    def text(self, folder: str, name: str) -> str:
        return self.texts.get(posixpath.join(folder, name), "")

    def has(self, folder: str, name: str) -> bool:
        return posixpath.join(folder, name) in self.paths


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command for the repository's root, with what speaks for it. No language: it could be for any."""

    text: str
    language: str
    confidence: float
    because: str
    evidence: tuple[str, ...] = ()


def is_dependency_file(path: str) -> bool:
    name = posixpath.basename(path)
    return name in DEPENDENCY_FILES or REQUIREMENTS.match(name) is not None


def is_manifest(path: str) -> bool:
    """Whether the rules look into this file (lock files are only counted)."""
    name = posixpath.basename(path)
    return name in _CONFIGS or (is_dependency_file(path) and name not in _LOCKS)


def is_python_test(path: str) -> bool:
    return _PYTHON_TEST.match(posixpath.basename(path)) is not None


def in_folder(folder: str, command: str) -> str:
    """The command as it is run from the repository's root."""
    return f"cd {shlex.quote(folder)} && {command}" if folder else command


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def ini(text: str) -> dict[str, dict[str, str]]:
    """The sections of a `setup.cfg`, `tox.ini` and the like."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()}


def json(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def table(value: Any, *keys: str) -> dict[str, Any]:
    """The table under these keys; an empty one where anything on the way is something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
