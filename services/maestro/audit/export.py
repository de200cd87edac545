"""How is a bundle written? In one order and without a clock: the same history gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from maestro.audit.archive import BundleRefused, Writer
from maestro.audit.beside import GIT
from maestro.audit.bundle import BLOBS, CHECKPOINT, FILES, FORMAT, MANIFEST, SYSTEM, Manifest, tail_path
from maestro.audit.provenance import PROVENANCE, sign, statement
from maestro.audit.tiles import WIDTH, TileWriter
from maestro.audit.verify import Audit, Source
from maestro.log.note import SigningKey

STRANGER = Path(__file__).with_name("stranger")
OPERATOR, POLICY = "operator.pub", "policy"


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes into a bundle beside the log. `policy` is the witnesses' policy as it was recorded, `git` a file with
    the run's branch, `signer` the operator's key where it is at hand, `pages` further files by name."""

    policy: bytes | None = None
    git: Path | None = None
    signer: SigningKey | None = None
    pages: dict[str, bytes] = field(default_factory=dict)


def write_bundle(out: BinaryIO, source: Source, audit: Audit, beside: Beside) -> Manifest:
    """Write the bundle of a history that `audit` has read. Raises BundleRefused where something of it cannot be written
    down."""
    writer, sealed = Writer(out), audit.auditor.seals.newest
    entries = audit.auditor.seals.roots.size
    tiled = sealed.checkpoint.size if sealed else entries
    manifest = Manifest(FORMAT, source.run, entries, tiled, audit.enrolled.size)
    for name in ("README.md", "verify.sh", "verify.go"):
        writer.add(name, (STRANGER / name).read_bytes())
    writer.add(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    writer.add(OPERATOR, audit.trust.operator.encode().encode() + b"\n")
    if beside.policy is not None:
        writer.add(POLICY, beside.policy)
    if sealed is not None:
        writer.add(CHECKPOINT, sealed.note)
    _write_logs(writer, source, manifest)
    for name, content in _small_files(source, audit, beside):
        writer.add(name, content)
    if beside.git is not None:
        writer.add_file(GIT, beside.git)
    writer.end()
    return manifest


def _write_logs(writer: Writer, source: Source, manifest: Manifest) -> None:
    system = TileWriter(writer, SYSTEM)
    for page in source.system():
        for entry in page[: manifest.system - system.size]:
            system.append(entry.body)
    system.end()
    run, tail = TileWriter(writer), list[bytes]()
    for page in source.entries():
        for entry in page:
            if run.size < manifest.tiled:
                run.append(entry.body)
            else:
                tail.append(len(entry.body).to_bytes(2, "big") + entry.body)
    run.end()
    if (run.size, run.size + len(tail), system.size) != (manifest.tiled, manifest.entries, manifest.system):
        raise BundleRefused("the log changed while it was written; try again")
    for number in range(-(-len(tail) // WIDTH)):
        writer.add(tail_path(number), b"".join(tail[number * WIDTH : (number + 1) * WIDTH]))


def _small_files(source: Source, audit: Audit, beside: Beside) -> Iterator[tuple[str, bytes]]:
    for sha256 in sorted(audit.blobs):
        content = source.blob(sha256)
        if content is not None:
            yield f"{BLOBS}{sha256}", content
    for path, content in sorted(audit.determinism.files().items()):
        yield f"{FILES}{path}", content
    yield from audit.words.files(audit.enrolled.directory)
    yield from sorted(beside.pages.items())
    said = statement(audit)
    if said is not None and beside.signer is not None:
        yield PROVENANCE, sign(said, beside.signer)
