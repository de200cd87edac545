"""What changed? Differences as lines that a page can show, from two texts or from git."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from maestro.git.problems import GitProblem
from maestro.git.repository import Repository

MOST_LINES = 4000
SAID = ("new file", "deleted file", "old mode", "new mode", "Binary")
"""Of git's headings, those that say more than the file's name does."""
MOST_BYTES = 2_000_000
SECONDS = 10.0
FILE_LINES = ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "old mode", "new mode", "Binary")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference. `kind`: add, del, hunk, file, same."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Lines to show, and why there are none or not all of them."""

    lines: tuple[Line, ...] = ()
    note: str = ""

    @property
    def files(self) -> list[tuple[str, list[Line]]]:
        """The lines by file, each with its name; without git's own headings."""
        found: list[tuple[str, list[Line]]] = []
        for line in self.lines:
            if line.text.startswith("diff --git "):
                found.append((line.text.rpartition(" b/")[2], []))
            elif found and (line.kind != "file" or line.text.startswith(SAID)):
                found[-1][1].append(line)
        return found


def between(before: str, after: str) -> Difference:
    """The difference of two texts."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", n=3, lineterm="")
    return _cut(line for number, line in enumerate(lines) if number > 1)


def of_text(text: str) -> Difference:
    """A difference that is one already."""
    return _cut(text.splitlines())


async def of_commits(url: str, base: str, commit: str) -> Difference:
    """The difference of two commits, where the repository is on this machine."""
    folder = Path(url)
    if not folder.is_absolute() or not folder.is_dir():
        return Difference(note="The repository is not on the gateway's machine: no difference can be shown here.")
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--submodule=short", "-U3")
    with contextlib.suppress(GitProblem, OSError):
        repository = Repository(_git_dir(folder))
        old, new = await repository.find(base), await repository.find(commit)
        if old and new:
            done = await repository.git("diff-tree", "-p", *plain, old, new, "--", timeout_s=SECONDS, limit=MOST_BYTES)
            return _cut(done.out.decode("utf-8", "replace").splitlines())
    return Difference(note="The difference cannot be read: git does not have these commits here, or it is too large.")


def _git_dir(folder: Path) -> Path:
    inside = folder / ".git"
    if inside.is_file():
        return (folder / inside.read_text().removeprefix("gitdir:").strip()).resolve()
    return inside if inside.is_dir() else folder


def _cut(lines: Iterable[str]) -> Difference:
    shown = [Line(_kind(line), line) for line, _ in zip(lines, range(MOST_LINES + 1), strict=False)]
    if len(shown) > MOST_LINES:
        return Difference(tuple(shown[:MOST_LINES]), f"Only the first {MOST_LINES} lines are shown.")
    return Difference(tuple(shown), "" if shown else "Nothing differs.")


def _kind(line: str) -> str:
    if line.startswith("@@"):
        return "hunk"
    if line.startswith(FILE_LINES):
        return "file"
    return {"+": "add", "-": "del"}.get(line[:1], "same")
