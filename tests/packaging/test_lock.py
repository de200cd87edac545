"""Do the lock files pin all that Maestro needs, with hashes, and say nothing of where it comes from?"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)( ; [^\\]+)? \\$", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9._-]+")


def pins(lock: str) -> dict[str, str]:
    return {match[1]: match[2] for match in PIN.finditer((ROOT / lock).read_text())}


def wanted(*groups: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [*project["project"]["dependencies"]]
    for group in groups:
        declared += project["dependency-groups"][group]
    return {NAME.match(line)[0].lower().replace("_", "-").replace(".", "-") for line in declared}  # type: ignore[index]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_nothing_else_stands_in_the_file(lock: str) -> None:
    for block in re.split(r"\n(?! )", (ROOT / lock).read_text().strip()):
        first, *hashes = block.splitlines()
        assert PIN.match(first + "\n"), first
        assert hashes, f"{first} has no hash"
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), first


def test_the_runtime_lock_holds_every_declared_dependency() -> None:
    assert wanted("build") - pins("requirements.txt").keys() == set()


def test_the_tests_run_with_the_very_packages_that_users_get() -> None:
    runtime, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert wanted("build", "dev") - dev.keys() == set()
    assert {name: dev.get(name) for name in runtime} == runtime


def test_no_file_names_a_package_index() -> None:
    # Put together here, so that this file does not name one either.
    hosts = "|".join(
        ("py" + r"pi\.org", "python" + r"hosted\.org", "registry\\.npm" + "js", "-index" + r"-url[= ]+\S*:/")
    )
    found = subprocess.run(
        ["git", "grep", "--untracked", "-nIE", hosts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.stdout == ""
