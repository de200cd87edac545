"""A gateway as people reach it: a real one, with the real registrar and gatekeeper, on a real server.

What conductors, planners and workers would say is written by the test, signed with keys that are enrolled for it: so a
run stands where a test wants it, in milliseconds.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from maestro.bus.client import ask
from maestro.bus.service import Said
from maestro.gateway.access import Access, May
from maestro.log.author import Author
from maestro.log.commit import parse_commit
from maestro.log.identity import Identity, make_join_secret, make_operator_key
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import SYSTEM, Appended, Write
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.envelope import read_event
from maestro_contracts.records import AgentSpec, Choice, Repo, Settings
from tests.support.servers import Server, free_port
from tests.support.story import WORKFLOW
from tests.support.wait import wait_for

T = TypeVar("T")
START_S = 60.0
APPROVE = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))


class Site:
    """One gateway and what it needs. `url` is where it listens."""

    def __init__(self, server: Server, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self.server, self.folder = server, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.access = Access(folder / "web")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.operator = make_operator_key(folder / "operator.key", folder / "operator.pub")
        self._authors: dict[str, Author] = {}
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        (folder / "join").mkdir(mode=0o700, exist_ok=True)
        for role in ("gateway", "gatekeeper", "conductor"):
            make_join_secret(folder / "join" / role)

    # --- processes --------------------------------------------------------------------------------------------------

    def start(self, *roles: str, **env: str) -> None:
        for role in roles:
            given = {
                "MAESTRO_REDIS_URL": self.server.url,
                "MAESTRO_STATE_DIR": str(self.folder),
                "MAESTRO_WEB_BIND": f"127.0.0.1:{self.port}",
                "MAESTRO_LEASE_SECONDS": "1",
            }
            with open(self.folder / f"{role}.log", "ab") as out:
                self.processes[role] = subprocess.Popen(
                    [sys.executable, "-m", f"maestro.{role}"],
                    env={**os.environ, **given, **env},
                    stdout=out,
                    stderr=out,
                )

    def stop(self, *roles: str) -> None:
        ending = [self.processes.pop(role) for role in roles or tuple(self.processes)]
        for process in ending:
            process.terminate()
        for process in ending:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def ready(self) -> None:
        """Wait until the gateway has read every log."""

        def seen() -> bool:
            gateway = self.processes["gateway"]
            assert gateway.poll() is None, f"it ended:\n{self.log('gateway')}"
            try:
                return httpx.get(f"{self.url}/api/v1/health", trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait_for(seen, START_S, f"a gateway at {self.url}")

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(errors="replace")

    # --- people -----------------------------------------------------------------------------------------------------

    def token(self, person: str, may: May = "decide") -> str:
        return self.access.give(person, may=may)[1]

    def client(self, person: str = "", may: May = "decide") -> httpx.Client:
        """Somebody with a token; without a name, nobody."""
        headers = {"Authorization": f"Bearer {self.token(person, may)}"} if person else {}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, trust_env=False, timeout=60)

    # --- what the others say ------------------------------------------------------------------------------------------

    def run(self, name: str = "", **given: Any) -> str:
        """A run that has begun; its log is this test's to write."""
        run = name or f"web-{next(self._numbers)}-abc234"
        started = e.RunStarted(
            **{
                "feature": "Settle up",
                "source": "sentence",
                "text": "Say who owes whom",
                "repo": Repo("/nowhere", "a" * 40, "main"),
                "workflow": WORKFLOW,
                "settings": Settings(AgentSpec("script")),
                "requested_by": "ada",
                "at": now_ms(),
                **given,
            }
        )
        self.say(run, "conductor", started)
        return run

    def introduce(self, person: e.PersonEnrolled) -> None:
        """The operator says who somebody is."""
        self._do(self._introduce(person))

    async def _introduce(self, person: e.PersonEnrolled) -> None:
        async with self._store() as store:
            operator = Author(Identity.operator(self.operator))
            said = Said(f"person:{next(self._numbers)}/enrolled", person)
            await operator.write(store, operator.draft(SYSTEM, [said], ts=now_ms()))

    def say(self, run: str, role: str, *events: e.Event) -> None:
        self._do(self._say(run, role, events))

    def opens(self, run: str, gate: str = "approve-plan", **given: Any) -> None:
        """Ask the gatekeeper to open a gate; returns when it is open."""
        asked = c.OpenGate(
            **{"gate": gate, "visit": 1, "step": gate, "prompt": "Go on with this plan?", "choices": APPROVE, **given}
        )
        self.say(run, "conductor", e.GateRequested(gate, asked.visit, asked.step))
        self._do(self._ask(run, asked, f"gate:{gate}:{asked.visit}/open"))
        wait_for(lambda: self.has(run, e.GateOpened, gate, asked.visit), START_S, f"gate {gate} open")

    def has(self, run: str, kind: type[e.Event], gate: str = "", visit: int = 0) -> bool:
        return any(
            isinstance(event, kind)
            and gate in ("", getattr(event, "gate", ""))
            and (not visit or getattr(event, "visit", 0) == visit)
            for event in self.events(run)
        )

    def events(self, run: str) -> list[e.Event]:
        return self._do(self._events(run))

    async def _events(self, run: str) -> list[e.Event]:
        async with self._store() as store:
            entries = await store.read(run)
        return [read_event(record) for entry in entries for record in parse_commit(entry.body).records if record.data]

    async def _ask(self, run: str, command: c.Command, id: str) -> None:
        async with self._store() as store:
            await ask(store, run, command, id)

    async def _say(self, run: str, role: str, events: Sequence[e.Event]) -> None:
        async with self._store() as store:
            author = await self._author(store, role)
            said = [Said(f"{role}:{next(self._numbers)}/said", event) for event in events]
            draft = author.draft(run, said, ts=now_ms())
            (result,) = await store.write([Write(run, draft.notes, blobs=draft.blobs)])
            assert isinstance(result, Appended), result
            author.settle(draft, result)

    async def _author(self, store: RedisStore, role: str) -> Author:
        if role not in self._authors:
            identity = Identity.fresh(f"test-{role}", role)
            public = base64.b64encode(identity.key.verify_key.key).decode()
            operator = Author(Identity.operator(self.operator))
            enrolled = Said(
                f"enrol:{identity.actor}:{identity.epoch}/enrolled",
                e.ActorEnrolled(identity.actor, role, identity.epoch, public),
            )
            await operator.write(store, operator.draft(SYSTEM, [enrolled], ts=now_ms()))
            self._authors[role] = Author(identity)
        return self._authors[role]

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[RedisStore]:
        store = await open_store(self.server.url)
        try:
            yield store
        finally:
            await store.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """On a loop of its own, since a browser's driver has this thread's."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@contextmanager
def open_site(server: Server, folder: Path, **env: str) -> Iterator[Site]:
    """A site at work, as long as the block lasts."""
    site = Site(server, folder)
    try:
        site.start("registrar", "gatekeeper")
        site.start("gateway", **env)
        site.ready()
        yield site
    finally:
        site.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
