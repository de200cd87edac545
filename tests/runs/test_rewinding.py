"""Is a run at any entry what the fold of its first entries is, in whatever order one looks?"""

from __future__ import annotations

import random

import pytest

from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.reader import Commit, commits
from maestro.runs import fold as folding
from maestro.runs import rewinding
from maestro.runs.fold import fold, new_run
from maestro.runs.hashing import state_hash
from maestro.runs.rewinding import Rewind, TooLong
from tests.golden.hashes import GOLDEN, stored

LOG, RUN = GOLDEN / "log-v2", "greet-people-m5m3la"


async def told() -> tuple[MemoryStore, Keyring, list[str]]:
    """A log, and the hash of its state after each entry."""
    store, keyring = await stored(LOG)
    state = new_run(RUN)
    hashes = [state_hash(state)]
    async for each in commits(store, keyring, RUN):
        assert isinstance(each, Commit)
        hashes.append(state_hash(fold(state, each)))
    return store, keyring, hashes


@pytest.mark.parametrize("every", [1, 8, 64])
async def test_back_and_forth_is_the_same_as_from_the_beginning(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewinding, "EVERY", every)
    store, keyring, hashes = await told()
    rewind = Rewind(store, keyring, RUN)
    order = [*range(len(hashes)), *range(len(hashes))]
    random.Random(3).shuffle(order)
    for seq in order:
        assert state_hash(await rewind.at(seq)) == hashes[seq]
    assert state_hash(await rewind.at(10_000)) == hashes[-1]


async def test_what_somebody_does_with_a_state_changes_no_other() -> None:
    store, keyring, hashes = await told()
    rewind = Rewind(store, keyring, RUN)
    state = await rewind.at(20)
    state.tasks.clear()
    state.status = "spoilt"
    assert [state_hash(await rewind.at(seq)) for seq in (20, 30)] == [hashes[20], hashes[30]]


async def test_a_snapshot_of_another_fold_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewinding, "EVERY", 4)
    store, keyring, hashes = await told()
    rewind = Rewind(store, keyring, RUN)
    await rewind.at(40)
    assert rewind.snapshots.kept
    for state in rewind.snapshots.kept.values():
        state.feature = "what an older fold made of it"
    assert state_hash(await rewind.at(40)) != hashes[40]

    monkeypatch.setattr(folding, "FOLD_VERSION", folding.FOLD_VERSION + 1)

    assert (await rewind.at(40)).feature == "Greet people"


async def test_a_log_that_is_too_long_says_what_to_do_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewinding, "LONGEST", 10)
    store, keyring, _ = await told()
    rewind = Rewind(store, keyring, RUN)
    for _ in range(2):
        with pytest.raises(TooLong, match="maestro replay"):
            await rewind.at(5)
