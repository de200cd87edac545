"""What did the server say, and what does it mean for a person? Its configuration's text, and its last words."""

from __future__ import annotations

import re
from pathlib import Path

from maestro.embedded.errors import ServerFailed

FSYNC = ("always", "everysec")


def config_text(folder: Path, password: str, fsync: str, socket: Path | None, port: int, more: list[str]) -> str:
    """The configuration of a server that only its owner can reach and that keeps every write.
    `more` are lines about its users."""
    if fsync not in FSYNC:
        raise ServerFailed(f"the private server's fsync is {fsync!r}", f"give one of {', '.join(FSYNC)}")
    listen = [f"unixsocket {quoted(str(socket))}", "unixsocketperm 700"] if socket else []
    lines = [
        "bind 127.0.0.1",
        f"port {0 if socket else port}",
        *listen,
        "protected-mode yes",
        f"requirepass {quoted(password)}",
        f"dir {quoted(str(folder))}",
        "appendonly yes",
        f"appendfsync {fsync}",
        "aof-load-truncated yes",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
        "loglevel notice",
        'logfile ""',
        "timeout 0",
        # What is rewritten holds data instead of commands, whatever these are called here.
        "aof-use-rdb-preamble yes",
        *more,
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A value as the server's configuration file wants it: any byte may be in it."""
    safe = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}"
        for byte in text.encode("utf-8", "surrogateescape")
    )
    return f'"{safe}"'


def why(output: str, folder: Path) -> ServerFailed:
    """The reason and the mend in a dead server's output."""
    last = _last_line(output)
    for pattern, reason, mend in _KNOWN:
        if re.search(pattern, output, re.IGNORECASE):
            return ServerFailed(reason.format(folder=folder, last=last), mend.format(folder=folder, last=last))
    return ServerFailed(
        f"the private server ended at its start: {last or 'it said nothing'}",
        f"its log is {folder.parent / 'logs' / 'server.log'}",
    )


def is_port_taken(output: str) -> bool:
    return bool(re.search(r"address already in use", output, re.IGNORECASE))


def is_socket_refused(output: str) -> bool:
    """A file system that has no sockets, or a path that is too long for one."""
    return bool(
        re.search(r"(opening unix socket|unix socket).*(bind|path|listen|too long|failed)", output, re.IGNORECASE)
    )


_KNOWN = [
    (
        r"unknown command '[A-Z]+\.[0-9a-f]{32}'",
        "the secret in {folder}/users/library is not the one under which the log beside it was written ({last})",
        "put {folder} back as a whole, with its folder users; nothing was changed",
    ),
    (
        r"no space left on device",
        "the disk is full: the private server cannot write its log in {folder} ({last})",
        "make room, or set MAESTRO_STATE_DIR to a folder on another disk; nothing that was recorded is lost",
    ),
    (
        r"disk quota exceeded",
        "your disk quota is used up: the private server cannot write its log in {folder}",
        "make room, or set MAESTRO_STATE_DIR to a folder on another disk",
    ),
    (
        r"address already in use",
        "the private server's address is taken by another program ({last})",
        "end that program, or remove {folder}/server.json so that another port is chosen",
    ),
    (
        (
            r"bad file format reading the append only file|wrong signature trying to load db|"
            r"unknown/unsupported encoding|internal error in rdb|unrecoverable error reading the append only file"
        ),
        "the log in {folder}/appendonlydir is damaged, and not only at its end: the server does not load it ({last})",
        (
            "copy {folder} away first; then bring back a backup, or cut it off where it is damaged: "
            "valkey-check-aof --fix {folder}/appendonlydir/appendonly.aof.manifest"
        ),
    ),
    (
        r"can't open or create append-only|permission denied|read-only file system|operation not permitted",
        "the private server cannot write in {folder} ({last})",
        "mend the permissions of {folder}, or set MAESTRO_STATE_DIR to a folder that you can write",
    ),
    (
        r"out of memory|cannot allocate memory",
        "there is not enough memory for the private server ({last})",
        "end other programs, or set MAESTRO_REDIS_URL to a server elsewhere",
    ),
    (
        r"bad directive or wrong number of arguments|fatal config file error",
        "this server does not understand our configuration ({last})",
        "Maestro needs Redis 7, Valkey 8 or later: install one, or set MAESTRO_REDIS_URL to one that runs",
    ),
]


def _last_line(output: str) -> str:
    """The last line that says something, without the server's own prefix."""
    for line in reversed(output.splitlines()):
        text = re.sub(r"^\d+:\S+ \d+ \w+ \d+ [\d:.]+ [*#.-] ", "", line).strip()
        if text and not text.startswith(("WARNING", "oO0Oo", "Warning")) and "bye bye" not in text:
            return text[:300]
    return ""
