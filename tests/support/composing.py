"""How does a test run the real compose.yaml? With secrets, repositories, a project name and a port of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from testcontainers.compose import DockerCompose

ROOT = Path(__file__).parents[2]
MAESTRO = str(Path(sys.executable).with_name("maestro"))
OURS = ("MAESTRO_", "COMPOSE_")


@dataclass(frozen=True, slots=True)
class Composed:
    """The containers of one test module. `folder` holds its secrets and repositories."""

    folder: Path
    compose: DockerCompose
    env: dict[str, str]

    @property
    def repos(self) -> Path:
        return self.folder / "repos"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def docker_compose(self, *args: str) -> str:
        """`docker compose ...` on the real file; its output. Fails where it fails, with what it said."""
        command = [*self.compose.compose_command_property, *args]
        return checked(command, cwd=ROOT, env=self.env)

    def up(self, **scale: int) -> None:
        scales = [part for service, count in scale.items() for part in ("--scale", f"{service}={count}")]
        self.docker_compose("up", "--detach", "--wait", *scales)

    def down(self) -> None:
        self.docker_compose("down", "--volumes", "--remove-orphans")

    def containers(self, service: str = "") -> list[str]:
        return self.docker_compose("ps", "--quiet", *([service] if service else [])).split()

    def inside(self, service: str, *command: str) -> str:
        return self.docker_compose("exec", "--no-TTY", service, *command)

    def maestro(self, *args: str) -> str:
        """The command line from this host, against the containers' server."""
        host = dict(line[7:].split("=", 1) for line in (self.secrets / "host.env").read_text().splitlines()[1:])
        settings = {name: value.strip("'") for name, value in host.items()}
        env = {**without_ours(), **settings, "MAESTRO_STATE_DIR": str(self.folder / "state")}
        return checked([MAESTRO, *args], cwd=self.folder, env=env)


def prepare(folder: Path) -> Composed:
    """Secrets, settings and the image; nothing runs yet."""
    env = {
        **without_ours(),
        "MAESTRO_SECRETS": str(folder / "secrets"),
        "MAESTRO_ENV_FILE": str(folder / "env"),
        "MAESTRO_PORT": str(free_port()),
        "MAESTRO_WEB_PORT": str(free_port()),
    }
    checked([str(ROOT / "scripts" / "compose-secrets"), str(folder / "repos")], cwd=folder, env=env)
    with (folder / "env").open("a") as settings:
        settings.write(f"MAESTRO_IMAGE=maestro:test\nMAESTRO_WEB_PORT={env['MAESTRO_WEB_PORT']}\n")
    compose = DockerCompose(ROOT, "compose.yaml", env_file=str(folder / "env"))
    project = f"maestro-test-{secrets.token_hex(3)}"
    composed = Composed(folder, compose, {**without_ours(), "COMPOSE_PROJECT_NAME": project})
    composed.docker_compose("build", "--quiet")
    return composed


def give_to_containers(folder: Path) -> None:
    """What root makes here, the containers' user must be able to write."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, 10001, 10001)


def without_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def checked(command: list[str], *, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
