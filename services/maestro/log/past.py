"""What does a forked run bring along from its parent? The parent's own entries, and each is believed or not as there.

Nobody vouches for them but those who signed them: whoever forks a run says where, and can neither add to what was said,
nor change it, nor leave out one of an author's commits between others.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from maestro.log.commit import note_hash, parse_commit
from maestro.log.members import Find
from maestro.log.store import Entry, Store
from maestro.log.verify import Chains, Commit, Rejected, examine, resolve
from maestro_contracts.envelope import Unreadable
from maestro_contracts.events import RunForked

MAX_PAST = 64 * 1024 * 1024
"""So many bytes of entries and blobs go along with a fork."""
DEEPEST = 16
"""A fork of a fork of a fork: each brings its parent's past along within its own."""


class NotWhole(RuntimeError):
    """The parent's log cannot be brought along. The message says why."""


async def gather(store: Store, run: str, upto: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The exact bytes of a run's entries 1 to `upto`, and of the blobs that they name. Raises NotWhole."""
    entries: list[bytes] = []
    while len(entries) < upto and (page := await store.read(run, len(entries), upto - len(entries))):
        for entry in page:
            if entry.seq != len(entries) + 1:
                raise NotWhole(f"entry {len(entries) + 1} of {run} is missing")
            entries.append(entry.body)
    if len(entries) < upto:
        raise NotWhole(f"{run} has {len(entries)} entries, and entry {upto} was asked for")
    blobs = [await _blob(store, run, sha) for sha in dict.fromkeys(sha for body in entries for sha in _named(body))]
    size = sum(map(len, entries)) + sum(map(len, blobs))
    if size > MAX_PAST:
        raise NotWhole(f"the first {upto} entries of {run} take {size} bytes, more than {MAX_PAST}")
    return tuple(entries), tuple(blobs)


async def _blob(store: Store, run: str, sha256: str) -> bytes:
    data = await store.blob(run, sha256)
    if data is None:
        raise NotWhole(f"data of {run} (SHA-256 {sha256}) is lost or was changed")
    return data


def _named(body: bytes) -> list[str]:
    """The blobs that an entry names; junk names none."""
    try:
        return [record.data_sha256 for record in parse_commit(body).records if record.data_sha256]
    except Unreadable:
        return []


def with_past(commit: Commit, find: Find, depth: int = 0) -> Commit | Rejected:
    """The commit with the past that its `RunForked` brings along, each entry of it believed or not; a commit without
    such an event as it is. Rejected where the past is not what the event says it is."""
    forked = next((event for event in commit.events if isinstance(event, RunForked)), None)
    if forked is None:
        return commit
    problem = _problem(forked, depth)
    if problem:
        return Rejected(commit.seq, problem, commit.header.actor, "content")
    return replace(commit, past=_read(forked, find, depth))


def _problem(forked: RunForked, depth: int) -> str:
    where = f"it says to go on from entry {forked.entry} of {forked.parent}"
    if depth >= DEEPEST:
        return f"{where}, which is the {DEEPEST}th fork of a fork"
    if not 0 < forked.entry == len(forked.entries):
        return f"{where}, and brings {len(forked.entries)} entries along"
    if note_hash(forked.entries[-1]) != forked.entry_sha256:
        return f"{where}, and brings another entry along than it names"
    return ""


def _read(forked: RunForked, find: Find, depth: int) -> tuple[Commit | Rejected, ...]:
    chains, blobs = Chains(), {hashlib.sha256(blob).hexdigest(): blob for blob in forked.blobs}
    verdicts: list[Commit | Rejected] = []
    for seq, body in enumerate(forked.entries, 1):
        seen = examine(Entry(seq, body), forked.parent, find)
        for index, sha in seen.missing:
            resolve(seen, index, blobs.get(sha))
        verdict = chains.place(seen)
        verdicts.append(with_past(verdict, find, depth + 1) if isinstance(verdict, Commit) else verdict)
    return tuple(verdicts)
