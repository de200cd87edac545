"""Does `maestro policy` answer every line, name what is wrong, and run nothing?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import Done

Maestro = Callable[..., Done]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is noted that the shipped examples held, so that each command need not run them again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def maestro(tmp_path: Path, cache: Path) -> Maestro:
    """The command in a repository of its own, with a home and a configuration of its own."""
    (tmp_path / "repo/.git").mkdir(parents=True)
    places = {"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state"}
    env = {**os.environ, **{name: str(tmp_path / folder) for name, folder in places.items()}}
    env["XDG_CACHE_HOME"] = str(cache)
    env.pop("MAESTRO_POLICY_FILE", None)

    def run(*arguments: object, given: str | bytes = "") -> Done:
        command = [sys.executable, "-m", "maestro.cli", "policy", *map(str, arguments)]
        text = given.encode() if isinstance(given, str) else given
        done = subprocess.run(command, cwd=tmp_path / "repo", env=env, input=text, capture_output=True, timeout=120)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def line(id: str, **action: object) -> str:
    return json.dumps({"id": id, **action})


LINES = "\n".join(
    [
        line("a", kind="file_read", path="README.md", reason="ignored", level=3),
        line("b", kind="file_write", path="src/x.py", content="x = 1\n", claimed={"level": 1}),
        line("c", kind="sql", path="", content="DROP TABLE users"),
        line("d", kind="file_read", path=".env", claimed={"level": 1, "summary": "config"}),
    ]
)


def answers(done: Done) -> list[dict[str, object]]:
    return [json.loads(each) for each in done.out.splitlines()]


def test_each_line_is_answered_in_its_order_with_id_level_effects_and_rules(maestro: Maestro, tmp_path: Path) -> None:
    (tmp_path / "actions.jsonl").write_text(LINES)

    done = maestro("check", "--jsonl", tmp_path / "actions.jsonl", "--json")

    assert done.code == 0, done.err
    assert [(each["id"], each["level"]) for each in answers(done)] == [("a", 1), ("b", 1), ("c", 3), ("d", 3)]
    for each in answers(done):
        assert each["effects"] and each["rules"] and len(str(each["digest"])) == 64
    assert answers(done)[3]["violation"] == "claimed level 1, is level 3"
    assert answers(done)[2]["effects"] == [{"kind": "data-destroy", "target": "users", "where": "", "detail": "drop"}]


def test_standard_input_is_read_for_a_dash(maestro: Maestro) -> None:
    assert [each["id"] for each in answers(maestro("check", "--jsonl", "-", "--json", given=LINES))] == list("abcd")


def test_a_bad_line_is_named_and_the_others_are_answered(maestro: Maestro) -> None:
    bad = [b"{not json", b'{"id": "x", "kind": "teleport"}', b"\xff\xfe", b"", b"[1]", b'{"id": 7, "kind": "shell"}']
    given = b"\n".join([LINES.encode(), *bad, line("z", kind="file_read", path="a").encode()])

    done = maestro("check", "--jsonl", "-", "--json", given=given)

    assert done.code == 3
    assert "5 lines could not be read" in done.err and "Traceback" not in done.err
    errors = [each for each in answers(done) if "error" in each]
    assert [(each["id"], each["line"]) for each in errors] == [(None, 5), ("x", 6), (None, 7), (None, 9), (7, 10)]
    assert all(each["error"] and each["mend"] for each in errors)
    assert [each["id"] for each in answers(done) if "level" in each] == ["a", "b", "c", "d", "z"]


def test_one_action_is_explained_effect_by_effect(maestro: Maestro) -> None:
    done = maestro("explain", "--action", line("x", kind="file_write", path="Dockerfile", content="FROM x\n"))

    assert done.code == 0, done.err
    assert done.out.startswith("level 2: asks first")
    assert "pipelines-and-images (shipped, level 2)" in done.out and "ordinary-edits (shipped, level 1)" in done.out


def test_a_level_above_what_is_asked_for_has_its_exit_code(maestro: Maestro) -> None:
    secret = line("x", kind="file_read", path=".env")

    assert maestro("check", "--action", secret).code == 0
    assert maestro("check", "--action", secret, "--at-most", 2).code == 5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("check",), 2, "name one command"),
        (("check", "ls", "--jsonl", "-"), 2, "name one command"),
        (("check", "--action", "{}"), 3, "--action is no action"),
        (("check", "--jsonl", "nowhere.jsonl"), 3, "nowhere.jsonl"),
        (("check", "ls", "--policy", "nowhere.yaml"), 3, "there is no file nowhere.yaml"),
        (("check", "ls", "--repo", "nowhere"), 3, "there is no folder"),
        (("suggest", "--at-least", "1"), 2, "--at-least"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(
    maestro: Maestro, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = maestro(*arguments)

    assert (done.code, done.out) == (code, "")
    assert words in done.err and "Traceback" not in done.err


def test_a_projects_policy_tightens_and_one_that_would_lower_stops_everything(maestro: Maestro, tmp_path: Path) -> None:
    file = tmp_path / "repo/.flow/maestro/policy.yaml"
    file.parent.mkdir(parents=True)
    rule = """\
rules:
  - name: vendored
    level: 2
    when: {kind: write, target: "vendor/**"}
    why: comes from elsewhere
    match: [{kind: file_write, path: vendor/a.py, content: x}]
"""
    action = line("x", kind="file_write", path="vendor/a.py", content="x = 1\n")
    file.write_text(rule)

    assert "level 2" in maestro("check", "--action", action).out
    assert "1 project" in maestro("test").out

    file.write_text(rule.replace("level: 2", "level: 1"))
    refused = maestro("check", "--action", action)

    assert (refused.code, refused.out) == (3, "")
    assert "policy.yaml:3: rules[0].level: a project's rule may only tighten" in refused.err
    assert "write level 2 or 3" in refused.err


def test_a_link_in_the_project_does_not_hide_where_it_leads(maestro: Maestro, tmp_path: Path) -> None:
    (tmp_path / "home/.ssh").mkdir(parents=True)
    (tmp_path / "home/.ssh/id_rsa").touch()
    (tmp_path / "repo/notes").symlink_to(tmp_path / "home/.ssh/id_rsa")

    assert "level 3" in maestro("check", "--action", line("x", kind="file_read", path="notes")).out


def test_commands_are_judged_and_none_is_run(maestro: Maestro, tmp_path: Path) -> None:
    done = maestro("check", "--jsonl", "-", "--json", given=line("x", kind="shell", command="touch ran; rm -rf ran /"))

    assert answers(done)[0]["level"] == 3
    assert not (tmp_path / "repo/ran").exists()


@pytest.mark.slow
def test_five_thousand_actions_are_judged_in_one_call(maestro: Maestro, tmp_path: Path) -> None:
    command = "git add src/file{0}.py && pytest -q tests/test_{0}.py"
    several = (line(f"c{n}", kind="shell", command=command.format(n)) for n in range(5000))
    (tmp_path / "many.jsonl").write_text("\n".join(several))

    started = time.monotonic()
    done = maestro("check", "--jsonl", tmp_path / "many.jsonl", "--json")

    assert len(answers(done)) == 5000 and {each["level"] for each in answers(done)} == {1}
    print(f"5,000 commands: {time.monotonic() - started:.1f} s")
