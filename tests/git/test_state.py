"""Can a run start on this folder?"""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro.git.problems import GitProblem
from maestro.git.state import inspect
from tests.support.gitrepo import git, make_repo, snapshot, write


async def test_a_clean_repository_has_no_problem(tmp_path: Path) -> None:
    head = make_repo(tmp_path / "r")
    before = snapshot(tmp_path / "r")

    state = await inspect(tmp_path / "r")

    assert state.problem() is None
    assert (state.branch, state.head, state.root) == ("main", head, tmp_path / "r")
    assert snapshot(tmp_path / "r") == before


async def test_a_folder_inside_is_of_the_repository_around_it(tmp_path: Path) -> None:
    make_repo(tmp_path / "r ü", {"sub/x": "x"})

    assert (await inspect(tmp_path / "r ü/sub")).root == tmp_path / "r ü"


@pytest.mark.parametrize("name", ["two\nlines", "ends in a space ", "ends in a newline\n"])
async def test_white_space_is_part_of_a_path(tmp_path: Path, name: str) -> None:
    head = make_repo(tmp_path / name)

    state = await inspect(tmp_path / name)

    assert (state.root, state.git_dir, state.head) == (tmp_path / name, tmp_path / name / ".git", head)


async def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    problem = (await inspect(tmp_path)).problem()

    assert problem is not None
    assert "is not a git repository" in problem.reason and "git init" in problem.mend


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GitProblem, match="there is no folder"):
        await inspect(tmp_path / "gone")


async def test_an_empty_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")

    state = await inspect(tmp_path)

    problem = state.problem()
    assert problem is not None and "no commit yet" in problem.reason and "git commit" in problem.mend
    assert (state.empty, state.branch, state.head) == (True, "main", "")


async def test_a_detached_head(tmp_path: Path) -> None:
    make_repo(tmp_path)
    git(tmp_path, "checkout", "-q", "--detach")

    state = await inspect(tmp_path)

    problem = state.problem()
    assert problem is not None and "detached" in problem.reason and "git switch" in problem.mend
    assert state.problem(allow_detached=True) is None


async def test_a_dirty_tree_is_told_with_its_files(tmp_path: Path) -> None:
    make_repo(tmp_path, {"a b.txt": "x", ".gitignore": "*.log\n"})
    write(tmp_path, {"a b.txt": "changed", "new ü.txt": "x", "ignored.log": "x", ".flow/notes": "x"})

    state = await inspect(tmp_path)

    assert set(state.dirty) == {"a b.txt", "new ü.txt"}
    problem = state.problem()
    assert problem is not None and "new ü.txt" in problem.reason and "git stash" in problem.mend
    assert state.problem(allow_dirty=True) is None


async def test_a_bare_repository_has_no_tree(tmp_path: Path) -> None:
    make_repo(tmp_path / "r")
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "r"), "b.git")

    state = await inspect(tmp_path / "b.git")

    assert (state.bare, state.root, state.problem()) == (True, None, None)


async def test_a_linked_worktree_is_of_the_same_repository(tmp_path: Path) -> None:
    make_repo(tmp_path / "r")
    git(tmp_path / "r", "worktree", "add", "-q", "-b", "other", str(tmp_path / "w"))

    state = await inspect(tmp_path / "w")

    assert (state.root, state.git_dir, state.branch) == (tmp_path / "w", tmp_path / "r/.git", "other")


async def test_a_git_that_is_too_old_or_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitProblem, match=r"install git 2\.38"):
        await inspect(tmp_path)

    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.25.1\n")
    (tmp_path / "git").chmod(0o755)
    with pytest.raises(GitProblem, match=r"2\.25\.1 is too old"):
        await inspect(tmp_path)


async def test_variables_that_point_elsewhere_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = make_repo(tmp_path / "r")
    make_repo(tmp_path / "other", {"other": "x"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))

    assert (await inspect(tmp_path / "r")).head == head
