"""Who starts the services, starts again what crashed, and makes sure that nothing is left? One supervisor per command.

It watches the private server (where there is one) and the services; what happens it tells as notices. A service that
fails twenty times in a row, each time soon after its start, is given up, with the end of its log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from maestro.embedded.errors import EmbeddedError, ServerFailed
from maestro.embedded.processes import is_alive, signal_group
from maestro.embedded.server import PrivateServer
from maestro.embedded.state_dir import write_file

QUICK_S = 5.0
"""A service that lived shorter than this failed at its start."""
MAX_QUICK_FAILURES = 20
FIRST_DELAY_S = 0.05
MAX_DELAY_S = 1.0
SERVER_POLL_S = 0.1
FORGIVEN_AFTER_S = 60.0
STOP_S = 6.0
"""How long all services together may take to end: their own grace (2 s, see `stack.PATIENCE`), the warden's for agents
that do not listen (2 s), and some for what is written last. Whoever waits for a server that says nothing is ended."""
FORKS_END_S = 5.0
BURIAL_S = 2.0


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service process: its name here, its module (`python -m <module>`), its whole environment, its log."""

    name: str
    module: str
    env: Mapping[str, str]
    log: Path


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a process. `what`: started, ended, restarted."""

    what: Literal["started", "ended", "restarted"]
    name: str
    pid: int
    code: int = 0


class GaveUp(EmbeddedError):
    """A service or the server does not stay up; the message shows the end of its log and names the file."""


@dataclass(slots=True)
class _Process:
    spec: ServiceSpec
    pid: int = 0
    started: float = 0.0
    since: int = 0
    restarts: int = 0
    quick_failures: int = 0


class Supervisor:
    """`start`, then whatever, with an eye on `trouble`, then `stop`. From one event loop, in the main thread."""

    def __init__(
        self,
        *,
        server: PrivateServer | None = None,
        status_file: Path | None = None,
        notify: Callable[[Notice], object] = lambda _notice: None,
        bury: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._processes: dict[str, _Process] = {}
        self._server = server
        self._status_file = status_file
        self._notify = notify
        self.bury = bury
        """Called with the name of a service that ended, before it is started again."""
        self._forks: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None
        self._stopping = False
        self._all_gone = asyncio.Event()
        self._server_failures = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.trouble: asyncio.Future[EmbeddedError]
        """Set when it cannot keep everything up: what to tell."""

    def take_over(self, server: PrivateServer, status_file: Path, notify: Callable[[Notice], object]) -> None:
        """Watch this server too, and tell what happens: for a supervisor that was warmed up before all was known."""
        self._server, self._status_file, self._notify = server, status_file, notify

    @property
    def names(self) -> list[str]:
        return list(self._processes)

    # --- starting ------------------------------------------------------------------------------------------------

    def warm_up(self, imports: Sequence[str] = ()) -> None:
        """Start the fork server already: it imports what the services need while the caller does other things."""
        if self._forks is not None:
            return
        mine, theirs = socket.socketpair()
        with theirs:
            self._forks = subprocess.Popen(
                [sys.executable, "-m", "maestro.embedded.forkserver", str(theirs.fileno()), *imports],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._control = mine

    async def start(self, services: Sequence[ServiceSpec]) -> None:
        """Start every service; the server, where there is one, runs already and is watched from now on."""
        self._processes = {spec.name: _Process(spec) for spec in services}
        self.trouble = asyncio.get_running_loop().create_future()
        if services:
            self.warm_up()
            await self._listen()
        if self._server is not None:
            self._send({"guard": self._server.pid})
            self._keep(self._watch_server(self._server))
        for process in self._processes.values():
            self._request_start(process)
        self._write_status()

    async def _listen(self) -> None:
        assert self._control is not None
        self._reader, self._writer = await asyncio.open_connection(sock=self._control)
        self._keep(self._hear())

    def _request_start(self, process: _Process) -> None:
        spec = process.spec
        process.started, process.since = time.monotonic(), int(time.time() * 1000)
        self._send({"start": spec.name, "module": spec.module, "env": dict(spec.env), "log": str(spec.log)})

    def _send(self, request: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(request).encode() + b"\n")

    # --- watching ------------------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        assert self._reader is not None
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                self._heard(json.loads(line))
        self._all_gone.set()
        self._fail(GaveUp("the process that holds the services ended", "start again: `maestro resume` goes on"))

    def _heard(self, notice: dict[str, Any]) -> None:
        if "started" in notice:
            self._started(self._processes[notice["started"]], notice["pid"])
        else:
            self._ended(self._processes[notice["ended"]], notice["pid"], notice["code"])

    def _fail(self, error: EmbeddedError) -> None:
        if not self._stopping and not self.trouble.done():
            self.trouble.set_result(error)

    def _started(self, process: _Process, pid: int) -> None:
        process.pid = pid
        self._notify(Notice("restarted" if process.restarts else "started", process.spec.name, pid))
        self._write_status()

    def _ended(self, process: _Process, pid: int, code: int) -> None:
        process.pid = 0
        self._write_status()
        if self._stopping:
            if not any(other.pid for other in self._processes.values()):
                self._all_gone.set()
            return
        self._notify(Notice("ended", process.spec.name, pid, code))
        quick = time.monotonic() - process.started < QUICK_S
        process.quick_failures = process.quick_failures + 1 if quick else 0
        if process.quick_failures >= MAX_QUICK_FAILURES:
            return self._fail(_gave_up(process.spec, process.quick_failures, code))
        process.restarts += 1
        self._keep(self._start_later(process))

    async def _start_later(self, process: _Process) -> None:
        if process.quick_failures:
            await asyncio.sleep(min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (process.quick_failures - 1)))
        if self.bury is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.bury(process.spec.name), BURIAL_S)
        self._request_start(process)

    async def _watch_server(self, server: PrivateServer) -> None:
        while True:
            await asyncio.sleep(SERVER_POLL_S)
            if (code := server.poll()) is None:
                continue
            try:
                await self._restart_server(server, code)
            except ServerFailed as error:
                return self._fail(error)

    async def _restart_server(self, server: PrivateServer, code: int) -> None:
        """Again on the same data at the same address, where its clients are waiting for it."""
        self._notify(Notice("ended", "server", server.pid, code))
        self._server_failures += 1
        if self._server_failures > MAX_QUICK_FAILURES:
            raise ServerFailed("the private server crashes again and again", f"its log is {server.log}")
        await asyncio.sleep(min(MAX_DELAY_S, FIRST_DELAY_S * self._server_failures))
        server.start()
        self._send({"guard": server.pid})
        self._notify(Notice("restarted", "server", server.pid))
        self._write_status()
        asyncio.get_running_loop().call_later(FORGIVEN_AFTER_S, self._forgive_server)

    def _forgive_server(self) -> None:
        self._server_failures = max(0, self._server_failures - 1)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- stopping ------------------------------------------------------------------------------------------------

    async def stop(self, grace_s: float = STOP_S) -> None:
        """Ask every service to end, and after `grace_s` end it; then the server. Safe to call twice, or early."""
        self._stopping = True
        if self._reader is not None:
            await self._end_services(grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close_forks()
        for process in self._processes.values():
            process.pid = 0
        if self._server is not None:
            self._server.stop()
        if self._status_file is not None:
            self._status_file.unlink(missing_ok=True)

    async def _end_services(self, grace_s: float) -> None:
        running = [process.pid for process in self._processes.values() if process.pid]
        for pid in running:
            self._send({"signal": pid, "number": signal.SIGTERM})
        if running:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), grace_s)

    async def _close_forks(self) -> None:
        """Closing the pipe makes the fork server end whatever is left."""
        if self._forks is None or self._control is None:
            return
        if self._reader is None:
            # It has started nothing yet, and would first import to the end.
            self._forks.kill()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            await asyncio.to_thread(self._forks.wait, FORKS_END_S)
        except subprocess.TimeoutExpired:
            signal_group(self._forks.pid, signal.SIGKILL)
            self._forks.wait()
        if self._writer is not None:
            self._writer.close()
        self._control.close()

    # --- what `maestro ps` shows -----------------------------------------------------------------------------------

    def _write_status(self) -> None:
        if self._status_file is None:
            return
        rows = [
            ProcessStatus(p.spec.name, p.spec.module.rpartition(".")[2], p.pid, p.since, p.restarts, str(p.spec.log))
            for p in self._processes.values()
        ]
        if self._server is not None:
            rows.insert(
                0, ProcessStatus("server", "server", self._server.pid, 0, self._server_failures, str(self._server.log))
            )
        text = json.dumps({"owner": os.getpid(), "services": [asdict(row) for row in rows]})
        with contextlib.suppress(OSError):
            write_file(self._status_file, text)


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One line of `maestro ps`. `since` is milliseconds since the epoch; `pid` 0 between a crash and the restart."""

    name: str
    role: str
    pid: int
    since: int
    restarts: int
    log: str


def read_status(status_file: Path) -> list[ProcessStatus]:
    """What runs now, as its supervisor wrote it down; nothing where the supervisor is gone."""
    try:
        note = json.loads(status_file.read_bytes())
        if not is_alive(note["owner"]):
            return []
        return [ProcessStatus(**row) for row in note["services"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def log_tail(path: Path, lines: int = 12) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _gave_up(spec: ServiceSpec, failures: int, code: int) -> GaveUp:
    return GaveUp(
        f"{spec.name} failed {failures} times in a row (at last with {how_it_ended(code)}):\n{log_tail(spec.log)}",
        f"its whole log is {spec.log}",
    )


def how_it_ended(code: int) -> str:
    """An exit code for people; negative for a signal."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"
