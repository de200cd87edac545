"""Does the demo hold what it promises? Played by hand here, task by task, without any of Maestro's services."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maestro.agents.playbook import Delay, Lie, Play, Playbook, load_playbook
from maestro.demo import DemoFiles, unpack
from maestro.planner.specification import parse
from maestro.taskgen.decider import Generated, generate
from maestro_contracts.commands import GenerateTasks
from maestro_contracts.records import Codebase, Prd, Requirement
from tests.support.playing import apply

REQUIREMENTS = tuple(f"R-{number}" for number in range(1, 9))
LEVELS = (("R-1", "R-2", "R-3"), ("R-4", "R-5"), ("R-6", "R-7"), ("R-8",))


@pytest.fixture
def demo(tmp_path: Path) -> DemoFiles:
    return unpack(tmp_path / "a demo")


@pytest.fixture
def playbook(demo: DemoFiles) -> Playbook:
    return load_playbook(demo.playbook.read_text(encoding="utf-8"), str(demo.playbook))


def shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def requirements(demo: DemoFiles) -> tuple[Requirement, ...]:
    return parse(demo.spec.read_text(encoding="utf-8")).requirements


def checks(demo: DemoFiles) -> dict[str, str]:
    """The acceptance check of each requirement, as the planner reads it."""
    return {requirement.id: requirement.check for requirement in requirements(demo) if requirement.check}


def play_of(playbook: Playbook, requirement: str) -> Play:
    return next(play for play in playbook.plays if play.requirement == requirement)


def play_attempt(playbook: Playbook, requirement: str, attempt: int, root: Path) -> list[str]:
    return [command for step in play_of(playbook, requirement).steps(attempt) for command in apply(step, root)]


def test_the_unpacked_library_passes_its_own_tests(demo: DemoFiles) -> None:
    assert shell("python3 -m unittest", demo.repo).returncode == 0
    shown = shell("python3 -m tally show examples/weekend.txt", demo.repo).stdout
    assert shown in (demo.repo / "README.md").read_text(encoding="utf-8")


def test_two_demos_start_from_the_same_clean_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = unpack(tmp_path / "one")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    other = unpack(tmp_path / "other")
    monkeypatch.delenv("GIT_DIR")
    heads = {shell("git rev-parse HEAD", files.repo).stdout for files in (one, other)}
    assert len(heads) == 1
    assert shell("git status --porcelain", one.repo).stdout == ""


def test_a_demo_is_never_put_over_another(tmp_path: Path) -> None:
    unpack(tmp_path)
    with pytest.raises(FileExistsError, match="name another folder"):
        unpack(tmp_path)


def test_every_requirement_has_a_check_and_a_play(demo: DemoFiles, playbook: Playbook) -> None:
    assert tuple(checks(demo)) == REQUIREMENTS
    assert tuple(play.requirement for play in playbook.plays) == REQUIREMENTS


def test_the_requirements_depend_on_each_other_in_four_levels(demo: DemoFiles) -> None:
    wanted = {requirement.id: set(requirement.depends_on) for requirement in requirements(demo)}
    done: set[str] = set()
    levels = []
    while len(done) < len(wanted):
        ready = tuple(sorted(name for name, needs in wanted.items() if name not in done and needs <= done))
        levels.append(ready)
        done.update(ready)
    assert tuple(levels) == LEVELS


def test_each_check_fails_before_its_task_and_passes_after_it(demo: DemoFiles, playbook: Playbook) -> None:
    for requirement in [name for level in LEVELS for name in level]:
        check = checks(demo)[requirement]
        assert shell(check, demo.repo).returncode != 0, f"{requirement} holds before anybody worked on it"
        for command in play_attempt(playbook, requirement, 2, demo.repo):
            ran = shell(command, demo.repo)
            assert ran.returncode == 0, f"{requirement}: {command}\n{ran.stderr}"
        ran = shell(check, demo.repo)
        assert ran.returncode == 0, f"{requirement}: {check}\n{ran.stderr}"
    assert shell("python3 -m unittest", demo.repo).returncode == 0
    shown = shell("python3 -m tally settle examples/trip.txt --in EUR", demo.repo).stdout
    assert shown in (demo.repo / "README.md").read_text(encoding="utf-8")


def test_a_check_holds_for_its_own_task_alone(demo: DemoFiles, playbook: Playbook) -> None:
    for level in LEVELS:
        for requirement in level:
            others = [name for name in level if name > requirement]
            play_attempt(playbook, requirement, 2, demo.repo)
            assert all(shell(checks(demo)[other], demo.repo).returncode for other in others)


def test_the_lie_is_a_lie(demo: DemoFiles, playbook: Playbook) -> None:
    """The first attempt at the balances claims that all tests and the acceptance check passed, and both fail."""
    play_attempt(playbook, "R-1", 1, demo.repo)
    claimed = play_attempt(playbook, "R-5", 1, demo.repo)
    assert any(isinstance(step, Lie) and step.exit_code == 0 for step in play_of(playbook, "R-5").steps(1))
    assert claimed == ["python3 -m unittest", checks(demo)["R-5"]]
    assert all(shell(command, demo.repo).returncode != 0 for command in claimed)
    assert "a cent is missing" in shell(claimed[1], demo.repo).stderr


def test_every_task_touches_the_files_that_its_requirement_names_and_no_other(
    demo: DemoFiles, playbook: Playbook
) -> None:
    for requirement in requirements(demo):
        for steps in play_of(playbook, requirement.id).attempts:
            assert {step.path for step in steps if hasattr(step, "path")} == set(requirement.files)


def test_tasks_of_one_level_touch_different_files(demo: DemoFiles) -> None:
    files = {requirement.id: requirement.files for requirement in requirements(demo)}
    for level in LEVELS:
        touched = [path for name in level for path in files[name]]
        assert len(set(touched)) == len(touched)


def test_the_task_generator_makes_eight_tasks_in_four_groups_of_them(demo: DemoFiles, playbook: Playbook) -> None:
    prd = Prd("Settle up", "settle-up", 1, "high", requirements(demo))
    made = generate(GenerateTasks("tasks", 1, 1, prd, Codebase()))
    assert isinstance(made, Generated)
    groups: dict[int, set[str]] = {}
    for task in made.tasks:
        groups.setdefault(task.group, set()).update(task.requirements)
        play = playbook.play(task)
        assert play is not None
        assert (play.requirement,) == task.requirements
    assert len(made.tasks) == 8
    assert [tuple(sorted(groups[number])) for number in sorted(groups)] == list(LEVELS)


def test_the_agents_of_the_demo_wait_less_than_five_seconds_in_all(playbook: Playbook) -> None:
    def wait(name: str) -> float:
        steps = [step for steps in play_of(playbook, name).attempts for step in steps]
        return sum(step.seconds for step in steps if isinstance(step, Delay))

    waits = {name: wait(name) for name in REQUIREMENTS}
    assert 0 < sum(max(waits[name] for name in level) for level in LEVELS) < 5


def test_the_gate_has_a_prepared_answer(playbook: Playbook) -> None:
    answer = playbook.answer("approve-plan")
    assert answer is not None
    assert answer.choice == "approve"
