"""What does a commit hold? The list of its files and the texts of a few, read as git objects, within bounds.

Nothing of the repository runs (no hook, no filter, no text conversion), and the working tree is not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from maestro.git.problems import GitProblem
from maestro.git.repository import Repository
from maestro.planner.discovery import File, Listing, Tree, wanted

MAX_LISTING = 64 * 1024 * 1024
"""A larger list of files (about half a million of them) is not read: only the top level is then."""
MAX_BLOB = 256 * 1024
"""Larger files are listed but not read."""


async def read_tree(repository: Repository, commit: str) -> Tree:
    """The commit's files and the texts that discovery wants. Raises GitProblem where there is no such commit."""
    found = await repository.find(commit)
    if found is None:
        mend = "start the run from a commit that is there, or push it to where the planner fetches it"
        raise GitProblem("structural", f"there is no commit {commit!r} in {repository.git_dir}", mend)
    listing = await list_files(repository, found)
    return Tree(listing, await read_texts(repository, listing, wanted(listing)))


async def list_files(repository: Repository, commit: str, limit: int = MAX_LISTING) -> Listing:
    """All files of the commit; where the list is larger than `limit` bytes, those of its top level."""
    try:
        entries = (await repository.git("ls-tree", "-r", "-z", "--full-tree", commit, limit=limit)).out
    except GitProblem as problem:
        if problem.kind != "output_limit":
            raise
        return _listing((await repository.git("ls-tree", "-z", "--full-tree", commit)).out, commit, truncated=True)
    return _listing(entries, commit, truncated=False)


async def read_texts(repository: Repository, listing: Listing, paths: Collection[str]) -> dict[str, str]:
    """The texts of the named files; large and binary ones are left out, and all of them where a partial clone cannot
    fetch what it lacks."""
    chosen = [file for file in listing.files if file.path in paths]
    try:
        sizes = await _sizes(repository, chosen)
    except GitProblem as problem:
        if "promisor" not in problem.reason:
            raise
        return {}
    small = [file for file, size in zip(chosen, sizes, strict=True) if 0 <= size <= MAX_BLOB]
    if not small:
        return {}
    out = (await repository.git("cat-file", "--batch", stdin=_ids(small))).out
    texts = {}
    for file, blob in zip(small, _blobs(out), strict=True):
        if b"\0" not in blob:
            texts[file.path] = blob.decode("utf-8", "replace")
    return texts


async def _sizes(repository: Repository, files: Sequence[File]) -> list[int]:
    """Sizes in bytes; -1 where the object is not there."""
    if not files:
        return []
    lines = (await repository.git("cat-file", "--batch-check", stdin=_ids(files))).text.splitlines()
    parts = [line.split() for line in lines]
    return [int(part[2]) if len(part) == 3 and part[1] == "blob" else -1 for part in parts]


def _ids(files: Sequence[File]) -> bytes:
    return "".join(f"{file.oid}\n" for file in files).encode()


def _blobs(out: bytes) -> list[bytes]:
    """The contents in the output of `cat-file --batch`: a line of header, the bytes, a line feed."""
    blobs = []
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        blobs.append(out[end + 1 : end + 1 + size])
        at = end + size + 2
    return blobs


def _listing(out: bytes, commit: str, truncated: bool) -> Listing:
    """Regular files and submodules. Symbolic links are left out: what they point to may lie anywhere."""
    files: list[File] = []
    submodules: list[str] = []
    folders: list[str] = []
    for line in out.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        mode, kind, oid = head.decode("ascii").split()
        # What is not UTF-8 shows as U+FFFD: records are JSON, and such a file is read by its object id anyway.
        path = name.decode("utf-8", "replace")
        if mode == "160000":
            submodules.append(path)
        elif kind == "tree":
            folders.append(path)
        elif mode.startswith("100"):
            files.append(File(path, oid, mode == "100755"))
    return Listing(commit, tuple(files), tuple(submodules), tuple(folders), truncated)
