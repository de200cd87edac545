"""Where does a benchmark run? A private server of its own, as `maestro run` starts it, on a folder that goes away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio as redis

from maestro.embedded.server import PrivateServer
from maestro.log.library import hidden_name
from maestro.log.walls_files import library_secret


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `--short` shows that everything works; its figures are rough."""

    short: bool

    def of(self, full: int, short: int) -> int:
        return short if self.short else full


@dataclass(frozen=True, slots=True)
class Place:
    """A server that runs."""

    folder: Path
    url: str
    password_file: Path
    users: str
    """The folder with the services' passwords."""
    pid: int

    @property
    def password(self) -> str:
        return self.password_file.read_text()

    def called(self, command: str) -> str:
        """What the server calls a command that only its functions send otherwise: a floor knows it too."""
        return hidden_name(command, library_secret(Path(self.users)))

    def client(self) -> redis.Redis:
        """A plain client, as a floor uses it."""
        client: redis.Redis = redis.Redis.from_url(self.url, password=self.password, protocol=2)
        return client


@contextmanager
def place(fsync: str = "always") -> Iterator[Place]:
    """A fresh server. Its data is on disk beside this clone, where fsync means what it says."""
    folder = Path(tempfile.mkdtemp(prefix="maestro-bench-", dir=_disk()))
    (folder / "server").mkdir()
    (folder / "logs").mkdir()
    server = PrivateServer(folder / "server", fsync)
    try:
        endpoint = server.start()
        yield Place(folder, endpoint.url, Path(endpoint.password_file), endpoint.users, endpoint.pid)
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _disk() -> Path:
    """Not /tmp, which is memory on many machines."""
    folder = Path("/var/tmp")
    return folder if folder.is_dir() else Path(tempfile.gettempdir())
