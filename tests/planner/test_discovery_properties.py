"""What holds for discovery, whatever lies in the files?"""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.planner.discovery import File, Listing, Tree, discover, wanted
from maestro_contracts.records import Codebase

NAMES = st.sampled_from([
    "pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "pytest.ini", "noxfile.py", "Pipfile", "environment.yml",
    "requirements.txt", "package.json", "Cargo.toml", "go.mod", "pom.xml", "build.gradle", "Gemfile", "composer.json",
    "mix.exs", "Makefile", "mypy.ini", "a.py", "test_a.py", "conftest.py", "yarn.lock", "README.md",
    "src/p/__init__.py",
])  # fmt: skip
FOLDERS = st.sampled_from(["", "", "a/", "tests/", "b c/", "a/b/c/d/", "node_modules/x/"])
BITS = st.sampled_from([
    "[tool.pytest]\n", "[tool]\n", "[mypy]\n", "[a", "x = 1\n", "deps = y\n", "[testenv]\n", "{", "}", '"scripts"', ":",
    "[", "]", '"test"', "null", "1", "test:\n", "import pytest\n", "def test_a(): pass\n", "packageManager", '"', "'",
    "%(x)s", "\t", "\n", " ", "\x00", "é", "- flask\n", "require (\n", "project = 'x'\n", "[[a]]\n",
    "install_requires = click\n",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(BITS, max_size=20).map("".join))
FILES = st.dictionaries(st.builds(lambda folder, name: folder + name, FOLDERS, NAMES), TEXTS, max_size=8)


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_discovery_never_fails_and_what_it_finds_can_be_written_down(files: dict[str, str]) -> None:
    listing = Listing("0" * 40, tuple(File(path) for path in sorted(files)))
    tree = Tree(listing, {path: files[path] for path in wanted(listing)})
    found = discover(tree)
    assert discover(tree) == found
    assert msgspec.json.decode(msgspec.json.encode(found.codebase), type=Codebase) == found.codebase
    assert bool(found.codebase.test_commands) == bool(found.decisions)
    for decision in found.decisions:
        assert 0 < decision.confidence < 1
        assert set(decision.evidence) <= set(files)
