import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from tally.__main__ import main


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


class MainTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "trip.txt"

    def test_show_prints_the_expenses(self) -> None:
        self.file.write_text("Anna paid 60.00 EUR for dinner: Anna, Ben", encoding="utf-8")
        code, out, _ = run("show", str(self.file))
        self.assertEqual(0, code)
        self.assertIn("Anna   60.00 EUR  dinner  Anna, Ben", out)

    def test_a_bad_file_ends_with_an_error_that_names_the_line(self) -> None:
        self.file.write_text("hello", encoding="utf-8")
        code, _, err = run("show", str(self.file))
        self.assertEqual(1, code)
        self.assertIn("line 1", err)
