"""What does a notary need to be told, beside what every service is? Every error names the variable and the mend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from maestro.approvals.sealing import policy_file
from maestro.bus.settings import ServiceSettings, SettingsError
from maestro.log.note import KeyRefused, SigningKey
from maestro.notary.decider import EVERY_ENTRIES, EVERY_MS, Pace
from maestro.tlog.keys import SEAL_NAME, make_key, read_policy
from maestro.tlog.policy import Policy, PolicyRefused


@dataclass(frozen=True, slots=True)
class NotarySettings:
    """`local` is the address of the witness that the policy gives none for; `anchors` are where seals are laid down
    outside of the log: `git` (the run's repository), `file:<folder>`, an http(s) address."""

    folder: Path
    key: SigningKey
    policy: Policy
    local: str
    pace: Pace
    anchors: tuple[str, ...]


def notary_settings(service: ServiceSettings, env: Mapping[str, str] = os.environ) -> NotarySettings:
    """Raises SettingsError."""
    folder = Path(env.get("MAESTRO_NOTARY_DIR") or service.state_dir / "notary").expanduser().absolute()
    pace = Pace(
        _number(env, "MAESTRO_SEAL_ENTRIES", EVERY_ENTRIES, 1_000_000),
        _number(env, "MAESTRO_SEAL_MS", EVERY_MS, 3_600_000),
    )
    local = env.get("MAESTRO_WITNESS_URL", "")
    return NotarySettings(folder, _key(folder), _policy(service.state_dir, env), local, pace, _anchors(env))


def _key(folder: Path) -> SigningKey:
    try:
        return make_key(folder / "seal.key", SEAL_NAME)
    except (KeyRefused, OSError) as error:
        raise SettingsError(f"MAESTRO_NOTARY_DIR: the key of all seals cannot be used: {error}") from None


def _policy(state: Path, env: Mapping[str, str]) -> Policy:
    path = policy_file(state, env)
    try:
        policy = read_policy(path) if path else Policy()
    except PolicyRefused as error:
        raise SettingsError(f"MAESTRO_WITNESSES: {error}") from None
    for witness in policy.witnesses:
        _check_url(witness.url, f"MAESTRO_WITNESSES: {path}: witness {witness.name}")
    return policy


def _check_url(url: str, where: str) -> None:
    parts = urlsplit(url)
    if url and not (parts.scheme == "unix" or (parts.scheme in ("http", "https") and parts.hostname)):
        raise SettingsError(f"{where}: {url!r} is no address; give https://host, http://host:port or unix:/path")


def _anchors(env: Mapping[str, str]) -> tuple[str, ...]:
    given = tuple((env.get("MAESTRO_SEAL_ANCHORS") or "git").split())
    for each in given:
        if each not in ("git", "none") and not each.startswith("file:"):
            _check_url(each, "MAESTRO_SEAL_ANCHORS")
            if urlsplit(each).scheme not in ("http", "https"):
                raise SettingsError(f"MAESTRO_SEAL_ANCHORS: {each!r} is none of git, file:<folder>, https://..., none")
    return () if "none" in given else given


def _number(env: Mapping[str, str], name: str, default: int, most: int) -> int:
    given = env.get(name)
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= most:
        raise SettingsError(f"{name} is {given!r}; give a whole number from 1 to {most}, or unset it")
    return int(given)
