"""What does an audit cost? Every property of a log shown, beside nothing but its signatures checked.

Maestro: `maestro.audit.verify.audit`: signatures, chains, tree, roles, approvals, votes, the fold; one process and two.
Floor: Ed25519 over the same commits, keys and texts at hand, nothing else; one process and two.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, middle
from benchmarks.machine import ROOT
from benchmarks.setting import Scale
from benchmarks.writing import Writer
from maestro.audit.archive import Archive
from maestro.audit.archive import Writer as Tar
from maestro.audit.auditor import Auditor
from maestro.audit.bundle import BLOBS, FORMAT, MANIFEST, SYSTEM, BundleSource, Manifest
from maestro.audit.findings import Report
from maestro.audit.memory_source import MemorySource
from maestro.audit.pool import check_here
from maestro.audit.tiles import TileWriter
from maestro.audit.trust import Enrolled, Trust
from maestro.audit.verify import audit
from maestro.log.commit import parse_commit
from maestro.log.memory_store import MemoryStore
from maestro.log.note import VerifyKey
from maestro.log.store import SYSTEM as SYSTEM_LOG

TARGET, GAIN, MEMORY_MIB = 0.5, 0.9, 200.0
RUN = "audited"
PER_COMMIT = 2
"""Events of a commit, as in runs with real agents."""
_proofs: Sequence[bytes] = ()


def run(scale: Scale) -> list[Figure]:
    source, key = asyncio.run(written(scale.of(4_000, 400), 5))
    return [*speeds(source, Trust(key), scale.of(5, 2)), memory(scale)]


async def written(tasks: int, reports: int) -> tuple[MemorySource, VerifyKey]:
    """A probe run with so many tasks, in memory."""
    store = MemoryStore()
    writer = Writer(store, RUN, PER_COMMIT)
    await writer.enrol()
    await writer.write_run(tasks, reports)
    bodies = {name: await bodies_of(store, name) for name in (RUN, SYSTEM_LOG)}
    named = [record for body in bodies[RUN] if b'"data_sha256"' in body for record in parse_commit(body).records]
    blobs = {each.data_sha256: await store.blob(RUN, each.data_sha256) or b"" for each in named if each.data_sha256}
    return MemorySource(RUN, bodies[RUN], bodies[SYSTEM_LOG], blobs), writer.operator_key


async def bodies_of(store: MemoryStore, run: str) -> list[bytes]:
    found: list[bytes] = []
    while page := await store.read(run, len(found), 10_000):
        found += [entry.body for entry in page]
    return found


def speeds(source: MemorySource, trust: Trust, rounds: int) -> Iterator[Figure]:
    global _proofs
    auditor = Auditor(RUN, trust, Enrolled.of(trust.operator, source.system()))
    _proofs = [plain.proof for page in source.entries() for plain in auditor.open(page) if plain is not None]
    count, times = len(_proofs), dict[tuple[str, int], list[float]]()
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        list(pool.map(_half, (0, 1)))
        for _ in range(rounds):
            for processes in (1, 2):
                started = time.perf_counter()
                right = check_here(_proofs) if processes == 1 else [*pool.map(_half, (0, 1))]
                times.setdefault(("bare", processes), []).append(time.perf_counter() - started)
                assert all(right)
                started = time.perf_counter()
                check(audit(source, trust, processes=processes))
                times.setdefault(("ours", processes), []).append(time.perf_counter() - started)
    rate = {key: count / middle(each) for key, each in times.items()}
    for processes, words in ((1, "one process"), (2, "two processes")):
        yield Figure(
            benchmark="verify",
            what=f"{count:,} commits, every property, {words}",
            value=rate["ours", processes],
            unit="commits/s",
            floor=rate["bare", processes],
            floor_what=f"Ed25519 alone over the same commits, {words}",
            target=TARGET,
        )
    yield Figure(
        benchmark="verify",
        what="gain from a second process",
        value=rate["ours", 2] / rate["ours", 1],
        unit="times",
        floor=rate["bare", 2] / rate["bare", 1],
        floor_what="the gain of Ed25519 alone",
        target=GAIN,
    )


def _half(which: int) -> bool:
    return all(check_here(_proofs[which::2]))


def check(report: Report) -> None:
    """An unsealed log of no-op tasks: what can be looked at must hold."""
    assert not report.detected_by(), report


def memory(scale: Scale) -> Figure:
    """The most memory that a process of its own needs to audit a long bundle."""
    events = scale.of(1_000_000, 50_000)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder) / "long.maestro"
        source, key = asyncio.run(written(events // 100, 93))
        store_bundle(path, source)
        length = len(source.bodies)
        del source
        asked = [sys.executable, "-m", "benchmarks.verify", str(path), key.encode()]
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, timeout=1200)
    return Figure(
        benchmark="verify",
        what=f"peak memory, a bundle of about {events:,} events in {length:,} commits",
        value=float(said.stdout),
        unit="MiB",
        target=MEMORY_MIB,
        of="value",
        sense="at most",
    )


def store_bundle(path: Path, source: MemorySource) -> None:
    """The log alone, as a bundle has it."""
    with path.open("wb") as file:
        tar = Tar(file)
        sizes = len(source.bodies), len(source.system_bodies)
        manifest = Manifest(FORMAT, RUN, sizes[0], sizes[0], sizes[1])
        tar.add(MANIFEST, _json(manifest))
        for prefix, bodies in ((SYSTEM, source.system_bodies), ("", source.bodies)):
            tiles = TileWriter(tar, prefix)
            for body in bodies:
                tiles.append(body)
            tiles.end()
        for sha256, content in source.blobs.items():
            tar.add(f"{BLOBS}{sha256}", content)
        tar.end()


def _json(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest)


def alone(path: str, operator: str) -> None:
    with Archive(Path(path)) as archive:
        report = audit(BundleSource(archive), Trust(VerifyKey.decode(operator)))
    assert {*report.detected_by()} <= {"determinism"}, report.detected_by()
    print(peak_mib())


def peak_mib() -> float:
    """The most memory that this process had. `ru_maxrss` would count what its parent had when it started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not say how much memory a process had")


if __name__ == "__main__":
    alone(*sys.argv[1:])
