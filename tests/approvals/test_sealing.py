"""Does a dangerous effect wait until nobody can deny its approval any more? On a real server, with real witnesses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest_asyncio

from maestro.approvals.book import ActionBook, Intent
from maestro.approvals.permission import Permission
from maestro.approvals.sealing import SealRule
from maestro.bus.service import Delivery, Outcome
from maestro.log.author import Author
from maestro.log.redis_store import RedisStore
from maestro.log.store import Appended, Write
from maestro.tlog.policy import Witness, k_of
from maestro_contracts import events as e
from tests.support.notarial import RUN, Town


class Speaker:
    """Keeps `maestro.bus.service.Context` for one enrolled process."""

    def __init__(self, town: Town, author: Author) -> None:
        self.town, self.author, self.actor = town, author, author.identity.actor

    def now(self) -> int:
        return 1_000

    async def say(self, outcome: Outcome) -> None:
        await self.say_at(outcome)

    async def say_at(self, outcome: Outcome) -> bool:
        draft = self.author.draft(RUN, outcome.events, ts=1_000)
        (result,) = await self.town.store.write([Write(RUN, draft.notes, outcome.expected)])
        self.author.settle(draft, result)
        return isinstance(result, Appended)

    async def cancelled(self, delivery: Delivery) -> str:
        raise AssertionError("nobody is cancelled here")


@pytest_asyncio.fixture
async def town(store: RedisStore, tmp_path: Path) -> Town:
    made = Town(store, tmp_path / "notary")
    await made.found()
    return made


async def approved(town: Town, level: int) -> Speaker:
    keeper = await town.people.join("gatekeeper-1", "gatekeeper")
    await town.says(
        keeper,
        e.ActionProposed("P-1", "T-001", 1, "worker-1", "d1", "delete it all"),
        e.ActionClassified("P-1", level, "1", "p", asked="d1"),
        e.ApprovalGiven("P-1", "d1", level, "person", "p", 1, approvers=("ann",), expires=10_000),
    )
    return Speaker(town, await town.people.join("worker-7", "worker"))


def intends(level: int):  # type: ignore[no-untyped-def]
    def intend(book: ActionBook) -> Intent:
        return Intent("P-1", "d1", level, "p")

    return intend


async def test_level_3_begins_when_its_approval_is_sealed_and_cosigned(town: Town, tmp_path: Path) -> None:
    (witness,) = town.witnesses(tmp_path, 1)
    witness.start()
    try:
        policy = k_of(1, [Witness("w1", witness.cosigner, witness.url)])
        speaker = await approved(town, 3)
        permission = Permission(town.store, town.people.keyring, SealRule(policy, wait_s=60))
        beginning = asyncio.create_task(permission.begin(RUN, intends(3), speaker))
        await asyncio.wait({beginning}, timeout=0.2)
        assert not beginning.done(), "nobody has sealed anything"
        async with town.notary(policy):
            assert await beginning is None
    finally:
        witness.kill()
    verdicts = await town.verdicts()
    said = [type(event).__name__ for verdict in verdicts for event in verdict.events]  # type: ignore[union-attr]
    assert said.index("LogSealed") < said.index("EffectStarted")


async def test_a_seal_without_its_quorum_is_not_enough(town: Town, tmp_path: Path) -> None:
    """Who has the notary's key and the server alone cannot have it done."""
    (witness,) = town.witnesses(tmp_path, 1)
    policy = k_of(1, [Witness("w1", witness.cosigner, "")])
    speaker = await approved(town, 3)
    async with town.notary():
        permission = Permission(town.store, town.people.keyring, SealRule(policy, wait_s=0.5))
        hindrance = await permission.begin(RUN, intends(3), speaker)
    assert hindrance is not None and "in no checkpoint that 1 of 1 witnesses cosigned" in hindrance.reason
    assert await town.said(e.EffectStarted) == []


async def test_lower_levels_wait_for_no_seal(town: Town, tmp_path: Path) -> None:
    (witness,) = town.witnesses(tmp_path, 1)
    policy = k_of(1, [Witness("w1", witness.cosigner, "")])
    speaker = await approved(town, 2)
    assert await Permission(town.store, town.people.keyring, SealRule(policy)).begin(RUN, intends(2), speaker) is None


async def test_nothing_begins_in_a_quarantined_run_until_a_person_resumes_it(town: Town) -> None:
    speaker = await approved(town, 2)
    notary = await town.people.join("notary", "notary")
    await town.says(notary, e.ViolationFound(7, "nobody signed it"))
    permission = Permission(town.store, town.people.keyring)
    hindrance = await permission.begin(RUN, intends(2), speaker)
    assert hindrance is not None and "quarantined" in hindrance.reason
    await town.says(town.conductor, e.RunResumed("ann"))
    assert await permission.begin(RUN, intends(2), speaker) is None
