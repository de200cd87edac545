"""How is there a log without a server? A private one: its data on disk, reached by nobody else, gone with its owner.

Two servers on one folder would destroy the log. So the server process itself holds a lock in its folder, inherited
from the process that started it: whoever gets the lock knows that no server is left there, whatever died before.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from maestro.embedded import server_words as words
from maestro.embedded import walls
from maestro.embedded.binary import find_binary
from maestro.embedded.errors import ServerFailed
from maestro.embedded.processes import die_with_parent, is_alive, signal_group, wait_gone
from maestro.embedded.state_dir import write_file

MAX_SOCKET_PATH = 100
"""Bytes of a Unix socket's path: 108 on Linux, 104 on macOS, with the final zero."""
PORT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server is. `url` as `MAESTRO_REDIS_URL` has it; `owner` is the pid of the command that started it."""

    url: str
    password_file: str
    pid: int
    owner: int

    @property
    def users(self) -> str:
        """The folder with a password for each user; `password_file` holds that of the server's owner, who may all."""
        return str(walls.users_folder(Path(self.password_file).parent))


class PrivateServer:
    """One server on one folder. `start` and `stop` from the thread that lives as long as the server shall."""

    def __init__(self, folder: Path, fsync: str = "always", *, log: Path | None = None) -> None:
        self.folder = folder
        self.fsync = fsync
        self.log = log or folder.parent / "logs" / "server.log"
        self.endpoint: Endpoint | None = None
        self._said_from = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = 60.0) -> Endpoint:
        """Start it, at the address it had before where it had one, and wait until it answers. Raises ServerFailed."""
        try:
            return self._start(timeout_s)
        except OSError as error:
            raise words.why(": ".join(filter(None, (error.strerror, error.filename))), self.folder) from None

    def _start(self, timeout_s: float) -> Endpoint:
        address, output = (self.endpoint.url if self.endpoint else ""), ""
        for _ in range(PORT_TRIES):
            with _alone(self.folder) as lock:
                early = walls.is_from_before(self.folder)
                self._spawn(address or self._new_address(), lock, [] if early else walls.lines(self.folder))
            output = self._wait_ready(timeout_s)
            if not output and self.endpoint and early:
                return self._with_walls(timeout_s)
            if not output and self.endpoint:
                walls.load_library(functools.partial(_connect, self.endpoint), self.folder)
                return self.endpoint
            if not self._may_try_again(address, output):
                raise words.why(output, self.folder)
        raise words.why(output, self.folder)

    def _with_walls(self, timeout_s: float) -> Endpoint:
        """From a log of a version without users to one with them. Killed on the way, it is done again."""
        assert self.endpoint is not None
        walls.rewrite_log(functools.partial(_connect, self.endpoint), _password(self.folder / "password"))
        self.stop()
        walls.lines(self.folder)
        return self._start(timeout_s)

    def _may_try_again(self, address: str, output: str) -> bool:
        """Another port may be free; a folder without sockets may still have ports. Its clients know the old address."""
        if address:
            time.sleep(0.2)
            return words.is_port_taken(output)
        if words.is_socket_refused(output):
            (self.folder / "no-socket").touch()
            return True
        return words.is_port_taken(output)

    def poll(self) -> int | None:
        """The exit code of a server that ended, else None."""
        return self._process.poll() if self._process else None

    def stop(self, grace_s: float = 10.0) -> None:
        """End it in good order; after `grace_s` at once. What was acknowledged is on disk either way."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._forget()

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            self._forget()

    def _forget(self) -> None:
        for name in ("server.json", "valkey.sock"):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def _new_address(self) -> str:
        path = self.folder / "valkey.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH and not (self.folder / "no-socket").exists():
            return "unix://" + quote(str(path))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"

    def _spawn(self, url: str, lock: int, more: list[str]) -> None:
        password_file = self.folder / "password"
        config = self.folder / "valkey.conf"
        path, port = _socket_and_port(url)
        write_file(config, words.config_text(self.folder, _password(password_file), self.fsync, path, port, more))
        if path:
            path.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._said_from = log.tell()
            self._process = _popen([str(find_binary().path), str(config)], log.fileno(), lock)
        self.endpoint = Endpoint(url, str(password_file), self._process.pid, os.getpid())
        write_file(self.folder / "server.json", json.dumps(asdict(self.endpoint)))

    def _wait_ready(self, timeout_s: float) -> str:
        """Nothing when it answers; what it said when it ended instead."""
        assert self._process is not None and self.endpoint is not None
        deadline = time.monotonic() + timeout_s
        pause = 0.005
        while self._process.poll() is None:
            if answers(self.endpoint):
                return ""
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(
                    f"the private server does not answer after {timeout_s:.0f} s", f"its log is {self.log}"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return self._said() or f"exit code {self._process.returncode}"

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._said_from)
            return log.read()[-20_000:].decode(errors="replace")


def live_endpoint(folder: Path) -> Endpoint | None:
    """Where this folder's server is, if it answers right now."""
    endpoint = _read_endpoint(folder)
    return endpoint if endpoint and answers(endpoint) else None


