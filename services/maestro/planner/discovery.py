"""What is this codebase made of? Languages, frameworks, dependency files, test and lint commands, from its files alone.

Rules over file names and a few small files; nothing is run, so a command found here is a reading, and each choice is
kept with its confidence, the alternatives and what spoke for it.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from maestro.planner import ecosystems
from maestro.planner.frameworks import frameworks
from maestro.planner.project import LANGUAGES, Command, Project, is_dependency_file, is_manifest, is_python_test
from maestro_contracts.records import Codebase, Decision

MAX_LAYOUT = 40
MAX_DEPENDENCY_FILES = 50
MAX_MANIFESTS = 200
MAX_SAMPLES = 100
SECOND_LANGUAGE_SHARE = 0.25
"""The tests of a second language are run too where it has at least this share of the code files."""

VENDORED = frozenset({
    "node_modules", "vendor", "third_party", "third-party", "site-packages", "bower_components", "dist", "build",
    "target", ".venv", "venv", ".git", "__pycache__", ".tox", ".nox"
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """One regular file: its path for rules and people, and the object id that reads it."""

    path: str
    oid: str = ""
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What one commit holds. Where it is `truncated` there were too many files: only the top level is listed, with
    its `folders`."""

    commit: str
    files: tuple[File, ...]
    submodules: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit's listing and the texts of those files that `wanted` named."""

    listing: Listing
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The codebase, and what was decided on the way (without ids for the run yet)."""

    codebase: Codebase
    decisions: tuple[Decision, ...]


def wanted(listing: Listing) -> frozenset[str]:
    """The files whose texts the rules look into: manifests, the shallow ones first, and some of the tests."""
    paths = sorted((file.path for file in _own(listing)), key=_depth_first)
    manifests = [path for path in paths if is_manifest(path)]
    samples = [path for path in paths if is_python_test(path)]
    return frozenset(manifests[:MAX_MANIFESTS] + samples[:MAX_SAMPLES])


def discover(tree: Tree, branch: str = "") -> Found:
    """Read the tree. Never raises for what is in it: what cannot be understood counts as not there."""
    own = _own(tree.listing)
    languages = count_languages(file.path for file in own)
    project = Project(
        paths=frozenset(file.path for file in own),
        texts=tree.texts,
        executables=frozenset(file.path for file in own if file.executable),
    )
    candidates = ecosystems.test_commands(project)
    chosen = _choose(candidates, languages)
    codebase = Codebase(
        languages=languages,
        frameworks=frameworks(project),
        dependency_files=_dependency_files(own),
        test_commands=tuple(command.text for command in chosen),
        lint_commands=tuple(dict.fromkeys(command.text for command in ecosystems.lint_commands(project))),
        layout=_layout(tree.listing),
        files=len(tree.listing.files),
        head=tree.listing.commit,
        branch=branch,
    )
    return Found(codebase, _test_decisions(chosen, candidates))


def _own(listing: Listing) -> list[File]:
    """The files that are the project's own work, as far as their folders tell."""
    return [file for file in listing.files if not VENDORED.intersection(file.path.split("/")[:-1])]


def count_languages(paths: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """File counts of programming languages, most first."""
    counts = Counter(
        language for path in paths if (language := LANGUAGES.get(posixpath.splitext(path)[1].lower())) is not None
    )
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _choose(commands: Sequence[Command], languages: Sequence[tuple[str, int]]) -> tuple[Command, ...]:
    """The best command of the main language, and of others that have their share; make's only where nothing else is."""
    best: dict[str, Command] = {}
    for command in commands:
        if command.language not in best or command.confidence > best[command.language].confidence:
            best[command.language] = command
    general = best.pop("", None)
    counts = dict(languages)
    total = sum(counts.get(language, 0) for language in best) or 1
    ranked = sorted(best.values(), key=lambda command: (-counts.get(command.language, 0), command.language))
    chosen = [
        command
        for rank, command in enumerate(ranked)
        if rank == 0 or counts.get(command.language, 0) / total >= SECOND_LANGUAGE_SHARE
    ]
    if chosen:
        return tuple(chosen)
    return (general,) if general is not None else ()


def _test_decisions(chosen: Sequence[Command], all_commands: Sequence[Command]) -> tuple[Decision, ...]:
    if not chosen:
        return ()
    taken = {command.text for command in chosen}
    return (
        Decision(
            id="test-command",
            topic="How the project's own tests are run",
            decision=" && ".join(command.text for command in chosen),
            rationale="; ".join(command.because for command in chosen),
            confidence=min(command.confidence for command in chosen),
            alternatives=tuple(dict.fromkeys(c.text for c in all_commands if c.text not in taken)),
            evidence=tuple(dict.fromkeys(path for command in chosen for path in command.evidence)),
        ),
    )


def _dependency_files(files: Sequence[File]) -> tuple[str, ...]:
    paths = sorted((file.path for file in files if is_dependency_file(file.path)), key=_depth_first)
    return tuple(paths[:MAX_DEPENDENCY_FILES])


def _depth_first(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _layout(listing: Listing) -> tuple[str, ...]:
    """The top level: folders with their file counts, then files."""
    counts = Counter(file.path.split("/")[0] for file in listing.files if "/" in file.path)
    lines = [f"{name}/ ({count} {'file' if count == 1 else 'files'})" for name, count in sorted(counts.items())]
    lines += [f"{name}/ (too many files to count)" for name in sorted(listing.folders)]
    lines += [f"{path} (submodule)" for path in sorted(listing.submodules)]
    lines += sorted(file.path for file in listing.files if "/" not in file.path)
    more = len(lines) - MAX_LAYOUT
    return tuple(lines) if more <= 0 else (*lines[:MAX_LAYOUT], f"... and {more} more")
