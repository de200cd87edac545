"""What does a run's log say, as far as it may be believed? Each entry becomes a `Commit` or is `Rejected`."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from maestro.log.fast import Plain, open_plain
from maestro.log.helper import Helper
from maestro.log.keyring import Keyring
from maestro.log.past import with_past
from maestro.log.signatures import is_signed
from maestro.log.store import SYSTEM, Entry, Store
from maestro.log.verify import Chains, Commit, Examined, Rejected, examine_slowly, examined, resolve
from maestro_contracts.events import RunForked

__all__ = ["Commit", "Reader", "Rejected", "commits", "missing", "new_of"]

LONG = 2000
"""So many signatures take longer than the start of a helper."""
AHEAD = 3
AT_START = 16
"""So many pages are fetched before the first of them is used: more while the helper starts, which takes as long as
that. Without a helper none: a page that was just fetched is still in the processor's cache."""
WAIT_MS = 5000


@dataclass(slots=True)
class _Page:
    """Entries, opened as far as they are plain. `asked`: the helper checks the signatures of those."""

    entries: list[Entry]
    opened: list[Plain | None]
    seen: bool = False
    """The helper was offered this page."""
    asked: bool = False

    @property
    def proofs(self) -> list[bytes]:
        return [plain.proof for plain in self.opened if plain is not None]


class Reader:
    """Reads one run, from one entry on, page by page. `after` > 0 takes each author's first commit there as it is,
    since what came before it was not read. `each` is told of every entry before the verdict on it, believed or not."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        run: str,
        after: int = 0,
        each: Callable[[Entry], None] = lambda _entry: None,
    ) -> None:
        self._store, self._keyring, self._run, self._each = store, keyring, run, each
        self._chains = Chains(strict=after == 0)
        self._fetched = after
        self._helper: Helper | None = None
        self.seq = after
        """The last entry that was handed out."""

    async def new(self, wait_ms: int = 0) -> list[Commit | Rejected]:
        """The next page of entries, in order; empty where there is nothing new. Waits up to `wait_ms` for the first."""
        return await self._believe(self._open(await self._fetch(wait_ms)))

    async def all(self) -> AsyncIterator[list[Commit | Rejected]]:
        """Page after page, to the end. While one is being used, a helper checks the signatures of the next ones."""
        ahead: deque[_Page] = deque()
        try:
            if await self._store.head(self._run) - self._fetched >= LONG:
                self._helper = Helper()
            while True:
                while len(ahead) < self._how_far_ahead() and (entries := await self._fetch(0)):
                    ahead.append(self._open(entries))
                    await self._hand_over(ahead)
                if not ahead:
                    return
                await self._hand_over(ahead)
                yield await self._believe(ahead.popleft())
        finally:
            self._fetched = self.seq
            self._do_without_helper()

    async def _fetch(self, wait_ms: int) -> list[Entry]:
        return (await _fetch_together([self], wait_ms))[0]

    def _open(self, entries: list[Entry]) -> _Page:
        run, find = self._run, self._keyring.find
        return _Page(entries, [open_plain(entry.body, run, find) for entry in entries])

    def _how_far_ahead(self) -> int:
        if self._helper is None:
            return 1
        return AHEAD if self._helper.is_up else AT_START

    async def _hand_over(self, pages: Iterable[_Page]) -> None:
        """Give what the helper has not got yet to it, once it is there."""
        try:
            for page in pages:
                if self._helper is not None and self._helper.is_up and not page.seen:
                    page.seen = True
                    page.asked = await self._helper.send(page.proofs)
        except ConnectionError:
            self._do_without_helper()

    async def _check(self, page: _Page) -> Sequence[int]:
        """For each plain entry, whether its signature is right."""
        if page.asked and self._helper is not None:
            try:
                return await self._helper.answer(len(page.proofs))
            except ConnectionError:
                self._do_without_helper()
        holds = self._keyring.own.holds
        plain = [plain for plain in page.opened if plain is not None]
        return [holds(each.member.key.key, each.hash) or is_signed(each.proof) for each in plain]

    def _do_without_helper(self) -> None:
        if self._helper is not None:
            self._helper.close()
            self._helper = None

    async def _believe(self, page: _Page) -> list[Commit | Rejected]:
        right = iter(await self._check(page))
        verdicts: list[Commit | Rejected] = []
        for entry, plain in zip(page.entries, page.opened, strict=True):
            if entry.seq > self.seq + 1:
                verdicts.append(missing(self.seq + 1, entry.seq - 1))
            self.seq = entry.seq
            self._each(entry)
            if plain is not None and next(right):
                seen = examined(entry, plain)
            else:
                seen = await self._look_closely(entry)
            verdict = self._chains.place(seen)
            if isinstance(verdict, Commit) and RunForked in map(type, verdict.events):
                verdict = await self._with_past(verdict)
            verdicts.append(verdict)
        return verdicts

    async def _with_past(self, commit: Commit) -> Commit | Rejected:
        await self._keyring.refresh(self._store)
        return with_past(commit, self._keyring.find)

    async def _look_closely(self, entry: Entry) -> Examined:
        seen = examine_slowly(entry, self._run, self._keyring.find)
        if seen.unknown:
            await self._keyring.refresh(self._store)
            seen = examine_slowly(entry, self._run, self._keyring.find)
        for index, sha in seen.missing:
            resolve(seen, index, await self._store.blob(self._run, sha))
        return seen


def missing(first: int, last: int) -> Rejected:
    """A log has no gaps: what is not there any more was taken out, and whoever reads it must be told."""
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return Rejected(last, f"{which} missing: somebody took out what stood there", flaw="missing")


async def new_of(readers: Sequence[Reader], wait_ms: int = 0) -> list[list[Commit | Rejected]]:
    """The next page of each of several runs, fetched in one call. They share one store and one keyring. Waits up to
    `wait_ms` for the first."""
    if not readers:
        return []
    pages = await _fetch_together(readers, wait_ms)
    return [await reader._believe(reader._open(page)) for reader, page in zip(readers, pages, strict=True)]


async def _fetch_together(readers: Sequence[Reader], wait_ms: int) -> list[list[Entry]]:
    """New entries of the runs, and in the same call what is new of keys: a key that was revoked before an entry was
    written is known as revoked when the entry is read."""
    store, keyring = readers[0]._store, readers[0]._keyring
    after = {SYSTEM: keyring.seq, **{reader._run: reader._fetched for reader in readers}}
    pages = await store.tail(after, wait_ms)
    if SYSTEM in pages:
        keyring.learn(pages[SYSTEM], after[SYSTEM])
        await keyring.refresh(store)
    found = [pages.get(reader._run, []) for reader in readers]
    for reader, entries in zip(readers, found, strict=True):
        if entries:
            reader._fetched = entries[-1].seq
    return found


async def commits(
    store: Store, keyring: Keyring, run: str, after: int = 0, follow: bool = False
) -> AsyncIterator[Commit | Rejected]:
    """All of a run's commits with seq > `after`, in order; with `follow` it goes on waiting for more."""
    reader = Reader(store, keyring, run, after)
    async for page in reader.all():
        for verdict in page:
            yield verdict
    while follow:
        for verdict in await reader.new(WAIT_MS):
            yield verdict
