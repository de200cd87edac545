"""How does a benchmark come by a long, real log? The conductor's own decisions and a worker's answers, written fast.

The run is a `probe`: tasks that change nothing, decided by the real decider and folded by the real fold. Only the
processes in between are missing.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence

from maestro.bus.service import Said
from maestro.conductor.decider import decide
from maestro.log.author import Author
from maestro.log.commit import parse_commit
from maestro.log.identity import OPERATOR_KEY_NAME, Identity
from maestro.log.keyring import Keyring
from maestro.log.note import SigningKey, VerifyKey
from maestro.log.store import SYSTEM, Appended, Store, Write
from maestro.log.verify import Commit
from maestro.runs.fold import fold, new_run
from maestro.runs.state import RunState
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, Repo, Settings, Step, Workflow

PER_COMMIT = 16
WRITES_AT_ONCE = 256


def probe_run(widths: Sequence[int], max_in_flight: int = 512) -> c.StartRun:
    """The request for a run of no-op tasks, in groups of these widths."""
    step = Step(name="probe", kind="probe", title="Probe", phase=3, prompt=",".join(map(str, widths)))
    settings = Settings(agent=AgentSpec(kind="probe"), max_in_flight=max_in_flight)
    workflow = Workflow(name="probe", steps=(step,))
    return c.StartRun("probe", "sentence", "", Repo("/nowhere", "0" * 40), workflow, settings, "bench")


class Writer:
    """Two enrolled authors, a run that grows, and its live state."""

    def __init__(self, store: Store, run: str, per_commit: int = PER_COMMIT) -> None:
        self.store, self.run, self.per_commit = store, run, per_commit
        operator = SigningKey.generate(OPERATOR_KEY_NAME)
        self.operator_key: VerifyKey = operator.verify_key
        self.operator = Author(Identity.operator(operator))
        self.conductor = Author(Identity.fresh("conductor-1", "conductor"))
        self.worker = Author(Identity.fresh("worker-1", "worker"))
        self.state: RunState = new_run(run)
        self._writes: list[Write] = []
        self._seq = 0

    def keyring(self) -> Keyring:
        return Keyring(self.operator_key)

    async def enrol(self) -> None:
        for author in (self.conductor, self.worker):
            me = author.identity
            key = base64.b64encode(me.key.verify_key.key).decode()
            event = e.ActorEnrolled(me.actor, me.role, me.epoch, key)
            draft = self.operator.draft(SYSTEM, [Said(f"enrolled:{me.actor}", event)], ts=_now())
            assert isinstance(await self.operator.write(self.store, draft), Appended)

    async def write_run(self, tasks: int, reports: int = 0) -> RunState:
        """A run of so many tasks, with `reports` lines of an agent for each; returns its live state."""
        requests = [("start", probe_run([tasks]))]
        while not self.state.ended:
            said = decide(self.state, requests, _now())
            requests = []
            await self._say(self.conductor, said)
            started = [item.event for item in said if isinstance(item.event, e.TaskDispatched)]
            await self._say(self.worker, [item for event in started for item in self._work(event, reports)])
        await self._flush()
        return self.state

    def _work(self, asked: e.TaskDispatched, reports: int) -> Iterator[Said]:
        task, attempt, me = asked.task, asked.attempt, self.worker.identity.actor
        name = f"task:{task}:{attempt}"
        yield Said(f"{name}/started:1", e.TaskStarted(task, attempt, 1, me, 15_000))
        for i in range(reports):
            yield Said(f"{name}/report:1:{i}", e.AgentReported(task, attempt, "read the module and its tests"))
        yield Said(f"{name}/ended", e.TaskClaimed(task, attempt, 1, me, duration_ms=1))

    async def _say(self, author: Author, said: Sequence[Said]) -> None:
        for start in range(0, len(said), self.per_commit):
            part = said[start : start + self.per_commit]
            draft = author.draft(self.run, part, ts=_now())
            author.settle(draft, Appended(0))
            self._writes.append(Write(self.run, draft.notes, blobs=draft.blobs))
            events = [item.event for item in part]
            for note in draft.notes:
                parsed = parse_commit(note.body)
                mine, events = events[: len(parsed.records)], events[len(parsed.records) :]
                self._seq += 1
                commit = Commit(self._seq, parsed.header, author.identity.role, parsed.records, tuple(mine))
                fold(self.state, commit)
        if len(self._writes) >= WRITES_AT_ONCE:
            await self._flush()

    async def _flush(self) -> None:
        for result in await self.store.write(self._writes):
            assert isinstance(result, Appended), result
        self._writes = []


def _now() -> int:
    return int(time.time() * 1000)
