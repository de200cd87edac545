"""Do gates hold when the gatekeeper is a real process that is killed? On a real server, with the real registrar."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from maestro.bus.client import ask
from maestro.bus.service import Said
from maestro.log.author import Author
from maestro.log.commit import parse_commit
from maestro.log.identity import Identity, make_operator_key
from maestro.log.redis_store import RedisStore
from maestro.log.store import Write
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.envelope import read_event
from tests.support.gates import ASK, OPEN
from tests.support.servers import Server
from tests.support.wait import wait_until

RUN = "gates-abc234"
OPENED = "gate:approve-plan:1/open"
START_S = 60.0


@dataclass
class Town:
    """A store and the real services on it, which end with the test."""

    store: RedisStore
    url: str
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, role: str) -> subprocess.Popen[bytes]:
        env = {"MAESTRO_REDIS_URL": self.url, "MAESTRO_STATE_DIR": str(self.folder), "MAESTRO_LEASE_SECONDS": "1"}
        with open(self.folder / f"{role}.log", "ab") as out:
            command = [sys.executable, "-m", f"maestro.{role}"]
            self.running.append(subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=out))
        return self.running[-1]

    async def begin(self) -> None:
        """A run whose log is not empty; only the conductor of this test ever speaks in it."""
        key = make_operator_key(self.folder / "operator.key", self.folder / "operator.pub")
        author = Author(Identity.operator(key))
        draft = author.draft(RUN, [Said("revoke:nobody", e.ActorRevoked("nobody", "0", "a first entry"))], ts=1)
        await self.store.write([Write(RUN, draft.notes)])

    async def said(self) -> list[tuple[str, e.Event]]:
        found = []
        for entry in await self.store.read(RUN):
            found += [(record.id, read_event(record)) for record in parse_commit(entry.body).records]
        return found

    async def has(self, kind: type[e.Event], count: int = 1) -> bool:
        return sum(isinstance(event, kind) for _, event in await self.said()) >= count

    async def ask(self, command: c.Command, id: str = "") -> None:
        await ask(self.store, RUN, command, id or None)

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(10)


@pytest_asyncio.fixture
async def town(store: RedisStore, server: Server, tmp_path: Path) -> AsyncIterator[Town]:
    tmp_path.chmod(0o700)
    made = Town(store, server.url, tmp_path)
    try:
        await made.begin()
        made.start("registrar")
        yield made
    finally:
        made.end()


async def test_a_gate_is_opened_and_decided_once_by_whichever_gatekeeper_is_there(town: Town) -> None:
    first = town.start("gatekeeper")
    await town.ask(OPEN(), OPENED)
    await wait_until(lambda: town.has(e.GateOpened), START_S)
    first.kill()
    first.wait(10)

    await town.ask(ASK("approve"))
    await town.ask(ASK("abort", by="bob"))
    town.start("gatekeeper")

    await wait_until(lambda: town.has(e.DecisionRefused), START_S)
    decided = [event.choice for _, event in await town.said() if isinstance(event, e.GateDecided)]
    assert decided == ["approve"]


async def test_many_answers_at_two_gatekeepers_make_one_decision_and_each_other_is_refused(town: Town) -> None:
    town.start("gatekeeper")
    town.start("gatekeeper")
    await town.ask(OPEN(), OPENED)
    await wait_until(lambda: town.has(e.GateOpened), START_S)

    for number in range(20):
        await town.ask(ASK("approve" if number % 2 else "abort", by=f"person-{number}"))

    await wait_until(lambda: town.has(e.DecisionRefused, 19), START_S)
    said = await town.said()
    assert sum(isinstance(event, e.GateDecided) for _, event in said) == 1
    assert sum(isinstance(event, e.DecisionRefused) for _, event in said) == 19
    assert await town.store.queue_length("gatekeeper") == 0


@pytest.mark.parametrize("default", ["approve", ""])
async def test_a_deadline_that_passed_while_every_process_was_down_is_kept_once(town: Town, default: str) -> None:
    keeper = town.start("gatekeeper")
    await town.ask(OPEN(timeout_s=0.2, default=default), OPENED)
    await wait_until(lambda: town.has(e.GateOpened), START_S)
    keeper.kill()
    keeper.wait(10)
    opened = next(event for _, event in await town.said() if isinstance(event, e.GateOpened))
    await wait_until(lambda: time.time_ns() // 1_000_000 > (opened.deadline or 0))

    town.start("gatekeeper")
    town.start("conductor")

    await wait_until(lambda: town.has(e.GateDecided if default else e.GateClosed), START_S)
    await town.ask(ASK("abort"))
    await wait_until(lambda: town.has(e.DecisionRefused), START_S)
    ends = [event for _, event in await town.said() if isinstance(event, e.GateDecided | e.GateClosed)]
    assert len(ends) == 1
    assert isinstance(ends[0], e.GateDecided) == bool(default)


async def test_a_decision_in_time_leaves_no_timer_behind(town: Town) -> None:
    town.start("gatekeeper")
    await town.ask(OPEN(timeout_s=3600, default="approve"), OPENED)
    await wait_until(lambda: town.has(e.GateOpened), START_S)
    assert await town.store.fire() is not None
    await town.ask(ASK("abort"))
    await wait_until(lambda: town.has(e.GateDecided), START_S)
    assert await town.store.fire() is None
