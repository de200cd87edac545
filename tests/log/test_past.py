"""Is what a fork brings along believed for its authors' signatures alone?"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from maestro.log.commit import note_hash
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.past import NotWhole, gather, with_past
from maestro.log.reader import Commit, Rejected, commits
from maestro.runs.fold import fold, new_run
from maestro.runs.follow import load
from maestro.runs.hashing import state_hash
from maestro_contracts.envelope import CommitHeader
from maestro_contracts.events import RunForked, RunStarted
from tests.golden.hashes import GOLDEN, stored

LOG, PARENT, FORK = GOLDEN / "log-v2", "greet-people-m5m3la", "greet-people-forked"
UPTO = 20


async def parent() -> tuple[MemoryStore, Keyring, list[Commit]]:
    store, keyring = await stored(LOG)
    return store, keyring, [each async for each in commits(store, keyring, PARENT) if isinstance(each, Commit)]


def says(event: RunForked) -> Commit:
    header = CommitHeader(FORK, "conductor", "e", 1, "", 99)
    return Commit(1, header, "conductor", (), (event,))


async def fork(upto: int = UPTO) -> tuple[Keyring, RunForked]:
    store, keyring, story = await parent()
    entries, blobs = await gather(store, PARENT, upto)
    [started] = [event for event in story[0].events if isinstance(event, RunStarted)]
    about = (started.feature, started.repo, started.workflow, started.settings, "ada", 7)
    return keyring, RunForked(PARENT, upto, note_hash(entries[-1]), entries, *about, blobs)


async def test_a_fork_reads_its_parents_entries_as_the_parents_readers_do() -> None:
    keyring, event = await fork()
    found = with_past(says(event), keyring.find)

    assert isinstance(found, Commit)
    story = (await parent())[2]
    assert [(each.seq, each.header) for each in found.past if isinstance(each, Commit)] == [
        (each.seq, each.header) for each in story[:UPTO]
    ]


async def test_the_fork_of_a_fork_comes_to_the_same_with_nobody_between_vouching() -> None:
    keyring, event = await fork()
    once, twice = new_run(FORK), new_run(FORK)
    found = with_past(says(event), keyring.find)
    assert isinstance(found, Commit)
    fold(once, found)
    fold(twice, found)
    assert once.status == "running" and state_hash(once) == state_hash(twice)
    assert once.forked is not None and (once.forked.parent, once.forked.entry) == (PARENT, UPTO)


@pytest.mark.parametrize("which", [0, 5, UPTO - 2])
async def test_an_entry_that_was_changed_on_the_way_is_not_believed(which: int) -> None:
    keyring, event = await fork()
    entries = list(event.entries)
    entries[which] = entries[which].replace(b'"ts":1', b'"ts":2', 1)
    found = with_past(says(msgspec.structs.replace(event, entries=tuple(entries))), keyring.find)

    assert isinstance(found, Commit)
    verdict = found.past[which]
    assert isinstance(verdict, Rejected) and "did not sign it" in verdict.reason


async def test_an_entry_that_was_left_out_between_others_of_its_author_is_missed() -> None:
    keyring, event = await fork()
    entries = event.entries[:4] + event.entries[5:]
    without = msgspec.structs.replace(event, entries=entries, entry=len(entries))
    found = with_past(says(without), keyring.find)

    assert isinstance(found, Commit)
    assert [each for each in found.past if isinstance(each, Rejected)]


@pytest.mark.parametrize("change", ["fewer", "another", "none"])
async def test_a_past_that_is_not_what_it_is_said_to_be_is_none(change: str) -> None:
    keyring, event = await fork()
    other = {
        "fewer": {"entries": event.entries[:-1]},
        "another": {"entry_sha256": "0" * 64},
        "none": {"entries": (), "entry": 0},
    }[change]
    found = with_past(says(msgspec.structs.replace(event, **other)), keyring.find)

    assert isinstance(found, Rejected) and PARENT in found.reason


async def test_entries_of_another_run_are_nobodys_word_about_this_one() -> None:
    keyring, event = await fork()
    found = with_past(says(msgspec.structs.replace(event, parent="another-run-aaaaaa")), keyring.find)

    assert isinstance(found, Commit)
    assert all(isinstance(each, Rejected) and "not here" in each.reason for each in found.past)


async def test_large_data_comes_along_and_is_missed_where_it_does_not() -> None:
    store, keyring = await stored(GOLDEN / "log-v1")
    run = "add-search-k3v7qa"
    await keyring.refresh(store)
    head = await store.head(run)
    entries, blobs = await gather(store, run, head)
    _, event = await fork()
    whole = msgspec.structs.replace(
        event, parent=run, entry=head, entries=entries, entry_sha256=note_hash(entries[-1]), blobs=blobs
    )

    found, without = (with_past(says(each), keyring.find) for each in (whole, msgspec.structs.replace(whole, blobs=())))

    assert blobs and isinstance(found, Commit) and all(isinstance(each, Commit) for each in found.past)
    assert isinstance(without, Commit)
    assert ["is lost" in each.reason for each in without.past if isinstance(each, Rejected)] == [True]


def test_a_parent_that_is_shorter_than_was_said_is_not_brought_along() -> None:
    store, _, _ = asyncio.run(parent())
    with pytest.raises(NotWhole, match="has 47 entries"):
        asyncio.run(gather(store, PARENT, 48))


async def test_the_log_of_a_fork_tells_all_of_it_where_its_parent_is_gone() -> None:
    store, keyring = await stored(GOLDEN / "log-v3")
    [run] = await store.runs()

    state = await load(store, keyring, run)

    assert (state.status, state.violations) == ("completed", [])
    assert state.forked is not None and (state.forked.parent, state.forked.entry) == (PARENT, 33)
    assert {name: task.status for name, task in state.tasks.items()} == {"T-001": "done", "T-002": "done"}
    parents = (await parent())[2][32]
    assert state.prd is not None and parents.seq == state.forked.entry
