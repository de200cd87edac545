"""Can a stranger check a bundle, and does a stranger's bundle do any harm?"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.audit import archive as archives
from maestro.audit.archive import Archive, BundleRefused
from maestro.audit.bundle import BundleSource
from maestro.audit.bundle_store import BundleStore
from maestro.audit.export import Beside, write_bundle
from maestro.audit.findings import Report
from maestro.audit.tiles import WIDTH, TileWriter, split_bundle, tile_path
from maestro.audit.verify import Audit
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader
from maestro.tlog.merkle import Tree, leaf_hash
from tamper.sample import RUN, Writer, honest, shared
from tamper.town import Town
from tests.support.audited import source_of, trust_in

GO_PATH = Path("/usr/share/gocode")


def bundle_of(town: Town, path: Path, **beside: object) -> Path:
    source = source_of(town)
    audit = Audit(source, trust_in(town), projections=True)
    audit.run()
    with path.open("wb") as file:
        write_bundle(file, source, audit, Beside(town.policy().encode(), signer=town.operator, **beside))  # type: ignore[arg-type]
    return path


def audited_bundle(path: Path, town: Town) -> Report:
    with Archive(path) as archive:
        return Audit(BundleSource(archive), trust_in(town)).run()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_of(shared(), tmp_path_factory.mktemp("bundle") / "run.maestro")


def unpacked(bundle: Path, folder: Path) -> Path:
    with tarfile.open(bundle) as tar:
        tar.extractall(folder, filter="data")
    return folder


def rewritten(bundle: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The bundle with each file changed; None leaves it out."""
    with Archive(bundle) as archive, target.open("wb") as out:
        writer = archives.Writer(out)
        for name in archive.names():
            content = change(name, archive.read(name, 1 << 24))
            if content is not None:
                writer.add(name, content)
        writer.end()
    return target


def test_a_bundle_holds_what_its_log_held(bundle: Path) -> None:
    report = audited_bundle(bundle, shared())
    assert not report.detected_by()
    assert [each.what for each in report.properties["verification"].findings] == [
        "run.bundle is not there: the handed-over commit cannot be looked at"
    ]


def test_the_same_history_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    assert bundle_of(honest(), tmp_path / "again").read_bytes() == bundle.read_bytes()


def test_every_file_of_a_bundle_is_a_plain_file_that_tar_reads(bundle: Path) -> None:
    with tarfile.open(bundle) as tar:
        members = tar.getmembers()
    with Archive(bundle) as archive:
        assert [member.name for member in members] == archive.names()
    assert all(member.isfile() and member.mtime == member.uid == 0 for member in members)


@pytest.mark.parametrize(
    ("file", "property"),
    [
        ("tile/0/000.p/75", "tree"),
        ("files/.flow/prd-settle-up-v1.md", "determinism"),
        ("provenance.json", "authenticity"),
        ("decisions/5.0.ada.statement", "authorisation"),
        ("allowed_signers", "authorisation"),
        ("checkpoint", "seals"),
    ],
)
def test_each_file_that_follows_from_the_log_is_compared_with_it(
    bundle: Path, tmp_path: Path, file: str, property: str
) -> None:
    def flip(name: str, content: bytes) -> bytes:
        return content if name != file else content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]

    changed = rewritten(bundle, tmp_path / "changed", flip)
    assert property in audited_bundle(changed, shared()).detected_by()


def test_a_file_that_the_log_does_not_make_is_found(bundle: Path, tmp_path: Path) -> None:
    changed = rewritten(bundle, tmp_path / "changed", lambda name, content: content)
    with Archive(bundle) as archive, changed.open("wb") as out:
        writer = archives.Writer(out)
        for name in archive.names():
            writer.add(name, archive.read(name, 1 << 24))
        writer.add("files/.flow/another.md", b"All good!\n")
        writer.end()
    assert "determinism" in audited_bundle(changed, shared()).detected_by()


