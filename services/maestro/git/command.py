"""How does Maestro run git? As a program in the C locale, with bounded output and time, and none of the surprises that
a user's configuration, hooks or environment could bring."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maestro.git.problems import GitProblem, classify, without_secrets

MAX_OUTPUT = 64 * 1024 * 1024
TIMEOUT_S = 300.0

SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.pager=cat",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "push.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=no",
    "protocol.file.allow=always",
    "user.name=Maestro",
    "user.email=maestro@localhost",
    # The person named this repository; in containers it is often another user's.
    "safe.directory=*",
)
_CONFIG = tuple(part for setting in SETTINGS for part in ("-c", setting))
_KEPT_GIT_VARIABLES = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_EXEC_PATH")


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command came to: its exit code, its output, its errors as text."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """The output as text. Bytes that are not UTF-8 survive a way back through `os.fsencode`."""
        return self.out.decode("utf-8", "surrogateescape").strip()

    @property
    def path(self) -> str:
        """The output as a path: white space is part of it, but for the newline that git prints."""
        return self.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def fields(self) -> list[str]:
        """The output of a `-z` command: its NUL-terminated fields."""
        return self.out.decode("utf-8", "surrogateescape").split("\0")[:-1]


async def git(
    *args: str | Path,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
    timeout_s: float = TIMEOUT_S,
    limit: int = MAX_OUTPUT,
    user_config: bool = False,
) -> Result:
    """Run git. `user_config` lets the user's own configuration in (credentials, proxies, ignore rules); the
    repository's is always read. Raises GitProblem where the exit code is not one of `ok`, the output is larger than
    `limit` bytes, or it takes longer than `timeout_s`."""
    process = await _start([*_CONFIG, *(os.fspath(arg) for arg in args)], cwd, _environment(env or {}, user_config))
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await _talk(process, stdin, limit)
    except TimeoutError:
        raise GitProblem("time_out", f"git {_shown(args)} took longer than {timeout_s:g} s") from None
    finally:
        await _end(process)
    code = process.returncode or 0
    text = err.decode("utf-8", "replace")
    if code not in ok:
        raise classify(_shown(args), code, text)
    return Result(code, out, text)


def _environment(extra: Mapping[str, str], user_config: bool) -> dict[str, str]:
    """The process's environment without what would make git look elsewhere or ask somebody."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MAESTRO_")) or name in _KEPT_GIT_VARIABLES
    }
    env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_EDITOR": "false"}
    env |= {"GIT_ADVICE": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
    if not user_config:
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    return {**env, **extra}


async def _start(args: list[str], cwd: Path | None, env: dict[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        # Its own session: a Ctrl-C at the terminal is for Maestro, which ends git in order.
        return await asyncio.create_subprocess_exec(
            "git", *args, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        if cwd is not None and not cwd.is_dir():
            raise GitProblem("structural", f"there is no folder {cwd}") from None
        raise GitProblem("environment", f"git cannot be started: {error}", "install git 2.38 or newer") from None
    except OSError as error:
        raise GitProblem("environment", f"git cannot be started: {error}") from None


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, limit: int) -> tuple[bytes, bytes]:
    assert process.stdin and process.stdout and process.stderr
    _, out, err, _ = await asyncio.gather(
        _feed(process.stdin, stdin),
        _collect(process.stdout, limit),
        _collect(process.stderr, limit),
        process.wait(),
    )
    return out, err


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    # Git may end without reading all of it; its exit code tells the rest.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
    stream.close()


async def _collect(stream: asyncio.StreamReader, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(65536):
        size += len(part)
        if size > limit:
            raise GitProblem("output_limit", f"git printed more than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a git that is still running, with what it started: first kindly, so that it removes its lock files."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)


def _shown(args: Sequence[str | Path]) -> str:
    """The command for people: without the options that only say where and how."""
    words = [os.fspath(arg) for arg in args]
    settings = {at + offset for at, word in enumerate(words) if word == "-c" for offset in (0, 1)}
    words = [word for at, word in enumerate(words) if at not in settings]
    words = [word for word in words if not word.startswith(("--git-dir=", "--work-tree="))]
    return without_secrets(" ".join(words[:6]))
