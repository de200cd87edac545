"""How do several processes take turns at one repository? An advisory lock on a file in it."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from maestro.git.problems import GitProblem, from_os_error

FIRST_WAIT_S, LONGEST_WAIT_S = 0.005, 0.2


@asynccontextmanager
async def locked(path: Path, timeout_s: float = 120.0) -> AsyncIterator[None]:
    """Hold the lock file `path`. It is the kernel's lock: a process that dies gives it back, the file stays.
    Raises GitProblem (transient) after `timeout_s`."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise from_os_error(error, f"locking {path}") from None
    try:
        await _take(file, path, timeout_s)
        yield
    finally:
        os.close(file)


async def _take(file: int, path: Path, timeout_s: float) -> None:
    wait = FIRST_WAIT_S
    try:
        async with asyncio.timeout(timeout_s):
            while not _try(file):
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_S)
    except TimeoutError:
        mend = "see which Maestro process holds it (`fuser` names it) and end that"
        raise GitProblem("transient", f"{path} is held by another process for {timeout_s:g} s", mend) from None


def _try(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
