"""What does a first run work on? A small real library, a specification, a playbook for the offline agent.

The library (`library/`) says who paid what on a trip; the specification asks it to say who owes whom. Every edit,
command and test of the playbook is real. Nothing here is trusted: the demo goes through the same validators as any run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
NAME = "tally"
COMMITTED = "2026-01-05T09:00:00+00:00"
"""The initial commit's fixed time, so that every demo starts from the same commit."""

IGNORED = "__pycache__/\n*.egg-info/\n"
WITHOUT_SURPRISES = ("core.hooksPath=/dev/null", "core.autocrlf=false", "core.fileMode=true", "commit.gpgSign=false")


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo was put: its git repository, what to ask for, and what the offline agent plays."""

    repo: Path
    spec: Path
    playbook: Path


def unpack(target: Path) -> DemoFiles:
    """Put the demo into the folder `target`, which is made: `tally/` (a git repository with one commit), `spec.md` and
    `play.yaml`. Raises FileExistsError where a demo is there already, RuntimeError where git is missing or fails."""
    files = DemoFiles(repo=target / NAME, spec=target / "spec.md", playbook=target / "play.yaml")
    if files.repo.exists():
        raise FileExistsError(f"{files.repo} is there already; name another folder or delete it")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "library", files.repo, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    (files.repo / ".gitignore").write_text(IGNORED, encoding="utf-8", newline="\n")
    for path in (files.spec, files.playbook):
        shutil.copyfile(HERE / path.name, path)
    for path in (files.repo, *files.repo.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    _commit(files.repo)
    return files


def _commit(repo: Path) -> None:
    _git(repo, "init", "--quiet", "--initial-branch=main", "--object-format=sha1")
    _git(repo, "add", "--all")
    _git(repo, "commit", "--quiet", "--message", "tally 0.3: who paid what")
    for key, value in (("user.name", "Demo"), ("user.email", "demo@localhost")):
        _git(repo, "config", key, value)


def _git(repo: Path, *arguments: str) -> None:
    settings = [part for setting in WITHOUT_SURPRISES for part in ("-c", setting)]
    try:
        done = subprocess.run(
            ["git", *settings, *arguments], cwd=repo, env=_environment(), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise RuntimeError("git was not found on PATH; install it") from None
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]} in {repo} failed: {done.stderr.strip()}")


def _environment() -> dict[str, str]:
    """The caller's environment without their git settings: everybody gets the same commit."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", "Demo"), ("EMAIL", "demo@localhost"), ("DATE", COMMITTED))
    }
    return {**kept, **who, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
