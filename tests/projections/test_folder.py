"""Is the user's working tree safe from what projections write, whatever stands in the way?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from maestro.projections import folder
from maestro.projections.folder import UnsafeFolder, write

FILE = ".flow/maestro/sessions/run-1/metadata.json"
OLD, NEW = {FILE: b"old"}, {FILE: b"new"}


def test_files_are_made_with_their_folders(tmp_path: Path) -> None:
    assert write(tmp_path, {FILE: b"{}", ".flow/prd-x-v1.md": b"# x"}) == [FILE, ".flow/prd-x-v1.md"]
    assert (tmp_path / FILE).read_bytes() == b"{}"
    assert (tmp_path / ".flow/prd-x-v1.md").read_bytes() == b"# x"


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write(tmp_path, {FILE: b"same", ".flow/other": b"old"})
    before = (tmp_path / FILE).stat()
    assert write(tmp_path, {FILE: b"same", ".flow/other": b"new"}) == [".flow/other"]
    after = (tmp_path / FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_but_the_files_is_left_behind(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    write(tmp_path, NEW)
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["metadata.json"]


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "/etc/passwd",
        ".flow",
        ".flow/",
        ".flow/../README.md",
        ".flow//x",
        ".flow/./x",
        ".flow/a\\b",
        ".flow/a\0b",
        ".git/hooks/post-commit",
        ".flowers/x",
        ".flow/.maestro-tmp-x",
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafeFolder, match="Maestro writes"):
        write(tmp_path, {FILE: b"x", path: b"x"}, beads=True)
    assert list(tmp_path.iterdir()) == []


def test_beads_are_written_only_where_they_are_asked_for(tmp_path: Path) -> None:
    beads = {".beads/issues.jsonl": b"{}\n"}
    with pytest.raises(UnsafeFolder, match=r"only under \.flow"):
        write(tmp_path, beads)
    assert write(tmp_path, beads, beads=True) == [".beads/issues.jsonl"]


@pytest.mark.parametrize("link", [".flow", ".flow/maestro", ".flow/maestro/sessions", ".flow/maestro/sessions/run-1"])
def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path, link: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(elsewhere)
    with pytest.raises(UnsafeFolder, match="symbolic link"):
        write(tmp_path, NEW)
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).symlink_to(secret)
    with pytest.raises(UnsafeFolder, match="plain file"):
        write(tmp_path, NEW)
    assert secret.read_bytes() == b"secret"


def test_a_link_that_waits_under_the_temporary_name_is_not_written_through(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (tmp_path / FILE).with_name(".maestro-tmp-metadata.json").symlink_to(secret)
    write(tmp_path, NEW)
    assert secret.read_bytes() == b"secret"
    assert (tmp_path / FILE).read_bytes() == b"new"
    assert not (tmp_path / FILE).is_symlink()


def test_a_hard_link_keeps_what_it_shared(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    os.link(tmp_path / FILE, tmp_path / "shared")
    write(tmp_path, NEW)
    assert (tmp_path / "shared").read_bytes() == b"old"
    assert (tmp_path / FILE).read_bytes() == b"new"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_name_that_is_taken_by_something_else_is_named(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / FILE).parent.mkdir(parents=True)
    make(tmp_path / FILE)
    with pytest.raises(UnsafeFolder, match="plain file") as refused:
        write(tmp_path, NEW)
    assert str(tmp_path / FILE) in str(refused.value)


def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / ".flow").write_text("mine")
    with pytest.raises(UnsafeFolder, match="move it away"):
        write(tmp_path, NEW)
    assert (tmp_path / ".flow").read_text() == "mine"


def test_a_folder_swapped_for_a_link_in_the_middle_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, OLD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    session = (tmp_path / FILE).parent
    replace = folder._replace

    def swap(fd: int, name: str, content: bytes) -> None:
        session.rename(tmp_path / "moved")
        session.symlink_to(elsewhere)
        replace(fd, name, content)

    monkeypatch.setattr(folder, "_replace", swap)
    write(tmp_path, NEW)
    assert list(elsewhere.iterdir()) == []
    assert (tmp_path / "moved" / "metadata.json").read_bytes() == b"new"


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, OLD)

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, NEW)
    assert (tmp_path / FILE).read_bytes() == b"old"
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["metadata.json"]


WRITER = """
    import sys
    from pathlib import Path
    from maestro.projections.folder import write
    root, path = Path(sys.argv[1]), sys.argv[2]
    contents = [letter * 3_000_000 for letter in (b"a", b"b")]
    print("ready", flush=True)
    while True:
        for content in contents:
            write(root, {path: content})
"""


def start_writer(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(root), FILE]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    return writer


def is_whole(content: bytes) -> bool:
    return len(content) == 3_000_000 and len(set(content)) == 1


def test_a_reader_and_a_killed_writer_leave_a_whole_file(tmp_path: Path) -> None:
    """Five writers in turn are killed in mid-write; the file is always one of the two versions, all of it."""
    write(tmp_path, {FILE: b"a" * 3_000_000})
    for round in range(5):
        writer = start_writer(tmp_path)
        try:
            for _ in range(3 + round):
                assert is_whole((tmp_path / FILE).read_bytes())
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()  # type: ignore[union-attr]
        assert is_whole((tmp_path / FILE).read_bytes())
    assert write(tmp_path, NEW) == [FILE]
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["metadata.json"]


def test_two_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def keep_writing(letter: bytes) -> None:
        try:
            for _ in range(40):
                write(tmp_path, {FILE: letter * 3_000_000})
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=keep_writing, args=(letter,)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert is_whole((tmp_path / FILE).read_bytes())


def test_paths_with_spaces_and_other_alphabets_are_paths(tmp_path: Path) -> None:
    root = tmp_path / "ein Ordner — 木"
    root.mkdir()
    assert write(root, NEW) == [FILE]
    assert (root / FILE).read_bytes() == b"new"
