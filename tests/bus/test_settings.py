"""What does a service make of its environment? Every mistake names the variable and the mend."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maestro.bus import health
from maestro.bus.settings import ServiceSettings, SettingsError
from tests.support.bus import Stage

URL = {"MAESTRO_REDIS_URL": "redis://localhost:6379/0"}


def test_little_needs_to_be_said() -> None:
    settings = ServiceSettings.from_env("worker", {**URL, "HOME": "/home/ada"})

    assert settings.state_dir == Path("/home/ada/.local/state/maestro")
    assert settings.work_dir == settings.state_dir / "work"
    assert settings.join_secret_file == settings.state_dir / "join" / "worker"
    assert settings.actor.startswith("worker-")
    assert (settings.parallel, settings.batch, settings.lease_s) == (None, None, None)


def test_everything_can_be_said(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    env = {
        "MAESTRO_REDIS_URL": "unix:///run/v.sock",
        "MAESTRO_REDIS_PASSWORD_FILE": str(password),
        "MAESTRO_STATE_DIR": "/state",
        "MAESTRO_WORK_DIR": "/work",
        "MAESTRO_ACTOR": "worker-7",
        "MAESTRO_PARALLEL": "3",
        "MAESTRO_BATCH": "4",
        "MAESTRO_LEASE_SECONDS": "2.5",
        "MAESTRO_GRACE_SECONDS": "0",
        "MAESTRO_LOG_FORMAT": "console",
        "MAESTRO_LOG_LEVEL": "DEBUG",
        "MAESTRO_HEALTH_FILE": "/tmp/h",
    }

    settings = ServiceSettings.from_env("worker", env)

    assert settings.login.password == "s3cret"
    assert "s3cret" not in repr(settings)
    assert (settings.parallel, settings.batch, settings.lease_s, settings.grace_s) == (3, 4, 2.5, 0.0)
    assert (settings.actor, settings.work_dir) == ("worker-7", Path("/work"))
    assert (settings.log_format, settings.log_level) == ("console", "debug")
    assert settings.operator_key_file == Path("/state/operator.key")
    assert settings.health_file == Path("/tmp/h")


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("MAESTRO_REDIS_URL", "", "redis://host:port/0"),
        ("MAESTRO_REDIS_URL", "localhost:6379", "redis://host:port/0"),
        ("MAESTRO_REDIS_URL", "redis://host:port", "redis://host:port/0"),
        ("MAESTRO_REDIS_URL", "http://host:1", "redis://host:port/0"),
        ("MAESTRO_REDIS_URL", "unix://", "unix:///path"),
        ("MAESTRO_REDIS_PASSWORD_FILE", "/nowhere/at/all", "unset it"),
        ("MAESTRO_ACTOR", "a b", "unset it"),
        ("MAESTRO_PARALLEL", "0", "whole number"),
        ("MAESTRO_PARALLEL", "two", "whole number"),
        ("MAESTRO_BATCH", "-1", "whole number"),
        ("MAESTRO_LEASE_SECONDS", "soon", "seconds from"),
        ("MAESTRO_LEASE_SECONDS", "nan", "seconds from"),
        ("MAESTRO_LEASE_SECONDS", "0.01", "seconds from"),
        ("MAESTRO_LOG_FORMAT", "xml", "json, console"),
        ("MAESTRO_LOG_LEVEL", "loud", "info, debug"),
    ],
)
def test_a_mistake_names_the_variable_and_the_mend(name: str, value: str, mend: str) -> None:
    with pytest.raises(SettingsError) as error:
        ServiceSettings.from_env("worker", {**URL, name: value})

    assert name in str(error.value) and mend in str(error.value)


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(SettingsError, match="no role"):
        ServiceSettings.from_env("wizard", URL)


def test_wrong_settings_end_the_process_with_78_before_anything_else(own_stage: Stage) -> None:
    consumer = own_stage.consumer(MAESTRO_PARALLEL="many")

    assert consumer.wait() == 78
    assert "MAESTRO_PARALLEL" in consumer.log.read_text()


def test_a_living_service_is_healthy_and_a_dead_one_is_not(own_stage: Stage) -> None:
    file = own_stage.folder / "health"
    assert check(file) == 1
    consumer = own_stage.consumer(MAESTRO_HEALTH_FILE=str(file)).ready()
    deadline = time.monotonic() + 10
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    assert check(file) == 0
    assert health.problem(file, time.time() + health.FRESH_S + 1) is not None

    consumer.stop()
    assert check(file) == 1


def check(file: Path) -> int:
    command = [sys.executable, "-m", "maestro.bus.health"]
    return subprocess.run(command, env={**os.environ, "MAESTRO_HEALTH_FILE": str(file)}, stderr=-1).returncode
