"""Which repository, which state, which server is this command about?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli.errors import CliError
from maestro.embedded.state_dir import RepoDir, StateDir, default_state_dir, open_state_dir

if TYPE_CHECKING:
    from maestro.git.state import RepoState
    from maestro_contracts.config import Config

CONFIG_FILE = ".flow/maestro/config.yaml"


@Parameter(name="*")
@dataclass(frozen=True)
class Where:
    """Options that say which repository a command is about."""

    repo: Annotated[Path | None, Parameter(help="The repository; without it, the one around this folder.")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class Listing:
    """Options of every listing."""

    json: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False


@dataclass(frozen=True, slots=True)
class Place:
    """A repository with its state and configuration. Without a repository there is only a server elsewhere."""

    state: StateDir
    written: Config | None = None
    """What the configuration's file and the command line say; None where neither says anything, which spares most
    commands the import of the models."""
    repo: Path | None = None
    own: RepoDir | None = None
    git: RepoState | None = None
    lacks: tuple[str, str] = ("this folder is in no git repository", "go into one, or name it with --repo")
    """Why there is no repository, and what to do."""

    @property
    def config(self) -> Config:
        """What applies."""
        from maestro_contracts.config import Config

        return self.written or Config()

    @property
    def remote_url(self) -> str:
        """The server that was configured; empty where a private one is used."""
        return os.environ.get("MAESTRO_REDIS_URL") or (self.written.server.url if self.written else "")

    @property
    def remote_password_file(self) -> str:
        configured = self.written.server.password_file if self.written else ""
        return os.environ.get("MAESTRO_REDIS_PASSWORD_FILE") or configured

    @property
    def fsync(self) -> str:
        """The private server's."""
        return self.written.server.fsync if self.written else "always"

    def private(self) -> RepoDir:
        """The state of the repository. Raises CliError where there is none."""
        if self.own is None:
            raise CliError(*self.lacks)
        return self.own

    def folder(self) -> Path:
        """The repository's folder. Raises CliError where there is none."""
        if self.repo is None:
            raise CliError(*self.lacks)
        return self.repo


async def find_place(repo: Path | None, *, run: str = "", overrides: tuple[str, ...] = ()) -> Place:
    """The place that `--repo`, the current folder or the run's name means. Raises CliError, GitProblem, UnsafeState,
    InvalidFile."""
    if repo is None and run:
        repo = _where_run_is(run)
    path = repo.expanduser() if repo else here()
    return await place_of(path if path.is_absolute() else here() / path, needed=repo is not None, overrides=overrides)


def here() -> Path:
    """The current folder. Raises CliError where somebody has removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise CliError("the current folder was removed", "go into another one, as with `cd ~`") from None


def _where_run_is(run: str) -> Path | None:
    """The folder in which the run was started; None where none is known, and where that is gone but its repository is
    the one around the current folder."""
    known = StateDir(default_state_dir()).find_run(run)
    folder = known.repository() if known else None
    if known is None or folder is None or folder.is_dir():
        return folder
    common = known.common_dir()
    if common is None or not common.is_dir():
        raise CliError(
            f"the repository {folder}, where the run {run} was started, is gone",
            "put it back there: a run records the path of its repository",
        )
    return common.parent if common.name == ".git" else None


async def place_of(path: Path, *, needed: bool, overrides: tuple[str, ...] = ()) -> Place:
    from maestro.git.state import inspect

    git = await inspect(path)
    if not git.is_repo or git.root is None:
        lacks = _why_not(path, git)
        if needed and lacks:
            raise CliError(*lacks)
        state, written = _state_dir(""), _config(None, overrides)
        return Place(state, written, lacks=lacks) if git.is_repo else Place(state, written)
    written = _config(git.root, overrides)
    state = _state_dir(written.state_dir if written else "")
    return Place(state, written, git.root, state.repo(git.root, _common_dir(git)), git)


def _why_not(path: Path, git: RepoState) -> tuple[str, str]:
    """Why no run can be at `path`, and what to do."""
    if not git.is_repo:
        return _not_a_repository(git)
    if git.git_dir is not None and git.git_dir.name == ".git":
        folder = git.git_dir.parent
        return f"{path} is inside git's own folder", f"go into {folder}, or name it with --repo"
    return f"{path} is a bare repository: it has no files", "clone it, and name the clone with --repo"


def _not_a_repository(git: RepoState) -> tuple[str, str]:
    problem = git.problem()
    assert problem is not None
    return problem.reason, problem.mend


def _common_dir(git: RepoState) -> Path:
    """Git's folder that all worktrees of a repository share."""
    assert git.git_dir is not None
    link = git.git_dir / "commondir"
    return (git.git_dir / link.read_text().strip()).resolve() if link.is_file() else git.git_dir


def _state_dir(configured: str) -> StateDir:
    if configured and not os.environ.get("MAESTRO_STATE_DIR"):
        return open_state_dir(Path(configured).expanduser().absolute())
    return open_state_dir(default_state_dir())


def _config(root: Path | None, overrides: tuple[str, ...]) -> Config | None:
    path = root / CONFIG_FILE if root else None
    if not overrides and (path is None or not path.exists()):
        return None
    from maestro.cli.settings import load

    return load(path, overrides)
