"""Whose work is a task? A role from the requirement, else from its files and words, by one table."""

from __future__ import annotations

import posixpath
import re

from maestro_contracts.records import Requirement

DEFAULT = "backend"

_ENDINGS = {
    ".css": "frontend", ".scss": "frontend", ".html": "frontend", ".jsx": "frontend", ".tsx": "frontend",
    ".vue": "frontend", ".svelte": "frontend", ".md": "docs", ".rst": "docs", ".sql": "database", ".tf": "devops",
}  # fmt: skip
_NAMES = {"dockerfile": "devops", "compose.yaml": "devops", "docker-compose.yml": "devops", "makefile": "devops"}
_FOLDERS = {".github": "devops", "migrations": "database", "docs": "docs", "frontend": "frontend", "deploy": "devops"}
_WORDS: tuple[tuple[str, str], ...] = (
    (
        "security",
        r"security|vulnerabilit\w+|authenticat\w+|authori[sz]\w+|encrypt\w*|passwords?|secrets?|csrf|xss",
    ),
    ("database", r"databases?|migrations?|sql|schemas?|tables? (index|column)\w*|postgres\w*|sqlite"),
    (
        "frontend",
        r"ui|user interface|css|html|pages?|buttons?|forms?|layouts?|browsers?|frontend|responsive",
    ),
    ("devops", r"docker\w*|ci|pipelines?|deploy\w*|kubernetes|helm|terraform|containers?|release workflow"),
    ("docs", r"readme|documentation|docs|docstrings?|changelog|tutorials?|guides?"),
    ("tests", r"tests? (cover\w*|suites?)|coverage|unit tests|integration tests|regression tests"),
)
_PATTERNS = tuple((role, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for role, pattern in _WORDS)


def role_of(requirement: Requirement, text: str) -> str:
    """What the requirement says; else what all its files (tests aside) are; else what its words speak of most."""
    if requirement.role:
        return requirement.role
    return _by_files(requirement.files) or _by_words(text) or DEFAULT


def _by_files(files: tuple[str, ...]) -> str:
    """The role that all files have in common; tests go with what they test, so they count only where all are tests."""
    kinds = {_kind(file) for file in files}
    if kinds == {"tests"}:
        return "tests"
    kinds.discard("tests")
    return kinds.pop() if len(kinds) == 1 else DEFAULT if DEFAULT in kinds else ""


def _kind(file: str) -> str:
    *folders, name = file.casefold().split("/")
    if "tests" in folders or "test" in folders or re.match(r"test_|.*[._](test|spec)\.", name):
        return "tests"
    found = _NAMES.get(name) or _ENDINGS.get(posixpath.splitext(name)[1])
    return found or next((_FOLDERS[folder] for folder in folders if folder in _FOLDERS), DEFAULT)


def _by_words(text: str) -> str:
    """The role whose words come up most; the first of the table where two come up as often."""
    prose = re.sub(r"`[^`]*`", " ", text)
    counts = [(len(pattern.findall(prose)), role) for role, pattern in _PATTERNS]
    best = max(count for count, _ in counts)
    return next(role for count, role in counts if count == best) if best else ""
