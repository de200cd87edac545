"""In which environment does a project's program run? In the one that the person works in, and in nothing of ours."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from maestro.agents.environment import clean_environment


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def python_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    program = folder / "python"
    program.symlink_to(sys.executable)
    return program


def found(tree: Path, root: Path | None) -> str | None:
    return shutil.which("python", path=clean_environment(tree, tree.parent / "private", root)["PATH"])


def test_the_projects_own_python_comes_first(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(python_in(tree.parent / "bin").parent))
    own = python_in(tree.parent / "root/.venv/bin")

    assert found(tree, tree.parent / "root") == str(own)


def test_the_python_that_the_person_uses_comes_before_maestros_own(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    persons = python_in(tree.parent / "bin")
    monkeypatch.setenv("PATH", f"{persons.parent}:{os.environ['PATH']}")

    assert found(tree, None) == str(persons)


def test_a_machine_without_python_on_path_has_maestros_own(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree.parent / "nothing"))

    assert found(tree, None) is not None
