"""Who is this process to the server? Its user there, with the password from a file.

The password's file is either one file (the user is the one that the address names, else the server's default user), or
a folder with a file for each user: then a process is the user that is named after its role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PERSON = "person"
"""The command line's user."""
LOADER = "registrar"
"""Loads the library into a server with walls, and sees to it that it is there."""
SUPERVISOR = "supervisor"
"""Whoever started the services, and knows which of them are dead."""
LIBRARY_SECRET = "library"
"""The file beside the passwords from which the library's hidden names are made."""
TLS_VARIABLES = {
    "MAESTRO_REDIS_CA_FILE": "ssl_ca_certs",
    "MAESTRO_REDIS_CERT_FILE": "ssl_certfile",
    "MAESTRO_REDIS_KEY_FILE": "ssl_keyfile",
}


@dataclass(frozen=True, slots=True)
class Login:
    """`user` is empty for the one that the address names. `secret` is the library's, and `loader` the password of the
    user who loads it, where this process has them."""

    user: str = ""
    password: str = field(default="", repr=False)
    secret: bytes = field(default=b"", repr=False)
    loader: str = field(default="", repr=False)


def read_login(file: str | Path | None, role: str) -> Login:
    """Raises OSError where the file cannot be read, FileNotFoundError where the folder has none for this role."""
    if not file:
        return Login()
    path = Path(file)
    if not path.is_dir():
        return Login(password=path.read_text().strip())
    password = (path / role).read_text().strip()
    secret, loader = path / LIBRARY_SECRET, path / LOADER
    if not secret.exists() or not loader.exists():
        return Login(role, password)
    return Login(role, password, secret.read_bytes().strip(), loader.read_text().strip())


def with_tls(url: str, env: Mapping[str, str]) -> str:
    """The address with the files that TLS needs, as `MAESTRO_REDIS_CA_FILE` and its like name them. Raises ValueError
    where they are named for an address without TLS, or are no files. Twice is as once."""
    named = {option: env[name] for name, option in TLS_VARIABLES.items() if env.get(name)}
    if not named:
        return url
    if urlsplit(url).scheme != "rediss":
        raise ValueError("MAESTRO_REDIS_CA_FILE and its like are for an address with TLS: write rediss://host:port/0")
    for option, file in named.items():
        if not Path(file).is_file():
            name = next(name for name, known in TLS_VARIABLES.items() if known == option)
            raise ValueError(f"{name}: {file} is no file that can be read")
    if urlsplit(url).query.startswith(tuple(f"{option}=" for option in named)):
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(named)}"
