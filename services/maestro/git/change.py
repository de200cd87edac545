"""What does a commit change, as actions? Each file as a proposal, and the one digest of all of it.

Whoever judges a change and whoever merges it read it here, so that what was approved is what is merged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from maestro.git.problems import GitProblem
from maestro.git.repository import Repository
from maestro_contracts.actions import joint_digest
from maestro_contracts.proposals import FileDelete, FileWrite, Git, Proposal, action_digest

CHANGE_MAGIC = "maestro/change/v1"
MAX_FILE = 1024 * 1024
"""Bytes of one file that are read as text; of a larger one, and of one that is no text, only hash and size."""
MAX_ALL = 32 * 1024 * 1024
GONE, LINK, REPOSITORY = "000000", "120000", "160000"


@dataclass(frozen=True, slots=True)
class Change:
    """`parts` are the files, sorted by path; `digest` covers them and both trees, so also modes; `unread` are the files
    that nobody could read as text."""

    parts: tuple[Proposal, ...]
    digest: str
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str


async def read_change(repository: Repository, base: str, commit: str) -> Change:
    """What `commit` changes against `base`. Raises GitProblem where one of them is not there."""
    trees = [(await repository.commit(name)).tree for name in (base, commit)]
    files = await _files(repository, base, commit)
    blobs = await _blobs(repository, [blob for file in files for blob in _wanted(file)])
    parts: list[Proposal] = []
    unread: list[str] = []
    moved = _moved(files)
    for file in files:
        if file.new_mode == GONE:
            target = moved.get(file.path, "")
            parts.append(Git(("mv", "--", file.path, target)) if target else FileDelete(file.path))
            continue
        content, is_read = _text(blobs, file.new, file.new_mode)
        before, _ = _text(blobs, file.old, file.old_mode) if file.old_mode != GONE else (None, True)
        parts.append(FileWrite(file.path, content or "", before))
        if not is_read:
            unread.append(file.path)
    own = hashlib.sha256(f"{CHANGE_MAGIC}\n{trees[0]}\n{trees[1]}\n".encode()).hexdigest()
    return Change(tuple(parts), joint_digest([own, *map(action_digest, parts)]), tuple(unread))


def _moved(files: list[_File]) -> dict[str, str]:
    """Where files went that were taken away here and stand elsewhere byte for byte: nothing of them is lost."""
    new = {(file.new, file.new_mode): file.path for file in files if file.old_mode == GONE}
    gone = [file for file in files if file.new_mode == GONE]
    return {file.path: new[file.old, file.old_mode] for file in gone if (file.old, file.old_mode) in new}


async def _files(repository: Repository, base: str, commit: str) -> list[_File]:
    plain = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
    fields = (await repository.git("diff-tree", *plain, base, commit, "--")).fields
    files = []
    for entry, path in zip(fields[0::2], fields[1::2], strict=True):
        old_mode, new_mode, old, new, _ = entry.lstrip(":").split(" ")
        files.append(_File(path, old_mode, new_mode, old, new))
    return sorted(files, key=lambda file: file.path)


def _wanted(file: _File) -> list[str]:
    pairs = ((file.old_mode, file.old), (file.new_mode, file.new))
    return [blob for mode, blob in pairs if mode not in (GONE, REPOSITORY)]


async def _blobs(repository: Repository, ids: list[str]) -> dict[str, bytes | int]:
    """The content of each blob; where it is too large, its size."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    asked = "".join(f"{id}\n" for id in wanted).encode()
    sizes = (await repository.git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)).text
    found: dict[str, bytes | int] = {}
    small, total = [], 0
    for line in sizes.splitlines():
        id, _, size = line.partition(" ")
        if not size.isdecimal():
            raise GitProblem("structural", f"the object {id[:12]} is missing", "fetch it first")
        found[id] = int(size)
        total += int(size)
        if int(size) <= MAX_FILE and total <= MAX_ALL:
            small.append(id)
    raw = (await repository.git("cat-file", "--batch", stdin="".join(f"{id}\n" for id in small).encode())).out
    return found | _contents(raw)


def _contents(raw: bytes) -> dict[str, bytes]:
    """The output of `cat-file --batch`: `<id> blob <size>`, a newline, the bytes, a newline."""
    found, at = {}, 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        id, _, size = raw[at:end].decode().split(" ")
        found[id] = raw[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)
    return found


def _text(blobs: dict[str, bytes | int], id: str, mode: str) -> tuple[str, bool]:
    """The file as text, or what is known of it, and whether it could be read."""
    if mode == REPOSITORY:
        return f"repository at {id}\n", False
    blob = blobs[id]
    if isinstance(blob, int):
        return f"{blob} bytes, git object {id}\n", False
    try:
        text = blob.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(blob)} bytes, no text, SHA-256 {hashlib.sha256(blob).hexdigest()}\n", False
    return (f"link to {text}\n" if mode == LINK else text), True