def answers(endpoint: Endpoint) -> bool:
    """Whether a server answers there and takes our password, and has loaded its data. Needs no client library."""
    try:
        password = Path(endpoint.password_file).read_bytes()
        with _connect(endpoint, 0.5) as connection:
            connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n*1\r\n$4\r\nPING\r\n" % (len(password), password))
            said = b""
            while said.count(b"\r\n") < 2:
                more = connection.recv(4096)
                if not more:
                    break
                said += more
    except OSError:
        return False
    return said.startswith(b"+OK\r\n+PONG")


def _connect(endpoint: Endpoint, timeout_s: float = 30.0) -> socket.socket:
    path, port = _socket_and_port(endpoint.url)
    connection = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    connection.settimeout(timeout_s)
    try:
        connection.connect(str(path) if path else ("127.0.0.1", port))
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """The folder's lock as a descriptor for the server to inherit. A server whose owner is gone is ended first."""
    lock = os.open(folder / "alive.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _try_lock(lock, 2.0):
            _end_orphan(folder)
            if not _try_lock(lock, 10.0):
                raise ServerFailed(
                    f"another server still uses {folder}", f"end it: its pid is in {folder / 'server.json'}"
                )
        yield lock
    finally:
        os.close(lock)


def _try_lock(lock: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)


def _end_orphan(folder: Path) -> None:
    endpoint = _read_endpoint(folder)
    if endpoint is None or is_alive(endpoint.owner) or not _is_our_server(endpoint.pid, folder):
        return
    signal_group(endpoint.pid, signal.SIGTERM)
    if not wait_gone(endpoint.pid, 5.0):
        signal_group(endpoint.pid, signal.SIGKILL)


def _is_our_server(pid: int, folder: Path) -> bool:
    """A pid may have been given to somebody else since: only a process that answers on our address is ours."""
    endpoint = _read_endpoint(folder)
    return endpoint is not None and endpoint.pid == pid and is_alive(pid) and answers(endpoint)


def _read_endpoint(folder: Path) -> Endpoint | None:
    try:
        return Endpoint(**json.loads((folder / "server.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _password(path: Path) -> str:
    """The server's password, made once."""
    if not path.exists():
        write_file(path, secrets.token_hex(24))
    return path.read_text()


def _socket_and_port(url: str) -> tuple[Path | None, int]:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return Path(unquote(parts.path)), 0
    return None, parts.port or 6379


def _popen(command: list[str], log: int, lock: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
            preexec_fn=die_with_parent(os.getpid()),
        )
    except OSError as error:
        raise ServerFailed(
            f"the server program {command[0]} does not start: {error.strerror}", "see `maestro doctor`"
        ) from None
