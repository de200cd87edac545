"""Does the command line explain itself, and cost nothing until it is used?"""

from __future__ import annotations

import subprocess
import sys

import pytest

from maestro.cli.exit_codes import MEANINGS, Exit
from maestro.cli.main import COMMANDS, SUBCOMMANDS, call, make_app, root_help
from tests.support.command_line import Person

WANTED = [
    *("run", "demo", "runs", "show", "watch", "resume", "pause", "cancel", "report", "gate", "keys", "log", "replay"),
    *("journal", "policy", "tui", "up", "ps", "worker", "doctor", "config"),
]


def test_help_names_every_command_and_every_exit_code() -> None:
    text = root_help()

    for command in WANTED:
        assert f"\n  {command} " in text
    for code, meaning in MEANINGS.items():
        assert f"{code.value:>3}  {meaning}" in text
    assert set(MEANINGS) == set(Exit)


def test_help_and_the_parser_know_the_same_commands() -> None:
    known = {name for name in make_app() if not name.startswith("-")}

    assert known == {name for name, *_ in COMMANDS} >= set(WANTED)


@pytest.mark.parametrize("command", [name for name, target, *_ in COMMANDS if target])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([command, "--help"]) == Exit.OK

    assert f"Usage: maestro {command}" in capsys.readouterr().out


@pytest.mark.parametrize("group", sorted(SUBCOMMANDS))
def test_every_command_of_a_group_explains_itself(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, _, help in SUBCOMMANDS[group]:
        assert call([group, name, "--help"]) == Exit.OK
        said = capsys.readouterr().out
        assert f"Usage: maestro {group} {name}" in said and help.split(".")[0][:40] in " ".join(said.split())


def test_help_imports_no_library_beyond_the_standard_one() -> None:
    program = (
        "import sys; from maestro.cli.main import call; call(['--help']);"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = ["asyncio", "cyclopts", "faststream", "msgspec", "nacl", "pydantic", "redis", "rich", "ruamel", "structlog"]

    said = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)

    assert said.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["rnu"], 'Did you mean "run"'), (["run", "--spce", "x"], "Did you mean --spec"), (["show"], "RUN")],
)
def test_a_wrong_command_line_is_refused_with_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == Exit.USAGE

    assert hint in " ".join(capsys.readouterr().err.split())


def test_a_reader_that_has_enough_is_no_error(finished: Person) -> None:
    shell = f"{sys.executable} -m maestro.cli log {finished.the_run()} | head -1"

    said = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}"], env=finished.env, cwd=finished.repo, capture_output=True, text=True
    )

    assert (said.returncode, said.stderr) == (0, "")
    assert "RunStarted" in said.stdout
