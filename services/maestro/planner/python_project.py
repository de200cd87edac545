"""How are a Python project's tests and linters run? By what its files configure and its tests import."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from maestro.planner.frameworks import dependencies
from maestro.planner.project import Command, Project, in_folder, ini, is_python_test, table, toml

_IMPORTS_PYTEST = re.compile(r"^\s*(?:import|from)\s+pytest\b", re.M)
_IMPORTS_UNITTEST = re.compile(r"^\s*(?:import|from)\s+unittest\b", re.M)
_PLAIN_TEST = re.compile(r"^(?:async\s+)?def\s+test_", re.M)
_PYTEST_SECTION = {"setup.cfg": "[tool:pytest]", "tox.ini": "[pytest]", "pytest.ini": "", ".pytest.ini": ""}


def _python_folder(project: Project) -> str:
    """Where Python's commands are run from: the root, or the one folder that holds the Python project."""
    folders = project.folders_with("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "Pipfile")
    return folders[0] if len(folders) == 1 else ""


def _within(folder: str, path: str) -> bool:
    return not folder or path.startswith(folder + "/")


def _pytest_evidence(project: Project, folder: str) -> tuple[float, str, tuple[str, ...]] | None:
    """How sure it is that pytest runs this project's tests, why, and which files say so."""
    pyproject = project.text(folder, "pyproject.toml")
    if "pytest" in table(toml(pyproject), "tool"):
        return 0.95, "pytest is configured", (posixpath.join(folder, "pyproject.toml"),)
    for name, section in _PYTEST_SECTION.items():
        if project.has(folder, name) and section in project.text(folder, name):
            return 0.95, "pytest is configured", (posixpath.join(folder, name),)
    tests = {path: text for path, text in project.texts.items() if is_python_test(path) and _within(folder, path)}
    importing = sorted(path for path, text in tests.items() if _IMPORTS_PYTEST.search(text))
    if importing:
        return 0.9, "tests import pytest", tuple(importing[:3])
    conftests = sorted(p for p in project.paths if posixpath.basename(p) == "conftest.py" and _within(folder, p))
    if conftests:
        return 0.9, "there is a conftest.py", tuple(conftests[:3])
    plain = sorted(p for p, text in tests.items() if _PLAIN_TEST.search(text) and not _IMPORTS_UNITTEST.search(text))
    if plain:
        return 0.85, "tests are plain functions, which only pytest collects", tuple(plain[:3])
    if tests and _asks_for(project, "pytest"):
        return 0.75, "a dependency file names pytest", tuple(sorted(tests)[:3])
    return None


def _asks_for(project: Project, name: str) -> bool:
    found = (names for path, text in project.texts.items() for language, names in dependencies(path, text)
             if language == "Python")  # fmt: skip
    return any(name in names for names in found)


def _source_path(project: Project, folder: str) -> str:
    """A `PYTHONPATH` for a src layout: a fresh checkout must test its own code, not an installed copy."""
    data = toml(project.text(folder, "pyproject.toml"))
    configured = "pythonpath" in table(data, "tool", "pytest", "ini_options")
    if configured or "pythonpath" in project.text(folder, "pytest.ini"):
        return ""
    prefix = posixpath.join(folder, "src") + "/"
    packages = (path.removeprefix(prefix) for path in project.paths if path.startswith(prefix))
    return 'PYTHONPATH="$PWD/src" ' if any(re.fullmatch(r"\w+/__init__\.py|\w+\.py", path) for path in packages) else ""


def _unittest_start(project: Project, folder: str, tests: list[str]) -> str:
    """`-s FOLDER` where discovery from the root would not enter the folder of the tests, since it is no package."""
    relative = [path.removeprefix(folder + "/") if folder else path for path in tests]
    if any("/" not in path for path in relative):
        return ""
    tops = sorted({path.split("/")[0] for path in relative})
    loose = [top for top in tops if not project.has(posixpath.join(folder, top), "__init__.py")]
    return f" -s {shlex.quote(loose[0])}" if len(tops) == 1 and loose else ""


def python_tests(project: Project) -> Iterator[Command]:
    folder = _python_folder(project)
    source = _source_path(project, folder)
    tests = sorted(path for path in project.paths if is_python_test(path) and _within(folder, path))
    pytest = _pytest_evidence(project, folder)
    if pytest is not None:
        confidence, because, evidence = pytest
        yield Command(in_folder(folder, f"{source}python -m pytest -q"), "Python", confidence, because, evidence)
    if tests:
        start = _unittest_start(project, folder, tests)
        text = in_folder(folder, f"{source}python -m unittest discover{start}")
        because = "there are test files and nothing asks for pytest"
        yield Command(text, "Python", 0.3 if pytest else 0.8, because, tuple(tests[:3]))
    for name, text, because in (
        ("tox.ini", "python -m tox", "tox is configured"),
        ("noxfile.py", "python -m nox", "nox is configured"),
    ):
        if project.has(folder, name) and ("[tox" in project.text(folder, name) or name == "noxfile.py"):
            yield Command(in_folder(folder, text), "Python", 0.5, because, (posixpath.join(folder, name),))


def python_lint(project: Project) -> Iterator[Command]:
    folder = _python_folder(project)
    tools = table(toml(project.text(folder, "pyproject.toml")), "tool")
    setup = project.text(folder, "setup.cfg")
    if "ruff" in tools or project.has(folder, "ruff.toml") or project.has(folder, ".ruff.toml"):
        yield Command(in_folder(folder, "python -m ruff check ."), "Python", 0.9, "ruff is configured")
    if project.has(folder, ".flake8") or "[flake8]" in setup or "[flake8]" in project.text(folder, "tox.ini"):
        yield Command(in_folder(folder, "python -m flake8"), "Python", 0.8, "flake8 is configured")
    if "mypy" in tools or project.has(folder, "mypy.ini") or "[mypy]" in setup:
        text = f"python -m mypy{_mypy_target(project, folder)}"
        yield Command(in_folder(folder, text), "Python", 0.7, "mypy is configured")


def _mypy_target(project: Project, folder: str) -> str:
    """Nothing where the configuration names what to check; else the whole folder."""
    tables = [table(toml(project.text(folder, "pyproject.toml")), "tool", "mypy")]
    tables += [ini(project.text(folder, name)).get("mypy", {}) for name in ("mypy.ini", "setup.cfg")]
    return "" if any({"files", "packages", "modules"} & set(found) for found in tables) else " ."
