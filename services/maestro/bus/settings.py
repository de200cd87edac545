"""What does a service process need to be told? Its settings, read once from the environment.

Every error names the variable, what is wrong with it and the mend.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from maestro.log.login import Login, read_login, with_tls
from maestro_contracts.roles import ROLES

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class SettingsError(ValueError):
    """A variable is missing or wrong. The message names it and says how to mend it."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything the environment decides. `parallel`, `batch` and `lease_s` override the service's own where given;
    times are seconds."""

    role: str
    actor: str
    redis_url: str
    state_dir: Path
    work_dir: Path
    operator_pub_file: Path
    join_secret_file: Path
    operator_key_file: Path
    redis_password_file: Path | None = None
    login: Login = field(default_factory=Login)
    parallel: int | None = None
    batch: int | None = None
    lease_s: float | None = None
    grace_s: float = 10.0
    connect_s: float = 30.0
    log_level: str = "info"
    log_format: str = "json"
    health_file: Path | None = None

    @classmethod
    def from_env(cls, role: str, env: Mapping[str, str] = os.environ) -> ServiceSettings:
        """The settings of a process of this role. Raises SettingsError."""
        if role not in ROLES:
            raise SettingsError(f"{role!r} is no role; the roles are {', '.join(ROLES)}")
        state = _path(env, "MAESTRO_STATE_DIR", _default_state_dir(env))
        return cls(
            role=role,
            actor=_actor(env, role),
            redis_url=_redis_url(env),
            redis_password_file=_optional_path(env, "MAESTRO_REDIS_PASSWORD_FILE"),
            login=_login(env, role),
            state_dir=state,
            work_dir=_path(env, "MAESTRO_WORK_DIR", state / "work"),
            operator_pub_file=_path(env, "MAESTRO_OPERATOR_PUB_FILE", state / "operator.pub"),
            join_secret_file=_path(env, "MAESTRO_JOIN_SECRET_FILE", state / "join" / role),
            operator_key_file=_path(env, "MAESTRO_OPERATOR_KEY_FILE", state / "operator.key"),
            parallel=_count(env, "MAESTRO_PARALLEL"),
            batch=_count(env, "MAESTRO_BATCH"),
            lease_s=_optional_seconds(env, "MAESTRO_LEASE_SECONDS"),
            grace_s=_seconds(env, "MAESTRO_GRACE_SECONDS", 10.0, least=0.0),
            connect_s=_seconds(env, "MAESTRO_CONNECT_SECONDS", 30.0, least=0.0),
            log_level=_choice(env, "MAESTRO_LOG_LEVEL", ("info", "debug", "warning", "error", "critical")),
            log_format=_choice(env, "MAESTRO_LOG_FORMAT", ("json", "console")),
            health_file=_optional_path(env, "MAESTRO_HEALTH_FILE"),
        )


def _default_state_dir(env: Mapping[str, str]) -> Path:
    base = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".local" / "state")
    return Path(base) / "maestro"


def _path(env: Mapping[str, str], name: str, default: Path) -> Path:
    value = env.get(name)
    return Path(value).expanduser().absolute() if value else default


def _optional_path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _redis_url(env: Mapping[str, str]) -> str:
    url = env.get("MAESTRO_REDIS_URL", "")
    mend = "give redis://host:port/0, rediss://host:port/0 or unix:///path/to.sock"
    if not url:
        raise SettingsError(f"MAESTRO_REDIS_URL is not set, so there is no server to talk to; {mend}")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - urlsplit checks the port only when it is asked for
    except ValueError as error:
        raise SettingsError(f"MAESTRO_REDIS_URL is no address ({error}); {mend}") from None
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in ("redis", "rediss", "unix") or not place:
        raise SettingsError(f"MAESTRO_REDIS_URL names no server; {mend}")
    try:
        return with_tls(url, env)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _login(env: Mapping[str, str], role: str) -> Login:
    name = env.get("MAESTRO_REDIS_PASSWORD_FILE")
    try:
        return read_login(name, role)
    except OSError as error:
        raise SettingsError(
            f"MAESTRO_REDIS_PASSWORD_FILE: {error.filename or name} cannot be read ({error.strerror}); "
            f"give a file that holds the server's password, or a folder with a file {role}, or unset it"
        ) from None


def _actor(env: Mapping[str, str], role: str) -> str:
    actor = env.get("MAESTRO_ACTOR") or f"{role}-{secrets.token_hex(3)}"
    if not NAME.fullmatch(actor):
        raise SettingsError(f"MAESTRO_ACTOR is {actor!r}; use 1 to 64 of A-Z a-z 0-9 . _ -, or unset it for a new name")
    return actor


def _count(env: Mapping[str, str], name: str) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65_536:
        raise SettingsError(f"{name} is {value!r}; give a whole number from 1 to 65536, or unset it")
    return int(value)


def _optional_seconds(env: Mapping[str, str], name: str) -> float | None:
    return _seconds(env, name, 0.0) if env.get(name) else None


def _seconds(env: Mapping[str, str], name: str, default: float, least: float = 0.2) -> float:
    value = env.get(name)
    if not value:
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not least <= seconds <= 86_400:
        raise SettingsError(f"{name} is {value!r}; give seconds from {least:g} to 86400, or unset it")
    return seconds


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = (env.get(name) or choices[0]).lower()
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}; give one of {', '.join(choices)}")
    return value
