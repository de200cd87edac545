"""What is in a bundle, and how is it audited? A run's history as files that need no Maestro to be checked.

| file | what it is |
|---|---|
| `maestro.json` | format, run, sizes |
| `checkpoint`, `tile/` | the run's log up to its last seal, as C2SP tlog-tiles |
| `tail/` | the entries behind that seal (the seal itself among them), as entry bundles |
| `system/tile/` | the log of the operator's words: who is who |
| `blobs/` | large payloads by their SHA-256 |
| `files/` | what people read, as it stood under `.flow/` |
| `decisions/`, `allowed_signers` | what people signed, for `ssh-keygen -Y verify` |
| `run.bundle` | the run's branch, as `git bundle` has it |
| `provenance.json` | an in-toto statement about the handed-over commit, in a DSSE envelope |
| `policy`, `operator.pub` | as they were recorded; an auditor brings their own |
| `README.md`, `verify.sh`, `verify.go` | how a stranger checks all this |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from maestro.audit.archive import Archive, BundleRefused
from maestro.audit.beside import flaws_beside
from maestro.audit.findings import PropertyName
from maestro.audit.tiles import ENTRIES, MAX_BUNDLE, MAX_TILE, WIDTH, TileWriter, split_bundle, tile_path
from maestro.audit.verify import Audit, Flaw
from maestro.log.store import SYSTEM as SYSTEM_LOG
from maestro.log.store import Entry

FORMAT = "maestro/bundle/v1"
MANIFEST, CHECKPOINT = "maestro.json", "checkpoint"
SYSTEM, BLOBS, FILES, TAIL = "system/", "blobs/", "files/", "tail/"
MAX_SMALL = 256 * 1024
MAX_LARGE = 64 * 1024 * 1024


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle says of itself; nothing of it is believed without its log. `tiled` entries are in tiles: those that
    the checkpoint covers, or all where there is none."""

    format: str
    run: str
    entries: int
    tiled: int
    system: int


def tail_path(number: int) -> str:
    return f"{TAIL}{number:06d}"


class BundleSource:
    """Keeps `verify.Source`: a bundle's history."""

    def __init__(self, archive: Archive) -> None:
        """Raises BundleRefused where it is no bundle of a version that is known."""
        self.archive = archive
        self.manifest = _manifest(archive)
        self._flaws: list[Flaw] = []

    @property
    def run(self) -> str:
        return self.manifest.run

    def length(self) -> int:
        return self.manifest.entries

    def system(self) -> Iterable[Sequence[Entry]]:
        return self._tiled(SYSTEM, self.manifest.system)

    def entries(self) -> Iterable[Sequence[Entry]]:
        tiled, entries = self.manifest.tiled, self.manifest.entries
        yield from self._tiled("", tiled)
        for number in range(-(-(entries - tiled) // WIDTH)):
            yield self._page(tail_path(number), tiled + number * WIDTH)

    def page_of(self, run: str, after: int) -> list[Entry]:
        """The entry bundle of this run, or of the log `system`, that holds the entry behind `after`; empty where there
        is none."""
        manifest = self.manifest
        tiled, entries, prefix = manifest.tiled, manifest.entries, ""
        if run != manifest.run:
            tiled = entries = manifest.system if run == SYSTEM_LOG else 0
            prefix = SYSTEM
        if after >= entries:
            return []
        if after >= tiled:
            number = (after - tiled) // WIDTH
            return self._page(tail_path(number), tiled + number * WIDTH)
        number = after // WIDTH
        width = min(WIDTH, tiled - number * WIDTH)
        return self._page(prefix + tile_path(ENTRIES, number, width), number * WIDTH)

    def blob(self, sha256: str) -> bytes | None:
        name = f"{BLOBS}{sha256}"
        return self.archive.read(name, MAX_LARGE) if name in self.archive else None

    def checkpoint(self) -> bytes | None:
        return self.archive.read(CHECKPOINT, MAX_SMALL) if CHECKPOINT in self.archive else None

    def projections(self) -> Mapping[str, bytes] | None:
        return ArchiveFiles(self.archive, FILES)

    def flaws(self, audit: Audit) -> Iterable[Flaw]:
        """What does not hold of the files beside the log."""
        return [*self._flaws, *flaws_beside(self.archive, audit)]

    def flaw(self, name: PropertyName, file: str, why: str) -> None:
        self._flaws.append((name, file, why))

    def _tiled(self, prefix: str, size: int) -> Iterator[list[Entry]]:
        """The entries of a log, from its bundles; its tiles are made again and compared."""
        compare = TileWriter(_Comparison(self, prefix), prefix)
        for number in range(-(-size // WIDTH)):
            width = min(WIDTH, size - number * WIDTH)
            name = prefix + tile_path(ENTRIES, number, width)
            page = self._page(name, number * WIDTH)
            if len(page) != width:
                self.flaw("tree", name, f"it holds {len(page)} entries, not {width}")
            for entry in page:
                compare.append(entry.body)
            yield page
        compare.end()

    def _page(self, name: str, after: int) -> list[Entry]:
        if name not in self.archive:
            raise BundleRefused(f"{name} is missing in it; take a fresh copy")
        try:
            bodies = list(split_bundle(self.archive.read(name, MAX_BUNDLE)))
        except ValueError as error:
            raise BundleRefused(f"{name} in it cannot be read: {error}") from None
        return [Entry(seq, body) for seq, body in enumerate(bodies, after + 1)]


class _Comparison:
    """Compares the tiles that the entries make with those that lie in the archive."""

    def __init__(self, source: BundleSource, prefix: str) -> None:
        self._source, self._prefix = source, prefix

    def add(self, name: str, content: bytes) -> None:
        archive = self._source.archive
        if name.startswith(f"{self._prefix}tile/{ENTRIES}/"):
            return
        if name not in archive:
            self._source.flaw("tree", name, "this tile is missing")
        elif archive.size(name) > MAX_TILE or archive.read(name, MAX_TILE) != content:
            self._source.flaw("tree", name, "this tile is not that of the entries")


class ArchiveFiles(Mapping[str, bytes]):
    """The files of an archive below a prefix, read when they are asked for."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive, self._prefix = archive, prefix

    def __getitem__(self, path: str) -> bytes:
        return self._archive.read(self._prefix + path, MAX_LARGE)

    def __contains__(self, path: object) -> bool:
        return f"{self._prefix}{path}" in self._archive

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self._prefix) for name in self._archive.names() if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _manifest(archive: Archive) -> Manifest:
    if MANIFEST not in archive:
        raise BundleRefused(f"it holds no {MANIFEST}, so it is no bundle; `maestro audit export` writes one")
    raw = archive.read(MANIFEST, MAX_SMALL)
    try:
        version = msgspec.json.decode(raw, type=_Version).format
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BundleRefused(f"its {MANIFEST} cannot be read; take a fresh copy") from None
    if version != FORMAT:
        raise BundleRefused(f"its format is {version[:40]!r}, and this Maestro reads {FORMAT}; use one that fits")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BundleRefused(f"its {MANIFEST} cannot be read: {error}") from None
    if not 0 <= manifest.tiled <= manifest.entries or manifest.system < 0:
        raise BundleRefused(f"its {MANIFEST} contradicts itself; take a fresh copy")
    return manifest


class _Version(msgspec.Struct):
    format: str
