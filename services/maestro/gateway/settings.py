"""What does a gateway need to be told beyond what every service is told? Where it listens, how it is reached, who may
log in how, and whom it tells.

Most stands in one file (`web.yaml` in the state directory, or MAESTRO_WEB_CONFIG); where it listens may also be said by
MAESTRO_WEB_BIND and MAESTRO_WEB_URL, how many requests a caller may make by MAESTRO_WEB_RATE.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from maestro.bus.settings import ServiceSettings, SettingsError
from maestro_contracts.fields import wrong
from maestro_contracts.yamlcheck import FileModel, validate
from maestro_contracts.yamlfile import InvalidFile, read_yaml_file

ROLE = "gateway"
PORT = 8420
RATE = 20.0
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
        raise wrong(f"{url!r} is no address of a web page", "write https://host or https://host:port")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_web_url)]


Kind = Literal["gate.opened", "gate.reminded", "gate.decided", "gate.closed", "run.started", "run.ended"]
"""What can be told to others."""


class OidcConfig(FileModel):
    """An OpenID Connect provider that people log in with."""

    issuer: Url = Field(description="The provider; its discovery document is below it.")
    client_id: str = Field(description="The name under which this gateway is known there.")
    client_secret_file: str = Field(
        "", description="A file (mode 0600) with the client's secret; empty: a public client."
    )
    scopes: tuple[str, ...] = Field(("openid", "email", "profile"), description="What is asked for.")
    person: str = Field("email", description="The claim that is a person's name here.")
    allowed: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Who may log in: values of that claim, `*` for any characters (`*@example.com`)."
    )
    may: Literal["read", "decide"] = Field("decide", description="What they may do.")


class WebhookConfig(FileModel):
    """An address that is told what happens."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field(description="Its name here.")
    url: Url = Field(description="Where to.")
    secret_file: str = Field(description="A file (mode 0600) with the signing secret, `whsec_...`.")
    events: tuple[Kind, ...] = Field(("gate.opened", "gate.decided", "run.ended"), description="What is told.")
    decide_as: str = Field("", description="A person in whose name the callback decides; empty: no callback.")


class NotifyConfig(FileModel):
    """Services that notify people, by Apprise (`pip install apprise`)."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field(description="Its name here.")
    urls_file: str = Field(description="A file (mode 0600) with one Apprise address in each line.")
    events: tuple[Kind, ...] = Field(("gate.opened", "run.ended"), description="What is told.")


class WebConfig(FileModel):
    """All of `web.yaml`."""

    url: Url = Field("", description="How people reach this gateway from elsewhere; empty: only this machine.")
    oidc: OidcConfig | None = Field(None, description="Log-in with a provider.")
    webhooks: tuple[WebhookConfig, ...] = Field((), description="Addresses that are told.")
    notify: tuple[NotifyConfig, ...] = Field((), description="People that are told.")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Everything that is decided before a gateway starts."""

    host: str
    port: int
    folder: Path
    """Its own state: who may come in, what was sent (mode 0700)."""
    rate: float = RATE
    """Requests that one caller may make in a second, in the long run."""
    config: WebConfig = field(default_factory=lambda: WebConfig())

    @property
    def url(self) -> str:
        """How people reach it."""
        host = "127.0.0.1" if is_any(self.host) else self.host
        return self.config.url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """The names that a request may be for; others are somebody else's page reaching for this one."""
        known = {urlsplit(self.url).hostname or "", self.host}
        return frozenset(known | (LOCAL if self.host in LOCAL or is_any(self.host) else set()))


def is_any(host: str) -> bool:
    """Whether it listens on every address of the machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def web_folder(state: Path) -> Path:
    """Where a gateway keeps its own state."""
    return state / "web"


def web_settings(service: ServiceSettings, env: Mapping[str, str] = os.environ) -> WebSettings:
    """Raises SettingsError."""
    host, port = _bind(env.get("MAESTRO_WEB_BIND") or f"127.0.0.1:{PORT}")
    folder = Path(env.get("MAESTRO_WEB_DIR") or web_folder(service.state_dir))
    config = _config(Path(env.get("MAESTRO_WEB_CONFIG") or service.state_dir / "web.yaml"), env)
    if not config.url and host not in LOCAL and not is_any(host):
        raise SettingsError(
            f"MAESTRO_WEB_BIND is {host}, which others can reach, and nothing says how; "
            "set MAESTRO_WEB_URL to the https address that people use"
        )
    return WebSettings(host, port, folder, _rate(env), config)


def _bind(given: str) -> tuple[str, int]:
    host, _, port = given.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise SettingsError(f"MAESTRO_WEB_BIND is {given!r}; give an address and a port, like 127.0.0.1:{PORT}")
    return host, int(port)


def _rate(env: Mapping[str, str]) -> float:
    given = env.get("MAESTRO_WEB_RATE", "")
    if (given and not given.isdecimal()) or given == "0":
        raise SettingsError(f"MAESTRO_WEB_RATE is {given!r}; give the requests per second that one caller may make")
    return float(given or RATE)


def _config(path: Path, env: Mapping[str, str]) -> WebConfig:
    try:
        read = validate(read_yaml_file(path), WebConfig) if path.exists() else WebConfig()
    except InvalidFile as error:
        raise SettingsError(f"{error}; mend the file") from None
    url = env.get("MAESTRO_WEB_URL", "")
    if not url:
        return read
    try:
        return read.model_copy(update={"url": _web_url(url)})
    except ValueError as error:
        raise SettingsError(f"MAESTRO_WEB_URL: {error}; give https://host or http://127.0.0.1:port") from None


def read_secret_file(path: str, what: str) -> str:
    """A secret's text. Raises SettingsError where it is missing or others may read it."""
    from maestro.log.note import KeyRefused, read_secret

    try:
        return read_secret(Path(path).expanduser()).decode().strip()
    except (OSError, KeyRefused, UnicodeDecodeError) as error:
        raise SettingsError(f"{what}: {path} cannot be used: {error}; give a file with mode 0600") from None
