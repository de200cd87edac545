"""Where is a secret found that an agent or a forge needs? In the environment, in a file, or by the vault's command.

The value goes into the agent's environment, or to the forge, and nowhere else; what is missing is told by name, with
the places where a person can put it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from maestro_contracts.records import Problem

FOLDER, COMMAND = "MAESTRO_CREDENTIALS_DIR", "MAESTRO_CREDENTIALS_COMMAND"
"""The variables of workers and integrators: a folder with a file for each name (mode 0600); a command that prints the
one of {name}."""
MAX_SIZE = 64 * 1024
TIMEOUT_S = 30.0


class Withheld(Exception):
    """A credential cannot be had; `problem` names it, the reason, and where a person puts it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


def credentials(
    names: Iterable[str],
    state: Path,
    env: Mapping[str, str] = os.environ,
    *,
    asker: str = "the agent",
    holder: str = "worker",
) -> dict[str, str]:
    """The values by name. `state` is the folder below which `credentials/` lies where no variable says otherwise;
    `asker` needs them, and the process `holder` looks for them. Raises Withheld for the first that is missing or lies
    open."""
    folder = Path(env.get(FOLDER) or state / "credentials").expanduser()
    return {name: _found(name, folder, env, asker, holder) for name in names}


def _found(name: str, folder: Path, env: Mapping[str, str], asker: str, holder: str) -> str:
    value = env.get(name) or _from_file(folder / name, name) or _from_vault(name, env)
    if value:
        return value
    vault = "" if env.get(COMMAND) else f", or give the {holder}s a command that prints it ({COMMAND})"
    raise _withheld(
        f"{asker} needs the credential {name}, and this {holder} has none",
        f"export {name} where the {holder}s are started, or write it to {folder / name} (mode 0600){vault}",
    )


def _withheld(reason: str, mend: str) -> Withheld:
    return Withheld(Problem("environment", reason, f"{mend}; its value is never recorded"))


def _from_file(path: Path, name: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise _withheld(
                    f"others may read the credential {name} in {path}", f"chmod 600 {shlex.quote(str(path))}"
                )
            return file.read(MAX_SIZE).strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise _withheld(f"the credential {name} cannot be read: {error}", f"mend {path}") from None


def _from_vault(name: str, env: Mapping[str, str]) -> str:
    command = env.get(COMMAND, "")
    if not command:
        return ""
    mend = f"mend {COMMAND}, or put the credential somewhere else"
    try:
        argv = [part.replace("{name}", name) for part in shlex.split(command)]
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        # What it was told may hold the address of the vault; its output is nobody's business.
        raise _withheld(f"the vault's command for the credential {name} failed: {type(error).__name__}", mend) from None
    if done.returncode:
        raise _withheld(f"the vault's command for the credential {name} exits {done.returncode}", mend)
    return done.stdout[:MAX_SIZE].decode("utf-8", "replace").strip()
