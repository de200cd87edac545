"""What does a program that nobody trusts get to see? An environment of listed variables, made new for it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from maestro.git.removing import remove
from maestro.git.worktree import ROOM, ROOM_PREFIX

PASSED = ("LANG", "LANGUAGE", "TZ", "TERM", "SSL_CERT_FILE", "SSL_CERT_DIR")
TOOLCHAINS = {"PYENV_ROOT": ".pyenv", "RUSTUP_HOME": ".rustup"}
"""Where version managers keep their tools when no variable says so: below the home that a program does not get."""


@contextmanager
def room(private: Path) -> Iterator[Path]:
    """A folder for one program's home and temporary files. Its path is short: sockets must fit below it (108 bytes).
    It is noted in `private`, for whoever has to tidy up when this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix=ROOM_PREFIX))
    (private / ROOM).write_text(str(folder))
    try:
        yield folder
    finally:
        remove(folder)


def clean_environment(tree: Path, private: Path, root: Path | None, passed: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a program that works in `tree`: its own home and temporary folder under `private`, the
    project's own Python where it has one (in `root`, the person's tree), or else the one on PATH, and the names in
    `passed` as this process has them (`NAME=value` sets one)."""
    home, tmp = private / "home", private / "tmp"
    for folder in (home, tmp):
        folder.mkdir(parents=True, exist_ok=True)
    env = {name: os.environ[name] for name in PASSED if name in os.environ}
    env |= _toolchains()
    env |= {"HOME": str(home), "TMPDIR": str(tmp), "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(_sources(tree)), "GIT_TERMINAL_PROMPT": "0"}
    env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    env |= {f"GIT_{who}_NAME": "Maestro agent" for who in ("AUTHOR", "COMMITTER")}
    env |= {f"GIT_{who}_EMAIL": "agent@localhost" for who in ("AUTHOR", "COMMITTER")}
    env |= _python(root, env["PATH"])
    return env | _passed(passed)


def _sources(tree: Path) -> Path:
    """So that the project's modules come from this tree and from no installed copy of it."""
    return tree / "src" if (tree / "src").is_dir() else tree


def _python(root: Path | None, path: str) -> dict[str, str]:
    for venv in (root / ".venv", root / "venv") if root is not None else ():
        if (venv / "bin/python").exists():
            return {"VIRTUAL_ENV": str(venv), "PATH": f"{venv}/bin:{path}"}
    # Ours comes last, for a machine that has no `python`: what a project needs is where the person put it.
    return {"PATH": f"{path}:{os.path.dirname(sys.executable)}"}


def _toolchains() -> dict[str, str]:
    home = Path(os.environ.get("HOME", "/"))
    known = {name: os.environ.get(name, str(home / folder)) for name, folder in TOOLCHAINS.items()}
    return {name: folder for name, folder in known.items() if os.path.isdir(folder)}


def _passed(names: Iterable[str]) -> dict[str, str]:
    pairs = (name.partition("=") for name in names)
    return {
        name: value if is_set else os.environ[name] for name, is_set, value in pairs if is_set or name in os.environ
    }


def secrets_of(passed: Iterable[str]) -> tuple[str, ...]:
    """The values that a program is given by name, and that nobody else should read."""
    return tuple(_passed(passed).values())
