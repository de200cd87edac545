"""When could two patterns mean the same file? Never said no where it could be yes."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.taskgen.overlap import may_be_same, overlap


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a.py", "a.py"),
        ("./a.py", "a.py"),
        ("A.py", "a.py"),
        ("a//b.py", "a/b.py"),
        ("src", "src/a.py"),
        ("src/", "src/a.b/c.py"),
        ("src/**", "src/a/b.py"),
        ("src/**/test_*.py", "src/x/y/test_a.py"),
        ("**/a.py", "a.py"),
        ("*.md", "docs/guide.md"),
        ("src/*.py", "src/a?.py"),
        ("a?.py", "ab.py"),
        ("[ab].py", "c.py"),
        ("{a,b}.py", "c.py"),
        ("a*b*c.py", "a*c.py"),
        (".", "anything"),
        ("**", "x/y/z.py"),
        ("Makefile", "Makefile"),
        ("src\\a.py", "src/a.py"),
    ],
)
def test_patterns_that_could_mean_one_file_overlap(left: str, right: str) -> None:
    assert may_be_same(left, right)
    assert may_be_same(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a.py", "b.py"),
        ("a.py", "b/a.py"),
        ("src/*.py", "src/sub/a.py"),
        ("src/**/test_*.py", "src/x/a.py"),
        ("*.md", "src/a.py"),
        ("docs", "docsy"),
        ("a*c.py", "*b.py"),
        ("a.py", "a.py/b.py"),
        ("src/a?.py", "src/a.py"),
        ("x/**/y.py", "z/y.py"),
        ("*a*a*a*a*a*a*b.x", "*a*a*a*a*a*a*a*c.x"),
    ],
)
def test_patterns_that_cannot_mean_one_file_do_not(left: str, right: str) -> None:
    assert not may_be_same(left, right)
    assert not may_be_same(right, left)


def test_no_files_overlap_with_nothing() -> None:
    assert not overlap((), ("a.py",))
    assert overlap(("a.py", "b.py"), ("c.py", "b.*"))


NAMES = st.text("ab", min_size=1, max_size=4)
PATTERNS = st.text("ab*?", min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(NAMES, PATTERNS, PATTERNS)
def test_a_name_that_fits_both_patterns_is_always_found(name: str, left: str, right: str) -> None:
    both = fnmatch.fnmatchcase(name, left) and fnmatch.fnmatchcase(name, right)
    if both:
        assert may_be_same(f"d/{left}.py", f"d/{right}.py")
    if fnmatch.fnmatchcase(name, left):
        assert may_be_same(f"d/{left}.py", f"d/{name}.py")
        assert may_be_same(f"**/{left}.py", f"x/d/{name}.py")
    elif "?" not in name and "*" not in name:
        assert not may_be_same(f"d/{left}.py", f"d/{name}.py")