@given(size=st.integers(0, 3 * WIDTH), short=st.booleans())
@settings(max_examples=15, deadline=None)
def test_tiles_are_those_of_the_tree(size: int, short: bool) -> None:
    files: dict[str, bytes] = {}

    class Sink:
        def add(self, name: str, content: bytes) -> None:
            assert name not in files
            files[name] = content

    bodies = [str(number).encode() * (1 if short else 40) for number in range(size)]
    writer = TileWriter(Sink())
    for body in bodies:
        writer.append(body)
    writer.end()
    tree = Tree(map(leaf_hash, bodies))
    for number in range(size // WIDTH):
        subtree = Tree(map(leaf_hash, bodies[number * WIDTH : (number + 1) * WIDTH]))
        row = files[tile_path(1, 0, size // WIDTH)]
        assert row[number * 32 : (number + 1) * 32] == subtree.root()
    entries = [body for name in sorted(files) if "/entries/" in name for body in split_bundle(files[name])]
    assert sorted(entries) == sorted(bodies)
    assert tree.size == sum(len(files[name]) // 32 for name in files if name.startswith("tile/0/"))


def test_numbers_of_tiles_are_written_as_the_specification_says() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 5, 3) == "tile/entries/005.p/3"


# --- strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("openssl") or not shutil.which("ssh-keygen"), reason="no openssl or ssh-keygen")
def test_openssl_and_ssh_keygen_find_every_signature_right_and_one_that_is_not(tmp_path: Path) -> None:
    writer = Writer()
    writer.plan()
    writer.hand_over()
    writer.town.seal(final=True)
    folder = unpacked(bundle_of(writer.town, tmp_path / "short"), tmp_path / "unpacked")
    trusted = tmp_path / "operator.pub"
    trusted.write_text(shared().operator.verify_key.encode() + "\n")

    def verify() -> subprocess.CompletedProcess[str]:
        command = ["sh", "verify.sh", str(trusted)]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    right = verify()
    assert (right.returncode, right.stdout.splitlines()[-1]) == (0, "every signature is right"), right
    assert "2 decisions of people, a provenance that the operator signed" in right.stdout
    (entries,) = (folder / "tile/entries/000.p").iterdir()
    entries.write_bytes(entries.read_bytes().replace(b'"verdict":"met"', b'"verdict":"wet"', 1))
    assert verify().returncode == 1


@pytest.mark.skipif(
    not shutil.which("go") or not (GO_PATH / "src/golang.org/x/mod/sumdb").is_dir(),
    reason="no Go with golang-golang-x-mod-dev",
)
def test_a_go_program_from_debians_packages_finds_signatures_tree_and_witnesses_right(
    bundle: Path, tmp_path: Path
) -> None:
    folder = unpacked(bundle, tmp_path / "unpacked")
    go = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(tmp_path / "cache")}
    program = tmp_path / "verify"
    subprocess.run(["go", "build", "-o", program, "verify.go"], cwd=folder, env=go, check=True)

    def verify() -> subprocess.CompletedProcess[str]:
        key = shared().operator.verify_key.encode()
        command = [program, "-operator", key, "-policy", folder / "policy", folder]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    right = verify()
    assert right.returncode == 0, right
    assert "covers exactly the first 75 entries" in right.stdout
    assert "2 of 3 witnesses cosigned it" in right.stdout
    checkpoint = folder / "checkpoint"
    kept = checkpoint.read_text()
    checkpoint.write_text("\n".join(kept.splitlines()[:-1]) + "\n")
    assert "1 witnesses cosigned it, and 2 are needed" in verify().stdout
    checkpoint.write_text(kept.replace("\n75\n", "\n74\n"))
    assert verify().returncode == 1


# --- bundles that are none ------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(BundleRefused) as caught, Archive(path) as archive:
        Audit(BundleSource(archive), trust_in(shared())).run()
    return str(caught.value)


def tar_with(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def member(name: str, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(info, key, value)
    return info


def test_what_is_no_bundle_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content, said in (
        (b"", "too short"),
        (b"\x1f\x8b" + bytes(600), "a gzip file"),
        (b"PK\x03\x04" + bytes(600), "a zip file"),
        (random.Random(1).randbytes(4096), "no tar file"),
        (bytes(1024), "holds no maestro.json"),
        (bytes(1 << 20), "behind its end"),
    ):
        path.write_bytes(content)
        assert said in refused(path)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "a//b", "a/./b", "\u2028", "a\\b", "x" * 101])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    try:
        path = tar_with(tmp_path / "x", member(name))
    except ValueError:
        pytest.skip("tar itself cannot write this name")
    assert "no bundle holds" in refused(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_folders_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    assert "no plain file" in refused(tar_with(tmp_path / "x", member("a", type=kind, linkname="/etc/passwd")))


def test_a_size_that_is_not_there_takes_no_memory(tmp_path: Path) -> None:
    path = tar_with(tmp_path / "x", member("maestro.json", size=64))
    raw = bytearray(path.read_bytes())
    raw[124:136] = b"%011o\0" % (1 << 32)
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + 8 * 0x20 + sum(raw[156:512]))
    path.write_bytes(raw)
    assert "in the middle of maestro.json" in refused(path)


def test_a_file_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    assert "twice" in refused(tar_with(tmp_path / "x", member("a"), member("a")))


def test_a_bundle_of_another_version_says_which(bundle: Path, tmp_path: Path) -> None:
    def newer(name: str, content: bytes) -> bytes:
        return content.replace(b"bundle/v1", b"bundle/v9") if name == "maestro.json" else content

    assert "maestro/bundle/v9" in refused(rewritten(bundle, tmp_path / "x", newer))


def test_sizes_that_are_not_there_are_refused(bundle: Path, tmp_path: Path) -> None:
    def huge(name: str, content: bytes) -> bytes:
        return content.replace(b"75", b"9" * 18).replace(b"76", b"9" * 18) if name == "maestro.json" else content

    assert "is missing in it" in refused(rewritten(bundle, tmp_path / "x", huge))


def test_a_nested_manifest_does_not_exhaust_the_reader(bundle: Path, tmp_path: Path) -> None:
    def deep(name: str, content: bytes) -> bytes:
        return b"[" * 100_000 if name == "maestro.json" else content

    assert "cannot be read" in refused(rewritten(bundle, tmp_path / "x", deep))


@given(cut=st.floats(0, 1), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_bundle_that_was_cut_or_overwritten_is_refused_or_found(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, cut: float, seed: int
) -> None:
    """Whatever became of its bytes: a clear refusal or a finding, and never another error."""
    chance, raw = random.Random(seed), bytearray(bundle.read_bytes())
    if seed % 2:
        del raw[int(cut * (len(raw) - 1)) :]
    else:
        start = int(cut * (len(raw) - 1))
        raw[start : start + chance.randrange(1, 700)] = chance.randbytes(chance.randrange(1, 700))
    path = tmp_path_factory.mktemp("x") / "x"
    path.write_bytes(raw)
    try:
        report = audited_bundle(path, shared())
    except BundleRefused:
        return
    # What stands in README, in scripts or in padding changes nothing that is audited.
    assert report.run == RUN


async def test_whoever_reads_logs_reads_a_bundle(bundle: Path) -> None:
    town = shared()
    with Archive(bundle) as archive:
        store = BundleStore(BundleSource(archive))
        keyring = Keyring(town.operator.verify_key)
        await keyring.refresh(store)  # type: ignore[arg-type]
        reader = Reader(store, keyring, RUN)  # type: ignore[arg-type]
        found = [verdict async for page in reader.all() for verdict in page]
        assert [entry.body for entry in await store.read(RUN, 70, 100)] == town.bodies[70:]
        assert await store.runs() == [RUN]
    assert [type(verdict) for verdict in found] == [Commit] * len(town.bodies)


def test_the_provenance_names_the_commit_what_it_was_made_from_and_the_log(bundle: Path) -> None:
    with Archive(bundle) as archive:
        envelope = json.loads(archive.read("provenance.json", 1 << 20))
    said = json.loads(base64.b64decode(envelope["payload"]))
    run = said["predicate"]["runDetails"]
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert said["subject"] == [{"name": f"maestro/{RUN}", "digest": {"gitCommit": "f1" * 20}}]
    base = said["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert base == [{"uri": "git+/home/ada/tally", "digest": {"gitCommit": "ba5e" * 10}}]
    assert run["metadata"]["invocationId"] == RUN
    assert run["byproducts"][0]["annotations"] == {"entries": 75}
