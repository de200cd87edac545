"""How does the private server let each service do its own work and nothing else? Users with passwords, made at its
first start, commands that only the function library knows, and the library itself, loaded before anybody else comes.

`users/` in the server's folder holds a password for each user and the library's secret. The append-only file names the
hidden commands as they are called here: the folder is of use as a whole only.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from maestro.embedded.errors import ServerFailed
from maestro.log.library import functions_source, functions_version
from maestro.log.login import LIBRARY_SECRET, LOADER
from maestro.log.walls import acl_user, renames
from maestro.log.walls_files import library_secret, make_passwords

Connect = Callable[[], socket.socket]
REWRITE_S = 600.0
POLL_S = 0.02


def users_folder(folder: Path) -> Path:
    return folder / "users"


def lines(folder: Path) -> list[str]:
    """What the server's configuration says about users and hidden commands; the files are made where missing."""
    users = users_folder(folder)
    known = [acl_user(name, password) for name, password in make_passwords(users).items()]
    return [*known, *renames(library_secret(users))]


def is_from_before(folder: Path) -> bool:
    """Whether the log here was written by a server without walls, under the commands' own names."""
    return (folder / "appendonlydir").exists() and not (users_folder(folder) / LIBRARY_SECRET).exists()


def rewrite_log(connect: Connect, password: str) -> None:
    """Have the server write its append-only file anew, as data instead of commands, and without functions that know no
    hidden names. Raises ServerFailed, OSError."""
    with connect() as link, link.makefile("rb") as heard:
        _send(link, "AUTH", password)
        _send(link, "FUNCTION", "FLUSH")
        _send(link, "BGREWRITEAOF")
        said = [heard.readline() for _ in range(3)]
        deadline = time.monotonic() + REWRITE_S
        while said[2].startswith(b"+") and time.monotonic() < deadline:
            _send(link, "INFO", "persistence")
            told = heard.read(int(heard.readline()[1:]) + 2)
            if b"aof_rewrite_in_progress:0" in told and b"aof_rewrite_scheduled:0" in told:
                if b"aof_last_bgrewrite_status:ok" in told:
                    return
                break
            time.sleep(POLL_S)
    raise ServerFailed(
        "the log of an earlier version could not be written anew for a server with users",
        "make room on the disk and start again; nothing was changed",
    )


def load_library(connect: Connect, folder: Path) -> None:
    """Load the functions where there are none or older ones. Raises ServerFailed, OSError."""
    source = functions_source(library_secret(users_folder(folder)))
    with connect() as link, link.makefile("rb") as heard:
        _send(link, "AUTH", LOADER, make_passwords(users_folder(folder))[LOADER])
        _send(link, "FCALL", "maestro_v1_version", "0")
        said = heard.readline()
        version = heard.readline()
        if said.startswith(b"+") and version.startswith(b":") and int(version[1:]) >= functions_version(source):
            return
        _send(link, "FUNCTION", "LOAD", "REPLACE", source)
        done = heard.readline()
    if not done.startswith(b"$"):
        raise ServerFailed(
            f"the private server does not take our functions: {done.decode(errors='replace').strip()}",
            "Maestro needs Redis 7, Valkey 8 or later: install one, or set MAESTRO_REDIS_URL to one that runs",
        )


def _send(link: socket.socket, *words: str) -> None:
    raw = [word.encode() for word in words]
    link.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw))
