"""How do projections reach the user's working tree without harming it? One careful `write`.

Promises: nothing outside `.flow/` (and `.beads/` where asked) is written, and no symbolic link is followed, also not
one that appears meanwhile (every step goes from an open directory to the next, never by a path); a file is old or new,
never half of either; a file that is right already is not touched; two writers take turns; of a file that others
write to as well (`.beads/issues.jsonl`) only our own lines change.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from maestro.projections.beads import BEADS_FILE, merged

FLOW, BEADS = ".flow", ".beads"
SHARED: Mapping[str, Callable[[bytes, bytes], bytes]] = {BEADS_FILE: merged}
"""Files that hold other people's lines too: how ours go among them."""
TEMPORARY = ".maestro-tmp-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafeFolder(OSError):
    """A file cannot be written where it belongs without harm. The message names the path, the reason and the mend."""


def write(root: Path, files: Mapping[str, bytes], *, beads: bool = False) -> list[str]:
    """Write the files (paths relative to `root`, with `/`) and return those that changed. Raises UnsafeFolder, before
    anything is written, for a path that may not be written; OSError where the disk says no."""
    tops = (FLOW, BEADS) if beads else (FLOW,)
    for path in files:
        _check(path, tops)
    changed = []
    with _open_root(root) as root_fd:
        for top in tops:
            mine = {path: content for path, content in files.items() if path.startswith(f"{top}/")}
            if mine:
                changed += _write_below(root, root_fd, top, mine)
    return changed


def _check(path: str, tops: tuple[str, ...]) -> None:
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in tops:
        raise UnsafeFolder(errno.EPERM, f"Maestro writes only under {' and '.join(tops)}", path)
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part or part.startswith(TEMPORARY) for part in parts):
        raise UnsafeFolder(errno.EPERM, "this is no name that Maestro writes", path)


@contextlib.contextmanager
def _open_root(root: Path) -> Iterator[int]:
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _write_below(root: Path, root_fd: int, top: str, files: dict[str, bytes]) -> list[str]:
    with _folder(root, root_fd, top) as top_fd:
        # The lock ends with the descriptor, also when the process is killed.
        fcntl.flock(top_fd, fcntl.LOCK_EX)
        return [path for path, content in files.items() if _write_file(root, top_fd, path, content)]


def _write_file(root: Path, top_fd: int, path: str, content: bytes) -> bool:
    top, *folders, name = path.split("/")
    with contextlib.ExitStack() as stack:
        fd, shown = top_fd, root / top
        for folder in folders:
            fd = stack.enter_context(_folder(shown, fd, folder))
            shown = shown / folder
        before = _read(shown, fd, name)
        if before is not None and path in SHARED:
            content = SHARED[path](before, content)
        if before == content:
            return False
        _replace(fd, name, content)
        return True


@contextlib.contextmanager
def _folder(parent: Path, parent_fd: int, name: str) -> Iterator[int]:
    """The folder `name` in an open folder, made where it is missing. Raises UnsafeFolder where it is something else."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=parent_fd)
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=parent_fd)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise _not_ours(parent / name, "is not a folder of its own (a file or a symbolic link)") from None
        raise
    try:
        yield fd
    finally:
        os.close(fd)


def _read(folder: Path, folder_fd: int, name: str) -> bytes | None:
    """What the file holds now, None where there is none. Raises UnsafeFolder where the name is something else's."""
    try:
        found = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise _not_ours(folder / name, "is not a plain file")
    # Not blocking: a FIFO that takes the name's place just now would else hold us for ever.
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _not_ours(path: Path, reason: str) -> UnsafeFolder:
    return UnsafeFolder(errno.EPERM, f"{reason}, and Maestro writes through nobody's links; move it away", str(path))


def _replace(folder_fd: int, name: str, content: bytes) -> None:
    """The new file takes the old one's name in one step. Not synced: after a power cut `replay --write` mends it."""
    temporary = TEMPORARY + name
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder_fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temporary, flags, 0o644, dir_fd=folder_fd)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        os.rename(temporary, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder_fd)
        raise
