"""Who checks the signatures of a long log while this process decodes and folds it? A second process.

Threads do not help: they would hand Python's lock to and fro for each signature, and on common machines that costs
more than the signature. The helper is told whole pages, through memory that both share, and ends when its socket is
closed, however that comes about.
"""

from __future__ import annotations

import array
import asyncio
import mmap
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from maestro.log.signatures import READY, SLOT, SLOTS


class Checking:
    """A process that checks signatures (`log/signatures.py`): its socket, and the memory that both share."""

    def __init__(self) -> None:
        shared = _memory()
        self.socket, theirs = socket.socketpair()
        try:
            self._shared = mmap.mmap(shared, SLOT * SLOTS)
            command = [sys.executable, "-m", "maestro.log.signatures", str(shared)]
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, pass_fds=(shared,)
            )
        finally:
            theirs.close()
            os.close(shared)
        self._turn = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def lay_down(self, items: Sequence[bytes]) -> bytes:
        """Put a page where the process finds it; returns what is to be sent so that it looks there, nothing where the
        page is too large."""
        page = b"".join(items)
        if len(page) > SLOT:
            return b""
        start = self._turn * SLOT
        self._shared[start : start + len(page)] = page
        self._turn = (self._turn + 1) % SLOTS
        return array.array("I", [len(items), *map(len, items)]).tobytes()

    def close(self) -> None:
        self.socket.close()
        self._process.kill()
        self._process.wait()
        self._shared.close()


class Helper:
    """The helper process of one reader. Pages are answered in the order in which they were sent; `SLOTS` of them may
    wait for their answers."""

    def __init__(self) -> None:
        self._checking = Checking()
        self._socket = self._checking.socket
        self._socket.setblocking(False)
        self._start = asyncio.create_task(self._receive(len(READY)))

    @property
    def is_up(self) -> bool:
        """True once it has started and said so."""
        return self._start.done() and not self._start.cancelled() and self._start.exception() is None

    @property
    def pid(self) -> int:
        return self._checking.pid

    async def send(self, items: Sequence[bytes]) -> bool:
        """Hand over a page to be checked, its items as `signatures.py` has them; False where it is too large. Raises
        ConnectionError where the helper is gone."""
        sizes = self._checking.lay_down(items)
        if not sizes:
            return False
        await asyncio.get_running_loop().sock_sendall(self._socket, sizes)
        return True

    async def answer(self, count: int) -> bytes:
        """The answer to the oldest page, which has so many items. Raises ConnectionError where the helper is gone."""
        return await self._receive(count)

    def close(self) -> None:
        self._start.cancel()
        self._checking.close()

    async def _receive(self, count: int) -> bytes:
        loop, parts = asyncio.get_running_loop(), b""
        while len(parts) < count:
            part = await loop.sock_recv(self._socket, count - len(parts))
            if not part:
                raise ConnectionError("the helper is gone")
            parts += part
        return parts


def _memory() -> int:
    """A file of the right size that is nowhere on disk, where the system has such files."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("maestro-verify")
    else:
        with tempfile.TemporaryFile() as somewhere:
            file = os.dup(somewhere.fileno())
    os.ftruncate(file, SLOT * SLOTS)
    return file
