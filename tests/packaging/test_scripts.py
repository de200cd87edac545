"""What do the scripts say on a machine that lacks something?"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "cat", "dirname", "env", "git", "id", "mkdir", "readlink", "rm", "sed")


class Machine:
    """A clone with `scripts/` alone, and a PATH that holds what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.bin = folder / "a clone", folder / "bin"
        self.clone.mkdir()
        self.bin.mkdir()
        shutil.copytree(ROOT / "scripts", self.clone / "scripts")
        for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy2(ROOT / name, self.clone)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} here"))

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, script: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.clone / "scripts" / script), *args]
        env = {"PATH": str(self.bin), **env}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_python_the_error_says_which_to_install(machine: Machine) -> None:
    done = machine.run("prepare")
    assert done.returncode == 1
    assert "needs Python 3.11 or later; found: none" in done.stderr
    assert "MAESTRO_PYTHON=" in done.stderr


def test_with_an_old_python_the_error_names_what_was_found(machine: Machine) -> None:
    machine.program("python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
    done = machine.run("prepare")
    assert done.returncode == 1
    assert "found: Python 3.9.2" in done.stderr


def test_a_named_python_that_is_too_old_is_refused_by_name(machine: Machine) -> None:
    machine.program("old", "#!/bin/sh\nexit 1\n")
    done = machine.run("prepare", MAESTRO_PYTHON="old")
    assert done.returncode == 1
    assert "MAESTRO_PYTHON=old is no Python of 3.11 or later" in done.stderr


def test_without_git_the_error_says_so(machine: Machine) -> None:
    (machine.bin / "git").unlink()
    done = machine.run("prepare")
    assert done.returncode == 1
    assert "needs git" in done.stderr


def test_a_python_without_venv_is_named_with_the_mend(machine: Machine) -> None:
    answers = (
        f'case "$2" in *_base_executable*) echo "$0"; exit ;; *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"'
    )
    machine.program("python3", f"#!/bin/sh\n{answers}\n")
    done = machine.run("prepare")
    assert done.returncode == 1
    assert "has no venv module" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_the_commands_stop_where_preparing_failed(machine: Machine) -> None:
    for script in ("maestro", "demo", "test", "lint", "bench", "chaos", "compose-secrets"):
        done = machine.run(script)
        assert done.returncode == 1, script
        assert "needs Python 3.11" in done.stderr, script


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file()))
def test_every_script_is_executable_and_begins_with_what_it_is_for(script: str) -> None:
    path = ROOT / "scripts" / script
    assert path.stat().st_mode & stat.S_IXUSR
    first, second, *_ = path.read_text().splitlines()
    assert first.startswith("#!")
    assert second.startswith(("# ", '"""'))


@pytest.mark.parametrize("script", sorted((*(f"scripts/{p.name}" for p in (ROOT / "scripts").iterdir()), ".ci/run")))
def test_every_shell_script_parses(script: str) -> None:
    if not (ROOT / script).is_file() or "bash" not in (ROOT / script).read_text().splitlines()[0]:
        pytest.skip("not a shell script")
    subprocess.run(["bash", "-n", ROOT / script], check=True, env=dict(os.environ))
