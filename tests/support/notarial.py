"""A notary at work in this process, on a real store, with an operator, authors, and witnesses that are processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from maestro.log.author import Author
from maestro.log.identity import Identity
from maestro.log.note import SigningKey
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.store import Appended, Store
from maestro.notary.decider import Pace
from maestro.notary.sealing import Tools
from maestro.notary.watching import Notary
from maestro.notary.witnesses import links_to
from maestro.tlog.keys import logs_of
from maestro.tlog.memory import Memory
from maestro.tlog.policy import Policy, Witness, k_of
from maestro_contracts import events as e
from tests.support.notes import People, Said, enrolled
from tests.support.wait import wait_until
from tests.support.witnessing import WitnessProcess

RUN = "try-abc234"


class Town:
    """An operator, the key of all seals, and what a notary needs. `folder` is the notary's own."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.people = People(store)
        self.seal = SigningKey.generate("maestro/seal")
        self.numbers = 0

    async def found(self) -> None:
        await self.people.tell(enrolled(Identity("seal", "notary", "1", self.seal)), "enrol:seal/enrolled")
        self.conductor = await self.people.join("conductor-1", "conductor")
        self.worker = await self.people.join("worker-1", "worker")

    @property
    def logs(self) -> Policy:
        return Policy(logs=(logs_of(self.people.key.verify_key, self.seal.verify_key),))

    def witnesses(self, folder: Path, count: int) -> list[WitnessProcess]:
        """Witnesses of this town's logs, not started yet."""
        return [WitnessProcess(folder / f"w{n}", f"w{n}.example", self.logs) for n in range(1, count + 1)]

    async def says(self, author: Author, *events: e.Event, run: str = RUN) -> None:
        self.numbers += 1
        drafts = [Said(f"said:{self.numbers}:{n}", event) for n, event in enumerate(events)]
        result = await author.write(self.store, author.draft(run, drafts, ts=self.numbers))
        assert isinstance(result, Appended), result

    async def reports(self, count: int, run: str = RUN) -> None:
        for number in range(count):
            await self.says(self.worker, e.AgentReported("T-001", 1, f"word {number}"), run=run)

    async def ends(self, run: str = RUN) -> None:
        await self.says(self.conductor, e.RunCompleted(1), run=run)

    @contextlib.asynccontextmanager
    async def notary(
        self, policy: Policy | None = None, pace: Pace | None = None, anchors: Sequence[str] = ()
    ) -> AsyncIterator[Notary]:
        """A notary of one life, following all runs until the block is left."""
        author = await self.people.join("notary", "notary")
        policy = policy or Policy()
        links = links_to(policy.witnesses)
        memory = Memory(self.folder / "memory.db")
        tools = Tools(self.store, author, self.seal, policy, memory, links, anchors)
        notary = Notary(self.store, self.people.keyring, tools, pace or Pace(ms=50))
        working = asyncio.create_task(notary.run())
        try:
            yield notary
            if working.done():
                working.result()
        finally:
            working.cancel()
            await asyncio.wait({working})
            await notary.close()
            for link in links:
                await link.close()
            memory.close()

    async def verdicts(self, run: str = RUN) -> list[Commit | Rejected]:
        reader = Reader(self.store, self.people.keyring, run)
        return [verdict async for page in reader.all() for verdict in page]

    async def said(self, kind: type[e.Event], run: str = RUN) -> list[e.Event]:
        """What was said of this kind so far."""
        commits = [verdict for verdict in await self.verdicts(run) if isinstance(verdict, Commit)]
        return [event for commit in commits for event in commit.events if isinstance(event, kind)]

    async def seals(self, run: str = RUN) -> list[e.LogSealed]:
        return [event for event in await self.said(e.LogSealed, run) if isinstance(event, e.LogSealed)]

    async def sealed_whole(self, run: str = RUN) -> e.LogSealed:
        """The seal of the whole run, once it is there."""

        async def last() -> e.LogSealed | None:
            return next((seal for seal in reversed(await self.seals(run)) if seal.final), None)

        found = await wait_until(last, what="a seal of the whole run", timeout=30)
        assert found is not None
        return found


def two_of_three(witnesses: Sequence[WitnessProcess]) -> Policy:
    return k_of(2, [Witness(f"w{n}", each.cosigner, each.url) for n, each in enumerate(witnesses, 1)])
