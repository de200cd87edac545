"""Who sits at this command line? The name under which they ask and answer."""

from __future__ import annotations

import contextlib
import getpass
import os
import subprocess
from pathlib import Path

from maestro.projections.text import one_line


def who(repo: Path | None = None) -> str:
    """The person at this command line: git's name for them, else the system's."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            ["git", "-C", str(repo or Path.cwd()), "config", "user.email"], capture_output=True, text=True, timeout=5
        )
        if name := one_line(said.stdout, 100):
            return name
    try:
        return one_line(getpass.getuser(), 100)
    except (KeyError, OSError):
        return f"user {os.getuid()}"
