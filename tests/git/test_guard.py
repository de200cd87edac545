"""What becomes of what a program plants in the repository, by its path?"""

from __future__ import annotations

import os
import sys
from asyncio import create_subprocess_exec
from pathlib import Path

import pytest

from maestro.git.guard import guarded
from maestro.git.watching import watched
from maestro.git.workspace import RunRepo, Workspace
from tests.support.gitrepo import commit, commit_on, git, make_repo
from tests.support.wait import wait_until

PLANTED = {
    "config": "git config filter.x.clean evil",
    "config.worktree": "echo evil >.git/config.worktree",
    "hooks/pre-commit": "mkdir -p .git/hooks; echo evil >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
    "hooks/post-merge": "echo evil >.git/hooks/post-merge",
    "hooks/commit-msg": "ln -sf /evil .git/hooks/commit-msg",
    "hooks/pre-push": "rm .git/hooks/pre-push",
    "hooks/pre-rebase": "chmod +x .git/hooks/pre-rebase",
    "info/attributes": "mkdir -p .git/info; echo '* filter=x' >.git/info/attributes",
    "objects/info/alternates": "mkdir -p .git/objects/info; echo /evil >.git/objects/info/alternates",
    "modules/lib/config": "git config --file .git/modules/lib/config core.fsmonitor evil",
    "modules/lib/hooks/pre-commit": "mkdir -p .git/modules/lib/hooks; echo evil >.git/modules/lib/hooks/pre-commit",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    make_repo(repo)
    commit(repo, {"a.txt": "two\n"})
    hooks = repo / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("commit-msg", "pre-push", "pre-rebase"):
        (hooks / name).write_text("#!/bin/sh\n# mine\n")
    git(repo, "init", "-q", "--bare", ".git/modules/lib")
    return repo


def guarded_files(repo: Path) -> dict[str, tuple[str, int]]:
    inside = {path for path in (repo / ".git").rglob("*") if not path.parts[len(repo.parts) + 1].startswith("maestro-")}
    return {
        str(path): (os.readlink(path) if path.is_symlink() else path.read_text("latin-1"), path.lstat().st_mode)
        for path in sorted(inside)
        if path.is_file() or path.is_symlink()
    }


def sh(where: Path, script: str) -> None:
    assert os.system(f"cd '{where}' && {script}") == 0


@pytest.mark.parametrize("name", PLANTED)
async def test_what_makes_git_run_something_is_put_back_and_kept_as_evidence(repo: Path, name: str) -> None:
    before = guarded_files(repo)

    async with guarded(repo / ".git", "r-1-T-001-1") as guard:
        sh(repo, PLANTED[name])
        finding = await guard.ended()

    assert finding.names == (str(repo / ".git" / name),)
    assert guarded_files(repo) == before
    if name != "hooks/pre-push":
        kept = Path(finding.kept) / name
        assert os.path.lexists(kept) and "T-001-1" in finding.kept


async def test_the_one_that_planted_it_is_told_although_another_one_found_it_first(repo: Path) -> None:
    async with guarded(repo / ".git", "planter") as planter, guarded(repo / ".git", "finder") as finder:
        sh(repo, PLANTED["config"])
        async with guarded(repo / ".git", "latecomer") as latecomer:
            found = await finder.ended()
            assert (await planter.ended()).names == found.names == (str(repo / ".git/config"),)
            assert (await latecomer.ended()).names == found.names
    async with guarded(repo / ".git", "next") as guard:
        assert (await guard.ended()).names == ()
    assert "evil" not in (repo / ".git/config").read_text()


async def test_what_was_planted_by_a_program_whose_worker_was_killed_is_put_back_by_the_next(
    repo: Path, tmp_path: Path
) -> None:
    before = guarded_files(repo)
    dying = await create_subprocess_exec(sys.executable, "-c", DYING, str(repo / ".git"), str(tmp_path / "in"))
    await wait_until((tmp_path / "in").exists)
    sh(repo, PLANTED["hooks/pre-commit"])
    dying.kill()
    await dying.wait()

    async with guarded(repo / ".git", "next") as guard:
        assert guard.earlier.names == (str(repo / ".git/hooks/pre-commit"),)
        assert guarded_files(repo) == before
    async with guarded(repo / ".git", "after that") as guard:
        assert guard.earlier.names == ()


DYING = """
import asyncio, sys
from pathlib import Path
from maestro.git.guard import guarded
async def work():
    async with guarded(Path(sys.argv[1]), "dying"):
        Path(sys.argv[2]).touch()
        await asyncio.sleep(1000)
asyncio.run(work())
"""


async def test_what_a_person_changes_while_nobody_is_at_work_stays(repo: Path) -> None:
    async with guarded(repo / ".git", "one"):
        pass
    git(repo, "config", "core.pager", "less")

    async with guarded(repo / ".git", "two") as guard:
        assert (await guard.ended()).names == ()
    assert git(repo, "config", "core.pager") == "less"


async def test_notes_about_branches_that_tools_make_are_no_matter(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "/somewhere")

    async with guarded(repo / ".git", "one") as guard:
        git(repo, "config", "branch.main.remote", "origin")
        git(repo, "config", "branch.main.vscode-merge-base", "origin/main")
        assert (await guard.ended()).names == ()
        git(repo, "config", "branch.main.remote", "ext::evil")
        assert (await guard.ended()).names == (str(repo / ".git/config"),)


# --- refs -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def run(repo: Path, tmp_path: Path) -> RunRepo:
    head = git(repo, "rev-parse", "HEAD")
    for ref in ("refs/heads/maestro/r-1", "refs/maestro/r-1/tasks/T-001/1", "refs/heads/maestro/r-2", "refs/tags/v1"):
        git(repo, "update-ref", ref, head)
    return await Workspace(tmp_path / "work").open("r-1", str(repo))


@pytest.mark.parametrize("ref", ["refs/heads/maestro/r-1", "refs/maestro/r-1/tasks/T-001/1"])
async def test_a_ref_of_the_run_that_was_taken_away_is_put_back_and_told(run: RunRepo, repo: Path, ref: str) -> None:
    head = git(repo, "rev-parse", "HEAD")

    async with watched(run, "T-002-1") as watch:
        git(repo, "update-ref", "-d", ref)
        assert (await watch.ended()).names == (f"{ref} (put back)",)

    assert git(repo, "rev-parse", ref) == head


async def test_a_result_of_another_task_that_was_moved_is_put_back(run: RunRepo, repo: Path) -> None:
    head, ref = git(repo, "rev-parse", "HEAD"), "refs/maestro/r-1/tasks/T-001/1"

    async with watched(run, "T-002-1") as watch:
        git(repo, "update-ref", ref, commit_on(repo, head, {"evil": "x"}))
        assert (await watch.ended()).names == (f"{ref} (put back)",)

    assert git(repo, "rev-parse", ref) == head


@pytest.mark.parametrize(
    ("harm", "ref"),
    [
        ("update-ref -d refs/heads/maestro/r-2", "refs/heads/maestro/r-2"),
        ("update-ref refs/heads/maestro/r-1 HEAD~1", "refs/heads/maestro/r-1"),
        ("tag -d v1", "refs/tags/v1"),
        ("branch -f other HEAD~1", "refs/heads/other"),
    ],
)
async def test_of_a_ref_that_was_moved_back_or_deleted_nothing_is_lost(
    run: RunRepo, repo: Path, harm: str, ref: str
) -> None:
    git(repo, "branch", "other")
    head = git(repo, "rev-parse", "HEAD")

    async with watched(run, "T-002-1") as watch:
        git(repo, *harm.split())
        (told,) = (await watch.ended()).names

    assert told.startswith(f"{ref} (as it was: refs/maestro/r-1/lost/")
    assert git(repo, "rev-parse", told.removesuffix(")").rpartition(" ")[2]) == head
