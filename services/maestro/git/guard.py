"""What did a program plant in the repository's own folder? Whatever makes git run something or look elsewhere is as it
was again when the program has ended, and what was found there is kept as evidence.

Several programs may be at work on one repository, in several processes. All that are at work at one time share one
picture of how it was before the first of them began; so nobody takes what another one planted for the state before.
The picture and the locks lie in `<git folder>/maestro-guard`, the evidence in `<git folder>/maestro-evidence`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from maestro.git import names
from maestro.git.config import same_effect
from maestro.git.finishing import finish
from maestro.git.lock import locked
from maestro.git.removing import remove

WATCHED = (
    "config",
    "config.worktree",
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "objects/info/alternates",
    "objects/info/http-alternates",
)
HOOKS = "hooks"
MODULES = "modules"
PASSED_OVER = frozenset({"objects", "refs", "logs", "lfs"})
GUARD, EVIDENCE = "maestro-guard", "maestro-evidence"
LARGEST = 1024 * 1024


class Thing(msgspec.Struct, frozen=True):
    """A file (`data`, `mode`) or a link (`target`). Of a file that is too large to be kept, there is `stat` only."""

    mode: int = 0
    data: bytes = b""
    target: str = ""
    stat: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What somebody at work found out: the names of what had changed, and where the changed files are kept."""

    names: tuple[str, ...] = ()
    kept: str = ""


NOTHING = Finding()
Picture = dict[str, Thing]
_DECODER = msgspec.json.Decoder(Picture)


@dataclass(slots=True)
class Guard:
    """One program at work. `earlier` is what somebody had planted whose process died before it could be put back."""

    git_dir: Path
    who: str
    at_work: int
    begun: int = 0
    earlier: Finding = NOTHING
    more: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.git_dir / GUARD

    def tell(self, others: tuple[str, ...]) -> None:
        """What was found elsewhere, for everybody who is at work now: nobody can say whose program it was."""
        self.more.extend(others)

    async def ended(self) -> Finding:
        """Put everything back. Returns what had changed since this guard began, whoever found it."""
        async with locked(self.folder / "turn"):
            finding = await self._put_back()
            if self.more or finding.names:
                _note(self.folder, Finding((*finding.names, *self.more), finding.kept))
                self.more.clear()
            found = _findings(self.folder)[self.begun :]
        every = tuple(dict.fromkeys(name for each in found for name in each.names))
        return Finding(every, next((each.kept for each in found if each.kept), ""))

    async def _put_back(self) -> Finding:
        before = _load(self.folder)
        if before is None:
            return NOTHING
        now = await asyncio.to_thread(_picture, self.git_dir)
        changed = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
        changed = [name for name in changed if not await same_effect(self.git_dir, name, before, now)]
        if not changed:
            return NOTHING
        evidence = self.git_dir / EVIDENCE / f"{names.safe(self.who)}-{secrets.token_hex(3)}"
        await asyncio.to_thread(_restore, self.git_dir, evidence, changed, before)
        return Finding(tuple(names.shown(str(self.git_dir / name)) for name in changed), names.shown(str(evidence)))


@asynccontextmanager
async def guarded(git_dir: Path, who: str) -> AsyncIterator[Guard]:
    """Guards the repository while a program of `who` is at work. Raises GitProblem, OSError."""
    folder = git_dir / GUARD
    folder.mkdir(exist_ok=True)
    at_work = os.open(folder / "at-work", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    guard = Guard(git_dir, who, at_work)
    try:
        async with locked(folder / "turn"):
            await _enter(guard)
        try:
            yield guard
        finally:
            await finish(_leave(guard))
    finally:
        os.close(at_work)


async def _enter(guard: Guard) -> None:
    """The first one takes the picture. A picture that is there although nobody is at work was left by the dead."""
    if _alone(guard.at_work):
        guard.earlier = await guard._put_back()
        _forget(guard.folder)
        _save(guard.folder, await asyncio.to_thread(_picture, guard.git_dir))
    fcntl.flock(guard.at_work, fcntl.LOCK_SH)
    guard.begun = len(_findings(guard.folder))


async def _leave(guard: Guard) -> None:
    await guard.ended()
    async with locked(guard.folder / "turn"):
        if _alone(guard.at_work):
            _forget(guard.folder)


def _alone(at_work: int) -> bool:
    try:
        fcntl.flock(at_work, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(at_work, fcntl.LOCK_SH)
        return False
    return True


# --- the picture, and what was found ------------------------------------------------------------------------------


def _save(folder: Path, picture: Picture) -> None:
    new = folder / "before.new"
    new.touch(mode=0o600)
    new.write_bytes(msgspec.json.encode(picture))
    new.replace(folder / "before.json")


def _load(folder: Path) -> Picture | None:
    try:
        return _DECODER.decode((folder / "before.json").read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _note(folder: Path, finding: Finding) -> None:
    with open(folder / "found.jsonl", "ab") as file:
        file.write(msgspec.json.encode(finding) + b"\n")


def _findings(folder: Path) -> list[Finding]:
    try:
        lines = (folder / "found.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [msgspec.json.decode(line, type=Finding) for line in lines]


def _forget(folder: Path) -> None:
    remove(folder / "before.json", folder / "found.jsonl")


# --- the files ----------------------------------------------------------------------------------------------------


def _picture(git_dir: Path) -> Picture:
    found = ((name, _thing(git_dir / name)) for name in _names(git_dir))
    return {name: thing for name, thing in found if thing is not None}


def _names(git_dir: Path, below: str = "") -> Iterator[str]:
    """The watched files of a repository and of its submodules' repositories."""
    for name in WATCHED:
        yield below + name
    for folder, _, files in os.walk(git_dir / below / HOOKS):
        for file in files:
            yield os.path.relpath(os.path.join(folder, file), git_dir)
    for folder, inner, files in os.walk(git_dir / below / MODULES):
        inner[:] = [name for name in inner if name not in PASSED_OVER]
        if "HEAD" in files:
            inner[:] = [name for name in inner if name == MODULES]
            at = os.path.relpath(folder, git_dir)
            yield from (f"{at}/{name}" for name in WATCHED)
            yield from (f"{at}/{HOOKS}/{name}" for name in _listed(Path(folder, HOOKS)))


def _listed(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _thing(path: Path) -> Thing | None:
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return Thing(target=os.readlink(path))
        if not stat.S_ISREG(found.st_mode):
            return Thing(stat=f"{found.st_mode} {found.st_ino}")
        if found.st_size > LARGEST:
            return Thing(stat=f"{found.st_size} {found.st_mtime_ns} {found.st_ino}")
        return Thing(stat.S_IMODE(found.st_mode), path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _restore(git_dir: Path, evidence: Path, changed: list[str], before: Picture) -> None:
    for name in changed:
        path, kept = git_dir / name, evidence / name
        if os.path.lexists(path):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, kept)
            # Nothing that lies there as evidence shall run by a slip.
            with suppress(OSError):
                if not kept.is_symlink() and kept.is_file():
                    kept.chmod(0o600)
        thing = before.get(name)
        if thing is not None and not thing.stat:
            _put(path, thing)


def _put(path: Path, thing: Thing) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.maestro-{secrets.token_hex(3)}")
    if thing.target:
        new.symlink_to(thing.target)
    else:
        new.touch(mode=0o600)
        new.write_bytes(thing.data)
        new.chmod(thing.mode)
    new.replace(path)
