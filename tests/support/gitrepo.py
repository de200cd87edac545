"""How does a test get a real git repository, and look into one? Real git, run plainly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PERSON = ("-c", "user.name=A Person", "-c", "user.email=person@example.org", "-c", "commit.gpgSign=false")


def git(where: Path, *args: str, ok: bool = True) -> str:
    """Run git as a person would and return what it printed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
    done = subprocess.run(["git", *PERSON, *args], cwd=where, env=env, capture_output=True, timeout=60)
    if ok and done.returncode != 0:
        raise AssertionError(f"git {args} failed: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_repo(root: Path, files: dict[str, str] | None = None) -> str:
    """A repository at `root` with one commit of these files on branch `main`; returns the commit."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q", "-b", "main")
    return commit(root, files or {"README.md": "Hello.\n"}, "Start")


def commit(root: Path, files: dict[str, str], message: str = "Change") -> str:
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def commit_on(root: Path, base: str, files: dict[str, str | None], message: str = "Change") -> str:
    """A commit on top of `base` that no branch names; None deletes a file. HEAD and the working tree stay."""
    index = {**os.environ, "GIT_INDEX_FILE": str(root / ".git" / "index.test")}

    def run(*args: str, stdin: str = "") -> str:
        done = subprocess.run(["git", *PERSON, *args], cwd=root, env=index, input=stdin.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    run("read-tree", base)
    for name, text in files.items():
        if text is None:
            run("rm", "-q", "--cached", "--", name)
        else:
            blob = run("hash-object", "-w", "--stdin", stdin=text)
            run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    return run("commit-tree", run("write-tree"), "-p", base, "-m", message)


def snapshot(root: Path) -> dict[str, str]:
    """Everything of a person's that nobody may touch: HEAD, branches, index, configuration, hooks, files."""
    refs = git(root, "for-each-ref", "--format=%(refname) %(objectname)")
    kept = [line for line in refs.splitlines() if "refs/maestro/" not in line and "refs/heads/maestro/" not in line]
    files = {
        str(path.relative_to(root)): path.read_bytes().hex()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    return {
        "HEAD": (root / ".git/HEAD").read_text(),
        "refs": "\n".join(kept),
        "index": (root / ".git/index").read_bytes().hex(),
        "config": (root / ".git/config").read_text(),
        "hooks": str(sorted((root / ".git/hooks").glob("*"))),
        "files": str(files),
    }
