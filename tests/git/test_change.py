"""Is a change read as exactly what it is?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from maestro.git.change import Change, read_change
from maestro.git.repository import Repository
from maestro_contracts.proposals import FileDelete, FileWrite, Git
from tests.support.gitrepo import git, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    make_repo(path)
    (path / "a.txt").write_text("one\n")
    (path / "b.txt").write_text("two\n")
    committed(path)
    return path


def committed(repo: Path) -> str:
    git(repo, "add", "-A")
    git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")
    return git(repo, "rev-parse", "HEAD")


async def changed(repo: Path, base: str, commit: str) -> Change:
    return await read_change(Repository(repo / ".git"), base, commit)


async def test_each_file_is_an_action_with_what_it_was_and_what_it_is(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "a.txt").unlink()
    (repo / "b.txt").write_text("new\n")
    (repo / "näme\n.txt").write_text("more\n")
    change = await changed(repo, base, committed(repo))

    assert change.parts == (
        FileDelete("a.txt"),
        FileWrite("b.txt", "new\n", "two\n"),
        FileWrite("näme\n.txt", "more\n", None),
    )
    assert change.unread == ()


async def test_the_digest_covers_modes_that_no_content_shows(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "b.txt").write_text("new\n")
    plain = await changed(repo, base, committed(repo))
    (repo / "b.txt").chmod(0o755)
    executable = await changed(repo, base, committed(repo))
    assert plain.parts == executable.parts
    assert plain.digest != executable.digest


async def test_what_cannot_be_read_as_text_is_named_with_its_hash(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "image.png").write_bytes(b"\x89PNG\xff")
    (repo / "huge.txt").write_bytes(b"x" * (1024 * 1024 + 1))
    change = await changed(repo, base, committed(repo))
    assert change.unread == ("huge.txt", "image.png")
    assert all("bytes" in part.content for part in change.parts if isinstance(part, FileWrite))


async def test_a_link_says_where_it_leads(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    os.symlink("/etc/passwd", repo / "link")
    change = await changed(repo, base, committed(repo))
    assert change.parts == (FileWrite("link", "link to /etc/passwd\n", None),)


async def test_what_only_moved_is_moved_and_not_deleted(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "a.txt").rename(repo / "c.txt")
    change = await changed(repo, base, committed(repo))
    assert change.parts == (Git(("mv", "--", "a.txt", "c.txt")), FileWrite("c.txt", "one\n", None))


async def test_nothing_changed_is_no_action(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    assert (await changed(repo, base, base)).parts == ()
