"""Does the demo go as it is told? Every real service in one process, from the specification to the branch."""

from __future__ import annotations

import asyncio
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from maestro.agents.playbook import load_playbook
from maestro.demo import unpack
from maestro.projections.folder import write
from maestro.projections.projector import Projector
from maestro.workflows import load_builtin
from maestro_contracts.commands import StartRun
from maestro_contracts.records import AgentSpec, Repo, Retry, Settings
from tests.support.one_process import OneProcess

RUN = "settle-up-demo22"
BRANCH = f"maestro/{RUN}"


@dataclass(frozen=True)
class Done:
    run: OneProcess
    repo: Path
    before: str

    @property
    def told(self) -> Projector:
        return self.run.told


def git(repo: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=repo, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("demo")
    files = unpack(folder / "demo")
    hurried = re.sub(r"delay: [\d.]+", "delay: 0", files.playbook.read_text(encoding="utf-8"))
    before = snapshot(files.repo)
    run = OneProcess(RUN, folder / "work", load_playbook(hurried, "play.yaml"))
    settings = Settings(AgentSpec("script", playbook=hurried), retry=Retry(3, 0.0))
    base = git(files.repo, "rev-parse", "HEAD")
    text = files.spec.read_text(encoding="utf-8")
    command = StartRun(
        feature="Settle up after the trip",
        source="spec",
        text=text,
        repo=Repo(str(files.repo), base, "main"),
        workflow=load_builtin("autonomous"),
        settings=settings,
        by="ada",
    )
    asyncio.run(run.start(command))
    return Done(run, files.repo, before)


def snapshot(repo: Path) -> str:
    return "\n".join(
        [git(repo, "rev-parse", "HEAD"), git(repo, "status", "--porcelain"), git(repo, "branch", "--show-current")]
    )


def section(report: str, title: str) -> str:
    return report.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_run_completes_with_every_requirement_met(done: Done) -> None:
    state = done.told.state
    assert (state.status, state.problem) == ("completed", None)
    assert [task.status for task in state.tasks.values()] == ["done"] * 8
    assert state.checks[-1].verdict == "met"
    assert {verdict.verdict for verdict in state.checks[-1].requirements} == {"met"}
    assert state.violations == []


def test_the_liar_is_caught_once_and_everybody_else_is_believed_at_once(done: Done) -> None:
    tasks = done.told.state.tasks.values()
    lied = [task for task in tasks if task.attempt > 1]
    assert [task.spec.requirements for task in lied] == [("R-5",)]
    assert [problem.kind for problem in lied[0].problems] == ["false_claim"]


def test_the_branch_holds_the_feature_and_its_tests_pass(done: Done, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    git(done.repo, "worktree", "add", "--quiet", "--detach", str(checkout), BRANCH)
    try:
        tests = subprocess.run(["python3", "-m", "unittest"], cwd=checkout, capture_output=True, text=True, check=False)
        assert tests.returncode == 0, tests.stderr
        assert "Ran 40 tests" in tests.stderr
        prd = next((checkout / ".flow").glob("prd-*.md")).read_text(encoding="utf-8")
        assert "status: implemented" in prd
    finally:
        git(done.repo, "worktree", "remove", "--force", str(checkout))


def test_the_users_own_branch_and_files_are_untouched(done: Done) -> None:
    assert snapshot(done.repo) == done.before


def test_the_prd_file_is_the_one_on_the_branch(done: Done) -> None:
    path = done.told.state.prd_path
    assert done.told.files()[path].decode().strip() == git(done.repo, "show", f"{BRANCH}:{path}")


def test_the_report_tells_it_all(done: Done) -> None:
    report = done.told.report()
    assert "**The run is completed**: 8 of 8 tasks done, 8 of 8 requirements met." in report
    assert "8 of 8 done, in 4 groups, 9 attempts" in report
    assert "no person looked | Looks right. Please do not lose a cent." in section(report, "Approvals")
    assert "`tally/settle.py` | added |" in section(report, "Changes")
    rejected = section(report, "What was retried or rejected, and why")
    assert "was rejected" in rejected
    assert "said: `python3 -m unittest` exited 0" in rejected
    assert "a cent" in rejected or "AssertionError" in rejected
    assert f"git merge --no-ff {BRANCH}" in section(report, "Next steps")


def test_the_commands_of_the_next_steps_work(done: Done, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(done.repo, "clone", "--quiet", str(done.repo), str(copy))
    git(copy, "fetch", "--quiet", "origin", f"{BRANCH}:{BRANCH}")
    git(copy, "config", "user.name", "Ada")
    git(copy, "config", "user.email", "ada@localhost")
    blocks = re.findall(r"```sh\n(.*?)```", section(done.told.report(), "Next steps"), flags=re.DOTALL)
    for command in "".join(blocks).splitlines():
        ran = subprocess.run(command, shell=True, cwd=copy, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"
    assert (copy / "tally" / "settle.py").is_file()


def test_a_second_reader_of_the_log_writes_the_same_files(done: Done, tmp_path: Path) -> None:
    reader = Projector(RUN)
    for commit in done.run.story.commits:
        reader.apply(commit)
    written = write(tmp_path, reader.files())
    assert {path: (tmp_path / path).read_bytes() for path in written} == done.told.files()
