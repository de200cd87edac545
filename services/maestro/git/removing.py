"""How is a folder removed that somebody closed to us? Opened first, as far as we may."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path


def remove(*paths: Path) -> None:
    """Remove files, links and folders; what is not there is no matter, what cannot be removed stays."""
    for path in paths:
        if path.is_symlink() or path.is_file():
            path.unlink(missing_ok=True)
        elif path.is_dir():
            _remove_folder(path)


def _remove_folder(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except OSError:
        _open(path)
        shutil.rmtree(path, ignore_errors=True)


def _open(path: Path) -> None:
    """A folder that may not be written keeps its files: make all of them writable, from the top down."""
    os.chmod(path, stat.S_IRWXU)
    for folder, inner, _ in os.walk(path):
        for found in (os.path.join(folder, name) for name in inner):
            with contextlib.suppress(OSError):
                if not os.path.islink(found):
                    os.chmod(found, stat.S_IRWXU)
