"""What can be done in a repository without touching a working tree?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from maestro.git.command import git as run_git
from maestro.git.problems import GitProblem, RefMoved, classify, without_secrets
from maestro.git.refs import RemoteRefs
from maestro.git.repository import Repository
from maestro.git.watching import watched
from maestro.git.workspace import Workspace, is_url
from maestro_contracts.records import FileChange
from tests.support.gitrepo import commit, commit_on, git, make_repo, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    return tmp_path / "repo"


def database(repo: Path) -> Repository:
    return Repository(repo / ".git")


async def test_a_ref_is_made_whatever_the_repository_hashes_with(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "longer")
    base = commit(tmp_path / "longer", {"a.txt": "one\n"})
    ours = database(tmp_path / "longer")

    await ours.set_ref("refs/maestro/r/x", base, None)

    assert len(base) == 64 and await ours.ref("refs/maestro/r/x") == base
    with pytest.raises(RefMoved):
        await ours.set_ref("refs/maestro/r/x", base, None)


async def test_a_ref_moves_only_from_where_it_was_expected(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    other = commit_on(repo, base, {"a.txt": "x\n"})
    ours = database(repo)

    await ours.set_ref("refs/maestro/r/x", base, None)
    with pytest.raises(RefMoved):
        await ours.set_ref("refs/maestro/r/x", other, None)
    with pytest.raises(RefMoved):
        await ours.set_ref("refs/maestro/r/x", other, other)
    await ours.set_ref("refs/maestro/r/x", other, base)

    assert await ours.ref("refs/maestro/r/x") == other


async def test_of_many_who_move_a_ref_at_once_one_wins(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    commits = [commit_on(repo, base, {"a.txt": f"{n}\n"}) for n in range(8)]
    ours = database(repo)

    results = await asyncio.gather(
        *(ours.set_ref("refs/maestro/r/x", new, None) for new in commits), return_exceptions=True
    )

    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, RefMoved) for result in results)


async def test_changes_count_lines_and_tell_binary_files(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "bin").write_bytes(b"\0\1\2")
    new = commit(repo, {"a.txt": "one\nmore\n", "ü ä.txt": "x\n"})
    git(repo, "mv", "b.txt", "c.txt")
    moved = commit(repo, {})

    assert set(await database(repo).changes(base, new)) == {
        FileChange("a.txt", 1, 0, "M"),
        FileChange("bin", -1, -1, "A"),
        FileChange("ü ä.txt", 1, 0, "A"),
    }
    assert set(await database(repo).changes(new, moved)) == {
        FileChange("b.txt", 0, 1, "D"),
        FileChange("c.txt", 1, 0, "A"),
    }


async def test_merging_in_memory_gives_a_tree_or_the_paths_in_conflict(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    one = commit_on(repo, base, {"a.txt": "this\n"})
    two = commit_on(repo, base, {"b.txt": "that\n"})
    three = commit_on(repo, base, {"a.txt": "that\n", "b.txt": None})
    ours = database(repo)

    clean = await ours.merge(one, two)
    clash = await ours.merge(one, three)

    assert clean.conflicts == ()
    assert git(repo, "show", f"{clean.tree}:a.txt") == "this" and git(repo, "show", f"{clean.tree}:b.txt") == "that"
    assert clash.conflicts == ("a.txt",)


async def test_the_history_is_read_with_its_trailers(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Merge\n\nMaestro-Task: T-001\nMaestro-Run: r")
    head = git(repo, "rev-parse", "HEAD")

    history = await database(repo).history(base, head)

    assert [(item.id, item.parents, item.trailers) for item in history] == [
        (head, (base,), {"Maestro-Task": "T-001", "Maestro-Run": "r"})
    ]


async def test_a_file_is_read_and_put_without_index_or_tree(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    ours = database(repo)

    tree = await ours.put_file(base, "deep/er/ü.md", b"text\n")

    assert await ours.read_file(tree, "deep/er/ü.md") == b"text\n"
    assert await ours.read_file(base, "deep/er/ü.md") is None
    assert git(repo, "status", "--porcelain") == ""


async def test_a_name_that_looks_like_an_option_is_no_commit(repo: Path) -> None:
    assert await database(repo).find("--all") is None


# --- running git -------------------------------------------------------------------------------------------------


async def test_more_output_than_the_limit_is_a_problem_and_git_is_ended(repo: Path) -> None:
    with pytest.raises(GitProblem) as caught:
        await run_git("cat-file", "--batch-all-objects", "--batch", cwd=repo, limit=10)

    assert caught.value.kind == "output_limit"


async def test_a_git_that_takes_too_long_is_ended(repo: Path) -> None:
    with pytest.raises(GitProblem) as caught:
        await run_git("-c", "alias.wait=!sleep 100", "wait", cwd=repo, timeout_s=0.3)

    assert caught.value.kind == "time_out"


async def test_a_persons_settings_do_not_change_what_git_does(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path, {"home/.gitconfig": "[core]\n autocrlf = true\n[commit]\n gpgSign = true\n[user]\n name = Somebody\n"}
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    base = git(repo, "rev-parse", "HEAD")

    made = await database(repo).commit_tree(f"{base}^{{tree}}", [base], "x")

    assert git(repo, "log", "-1", "--format=%an <%ae>", made) == "Maestro <maestro@localhost>"


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("fatal: write error: No space left on device", "environment"),
        ("error: file write error (No space left on device)\nfatal: unable to write", "environment"),
        ("fatal: not a git repository (or any of the parent directories): .git", "structural"),
        ("fatal: Unable to create '/r/.git/index.lock': File exists.", "transient"),
        ("fatal: bad object 1111", "structural"),
        ("fatal: could not open x: Permission denied", "environment"),
        ("ssh: Could not resolve hostname x\nfatal: Could not read from remote repository.", "transient"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "environment"),
        ("something nobody has seen", "transient"),
    ],
)
def test_gits_words_become_kinds(stderr: str, kind: str) -> None:
    assert classify("x", 128, stderr).kind == kind


def test_passwords_in_urls_are_not_told() -> None:
    assert without_secrets("fatal: https://me:s3cret@host/x.git not found") == "fatal: https://host/x.git not found"


# --- another host ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/x.git", True),
        ("file:///x", True),
        ("git@host:x.git", True),
        ("/home/me/x", False),
        ("./x", False),
        ("x", False),
        ("C", False),
        ("/odd:name/x", False),
    ],
)
def test_what_is_a_url(url: str, expected: bool) -> None:
    assert is_url(url) is expected


async def test_refs_behind_a_url_move_by_compare_and_swap_too(repo: Path, tmp_path: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    one = await Workspace(tmp_path / "host1").open("r-1", f"file://{repo}")
    two = await Workspace(tmp_path / "host2").open("r-1", f"file://{repo}")
    await one.refs.ensure(base)
    await two.refs.ensure(base)
    new = await one.repository.commit_tree(f"{base}^{{tree}}", [base], "new")

    await one.refs.write("refs/maestro/r-1/x", new, None)

    assert await two.refs.read("refs/maestro/r-1/x") == new
    assert await two.repository.find(new) == new
    with pytest.raises(RefMoved):
        await two.refs.write("refs/maestro/r-1/x", base, None)
    with pytest.raises(RefMoved):
        await two.refs.write("refs/maestro/r-1/x", base, base)
    await two.refs.write("refs/maestro/r-1/x", base, new)
    assert await one.refs.read("refs/maestro/r-1/x") == base


async def test_a_server_that_takes_no_pushes_is_a_clear_problem(repo: Path, tmp_path: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    hook = repo / ".git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho nobody may push here >&2\nexit 1\n")
    hook.chmod(0o755)
    run = await Workspace(tmp_path / "work").open("r-1", f"file://{repo}")
    assert isinstance(run.refs, RemoteRefs)
    await run.refs.ensure(base)

    with pytest.raises(GitProblem) as caught:
        await run.refs.write("refs/maestro/r-1/x", base, None)

    assert caught.value.kind == "environment"
    assert "nobody may push here" in caught.value.reason


async def test_a_url_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    run = await Workspace(tmp_path / "work").open("r-1", f"file://{tmp_path}/gone.git")

    with pytest.raises(GitProblem):
        await run.refs.ensure("1" * 40)


# --- fingerprints ---------------------------------------------------------------------------------------------------


async def test_what_runs_themselves_change_is_no_difference(repo: Path, tmp_path: Path) -> None:
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    base = git(repo, "rev-parse", "HEAD")
    git(repo, "update-ref", "refs/heads/maestro/r-2", base)
    git(repo, "update-ref", "refs/maestro/r-1/seal", base)

    async with watched(run, "T-001-1") as watch:
        git(repo, "update-ref", "refs/heads/maestro/r-1", base)
        git(repo, "update-ref", "refs/heads/maestro/r-2", commit_on(repo, base, {"new": "x"}))
        git(repo, "update-ref", "refs/maestro/r-2/checkpoints/1", base)
        git(repo, "update-ref", "refs/maestro/r-1/seal", commit_on(repo, base, {"seal": "2"}))
        git(repo, "update-ref", "refs/remotes/origin/main", base)
        write(repo, {".flow/maestro/sessions/x": "x", ".beads/issues.jsonl": "{}\n"})
        async with run.checkout("T", base):
            assert (await watch.ended()).names == ()


async def test_an_unknown_folder_deep_down_is_told_by_its_files(repo: Path, tmp_path: Path) -> None:
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with watched(run, "T-001-1") as watch:
        write(repo, {"new/deep/x y.txt": "x"})
        assert (await watch.ended()).names == (str(repo / "new/deep/x y.txt"),)
