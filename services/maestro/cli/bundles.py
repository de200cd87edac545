"""How do the commands about bundles meet the disk and git? Written whole or not at all; read without trust."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

if TYPE_CHECKING:
    from maestro.audit.archive import Archive
    from maestro.audit.bundle import BundleSource
    from maestro.cli.where import Place
    from maestro.log.note import SigningKey


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[BundleSource, Archive]]:
    """A bundle's file. Raises CliError where it is none."""
    from maestro.audit.archive import Archive, BundleRefused
    from maestro.audit.bundle import BundleSource

    try:
        with Archive(path) as archive:
            yield BundleSource(archive), archive
    except BundleRefused as error:
        reason, _, mend = str(error).rpartition("; ")
        raise CliError(f"{path}: {reason or mend}", mend if reason else "", Exit.BAD_INPUT) from None


@contextlib.contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def branch_of(place: Place, run: str, beside: Path) -> AsyncIterator[Path | None]:
    """The run's branch as a git bundle, in a file beside another; None where it is not there any more."""
    from maestro.git.command import git
    from maestro.git.names import branch_ref

    if place.repo is None:
        yield None
        return
    ref = branch_ref(run)
    draft = beside.with_name(f".{beside.name}.{os.getpid()}.git").absolute()
    try:
        found = await git("rev-parse", "--verify", "--quiet", ref, cwd=place.repo, ok=(0, 1))
        if found.code:
            yield None
            return
        # One thread and no deltas taken over: the same branch gives the same bytes.
        same = ("-c", "pack.threads=1", "-c", "pack.allowPackReuse=false")
        await git(*same, "bundle", "create", "--version=2", "--quiet", draft, ref, cwd=place.repo)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def operators_key(place: Place) -> SigningKey | None:
    """The operator's private key, where it is here and belongs to the public one. Raises KeyRefused."""
    from maestro.cli.engine import operator_pub_file
    from maestro.log.identity import operator_key
    from maestro.log.note import SigningKey

    file = Path(os.environ.get("MAESTRO_OPERATOR_KEY_FILE") or place.state.root / "operator.key")
    if not file.exists():
        return None
    key = SigningKey.load(file)
    return key if key.verify_key == operator_key(operator_pub_file(place)) else None


async def tree_of_branch(path: Path, commit: str, work: Path) -> str:
    """The git tree of a commit in a git bundle, every object looked at; empty where it is not there. Raises
    GitProblem where the bundle is damaged."""
    from maestro.git.command import git

    await git("init", "--quiet", "--bare", work)
    strict = ("-c", "transfer.fsckObjects=true", "-c", "fetch.unpackLimit=1")
    await git(*strict, "fetch", "--quiet", "--no-tags", path.absolute(), "+refs/heads/*:refs/bundle/*", cwd=work)
    found = await git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", cwd=work, ok=(0, 1))
    return found.text


def extract(archive: Archive, folder: Path, wanted: Callable[[str], bool] = lambda _: True) -> int:
    """Write the files of an archive into a folder of its own, which is made; returns how many."""
    folder.mkdir(parents=True)
    count = 0
    for name in archive.names():
        if not wanted(name):
            continue
        target = folder.joinpath(*name.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in archive.pieces(name):
                file.write(piece)
        count += 1
    return count
