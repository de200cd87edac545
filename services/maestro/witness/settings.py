"""What does a witness need to be told? Read once from the environment; every error names the variable and the mend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maestro.bus.settings import SettingsError
from maestro.log.note import KeyRefused, SigningKey
from maestro.tlog.keys import make_witness_key, read_policy
from maestro.tlog.policy import Log, PolicyRefused

PORT = 8421


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """`socket` is a path where it listens on a Unix socket, else `host` and `port` count."""

    folder: Path
    key: SigningKey
    logs: tuple[Log, ...]
    socket: Path | None
    host: str
    port: int
    health_file: Path | None
    log_level: str
    log_format: str


def witness_settings(env: Mapping[str, str] = os.environ) -> WitnessSettings:
    """Raises SettingsError."""
    state = env.get("MAESTRO_STATE_DIR") or "~/.local/state/maestro"
    folder = Path(env.get("MAESTRO_WITNESS_DIR") or Path(state) / "witness").expanduser().absolute()
    socket, host, port = _bind(env.get("MAESTRO_WITNESS_BIND") or f"127.0.0.1:{PORT}")
    health = env.get("MAESTRO_HEALTH_FILE")
    return WitnessSettings(
        folder,
        _key(folder, env.get("MAESTRO_WITNESS_NAME", "")),
        _logs(Path(env.get("MAESTRO_WITNESS_LOGS") or folder / "logs").expanduser()),
        socket,
        host,
        port,
        Path(health) if health else None,
        env.get("MAESTRO_LOG_LEVEL") or "info",
        env.get("MAESTRO_LOG_FORMAT") or "json",
    )


def _key(folder: Path, name: str) -> SigningKey:
    try:
        make_witness_key(folder, name)
        return SigningKey.load(folder / "witness.key")
    except (KeyRefused, OSError) as error:
        raise SettingsError(f"MAESTRO_WITNESS_DIR: the witness's key cannot be used: {error}") from None


def _logs(path: Path) -> tuple[Log, ...]:
    try:
        logs = read_policy(path).logs
    except PolicyRefused as error:
        raise SettingsError(f"MAESTRO_WITNESS_LOGS: {error}; give a file that lists logs (docs/sealing.md)") from None
    if not logs:
        raise SettingsError(f"MAESTRO_WITNESS_LOGS: {path} lists no log, so there is nothing to witness; add one")
    return logs


def _bind(given: str) -> tuple[Path | None, str, int]:
    if given.startswith("unix:"):
        return Path(given.removeprefix("unix:")), "", 0
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise SettingsError(
            f"MAESTRO_WITNESS_BIND is {given!r}; give an address and a port, like 127.0.0.1:{PORT}, or unix:/path"
        )
    return None, host.strip("[]"), int(port)
