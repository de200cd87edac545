"""How is a program run that nobody trusts? With bounded time and output, in its own session; nothing survives it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from maestro.agents.protocol import Limit
from maestro.git.finishing import finish
from maestro_contracts.records import Problem

WARDEN = Path(__file__).with_name("warden.py")
TOKEN = "MAESTRO_TASK_TOKEN"
TAIL = 4000
GRACE_S = 2.0
"""How long a program that is told to stop may take to do so."""
REST_S = 1.0
SWEEP_S = 5.0

Why = Literal["exited", "time_out", "output_limit", "not_started"]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `env` is its whole environment; `output_limit` bytes of output and errors together end it."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdin: bytes = b""
    timeout_s: float = 300.0
    output_limit: int = 1_048_576

    @property
    def shown(self) -> str:
        return self.argv[2] if self.argv[:2] == ("sh", "-c") and len(self.argv) == 3 else " ".join(self.argv)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended. `output` is what it printed, cut at the limit; `leftovers` counts the processes that it
    left behind, which were ended too; `exit_code` is negative for a signal."""

    why: Why
    exit_code: int
    output: bytes
    duration_ms: int
    leftovers: int = 0
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.why == "exited" and self.exit_code == 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.output).hexdigest()

    @property
    def tail(self) -> str:
        return self.output[-TAIL:].decode("utf-8", "replace").strip()


@dataclass(slots=True)
class _Output:
    limit: int
    on_output: Callable[[bytes], None] | None
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    async def read(self, stream: asyncio.StreamReader) -> bool:
        """Read to the end; False where there was more than the limit."""
        while chunk := await stream.read(65536):
            self.parts.append(chunk[: self.limit - self.size])
            self.size += len(self.parts[-1])
            if self.on_output is not None:
                self.on_output(chunk)
            if self.size >= self.limit:
                return False
        return True


async def run_program(
    program: Program, on_output: Callable[[bytes], None] | None = None, limit: Limit | None = None
) -> Ended:
    """Run it to its end, or to the end of its time or output; cancelling this ends it too. When this returns,
    nothing that it started runs any more. `limit` stands for its time where that can stand still. Raises OSError where
    not even its warden can be started."""
    begun = time.monotonic()
    output = _Output(program.output_limit, on_output)
    with _Pipes() as pipes:
        control_r, control_w = pipes.new()
        status_r, status_w = pipes.new()
        warden = await _start(program, control_r, status_w)
        pipes.close(control_r, status_w)
        why: Why = "exited"
        try:
            why = await _watch(program, warden, status_r, output, limit or Limit(program.timeout_s))
        finally:
            # Closing the pipe says stop, also where this process dies here; a byte says at once.
            if why == "output_limit":
                _write(control_w, b"K")
            pipes.close(control_w)
            await finish(_gone(warden, status_r, program.env.get(TOKEN, "")))
        return _ended(why, os.read(status_r, 4096).decode(), output, begun)


class _Pipes:
    """Pipes whose ends are closed once each: a number closed twice might be somebody else's by then."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def __enter__(self) -> _Pipes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close(*self._open)

    def new(self) -> tuple[int, int]:
        ends = os.pipe()
        self._open.update(ends)
        return ends

    def close(self, *ends: int) -> None:
        for end in ends:
            self._open.discard(end)
            os.close(end)


async def _start(program: Program, control: int, status: int) -> asyncio.subprocess.Process:
    warden = (sys.executable, "-I", "-S", str(WARDEN), str(control), str(status), str(GRACE_S))
    return await asyncio.create_subprocess_exec(
        *warden,
        *program.argv,
        cwd=program.cwd,
        env=dict(program.env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=(control, status),
        start_new_session=True,
    )


async def _watch(
    program: Program, warden: asyncio.subprocess.Process, status: int, output: _Output, limit: Limit
) -> Why:
    assert warden.stdin and warden.stdout
    feeding = asyncio.ensure_future(_feed(warden.stdin, program.stdin))
    reading = asyncio.ensure_future(output.read(warden.stdout))
    ended = asyncio.ensure_future(_readable(status))
    try:
        async with limit.running():
            await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not reading.result():
                return "output_limit"
            await ended
        # What it printed last may still lie in the pipe; only survivors of a killed warden keep that open.
        await asyncio.wait({reading}, timeout=REST_S)
        return "output_limit" if reading.done() and not reading.result() else "exited"
    except TimeoutError:
        return "time_out"
    finally:
        for task in (feeding, reading, ended):
            task.cancel()


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    # A program need not read what it is given.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
    stream.close()


async def _gone(warden: asyncio.subprocess.Process, status: int, token: str) -> None:
    """Until the warden has ended everything; then whatever a killed warden could not end."""
    assert warden.stdout
    draining = asyncio.ensure_future(_drain(warden.stdout))
    await _readable(status)
    if token:
        await asyncio.to_thread(sweep, token)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(warden.wait(), 1)
    draining.cancel()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(descriptor, data)


def _ended(why: Why, status: str, output: _Output, begun: float) -> Ended:
    lines = status.splitlines()
    error = lines[0] if lines and lines[0].startswith("cannot start") else ""
    code, left = (int(part) for part in lines[-1].split()) if lines and not lines[-1].startswith("c") else (-9, 0)
    took = int((time.monotonic() - begun) * 1000)
    return Ended("not_started" if error else why, code, b"".join(output.parts), took, left, error)


def sweep(token: str) -> None:
    """Kill every process that carries this token in its environment, until there is none."""
    wanted = f"{TOKEN}={token}".encode()
    deadline = time.monotonic() + SWEEP_S
    while (pids := [pid for pid in _pids() if _carries(pid, wanted)]) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _pids() -> list[int]:
    if not os.path.isdir("/proc"):
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _carries(pid: int, variable: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return variable in file.read().split(b"\0")
    except OSError:
        return False


def problem_of(program: Program, ended: Ended) -> Problem | None:
    """What was wrong with how it ended, told the same way everywhere; None where it ended well."""
    name = f"`{program.shown[:200]}`"
    match ended.why:
        case "time_out":
            return Problem("time_out", f"{name} did not end within {program.timeout_s:g} s", "give it more time")
        case "output_limit":
            limit = f"{program.output_limit} bytes"
            return Problem("output_limit", f"{name} printed more than {limit}", "have it print less, or raise it")
        case "not_started":
            return Problem("environment", ended.error, "install it where the workers run, or name its full path")
        case "exited" if ended.exit_code < 0:
            return Problem("agent_crash", f"{name} was killed by signal {-ended.exit_code}: {_last_line(ended)}")
        case "exited" if ended.exit_code > 0:
            return Problem("agent_crash", f"{name} exited with code {ended.exit_code}: {_last_line(ended)}")
    return None


def _last_line(ended: Ended) -> str:
    lines = [line.strip() for line in ended.tail.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it printed nothing"
