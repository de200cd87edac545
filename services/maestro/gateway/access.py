"""Who is at the other end of a request? The tokens and sessions that were given out, and what each allows.

Every one is a random secret of 256 bits that is shown once; kept is its SHA-256 alone, in one file (mode 0600) in the
gateway's folder. A session and a one-time link belong to the token or the log-in that they came from, and end with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from maestro.people.names import why_no_person

T = TypeVar("T")
Kind = Literal["token", "link", "session", "callback"]
May = Literal["read", "decide"]

DAY_MS = 86_400_000
TOKEN_MS = 90 * DAY_MS
LINK_MS = 10 * 60_000
SESSION_MS = 12 * 3_600_000
MAX_ENTRIES = 10_000
_SECRET = re.compile(r"mst_([a-z2-7]{10})_([A-Za-z0-9_-]{43})")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One secret that was given out. Times are milliseconds since the epoch; `parent` is the entry it ends with."""

    id: str
    kind: Kind
    person: str
    sha256: str
    created: int
    expires: int
    may: May = "decide"
    parent: str = ""
    via: str = "token"
    about: str = ""
    """A callback's: the one gate that it may decide, as `run gate visit`."""


class Caller(msgspec.Struct, frozen=True):
    """Somebody who is known. `entry` is what they showed, `via` how they once logged in (`token` or `oidc`)."""

    name: str
    may: May
    entry: Entry
    secret: str = ""

    @property
    def csrf(self) -> str:
        """What a form of this session must bring back: nobody can know it without the session's secret."""
        return hmac.new(self.secret.encode(), b"maestro csrf", hashlib.sha256).hexdigest()


class AccessRefused(ValueError):
    """This cannot be given out. The message says why and what to do."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Access:
    """All that was given out, kept in `<folder>/access.json`. Several processes may use one folder."""

    def __init__(self, folder: Path, now: Callable[[], int] = now_ms) -> None:
        self._file, self._folder, self._now = folder / "access.json", folder, now
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[str, Entry] = {}

    # --- giving out -----------------------------------------------------------------------------------------------

    def give(
        self,
        person: str,
        kind: Kind = "token",
        *,
        may: May = "decide",
        lasts_ms: int = TOKEN_MS,
        parent: str = "",
        via: str = "token",
        about: str = "",
    ) -> tuple[Entry, str]:
        """A new secret for a person, as it is to be shown, once. Raises AccessRefused."""
        if why := why_no_person(person):
            raise AccessRefused(why)
        id, secret = _random_id(), secrets.token_urlsafe(32)
        now = self._now()
        entry = Entry(id, kind, person, _hash(secret), now, now + lasts_ms, may, parent, via, about)

        def add(entries: dict[str, Entry]) -> None:
            if len(entries) >= MAX_ENTRIES:
                raise AccessRefused(f"{MAX_ENTRIES} are given out already; revoke some: maestro web tokens")
            entries[id] = entry

        self._change(add)
        return entry, f"mst_{id}_{secret}"

    def exchange(self, link: str) -> tuple[Entry, str] | None:
        """A session for a one-time link, which is used up; None where it is worth nothing."""
        found = self.caller(link, "link")
        if found is None or not self._take(found.entry.id):
            return None
        return self.log_in(found)

    def log_in(self, caller: Caller) -> tuple[Entry, str]:
        """A session for somebody who showed a token (or a link, which is gone by now)."""
        parent = caller.entry.id if caller.entry.kind == "token" else ""
        lasts = min(SESSION_MS, caller.entry.expires - self._now()) if parent else SESSION_MS
        return self.give(caller.name, "session", may=caller.may, lasts_ms=lasts, parent=parent, via=caller.entry.via)

    def revoke(self, id: str) -> bool:
        """End a token, a link or a session, and all that came from it; False where there is none."""
        return self._take(id)

    # --- looking ----------------------------------------------------------------------------------------------------

    def caller(self, shown: str, *kinds: Kind) -> Caller | None:
        """Who shows this secret; None where it is nobody's, or no more."""
        match = _SECRET.fullmatch(shown)
        if match is None:
            return None
        entry = self._read().get(match[1])
        if entry is None or entry.kind not in kinds or not hmac.compare_digest(entry.sha256, _hash(match[2])):
            return None
        return Caller(entry.person, entry.may, entry, match[2]) if self._is_good(entry) else None

    def entries(self) -> list[Entry]:
        """What is good now, oldest first."""
        return sorted(filter(self._is_good, self._read().values()), key=lambda entry: entry.created)

    def _is_good(self, entry: Entry) -> bool:
        now = self._now()
        parent = self._entries.get(entry.parent)
        return entry.expires > now and (not entry.parent or (parent is not None and parent.expires > now))

    # --- the file ---------------------------------------------------------------------------------------------------

    def _take(self, id: str) -> bool:
        def take(entries: dict[str, Entry]) -> bool:
            for child in [each.id for each in entries.values() if each.parent == id]:
                del entries[child]
            return entries.pop(id, None) is not None

        return self._change(take)

    def _change(self, change: Callable[[dict[str, Entry]], T]) -> T:
        with self._locked():
            entries = {id: entry for id, entry in self._read().items() if entry.expires > self._now()}
            done = change(entries)
            _write(self._file, msgspec.json.encode(list(entries.values())))
        return done

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "access.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, Entry]:
        """The entries; read again only where the file is another one. A file that cannot be read lets nobody in."""
        try:
            found = self._file.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                read = msgspec.json.decode(self._file.read_bytes(), type=list[Entry])
                self._entries, self._seen = {entry.id: entry for entry in read}, seen
        except FileNotFoundError:
            self._entries, self._seen = {}, None
        except (OSError, msgspec.MsgspecError):
            self._entries, self._seen = {}, None
        return self._entries


def _write(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _random_id() -> str:
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(10))
