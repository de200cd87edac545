"""Do the pages say what the code does? All that a program can tell: names, paths, commands, options, keys, links."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from maestro.cli.exit_codes import MEANINGS
from maestro.cli.main import COMMANDS, SUBCOMMANDS, call
from maestro.planner.specification import parse
from maestro_contracts.config import USED_BY, Config, parse_config
from maestro_contracts.manifest import load_workflow

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"MAESTRO_[A-Z_]*[A-Z]")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(#[^)\s]+)?\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"(?:contracts|services|tests|scripts|docs|benchmarks)/[\w./*-]*")
TEST = re.compile(r"\btest_[a-z0-9_]+")
CALL = re.compile(r"(?<![\w./-])(?:scripts/)?maestro ([a-z]+)(?: ([a-z][a-z-]*))?([^`\n|#]*)")
KEY = re.compile(r"(?:" + "|".join(Config.model_fields) + r")\.[a-z_]+")
NOT_SETTINGS = {"MAESTRO_TASK_TOKEN"}
"""Handed to an agent's processes: by it they are found again."""

OTHERS = ("services/maestro/demo/", "tests/projections/golden/")
"""Pages about other repositories."""


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name.endswith(".md") and not name.startswith(OTHERS)]


every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


def text_of(*patterns: str) -> str:
    return "\n".join(path.read_text() for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())


def code_in(page: Path) -> list[str]:
    """What stands in code marks, and the lines of shell blocks (a line that goes on is one)."""
    text = page.read_text()
    shell = "".join(body for kind, body in BLOCK.findall(text) if kind == "sh").replace("\\\n", " ")
    return CODE.findall(BLOCK.sub("", text)) + shell.splitlines()


@cache
def known_tests() -> frozenset[str]:
    found = re.findall(r"def (test_\w+)", text_of("tests/**/*.py"))
    return frozenset(found) | {path.stem for path in ROOT.glob("tests/**/test_*.py")}


@cache
def known_commands() -> dict[str, frozenset[str]]:
    return {name: frozenset(inner for inner, *_ in SUBCOMMANDS.get(name, ())) for name, *_ in COMMANDS}


# --- every page ----------------------------------------------------------------------------------------------------


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        path = page.parent / target
        assert path.exists(), f"{target} does not exist"
        if anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{target} has no heading {anchor}"


@every_page
def test_every_path_that_is_named_is_there(page: Path) -> None:
    for code in code_in(page):
        for place in PLACE.findall(code) if PLACE.match(code) and "<" not in code else ():
            assert list(ROOT.glob(place.rstrip("/."))), f"{place} does not exist"


@every_page
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = {name for code in code_in(page) for name in TEST.findall(code)} - {"test_commands"}
    assert named <= known_tests()


@every_page
def test_every_command_that_is_named_is_one(page: Path) -> None:
    for code in code_in(page):
        for command, inner, _ in CALL.findall(code):
            assert command in known_commands(), code
            assert not known_commands()[command] or inner in known_commands()[command] | {""}, code


@every_page
def test_every_option_that_is_shown_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code in code_in(page):
        for command, inner, rest in CALL.findall(code):
            # What stands in single quotes is a text that is given, with options of its own.
            own = re.sub(r"'[^']*'?", "", f" {rest}")
            if options := set(re.findall(r"(?<=\s)--[a-z][a-z-]*", own)) - {"--help", "--version"}:
                call([command, inner, "--help"] if known_commands()[command] else [command, "--help"])
                said = capsys.readouterr().out
                missing = {option for option in options if f"{option} " not in said}
                # An agent's own options stand in quotes behind --agent.
                assert not missing or re.search(r"command:[^\"']*--", rest), f"{code}: {missing}"


@every_page
def test_every_configuration_key_that_is_named_is_one(page: Path) -> None:
    for code in code_in(page):
        if KEY.fullmatch(code):
            assert code in USED_BY


# --- single pages --------------------------------------------------------------------------------------------------


def test_every_variable_that_is_read_is_described_and_no_other() -> None:
    code = text_of("services/**/*.py", "scripts/*", "compose.yaml", "Dockerfile", ".ci/run")
    described = text_of("docs/configuration.md", "docs/running.md")
    assert set(VARIABLE.findall(code)) - NOT_SETTINGS == set(VARIABLE.findall(described))


def test_the_table_of_keys_is_that_of_the_configuration() -> None:
    page = (ROOT / "docs/reference/config.md").read_text()
    assert re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE) == list(USED_BY)


BEFORE = (
    ("initialise", ""),
    ("plan", "initialise"),
    ("tasks", "plan"),
    ("implement", "tasks"),
    ("validate", "implement"),
    ("handoff", "validate"),
)


def test_the_configurations_that_are_shown_are_some() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    shown, forge = (body for kind, body in BLOCK.findall(page) if kind == "yaml")
    assert parse_config(shown, "docs/configuration.md").agent.kind == "command"
    assert parse_config(forge, "docs/configuration.md").forge.repository == "ada/thing"


def test_the_gates_that_are_shown_are_steps_of_a_workflow() -> None:
    before = "".join(f"- {{name: {kind}, type: {kind}, depends_on: [{needs}]}}\n" for kind, needs in BEFORE)
    shown = [body for kind, body in BLOCK.findall((ROOT / "docs/gates.md").read_text()) if kind == "yaml"]
    workflow = load_workflow(f"name: mine\nsteps:\n{before}{''.join(shown)}", "docs/gates.md", forge=True)
    assert [step.gate for step in workflow.steps if step.kind == "gate"] == ["approval", "pull-request"]


def test_the_exit_codes_are_those_of_the_command() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "docs/running.md").read_text(), re.MULTILINE))
    assert {str(code.value): meaning for code, meaning in MEANINGS.items()} == rows


def test_the_readmes_specification_can_be_built() -> None:
    (shown,) = re.findall(r"<<'SPEC'\n(.*?)^SPEC$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    first, second = parse(shown).requirements
    assert (first.files, second.depends_on) == (("hello.py",), ("R-1",))
    assert first.check and second.check


def test_the_readme_is_about_scripts_that_can_be_started() -> None:
    scripts = set(re.findall(r"scripts/[\w-]+", (ROOT / "README.md").read_text()))
    assert {"scripts/demo", "scripts/test", "scripts/maestro"} <= scripts
    assert all((ROOT / script).stat().st_mode & 0o111 for script in scripts)
