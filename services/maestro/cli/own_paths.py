"""Are the names free at which a run writes: `.flow/`, its PRD, its branch? Found out before anything starts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from maestro.cli.errors import CliError
from maestro.git import names
from maestro.git.command import git

FLOW, BEADS = ".flow", ".beads"
FOLDERS = (FLOW, f"{FLOW}/maestro", f"{FLOW}/maestro/sessions", f"{FLOW}/maestro/decisions")
SPOKEN_FOR = ("refs/heads/maestro", "refs/maestro")
"""Where one of these is a ref itself, git cannot keep any below it."""


async def check_names(repo: Path, base: str, *, beads: bool) -> None:
    """Raises CliError where a run's files or refs could not be made."""
    await _check_refs(repo)
    wanted = (*FOLDERS, BEADS) if beads else FOLDERS
    for name in wanted:
        path = repo / name
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise _taken(f"{path} is {'a link' if path.is_symlink() else 'a file'}", name)
    listed = await git("ls-tree", "-z", "--full-tree", base, "--", *wanted, cwd=repo)
    for mode, kind, _, name in (re.split(r"[ \t]", field, maxsplit=3) for field in listed.fields):
        if name in wanted and kind != "tree":
            what = "a link" if mode == "120000" else "a file" if kind == "blob" else f"a {kind}"
            raise _taken(f"{name} is {what} in the commit that the run would start from", name)


def _taken(what: str, name: str) -> CliError:
    return CliError(f"{what}, and Maestro keeps a folder of that name", f"move it away (git mv {name} ...) and commit")


async def _check_refs(repo: Path) -> None:
    found = await git("for-each-ref", "--format=%(refname)", *SPOKEN_FOR, cwd=repo)
    for ref in {*SPOKEN_FOR} & {*found.text.splitlines()}:
        if ref == SPOKEN_FOR[0]:
            reason = "a branch is called `maestro`, so none can be called `maestro/<run>`"
            raise CliError(f"{reason}, as the branches of runs are", "rename it: git branch -m maestro another-name")
        mend = f"move it away: git update-ref refs/old-maestro {ref} && git update-ref -d {ref}"
        raise CliError(f"there is a ref {ref}, so none can be below it, as those of runs are", mend)


async def check_prd(repo: Path, base: str, slug: str) -> None:
    """Raises CliError where the repository has a file of its own at the place of the run's PRD."""
    pattern = f"{FLOW}/prd-{slug}-v*.md"
    committed = await git("ls-tree", "-r", "-z", "--name-only", "--full-tree", base, "--", FLOW, cwd=repo)
    known = await git("ls-files", "-z", "--", FLOW, cwd=repo)
    for path in sorted({*committed.fields, *known.fields}):
        if Path(path).match(pattern):
            raise CliError(
                f"{names.shown(path)} is committed, and the run would write a PRD of its own over it",
                "name this feature otherwise (maestro run 'ANOTHER NAME' --spec ...), or `git rm` that file and commit",
            )


def is_ours_alone(repo: Path, path: str, committed: bytes) -> bool:
    """Whether all that is new in the tracker's file was written there by Maestro."""
    file = repo / path
    if path == f"{BEADS}/":
        inside = [found for found in file.rglob("*") if not found.is_dir()]
        file = repo / BEADS / "issues.jsonl"
        if inside != [file]:
            return False
    if file != repo / BEADS / "issues.jsonl" or not file.is_file() or file.is_symlink():
        return False
    return _others(file.read_bytes()) == _others(committed)


def _others(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if line.strip() and not _is_ours(line)]


def _is_ours(line: bytes) -> bool:
    try:
        issue = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(issue, dict) and str(issue.get("external_ref", "")).startswith("maestro:")
