"""Does an agent ask before it does something, and do nothing where it may not?"""

from __future__ import annotations

import asyncio

import pytest

from maestro.agents.protocol import Limit
from maestro.approvals.book import Hindrance
from maestro_contracts import events as e
from maestro_contracts.proposals import FileDelete, FileWrite, Shell
from tests.support.handling import the
from tests.support.permitting import Permitting
from tests.support.tasks import playing
from tests.worker.conftest import Shop


def permitting(shop: Shop) -> Permitting:
    assert isinstance(shop.worker.permits, Permitting)
    return shop.worker.permits


PLAY = (
    'write: {path: a.txt, text: "one"}',
    'append: {path: a.txt, text: " two"}',
    "run: test -e a.txt",
    "move: {from: a.txt, to: b c.txt}",
    "delete: README.md",
)


async def test_every_step_is_proposed_exactly_as_it_is_done_before_it_is_done(shop: Shop) -> None:
    await shop.do(playing(shop.repo, shop.base, *PLAY))
    assert [command.parts[0] for command in permitting(shop).asked] == [
        FileWrite("a.txt", "one"),
        FileWrite("a.txt", "one two", "one"),
        Shell("test -e a.txt"),
        Shell("mv -- a.txt 'b c.txt'"),
        FileDelete("README.md"),
    ]
    assert [intent.proposal for intent in permitting(shop).begun] == [f"step:T-001.1.1.{n}" for n in range(1, 6)]
    assert [event.outcome for event in shop.ctx.events(e.EffectEnded)] == ["done"] * 5


async def test_what_is_not_allowed_is_not_done_and_fails_the_attempt_with_the_reason(shop: Shop) -> None:
    permitting(shop).hindrance = Hindrance("ann rejected it: not now")
    failed = the(await shop.do(playing(shop.repo, shop.base, "run: touch ../proof")), e.TaskFailed)
    assert failed.problem.kind == "not_approved"
    assert "ann rejected it: not now" in failed.problem.reason
    assert not list(shop.work.rglob("proof"))


async def test_an_approval_that_does_not_hold_any_more_is_asked_for_again_a_few_times(shop: Shop) -> None:
    permitting(shop).hindrance = Hindrance("the policy has changed since it was approved", again=True)
    await shop.do(playing(shop.repo, shop.base, "run: 'true'"))
    assert [command.proposal for command in permitting(shop).asked] == [f"step:T-001.1.1.{n}" for n in (1, 2, 3)]


async def test_an_agents_time_stands_still_while_people_are_asked() -> None:
    limit = Limit(0.05)
    async with limit.running():
        with limit.paused():
            await asyncio.sleep(0.1)


async def test_an_agents_time_goes_on_afterwards() -> None:
    limit = Limit(0.05)
    with pytest.raises(TimeoutError):
        async with limit.running():
            with limit.paused():
                await asyncio.sleep(0.01)
            await asyncio.sleep(10)
