"""When does work in hand learn that it must stop? When somebody who may says so in the run's log."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from maestro.bus.cancelling import LOST, Cancellations
from maestro.bus.service import Delivery, Said
from maestro.log.author import Author
from maestro.log.identity import Identity
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Note, Write
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.roles import Role
from tests.support.wait import wait_until

RUN = "run-aaaaaa"
CANCELLED = Said("cancel", e.RunCancelled("ada", "enough"))


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        operator = SigningKey.generate("maestro/operator")
        self._registrar = Author(Identity.operator(operator))
        self.held = True
        self.cancellations = Cancellations(self.store, Keyring(operator.verify_key), lambda _: self.held)

    async def enrolled(self, role: Role) -> Author:
        identity = Identity.fresh(role, role)
        key = base64.b64encode(identity.key.verify_key.key).decode()
        said = Said(f"enrol:{identity.epoch}", e.ActorEnrolled(identity.actor, role, identity.epoch, key))
        await self._registrar.write(self.store, self._registrar.draft(SYSTEM, [said], ts=1))
        return Author(identity)

    async def say(self, author: Author, *said: Said) -> None:
        await author.write(self.store, author.draft(RUN, said, ts=2))


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.cancellations.stop()


def delivery(n: int = 1, run: str = RUN) -> Delivery:
    return Delivery(c.Advance(), f"c{n}", run, "", 1, f"{n}-0", "worker")


async def test_everybody_at_work_for_a_run_learns_that_it_was_cancelled(world: World) -> None:
    conductor = await world.enrolled("conductor")
    waiting = [asyncio.create_task(world.cancellations.wait(delivery(n))) for n in (1, 2)]
    other = asyncio.create_task(world.cancellations.wait(delivery(3, "run-b")))
    await asyncio.sleep(0)

    await world.say(conductor, CANCELLED)

    assert await asyncio.gather(*waiting) == ["the run was cancelled by ada: enough"] * 2
    assert not other.done()
    other.cancel()


async def test_a_cancellation_before_the_work_began_counts(world: World) -> None:
    conductor = await world.enrolled("conductor")
    await world.say(conductor, CANCELLED)
    await world.say(conductor, *(Said(f"late:{i}", e.GroupCompleted(i)) for i in range(5)))

    async with asyncio.timeout(5):
        for n in (1, 2):
            assert await world.cancellations.wait(delivery(n))
            world.cancellations.gone(delivery(n), lost=False)


@pytest.mark.parametrize("liar", ["worker", "stranger", "nobody"])
async def test_what_somebody_says_who_may_not_cancels_nothing(world: World, liar: str) -> None:
    waiting = asyncio.create_task(world.cancellations.wait(delivery()))
    match liar:
        case "worker":
            await world.say(await world.enrolled("worker"), CANCELLED)
        case "stranger":
            await world.say(Author(Identity.fresh("conductor-1", "conductor")), CANCELLED)
        case "nobody":
            await world.store.write([Write(RUN, (Note(b'{"type":"RunCancelled"}', ("x",)),))])

    _, still = await asyncio.wait({waiting}, timeout=0.3)
    assert still

    await world.say(await world.enrolled("conductor"), Said("really", CANCELLED.event))
    assert await waiting


async def test_a_lost_delivery_says_so_at_once(world: World) -> None:
    waiting = asyncio.create_task(world.cancellations.wait(delivery()))
    await asyncio.sleep(0)

    world.cancellations.gone(delivery(), lost=True)

    assert await waiting == LOST


async def test_a_delivery_that_was_lost_before_says_so_too(world: World) -> None:
    world.held = False

    assert await world.cancellations.wait(delivery()) == LOST


async def test_nothing_is_read_when_nobody_waits(world: World) -> None:
    waiting = asyncio.create_task(world.cancellations.wait(delivery()))
    await asyncio.sleep(0)
    waiting.cancel()
    world.cancellations.gone(delivery(), lost=False)

    await wait_until(lambda: world.cancellations.reading is False, 5)
