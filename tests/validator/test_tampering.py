"""Were the tests made to say less?"""

from __future__ import annotations

import pytest

from maestro.validator.tampering import Touched, is_test_file, steers, tampering

TWO = "def test_one():\n    assert f() == 1\n\n\ndef test_two():\n    assert f() == 2\n"
ONE = "def test_one():\n    assert f() == 1\n"


def changed(before: str | None, after: str | None, path: str = "tests/test_f.py") -> tuple[str, ...]:
    return tampering([Touched(path, before, after)])


def test_a_deleted_test_file_is_named() -> None:
    assert "test_one is gone" in changed(TWO, None)[0]


def test_a_removed_test_function_is_named() -> None:
    assert changed(TWO, ONE) == ("tests/test_f.py: test_two is gone",)


def test_a_test_that_only_moved_or_got_another_name_is_there() -> None:
    moved = [Touched("tests/test_f.py", TWO, ONE), Touched("tests/test_g.py", None, TWO.split("\n\n\n")[1])]

    assert tampering(moved) == ()
    assert changed(TWO, TWO.replace("test_two", "test_second")) == ()


def test_a_test_replaced_by_another_is_gone() -> None:
    assert changed(TWO, ONE + "\n\ndef test_new():\n    assert True\n") == ("tests/test_f.py: test_two is gone",)


@pytest.mark.parametrize(
    "after",
    [
        TWO.replace("def test_two", "@pytest.mark.skip\ndef test_two"),
        TWO.replace("def test_two", "@pytest.mark.xfail(reason='flaky')\ndef test_two"),
        TWO.replace("def test_two", "@unittest.skipIf(True, '')\ndef test_two"),
        TWO.replace("    assert f() == 2", "    pytest.skip('later')\n    assert f() == 2"),
        "pytestmark = pytest.mark.skip\n" + TWO,
        "import pytest\npytest.skip('all', allow_module_level=True)\n" + TWO,
        "__test__ = False\n" + TWO,
    ],
)
def test_a_test_that_is_skipped_now_is_named(after: str) -> None:
    found = changed(TWO, after)

    assert any("test_two is skipped or expected to fail now" in line for line in found)


@pytest.mark.parametrize("body", ["    pass", "    assert True", "    'it works'"])
def test_a_test_that_was_hollowed_out_is_named(body: str) -> None:
    found = changed(TWO, TWO.replace("    assert f() == 2", body))

    assert found == ("tests/test_f.py: test_two checks nothing any more",)


def test_a_test_that_was_hollow_before_or_asks_a_helper_now_is_fine() -> None:
    assert changed("def test_a():\n    pass\n", "def test_a():\n    assert True\n") == ()
    assert changed(TWO, TWO.replace("    assert f() == 2", "    check(2)")) == ()


def test_a_class_that_is_skipped_now_takes_its_tests_along() -> None:
    before = "class TestF(TestCase):\n    def test_one(self):\n        assert 1\n"

    assert changed(before, "@skip('later')\n" + before) == (
        "tests/test_f.py: TestF.test_one is skipped or expected to fail now",
    )


def test_a_new_test_may_be_skipped_and_an_old_mark_may_stay() -> None:
    skipped = "\n\n@pytest.mark.skipif(windows)\ndef test_new():\n    pass\n"

    assert changed(TWO, TWO + skipped) == ()
    assert changed(TWO + skipped, TWO + skipped + "\n# more\n") == ()


def test_more_tests_and_other_asserts_are_welcome() -> None:
    assert changed(ONE, TWO) == ()
    assert changed(TWO, TWO.replace("== 2", "== 3")) == ()


@pytest.mark.parametrize(
    "word", ["collect_ignore = ['test_f.py']", "def pytest_collection_modifyitems(items): items.clear()"]
)
def test_a_conftest_that_takes_tests_out_of_sight_is_named(word: str) -> None:
    assert "out of sight" in changed("import pytest\n", f"import pytest\n{word}\n", "conftest.py")[0]


def test_options_that_leave_tests_out_are_named() -> None:
    assert (
        "--deselect"
        in changed("[pytest]\n", "[pytest]\naddopts = --deselect tests/test_f.py::test_two\n", "pytest.ini")[0]
    )


def test_a_deleted_test_file_of_another_language_is_named_and_a_moved_one_is_not() -> None:
    assert changed("it('works')", None, "src/app.test.ts") == ("src/app.test.ts was deleted",)
    assert tampering([Touched("a_test.go", "x", None), Touched("b/a_test.go", None, "x")]) == ()


def test_python_that_cannot_be_read_deletes_as_a_whole() -> None:
    assert changed("def test_old(:\n", None) == ("tests/test_f.py was deleted",)
    assert changed(TWO, "def broken(:\n") == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_a.py", True),
        ("pkg/tests/helper.py", True),
        ("test_a.py", True),
        ("a_test.go", True),
        ("src/a.spec.ts", True),
        ("src/test/java/FooTest.java", True),
        ("src/latest.py", False),
        ("contest/a.py", False),
        ("src/testing.py", False),
        ("README.md", False),
    ],
)
def test_which_files_are_test_files(path: str, expected: bool) -> None:
    assert is_test_file(path) is expected


@pytest.mark.parametrize("path", ["pytest.py", "src/pytest.py", "src/unittest/__init__.py", "sitecustomize.py"])
def test_a_module_in_the_place_of_the_test_runner_is_named(path: str) -> None:
    assert changed(None, "print('2 passed')", path) == (f"{path} would be run in the place of the test runner",)
    assert changed("old", "new", path) == ()


@pytest.mark.parametrize("hook", ["pytest_pyfunc_call", "pytest_runtest_protocol", "pytest_runtestloop"])
def test_a_hook_that_runs_tests_itself_is_named(hook: str) -> None:
    assert changed(None, f"def {hook}(*_):\n    return True\n", "conftest.py") != ()


@pytest.mark.parametrize("path", ["pyproject.toml", "tests/conftest.py", "pytest.ini", "Makefile", "package.json"])
def test_some_files_decide_which_tests_run(path: str) -> None:
    assert steers(path) and not steers("src/f.py")
