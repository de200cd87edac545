"""Where do the passwords of a server with walls come from? A folder with a file for each user, each made once, and what
the server is told: `users.acl` (its users, with the hashes of their passwords) and `server.conf` (its hidden commands).
"""

from __future__ import annotations

import secrets
from pathlib import Path

from maestro.log.login import LIBRARY_SECRET
from maestro.log.note import write_secret
from maestro.log.walls import USERS, acl_file, renames

USERS_FILE = "users.acl"
SERVER_FILE = "server.conf"


def make_passwords(folder: Path) -> dict[str, str]:
    """Every user's password; those that are missing are made, for their owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: _made_once(folder / name) for name in USERS}


def library_secret(folder: Path) -> bytes:
    """What the hidden commands' names are made from; made where missing."""
    return _made_once(folder / LIBRARY_SECRET).encode()


def write_for_server(passwords: Path, folder: Path) -> None:
    """Write both files for a server, into a folder that only its owner may enter."""
    (folder / USERS_FILE).write_text(acl_file(make_passwords(passwords)))
    lines = renames(library_secret(passwords))
    (folder / SERVER_FILE).write_text("\n".join(["aof-use-rdb-preamble yes", *lines]) + "\n")


def _made_once(path: Path) -> str:
    if not path.exists():
        write_secret(path, secrets.token_hex(32).encode())
    return path.read_text().strip()
