"""Is a log with events of an old version still believed, and does it fold into the state it meant?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from maestro.log.commit import parse_commit
from maestro.log.identity import operator_key
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.reader import Commit, Rejected, commits
from maestro.log.store import Note, Write
from maestro.runs.fold import fold, new_run
from maestro_contracts import events as e

GOLDEN = Path(__file__).parent / "golden"
RUN = "old-abc234"
SHA256 = "398eba90d709cc7307368aa59b6593cbc4fccd42743da0b8aebb29acabe2205e"
"""Of `log.jsonl`: whoever changes the golden log changes what it proves."""


async def read(lines: list[dict[str, str]]) -> list[Commit | Rejected]:
    store = MemoryStore()
    for line in lines:
        body = line["body"].encode()
        ids = tuple(record.id for record in parse_commit(body).records)
        await store.write([Write(line["run"], (Note(body, ids),))])
    keyring = Keyring(operator_key(GOLDEN / "operator.pub"))
    return [verdict async for verdict in commits(store, keyring, RUN)]


@pytest.fixture
def lines() -> list[dict[str, str]]:
    return [json.loads(line) for line in (GOLDEN / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_golden_log_is_the_one_that_was_written_then() -> None:
    assert hashlib.sha256((GOLDEN / "log.jsonl").read_bytes()).hexdigest() == SHA256


async def test_every_entry_is_believed_and_the_run_is_what_it_was(lines: list[dict[str, str]]) -> None:
    state = new_run(RUN)
    for verdict in await read(lines):
        assert isinstance(verdict, Commit), verdict
        fold(state, verdict)
    assert (state.status, state.violations) == ("completed", [])
    assert [step.status for step in state.steps.values()] == ["done", "done"]


async def test_an_old_decision_reads_as_one_of_today(lines: list[dict[str, str]]) -> None:
    said = [event for verdict in await read(lines) if isinstance(verdict, Commit) for event in verdict.events]
    (decided,) = [event for event in said if isinstance(event, e.GateDecided)]
    assert (decided.choice, decided.via, decided.text) == ("approve", "cli", "but keep it small")


async def test_its_old_words_cannot_be_brought_up_to_date_without_being_noticed(lines: list[dict[str, str]]) -> None:
    old, new = '"v":1,"cause":"decide:1"', '"v":2,"cause":"decide:1"'
    changed = [{**line, "body": line["body"].replace(old, new)} for line in lines]
    assert changed != lines
    assert any(isinstance(verdict, Rejected) for verdict in await read(changed))
