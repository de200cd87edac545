"""From which level on does an effect wait until its approval is sealed, and by whom? Read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maestro.bus.settings import SettingsError
from maestro.tlog.keys import POLICY, read_policy
from maestro.tlog.policy import Policy, PolicyRefused

LEVEL = 3
WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class SealRule:
    """Effects of `level` and above begin only when their approval stands in a checkpoint that `policy` finds valid;
    after `wait_s` seconds without one they are refused."""

    policy: Policy
    level: int = LEVEL
    wait_s: float = WAIT_S


def seal_rule(state_dir: Path, env: Mapping[str, str] = os.environ) -> SealRule | None:
    """The rule of this process; None where no witnesses are named, or no level is asked for. Raises SettingsError."""
    level = _level(env.get("MAESTRO_SEALED_LEVEL") or str(LEVEL))
    path = policy_file(state_dir, env)
    if level is None or path is None:
        return None
    try:
        return SealRule(read_policy(path), level)
    except PolicyRefused as error:
        raise SettingsError(f"MAESTRO_WITNESSES: {error}") from None


def policy_file(state_dir: Path, env: Mapping[str, str] = os.environ) -> Path | None:
    """The trust policy of this deployment; None where there is none."""
    given = env.get("MAESTRO_WITNESSES")
    path = Path(given).expanduser() if given else state_dir / POLICY
    return path if given or path.exists() else None


def _level(given: str) -> int | None:
    if given == "none":
        return None
    if given not in ("1", "2", "3"):
        raise SettingsError(f"MAESTRO_SEALED_LEVEL is {given!r}; give a level, 1 to 3, or none")
    return int(given)
