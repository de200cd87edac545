"""Do the pages say what the code does? Only what a program can tell: names, codes, links."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from maestro.cli.exit_codes import MEANINGS

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"MAESTRO_[A-Z_]*[A-Z]")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(#[^)\s]+)?\)")
NOT_SETTINGS = {"MAESTRO_TASK_TOKEN"}
"""Told to an agent's processes so that they can be found again; nothing reads it."""


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [
        ROOT / name for name in listed.split("\0") if name and "demo/library" not in name and (ROOT / name).is_file()
    ]


def text_of(*patterns: str) -> str:
    return "\n".join(path.read_text() for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())


def test_every_variable_that_is_read_is_described_and_no_other() -> None:
    code = text_of("services/**/*.py", "scripts/*", "compose.yaml", "Dockerfile", ".ci/run")
    described = text_of("docs/configuration.md", "docs/running.md")
    assert set(VARIABLE.findall(code)) - NOT_SETTINGS == set(VARIABLE.findall(described))


def test_the_exit_codes_are_those_of_the_command() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "docs/running.md").read_text(), re.MULTILINE))
    assert {str(code.value): meaning for code, meaning in MEANINGS.items()} == rows


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        path = page.parent / target
        assert path.exists(), f"{target} does not exist"
        if anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{target} has no heading {anchor}"
