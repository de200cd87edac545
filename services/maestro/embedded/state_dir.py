"""Where does Maestro keep what must outlive a process? The state directory's layout, and who may use it.

<state>/operator.key operator.pub join/<role>     the operator's own
<state>/repos/<hash>/repo.json                     which repository this is
<state>/repos/<hash>/lock                          held by the command that runs its server and services
<state>/repos/<hash>/server/ logs/ work/           the private server's data, logs, worktrees
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maestro.embedded.errors import UnsafeState

EXCLUDED = "/.flow/"
"""The line in `.git/info/exclude` that keeps Maestro's folder out of the user's commits."""


def default_state_dir(env: Mapping[str, str] = os.environ) -> Path:
    """`$MAESTRO_STATE_DIR`, else `maestro` in the XDG state directory."""
    if given := env.get("MAESTRO_STATE_DIR"):
        return Path(given).expanduser().absolute()
    base = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "maestro"


@dataclass(frozen=True, slots=True)
class RepoDir:
    """The state of one repository."""

    root: Path

    @property
    def server(self) -> Path:
        return self.root / "server"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def services(self) -> Path:
        """What runs now, as `maestro ps` shows it."""
        return self.root / "services.json"

    @property
    def runs(self) -> Path:
        """One file for each run that was started here, empty until it ended: an index, not the truth."""
        return self.root / "runs"

    def note_run(self, run: str, ended: str = "") -> None:
        """That it was started here; how it `ended` when that is known."""
        self.runs.mkdir(mode=0o700, exist_ok=True)
        (self.runs / run).write_text(ended)

    def forget_run(self, run: str) -> None:
        """It was not started after all."""
        (self.runs / run).unlink(missing_ok=True)

    def unfinished(self) -> list[str]:
        """Runs of which nobody has noted here that they ended."""
        found = self.runs.iterdir() if self.runs.is_dir() else ()
        return sorted(path.name for path in found if not path.stat().st_size)

    def knows(self, run: str) -> bool:
        return (self.runs / run).exists()

    def repository(self) -> Path | None:
        """The repository's folder, as written down when this directory was made."""
        return self._noted("path")

    def common_dir(self) -> Path | None:
        """Git's own folder, which all worktrees of the repository share."""
        return self._noted("git")

    def _noted(self, what: str) -> Path | None:
        try:
            return Path(json.loads((self.root / "repo.json").read_text())[what])
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class StateDir:
    """A state directory that is ours and that nobody else can write."""

    root: Path

    def repo(self, repository: Path, common_dir: Path) -> RepoDir:
        """The state of a repository, made where missing. `common_dir` is git's: its worktrees share one state."""
        key = hashlib.sha256(os.fsencode(common_dir.resolve())).hexdigest()[:16]
        found = RepoDir(self.root / "repos" / key)
        for folder in (found.root.parent, found.root, found.server, found.logs, found.work):
            make_folder(folder)
        note = found.root / "repo.json"
        if not note.exists():
            write_file(note, json.dumps({"path": str(repository), "git": str(common_dir.resolve())}))
        return found

    def repos(self) -> list[RepoDir]:
        """The state of every repository known here."""
        try:
            return [RepoDir(path) for path in sorted((self.root / "repos").iterdir()) if path.is_dir()]
        except OSError:
            return []

    def find_run(self, run: str) -> RepoDir | None:
        return next((repo for repo in self.repos() if repo.knows(run)), None)


def open_state_dir(root: Path) -> StateDir:
    """The state directory, made with mode 0700 where missing. Raises UnsafeState."""
    make_folder(root)
    check_permissions(root)
    return StateDir(root)


def check_permissions(root: Path) -> None:
    """Raises UnsafeState where the directory is somebody else's or others could change what lies in it."""
    found = root.stat()
    if found.st_uid != os.geteuid():
        raise UnsafeState(
            f"the state directory {root} belongs to user {found.st_uid}, not to you (user {os.geteuid()})",
            "set MAESTRO_STATE_DIR to a folder of your own",
        )
    if found.st_mode & 0o022:
        raise UnsafeState(
            f"others can write the state directory {root} (mode {stat.S_IMODE(found.st_mode):04o}), "
            "so they could speak for you",
            f"chmod 700 '{root}'",
        )
    for secret in (root / "operator.key", *sorted((root / "join").glob("*"))):
        _check_secret(secret)
    if not os.access(root, os.W_OK | os.X_OK):
        raise UnsafeState(f"the state directory {root} cannot be written", f"chmod 700 '{root}'")


def _check_secret(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return
    if mode & 0o077:
        raise UnsafeState(
            f"{path} can be read by others (mode {mode:04o}), so it may be known to them already",
            f"chmod 600 '{path}' if you are sure that nobody read it, else remove it and start again",
        )


def make_folder(folder: Path) -> Path:
    """The folder, made where missing, for its owner alone. Raises UnsafeState."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnsafeState(
            f"the state directory's folder {folder} cannot be made: {error.strerror}",
            "mend that, or set MAESTRO_STATE_DIR to a folder that you can write",
        ) from None
    return folder


def write_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file or nothing, with these permissions from its first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def exclude_flow(repository: Path) -> None:
    """Keep `.flow/` out of the user's commits, by `.git/info/exclude`. Does nothing where that is so already."""
    said = subprocess.run(
        # The person named this repository; it may be another user's.
        ["git", "-C", str(repository), "-c", "safe.directory=*", "rev-parse", "--git-path", "info/exclude"],
        capture_output=True,
        check=True,
    )
    path = repository / os.fsdecode(said.stdout.rstrip(b"\n"))
    lines = path.read_text(errors="surrogateescape") if path.exists() else ""
    if {EXCLUDED, ".flow/", ".flow", "/.flow"} & set(lines.splitlines()):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    gap = "" if not lines or lines.endswith("\n") else "\n"
    with path.open("a") as file:
        file.write(f"{gap}{EXCLUDED}\n")
