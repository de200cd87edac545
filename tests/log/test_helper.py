"""Does it make no difference whether another process checks the signatures, or is not there any more?"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from maestro.log import reader as reading
from maestro.log.helper import Helper
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.signatures import SLOT, SLOTS, is_signed
from maestro.log.store import Note, Write
from tests.support.notes import People, said
from tests.support.wait import wait_until

KEY = SigningKey.generate("k")


def item(text: bytes, signature: bytes | None = None) -> bytes:
    return KEY.verify_key.key + (KEY.sign(text) if signature is None else signature) + text


async def test_a_helper_answers_page_after_page_in_order() -> None:
    helper = Helper()
    try:
        await wait_until(lambda: helper.is_up, what="the helper's start")
        good, bad, short = item(b"yes"), item(b"no", bytes(64)), b"short"
        for page in ([good, bad, good], [bad], [], [short, good]) * SLOTS:
            assert await helper.send(page)
            assert list(await helper.answer(len(page))) == [int(is_signed(each)) for each in page]
        large = item(bytes(SLOT))
        assert not await helper.send([large])
    finally:
        helper.close()


async def test_a_helper_ends_with_its_reader() -> None:
    helper = Helper()
    await wait_until(lambda: helper.is_up, what="the helper's start")

    helper.close()

    assert not Path(f"/proc/{helper.pid}").exists()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of some hundred entries are long, then."""
    read = MemoryStore.read

    async def page(self: MemoryStore, run: str, after: int = 0, limit: int = 50) -> list[object]:
        return list(await read(self, run, after, min(limit, 50)))

    monkeypatch.setattr(MemoryStore, "read", page)
    monkeypatch.setattr(reading, "LONG", 200)


async def a_long_log(count: int = 1_000) -> tuple[MemoryStore, People]:
    """Its entry 800 was tampered with."""
    store = MemoryStore()
    people = People(store)
    author = await people.join("worker-1", "worker")
    other = await people.join("worker-2", "worker")
    for i in range(1, count + 1):
        who = other if i == 800 else author
        draft = who.draft("r", [said(f"e{i}", "true")], ts=5)
        notes = tuple(Note(note.body.replace(b"true", b"lies"), note.ids) for note in draft.notes)
        (result,) = await store.write([Write("r", notes if i == 800 else draft.notes)])
        who.settle(draft, result)
    return store, people


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kill_at", [None, 0, 300])
async def test_a_long_log_is_believed_alike_with_a_helper_and_without_one_and_when_it_dies(
    kill_at: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, people = await a_long_log()
    helpers: list[Helper] = []
    answers: list[int] = []

    class Watched(Helper):
        def __init__(self) -> None:
            super().__init__()
            helpers.append(self)

        async def answer(self, count: int) -> bytes:
            answers.append(count)
            return await super().answer(count)

    monkeypatch.setattr(reading, "Helper", Watched)
    asked = 10 if kill_at is None else 1 if kill_at else 0
    seen: list[Commit | Rejected] = []
    async for page in Reader(store, people.keyring, "r").all():
        seen += page
        if helpers and not seen[200:]:
            await wait_until(lambda: helpers[0].is_up, what="the helper's start")
        if helpers and kill_at is not None and len(seen) > kill_at:
            os.kill(helpers[0].pid, signal.SIGKILL)
            kill_at = None

    assert len(helpers) == 1
    assert len(answers) >= asked, "the helper had nothing to do"
    assert [each.seq for each in seen] == list(range(1, 1_001))
    assert [each.seq for each in seen if isinstance(each, Rejected)] == [800]
    assert not Path(f"/proc/{helpers[0].pid}").exists(), "the helper outlived its reader"


async def test_a_short_log_is_read_without_a_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    store, people = await a_long_log(reading.LONG // 10)
    monkeypatch.setattr(reading, "Helper", None)

    assert [len(page) async for page in Reader(store, people.keyring, "r").all()] == [reading.LONG // 10]


@pytest.mark.usefixtures("small_pages")
async def test_a_reader_that_is_left_early_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    store, people = await a_long_log(300)
    reader = Reader(store, people.keyring, "r")
    pages = reader.all()
    first = await anext(pages)
    await pages.aclose()

    rest = [each for page in [page async for page in reader.all()] for each in page]

    assert [each.seq for each in (*first, *rest)] == list(range(1, 301))
