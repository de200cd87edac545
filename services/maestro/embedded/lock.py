"""Who has this? A lock that the kernel lets go when its holder dies, with a note of who that is."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from maestro.embedded.errors import Holder


class Held(Exception):
    """Somebody else holds it. `holder` is None where they have not said who they are (yet)."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        super().__init__(f"{path} is held by {holder}")
        self.holder = holder


class FileLock:
    """`take` and `let_go`; the file says who holds it while it is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self, command: str, run: str = "", wait_s: float = 0.0) -> None:
        """Raises Held where it is still taken after `wait_s`."""
        deadline = time.monotonic() + wait_s
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while not _locked(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise Held(self.path, read_holder(self.path))
            time.sleep(0.02)
        self._file = descriptor
        self.say(command, run)

    def say(self, command: str, run: str = "") -> None:
        """Write down who holds it, and for which run."""
        assert self._file is not None, "the lock is not held"
        note = json.dumps(asdict(Holder(os.getpid(), command, run, int(time.time() * 1000)))).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, note, 0)

    def let_go(self) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    @property
    def is_held(self) -> bool:
        return self._file is not None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_holder(path: Path) -> Holder | None:
    """Who wrote their name into the lock file; None where nobody did. Says nothing of whether it is held."""
    try:
        return Holder(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def is_taken(path: Path) -> bool:
    """Whether somebody holds it right now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)
