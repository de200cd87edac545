"""Does a log that was written long ago still say what it said then?"""

from __future__ import annotations

from pathlib import Path

import msgspec

from maestro.log.commit import parse_commit
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import VerifyKey
from maestro.log.reader import Commit, commits
from maestro.log.store import SYSTEM, Appended, Note, Store, Write
from maestro_contracts.events import Event, GateDecided

OLD = Path(__file__).parents[1] / "golden" / "log-v1"
RUN = "add-search-k3v7qa"


async def load(store: Store) -> Keyring:
    """The old log in a store of today, and the keyring for it."""
    for run in (SYSTEM, RUN):
        for seq, file in enumerate(sorted((OLD / run).glob("*.note")), 1):
            body = file.read_bytes()
            assert await store.write([Write(run, (Note(body, parse_commit(body).ids),))]) == [Appended(seq)]
    for blob in (OLD / RUN / "blobs").iterdir():
        await store.write([Write(RUN, blobs=((blob.name, blob.read_bytes()),))])
    return Keyring(VerifyKey.decode((OLD / "operator.pub").read_text()))


async def test_every_entry_of_an_old_log_is_believed_and_says_what_it_said() -> None:
    store = MemoryStore()
    keyring = await load(store)

    seen = [each async for each in commits(store, keyring, RUN)]

    assert [each for each in seen if not isinstance(each, Commit)] == []
    said = [written(event) for each in seen if isinstance(each, Commit) for event in each.events]
    assert said == msgspec.json.decode((OLD / "expected.json").read_bytes())


async def test_an_old_decision_reads_as_a_new_one() -> None:
    store = MemoryStore()
    keyring = await load(store)

    seen = [each async for each in commits(store, keyring, RUN)]

    decided = [
        (event.key, event.via, event.text)
        for each in seen
        if isinstance(each, Commit)
        for event in each.events
        if isinstance(event, GateDecided)
    ]
    assert decided == [("r", "cli", "Also search by maker, please: „Grüße“"), ("y", "cli", "")]


def written(event: Event) -> list[object]:
    return [type(event).__name__, msgspec.json.decode(msgspec.json.encode(event))]
