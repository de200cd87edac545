"""How does a person's answer get in? One line from the terminal, or a longer text from their editor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from maestro.cli.errors import CliError

EDITORS = ("nano", "vim", "vi")


class Terminal:
    """Lines that a person types, while other things go on."""

    def __init__(self) -> None:
        self._unread = b""

    async def line(self, prompt: str) -> str | None:
        """The next line, without its end; None where there will be no more (Ctrl-D). What was typed before the
        question was asked is no answer to it."""
        self._unread = b""
        _forget_typed()
        sys.stdout.write(prompt)
        sys.stdout.flush()
        while b"\n" not in self._unread:
            more = await _readable(sys.stdin.fileno())
            if not more:
                return None
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")


def _forget_typed() -> None:
    with contextlib.suppress(Exception):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


async def _readable(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _wake, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def editor() -> list[str]:
    """The person's editor. Raises CliError where there is none."""
    for name in ("VISUAL", "EDITOR"):
        if words := shlex.split(os.environ.get(name, "")):
            return words
    for program in EDITORS:
        if shutil.which(program):
            return [program]
    raise CliError("no editor was found", "set EDITOR to the program that you write with")


async def edit(text: str, suffix: str = ".md") -> str:
    """The text after the person has edited it. Raises CliError where their editor fails."""
    command = editor()
    with tempfile.TemporaryDirectory(prefix="maestro-") as folder:
        path = Path(folder, f"answer{suffix}")
        path.write_text(text, encoding="utf-8")
        try:
            process = await asyncio.create_subprocess_exec(*command, str(path))
            code = await process.wait()
        except OSError as error:
            raise CliError(
                f"the editor {command[0]} does not start: {error.strerror}", "set EDITOR to another"
            ) from None
        if code:
            raise CliError(f"the editor {command[0]} ended with exit code {code}; nothing was taken over")
        return path.read_text(encoding="utf-8", errors="replace")
