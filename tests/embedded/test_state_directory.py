"""Is the state directory laid out as said, and refused where others could meddle with it?"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from maestro.embedded.errors import UnsafeState
from maestro.embedded.lock import FileLock, Held, is_taken, read_holder
from maestro.embedded.state_dir import default_state_dir, exclude_flow, open_state_dir


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repo with ü"
    subprocess.run(["git", "init", "--quiet", path], check=True)
    return path


def test_it_is_where_the_environment_says(tmp_path: Path) -> None:
    assert default_state_dir({"MAESTRO_STATE_DIR": str(tmp_path)}) == tmp_path
    assert default_state_dir({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "maestro"
    assert default_state_dir({}) == Path.home() / ".local" / "state" / "maestro"


def test_nobody_else_may_read_what_is_made(tmp_path: Path, repository: Path) -> None:
    state = open_state_dir(tmp_path / "state")

    repo = state.repo(repository, repository / ".git")

    for folder in (state.root, repo.root, repo.server, repo.logs, repo.work):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)

    with pytest.raises(UnsafeState, match="others can write") as caught:
        open_state_dir(tmp_path / "state")

    assert caught.value.mend.startswith("chmod 700")


@pytest.mark.parametrize("secret", ["operator.key", "join/worker"])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, secret: str) -> None:
    path = open_state_dir(tmp_path / "state").root / secret
    path.parent.mkdir(exist_ok=True)
    path.write_text("secret")
    path.chmod(0o640)

    with pytest.raises(UnsafeState, match="can be read by others"):
        open_state_dir(tmp_path / "state")


def test_a_directory_that_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UnsafeState, match="Not a directory") as caught:
        open_state_dir(tmp_path / "file" / "state")

    assert "MAESTRO_STATE_DIR" in caught.value.mend


def test_a_repository_is_found_again_by_its_git_folder(tmp_path: Path, repository: Path) -> None:
    state = open_state_dir(tmp_path / "state")
    first = state.repo(repository, repository / ".git")
    first.note_run("adding-tags-abc234")

    assert state.repo(repository, repository / ".git") == first
    assert state.find_run("adding-tags-abc234") == first
    assert first.repository() == repository
    assert state.find_run("another-abc234") is None


def test_flow_is_kept_out_of_the_users_commits_once(repository: Path) -> None:
    exclude_flow(repository)
    exclude_flow(repository)
    (repository / ".flow").mkdir()
    (repository / ".flow" / "x").write_text("x")

    status = subprocess.check_output(["git", "-C", str(repository), "status", "--porcelain"])

    assert status == b""
    assert (repository / ".git/info/exclude").read_text().count(".flow") == 1


def test_a_last_line_without_an_end_is_not_joined_with_ours(repository: Path) -> None:
    (repository / ".git/info/exclude").write_text("*.tmp")

    exclude_flow(repository)

    assert (repository / ".git/info/exclude").read_text() == "*.tmp\n/.flow/\n"


def test_a_lock_names_its_holder_to_the_second_who_comes(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.take("run", "adding-tags-abc234")

    with pytest.raises(Held) as caught:
        second.take("run")

    assert caught.value.holder is not None
    assert (caught.value.holder.pid, caught.value.holder.run) == (os.getpid(), "adding-tags-abc234")


def test_a_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from maestro.embedded.lock import FileLock;"
        "lock = FileLock(pathlib.Path(sys.argv[1])); lock.take('run'); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    assert is_taken(tmp_path / "lock")

    holder.kill()
    holder.wait()
    holder.stdout.close()

    FileLock(tmp_path / "lock").take("resume", "x")
    note = read_holder(tmp_path / "lock")
    assert note is not None and note.command == "resume"
