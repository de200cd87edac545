"""Were the tests made to say less? What a change did to the test files, from their texts before and after. Pure.

Python tests are compared one by one: a test that is gone, under its name and in its text, or that is newly skipped, is
named. Of other languages' test files it is only seen whether they are still there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_FOLDERS = r"(?:^|/)(?:tests?|__tests__|specs?)/"
_NAMES = r"(?:^|/)(?:test_[^/]*|[^/]*_test\.\w+|[^/]*_spec\.\w+|[^/]*\.(?:test|spec)\.\w+|Test\w*\.\w+|\w*Tests?\.\w+)$"
_TEST_FILE = re.compile(f"{_FOLDERS}|{_NAMES}")
_RUN_FILE = re.compile(r"(?:^|/)(?:conftest\.py|\.?pytest\.(?:ini|toml)|tox\.ini|setup\.cfg|pyproject\.toml)$")
_RECIPE = re.compile(r"(?:^|/)(?:GNUmakefile|[Mm]akefile|[Jj]ustfile|noxfile\.py|package\.json)$")
_RUNNER = re.compile(r"^(?:src/|lib/)?(?:_?pytest|unittest|nose2|sitecustomize|usercustomize)(?:\.py|/.*)$")
"""Where Python looks first: a module of this name there is run in the place of the one that was meant."""

SKIPS = ("skip", "skipif", "skipIf", "skipUnless", "skipTest", "SkipTest", "xfail", "expectedFailure")
HIDERS = (
    "collect_ignore",
    "pytest_ignore_collect",
    "pytest_collection",
    "pytest_pycollect_makeitem",
    "pytest_cmdline_main",
    "pytest_runtestloop",
    "pytest_runtest_protocol",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_pyfunc_call",
    "pytest_sessionfinish",
    "--ignore",
    "--deselect",
    "os._exit",
    "sys.exit",
    "SystemExit",
    "pytest.exit",
)
"""Words by which the files that steer a test run take tests or failures out of sight."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that a change touched: its text before and after, None where it was not there."""

    path: str
    before: str | None
    after: str | None


def is_test_file(path: str) -> bool:
    return bool(_TEST_FILE.search(path))


def matters(path: str) -> bool:
    """True for files whose texts `tampering` wants to see."""
    return is_test_file(path) or bool(_RUN_FILE.search(path) or _RUNNER.search(path))


def steers(path: str) -> bool:
    """True for files that decide which tests run: whether as many run as before shows only when they are run."""
    return bool(_RUN_FILE.search(path) or _RECIPE.search(path))


def tampering(files: Iterable[Touched]) -> tuple[str, ...]:
    """What was done to the tests, for people; empty where nothing was."""
    every = list(files)
    tests = [file for file in every if is_test_file(file.path)]
    return (*_deleted(tests), *_weakened(tests), *_hidden(every), *_replaced(every))


def _deleted(tests: list[Touched]) -> Iterator[str]:
    """Deleted test files whose tests cannot be compared; a file that only moved is there under another name."""
    there = {file.after for file in tests if file.after is not None}
    for file in tests:
        gone = file.before is not None and file.after is None and file.before not in there and file.before.strip()
        if gone and not (file.path.endswith(".py") and _parsed(file.before)):
            yield f"{file.path} was deleted"


def _weakened(tests: list[Touched]) -> Iterator[str]:
    python = [file for file in tests if file.path.endswith(".py")]
    after = [test for file in python for test in _tests(file.after)]
    names: Mapping[str, Test] = {test.name: test for test in after}
    bodies: Mapping[str, Test] = {test.body: test for test in after}
    for file in python:
        for test in _tests(file.before):
            now = names.get(test.name) or bodies.get(test.body)
            if now is None:
                if file.after is None or _parsed(file.after):
                    yield f"{file.path}: {test.name} is gone"
            elif now.skips > test.skips:
                yield f"{file.path}: {test.name} is skipped or expected to fail now"
            elif now.hollow and not test.hollow:
                yield f"{file.path}: {test.name} checks nothing any more"


def _hidden(files: list[Touched]) -> Iterator[str]:
    for file in files:
        if _RUN_FILE.search(file.path) and file.after is not None:
            for word in HIDERS:
                if file.after.count(word) > (file.before or "").count(word):
                    yield f"{file.path}: `{word}` takes tests or failures out of sight"


def _replaced(files: list[Touched]) -> Iterator[str]:
    for file in files:
        if _RUNNER.search(file.path) and file.before is None and file.after is not None:
            yield f"{file.path} would be run in the place of the test runner"


# --- Python's tests -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One test: its name with its class, its body as text, how many marks keep it from counting, and whether it
    neither calls anything nor asserts anything that could be false."""

    name: str
    body: str
    skips: int
    hollow: bool


def _tests(source: str | None) -> Iterator[Test]:
    tree = _parsed(source)
    if tree is None:
        return
    everywhere = sum(_skips_at_module_level(node) for node in tree.body)
    for name, function, around in _functions(tree.body, "", everywhere):
        body = "\n".join(ast.dump(node) for node in function.body)
        yield Test(name, body, around + _skips(function), _hollow(function))


def _functions(
    body: list[ast.stmt], prefix: str, around: int
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.", around + _skips_of_class(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield prefix + node.name, node, around


def _hollow(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    found = [node for statement in function.body for node in ast.walk(statement)]
    asserts = any(isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant) for node in found)
    return not asserts and not any(isinstance(node, ast.Call) for node in found)


def _skips(node: ast.AST) -> int:
    """Marks in decorators and calls: `pytest.mark.skip`, `self.skipTest(...)`, `raise SkipTest`."""
    return sum(_name(found) in SKIPS for found in ast.walk(node))


def _skips_of_class(node: ast.ClassDef) -> int:
    own = [part for part in node.body if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    hidden = sum(_is_assignment(part, "__test__") for part in own)
    return hidden + sum(_skips(part) for part in (*node.decorator_list, *own))


def _skips_at_module_level(node: ast.stmt) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return 0
    return _skips(node) + _is_assignment(node, "__test__")


def _name(node: ast.AST) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _is_assignment(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)


def _parsed(source: str | None) -> ast.Module | None:
    try:
        return ast.parse(source) if source is not None else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
