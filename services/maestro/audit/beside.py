"""Are the files beside a bundle's log what follows from it? What people signed, the branch, the provenance. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from maestro.audit.archive import Archive, BundleRefused
from maestro.audit.provenance import PROVENANCE, why_not_signed
from maestro.audit.words import FOLDER
from maestro.git.names import branch_ref
from maestro.people.exporting import ALLOWED

if TYPE_CHECKING:
    from maestro.audit.verify import Audit, Flaw

GIT = "run.bundle"
MAX_HEADER = 64 * 1024
MAX_WORD = 256 * 1024
_HASHES = {"sha1": (hashlib.sha1, 20), "sha256": (hashlib.sha256, 32)}


def flaws_beside(archive: Archive, audit: Audit) -> Iterator[Flaw]:
    """What does not hold."""
    yield from _words(archive, audit)
    yield from _branch(archive, audit)
    if PROVENANCE in archive:
        why = why_not_signed(archive.read(PROVENANCE, MAX_WORD), audit)
        if why:
            yield "authenticity", PROVENANCE, why


def _words(archive: Archive, audit: Audit) -> Iterator[Flaw]:
    made = dict(audit.words.files(audit.enrolled.directory))
    for name, content in made.items():
        if name not in archive or archive.read(name, 64 * 1024 * 1024) != content:
            yield "authorisation", name, "it is not what the log holds"
    for name in archive.names():
        if (name.startswith(FOLDER) or name == ALLOWED) and name not in made:
            yield "authorisation", name, "the log holds no such decision"


def _branch(archive: Archive, audit: Audit) -> Iterator[Flaw]:
    state = audit.determinism.projector.state
    if GIT not in archive:
        if state.handed_over is not None:
            audit.auditor.nothing("verification", f"{GIT} is not there: the handed-over commit cannot be looked at")
        return
    try:
        refs, algorithm, start = git_header(archive)
    except BundleRefused as error:
        yield "verification", GIT, str(error)
        return
    said = state.handed_over.commit if state.handed_over else state.head
    found = refs.get(branch_ref(state.run), "")
    if found != said:
        yield "verification", GIT, f"its branch is at {found[:12] or 'nothing'}, and the log says {said[:12]}"
    if not _is_whole(archive, algorithm, start):
        yield "verification", GIT, "its pack is damaged"


def git_header(archive: Archive) -> tuple[dict[str, str], str, int]:
    """The refs of a git bundle, its hash algorithm, and where its pack begins (gitformat-bundle). Raises
    BundleRefused."""
    head = next(iter(archive.pieces(GIT)), b"")[:MAX_HEADER]
    text, end, _ = head.partition(b"\n\n")
    first, *lines = text.decode("utf-8", "replace").split("\n")
    if first not in ("# v2 git bundle", "# v3 git bundle") or not end:
        raise BundleRefused("it is no git bundle")
    algorithm = next((line.partition("=")[2] for line in lines if line.startswith("@object-format=")), "sha1")
    if algorithm not in _HASHES or any(line.startswith("-") for line in lines):
        raise BundleRefused("it is a git bundle that needs what is not in it")
    refs = {name: id for id, _, name in (line.partition(" ") for line in lines if line[:1] not in "@-")}
    return refs, algorithm, len(text) + 2


def _is_whole(archive: Archive, algorithm: str, start: int) -> bool:
    """Whether a pack ends with the hash of what stands before (gitformat-pack). Whoever clones it checks the rest."""
    make, size = _HASHES[algorithm]
    digest, left = make(), archive.size(GIT) - start - size
    tail, skipped = b"", start
    for piece in archive.pieces(GIT):
        body = piece[skipped:] if skipped else piece
        skipped = max(0, skipped - len(piece))
        digest.update(body[: max(0, left)])
        tail = (tail + body[max(0, left) :])[-size:] if left < len(body) else tail
        left -= len(body)
    return left == -size and digest.digest() == tail
