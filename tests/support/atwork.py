"""A desk and a committer in this process, on the in-memory store: what the bus does between a queue and the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from maestro.bus.cancelling import Cancellations
from maestro.bus.committer import Committer
from maestro.bus.context import HandlerContext, now_ms
from maestro.bus.desk import Desk, Ways, make_desk
from maestro.bus.reading import read_entry
from maestro.bus.service import Delivery, Service
from maestro.log.author import Author
from maestro.log.commit import parse_commit
from maestro.log.identity import Identity
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.log.store import Send, Write
from maestro_contracts.commands import Command
from maestro_contracts.envelope import write_command
from tests.support.wait import wait_until

CONSUMER = "me@1"
RUN = "run-aaaaaa"


@dataclass
class AtWork:
    """`give` queues commands, `hand_out` takes them from the queue to the desk, `rest` waits until nothing is left."""

    store: MemoryStore
    service: Service
    desk: Desk
    committer: Committer
    gone: list[tuple[str, bool]] = field(default_factory=list)

    async def give(self, *commands: tuple[str, Command], run: str = RUN) -> None:
        sends = tuple(Send(command.to, write_command(command, id=id, run=run)) for id, command in commands)
        await self.store.write([Write(run, sends=sends)])

    async def deliveries(self, count: int = 1000) -> list[Delivery]:
        role = self.service.role
        taken = await self.store.take(role, CONSUMER, count)
        found = [read_entry(role, each.id, each.message, each.count) for each in taken]
        return [each for each in found if isinstance(each, Delivery)]

    async def hand_out(self, count: int = 1000) -> list[str]:
        return self.desk.take(await self.deliveries(count))

    async def rest(self) -> None:
        await wait_until(lambda: not self.desk.in_hand and self.committer.backlog == 0)
        assert await self.committer.drained(5)

    async def notes(self, run: str = RUN) -> list[list[str]]:
        """The ids of the events of each entry."""
        return [[record.id for record in parse_commit(each.body).records] for each in await self.store.read(run)]

    async def ids(self, run: str = RUN) -> list[str]:
        return [id for note in await self.notes(run) for id in note]


@asynccontextmanager
async def at_work(service: Service, store: MemoryStore | None = None) -> AsyncIterator[AtWork]:
    store = store or MemoryStore()
    author = Author(Identity.fresh("me", service.role))
    committer = Committer(store, author, CONSUMER, now_ms)
    keyring = Keyring(SigningKey.generate("maestro/operator").verify_key)
    gone: list[tuple[str, bool]] = []
    context = HandlerContext("me", committer, Cancellations(store, keyring, lambda _: True))
    ways = Ways(committer.submit, lambda: committer.backlog, lambda d, lost: gone.append((d.id, lost)))
    desk = make_desk(service, context, ways)
    writing = asyncio.create_task(committer.run())
    try:
        yield AtWork(store, service, desk, committer, gone)
    finally:
        desk.close()
        await desk.finish(0)
        writing.cancel()
        await asyncio.wait({writing})


def ids_of(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.id for delivery in deliveries]
