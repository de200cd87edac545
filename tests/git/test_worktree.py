"""Where can an agent work without anybody's own tree being touched?"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from maestro.git.problems import GitProblem
from maestro.git.workspace import Workspace
from tests.support.gitrepo import commit, git, make_repo, snapshot


async def test_a_worktree_holds_the_commit_and_the_persons_tree_stays_as_it_was(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {"a.txt": "one\n", "sub/b.txt": "two\n"})
    before = snapshot(repo)

    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    tree = await run.worktree("T-001-1", base)

    assert (tree.path / "sub/b.txt").read_text() == "two\n"
    assert snapshot(repo) == before
    await tree.remove()
    assert snapshot(repo) == before
    assert not tree.path.exists() and not tree.private.exists()


async def test_a_path_with_spaces_and_letters_of_other_alphabets_works(tmp_path: Path) -> None:
    repo = tmp_path / "Ein Prüf-Ordner 日本"
    base = make_repo(repo, {"ä ö.txt": "x\n"})

    run = await Workspace(tmp_path / "my wörk").open("r-1", str(repo))
    async with run.checkout("T 001/ü", base) as tree:
        assert (tree.path / "ä ö.txt").read_text() == "x\n"
        (tree.path / "neu ß.txt").write_text("y\n")
        written = await tree.write_tree()

    assert "neu ß.txt" in git(repo, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", written)


async def test_many_worktrees_made_at_once_are_all_whole(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {f"f{n}": "x\n" for n in range(20)})
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    trees = await asyncio.gather(*(run.worktree("T", base) for _ in range(12)))

    assert {len(list(tree.path.iterdir())) for tree in trees} == {21}
    await asyncio.gather(*(tree.remove() for tree in trees))
    assert list(run.folder.iterdir()) == []


async def test_a_persons_hooks_do_not_run(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo)
    hook = repo / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)

    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    async with run.checkout("T", base):
        pass

    assert not (tmp_path / "hook-ran").exists()


async def test_what_ignore_rules_name_and_what_tools_leave_is_no_part_of_the_work(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {".gitignore": "out/\n"})
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", base) as tree:
        for name in ("out", "__pycache__"):
            (tree.path / name).mkdir()
            (tree.path / name / "x.pyc").write_text("x")
        assert await tree.write_tree() == git(repo, "rev-parse", f"{base}^{{tree}}")


async def test_a_flag_set_in_the_worktrees_index_hides_no_change(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {"a.txt": "one\n"})
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", base) as tree:
        git(tree.path, "update-index", "--assume-unchanged", "a.txt")
        (tree.path / "a.txt").write_text("changed and hidden\n")
        assert await tree.write_tree() != git(repo, "rev-parse", f"{base}^{{tree}}")


@pytest.mark.parametrize(
    "instead", ["rm -r .git", "rm -r .git; git init -q", "rm -r .git; echo 'gitdir: /nowhere' >.git"]
)
async def test_whatever_lies_in_the_place_of_its_git_the_work_is_found_and_everything_can_be_restored(
    tmp_path: Path, instead: str
) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {"a.txt": "one\n"})
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", base) as tree:
        sh(tree.path, f"{instead}; echo new >b.txt; echo changed >a.txt")
        written = await tree.write_tree()
        await tree.restore()
        assert git(tree.path, "status", "--porcelain") == ""
        assert git(tree.path, "rev-parse", "HEAD") == base

    assert "b.txt" in git(repo, "ls-tree", "-r", "--name-only", written)


# --- git, as a program in a worktree sees it ------------------------------------------------------------------------


async def test_a_program_in_a_worktree_sees_the_history_branches_and_tags(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {"a.txt": "one\n", ".gitignore": "out\n"})
    git(repo, "tag", "-a", "-m", "One", "v1.0")
    head = commit(repo, {"a.txt": "two\n"})
    (repo / ".git/info").mkdir(exist_ok=True)
    (repo / ".git/info/exclude").write_text("mine\n")
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", head) as tree:
        assert git(tree.path, "rev-parse", "HEAD", "main", "v1.0^{commit}").splitlines() == [head, head, base]
        assert git(tree.path, "describe").startswith("v1.0-1-")
        assert git(tree.path, "diff", "--stat", "HEAD~1").startswith("a.txt")
        (tree.path / "mine").touch()
        (tree.path / "out").touch()
        assert git(tree.path, "status", "--porcelain") == ""


HARM = [
    "git config core.pager evil",
    "git config filter.x.clean 'touch evil'; echo '* filter=x' >$(git rev-parse --git-path info/attributes)",
    "mkdir -p $(git rev-parse --git-path hooks); echo evil >$(git rev-parse --git-path hooks/pre-commit)",
    "git config extensions.worktreeConfig true; git config --worktree core.hooksPath /tmp",
    "git checkout -q -b main2; git commit -q --allow-empty -m mine",
    "git branch -f main HEAD~1; git branch -D other; git tag -d v1; git tag agents-own",
    "git update-ref -d refs/heads/maestro/r-1; git update-ref -d refs/maestro/r-1/tasks/T-001/1",
    "git for-each-ref --format='delete %(refname)' | git update-ref --stdin",
    "echo x >x; git add x; git stash -q; git reflog expire --all --expire=now; git gc -q --prune=now",
    "git worktree add -q ../another HEAD; rm -rf ../another",
    "git push -q origin HEAD:refs/heads/pushed; git push -q . HEAD:refs/heads/pushed",
    "git repack -adq; git pack-refs --all",
    "echo /nowhere >>.git/objects/info/alternates",
]


@pytest.mark.parametrize("script", HARM)
async def test_nothing_that_git_does_in_a_worktree_reaches_the_persons_repository(tmp_path: Path, script: str) -> None:
    repo = tmp_path / "repo"
    make_repo(repo)
    base = commit(repo, {"a.txt": "two\n"})
    for ref in ("refs/heads/other", "refs/tags/v1", "refs/heads/maestro/r-1", "refs/maestro/r-1/tasks/T-001/1"):
        git(repo, "update-ref", ref, base)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    before = every_byte(repo)

    async with run.checkout("T", base) as tree:
        sh(tree.path, script)

    assert every_byte(repo) == before


def sh(where: Path, script: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["sh", "-c", script], cwd=where, env=env, capture_output=True, timeout=60)


def every_byte(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("mode", [0o000, 0o555])
async def test_a_worktree_with_closed_folders_is_removed_all_the_same(tmp_path: Path, mode: int) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    tree = await run.worktree("T", base)
    (tree.path / "closed/in").mkdir(parents=True)
    (tree.path / "closed/in/file").write_text("x")
    os.chmod(tree.path / "closed/in", mode)
    os.chmod(tree.path / "closed", mode)

    await tree.remove()

    assert not tree.path.exists()


async def test_a_missing_commit_is_a_clear_problem_and_leaves_nothing(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    make_repo(repo)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    with pytest.raises(GitProblem, match="there is no commit") as caught:
        await run.worktree("T", "1" * 40)

    assert caught.value.kind == "structural"
    assert list(run.folder.iterdir()) == []


async def test_another_programs_lock_is_waited_for(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    lock = repo / ".git/refs/maestro/r-1/x.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()

    moving = asyncio.create_task(run.refs.write("refs/maestro/r-1/x", base, None))
    await asyncio.sleep(0.1)
    assert not moving.done()
    lock.unlink()
    await moving

    assert await run.refs.read("refs/maestro/r-1/x") == base


async def test_a_persons_filters_make_the_checkout_and_the_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[filter "loud"]\n smudge = tr a-z A-Z\n clean = tr A-Z a-z\n required = true\n')
    repo = tmp_path / "repo"
    base = make_repo(repo, {".gitattributes": "*.big filter=loud\n", "a.big": "words\n"})
    monkeypatch.setenv("HOME", str(home))
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", base) as tree:
        assert (tree.path / "a.big").read_text() == "WORDS\n"
        (tree.path / "b.big").write_text("MORE\n")
        written = await tree.write_tree()

    assert git(repo, "show", f"{written}:b.big") == "more"
    assert git(repo, "rev-parse", f"{written}:a.big") == git(repo, "rev-parse", f"{base}:a.big")


async def test_a_worktree_that_never_was_whole_is_removed_and_a_whole_one_found(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))
    whole, half = await run.worktree("T", base), await run.worktree("T", base)
    other = await run.worktree("U", base)
    (half.private / "litter").unlink()
    (run.folder / "T-0123abcd.private").mkdir()

    found = await run.left_behind("T", base)

    assert [tree.path for tree in found] == [whole.path]
    assert {path.name for path in run.folder.iterdir() if not path.name.endswith(".private")} == {
        whole.path.name,
        other.path.name,
    }


# --- submodules -------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_submodule(tmp_path: Path) -> tuple[Path, str]:
    """A repository with the submodule `libs/one`, which has one of its own."""
    make_repo(tmp_path / "two", {"two.txt": "2\n"})
    make_repo(tmp_path / "one", {"one.txt": "1\n"})
    for outer, inner, path in (("one", "two", "deep"), ("repo", "one", "libs/one")):
        if outer == "repo":
            make_repo(tmp_path / "repo")
        add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / inner), path)
        git(tmp_path / outer, *add)
        git(tmp_path / outer, "commit", "-q", "-m", "With a submodule")
    repo = tmp_path / "repo"
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    return repo, git(repo, "rev-parse", "HEAD")


async def test_submodules_that_are_here_are_checked_out_without_any_network(
    with_submodule: tuple[Path, str], tmp_path: Path
) -> None:
    repo, head = with_submodule
    for inner in ("one", "two"):
        (tmp_path / inner).rename(tmp_path / f"{inner} is gone")
    before = every_byte(repo)
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", head) as tree:
        assert (tree.path / "libs/one/deep/two.txt").read_text() == "2\n"
        assert git(tree.path, "status", "--porcelain") == ""
        assert await tree.changed_modules() == ()
        assert await tree.write_tree() == git(repo, "rev-parse", f"{head}^{{tree}}")
        sh(tree.path, "echo x >libs/one/one.txt; rm -r libs/one/deep; git -C libs/one config core.pager evil")
        await tree.restore()
        assert git(tree.path, "status", "--porcelain") == ""
        assert (tree.path / "libs/one/deep/two.txt").read_text() == "2\n"

    assert every_byte(repo) == before


@pytest.mark.parametrize(
    "script",
    [
        "echo x >libs/one/one.txt",
        "echo x >libs/one/new.txt",
        "echo x >libs/one/deep/two.txt",
        "cd libs/one; echo x >one.txt; git commit -qam mine",
    ],
)
async def test_what_is_changed_in_a_submodule_is_told_and_does_not_change_the_tree(
    with_submodule: tuple[Path, str], tmp_path: Path, script: str
) -> None:
    repo, head = with_submodule
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", head) as tree:
        sh(tree.path, script)
        assert await tree.changed_modules() == ("libs/one",)
        assert await tree.write_tree() == git(repo, "rev-parse", f"{head}^{{tree}}")


async def test_a_submodule_that_is_not_here_is_an_empty_folder_and_is_known_to_be_missing(
    with_submodule: tuple[Path, str], tmp_path: Path
) -> None:
    repo, head = with_submodule
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "clone"))
    run = await Workspace(tmp_path / "work").open("r-1", str(tmp_path / "clone"))

    async with run.checkout("T", head) as tree:
        assert [(module.path, module.repository) for module in await tree.modules()] == [("libs/one", None)]
        assert list((tree.path / "libs/one").iterdir()) == []
        assert await tree.changed_modules() == ()
        (tree.path / "libs/one/x").touch()
        assert await tree.changed_modules() == ("libs/one",)


async def test_large_files_that_lie_here_by_their_pointers_only_are_known(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
    base = make_repo(repo, {".gitattributes": "*.big filter=lfs\n", "a.big": pointer, "b.big": "all of it\n"})
    run = await Workspace(tmp_path / "work").open("r-1", str(repo))

    async with run.checkout("T", base) as tree:
        assert await tree.pointers() == ("a.big",)
