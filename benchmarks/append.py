"""What does it cost to append signed commits? One writer, 16 events of 400 bytes a commit, each awaited.

Maestro: encode the events, sign the commit, one call of `maestro_v1` (with its checks and its index of ids).
Floor: the same 16 events as bytes made before, one pipeline of 16 bare XADDs. Same client library, same server.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

from benchmarks.figures import Figure, middle
from benchmarks.setting import Place, Scale, place
from maestro.log.commit import build_commit, build_record, commit_ids, note_hash
from maestro.log.note import SigningKey
from maestro.log.redis_store import open_store
from maestro.log.store import Appended, Note, Store, Write
from maestro_contracts.envelope import CommitHeader, encode
from maestro_contracts.events import AgentReported

EVENTS = 16
SIZE = 400
TEXT = "x" * (SIZE - 96)
"""An event's line has SIZE bytes with it."""
TARGET = 0.6


def run(scale: Scale) -> list[Figure]:
    return [asyncio.run(measure(fsync, scale)) for fsync in ("always", "everysec")]


async def measure(fsync: str, scale: Scale) -> Figure:
    rounds, seconds = scale.of(7, 3), scale.of(20, 5) / 10
    with place(fsync) as here:
        store = await open_store(here.url, here.users, user="worker")
        ours, bare = Author(store), Bare(here)
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(rounds):
            rates["bare"].append(await events_a_second(bare.append, seconds))
            rates["ours"].append(await events_a_second(ours.append, seconds))
        await bare.client.aclose()
        await store.close()
    return Figure(
        benchmark="append",
        what=f"signed commits of {EVENTS} x {SIZE} B, {fsync}",
        value=middle(rates["ours"]),
        unit="events/s",
        floor=middle(rates["bare"]),
        floor_what="bare pipelined XADD",
        target=TARGET,
    )


async def events_a_second(append: Callable[[], Awaitable[None]], seconds: float) -> float:
    started = time.perf_counter()
    for done in itertools.count(1):
        await append()
        took = time.perf_counter() - started
        if took >= seconds:
            return done * EVENTS / took
    raise AssertionError("unreachable")


class Author:
    """Signs and appends as a service does."""

    def __init__(self, store: Store, run: str = "bench") -> None:
        self.store, self.run = store, run
        self.key = SigningKey.generate("maestro/bench@1")
        self.aseq, self.aprev = 0, ""

    async def append(self) -> None:
        self.aseq += 1
        records = [build_record(f"b:{self.aseq:07}:{i:02}", AgentReported("T-001", 1, TEXT))[0] for i in range(EVENTS)]
        header = CommitHeader(self.run, "bench", "1", self.aseq, self.aprev, int(time.time() * 1000))
        body = build_commit(header, records, self.key)
        self.aprev = note_hash(body)
        [result] = await self.store.write([Write(self.run, (Note(body, commit_ids(header, records)),))])
        assert isinstance(result, Appended), result


class Bare:
    """XADD, and nothing else."""

    def __init__(self, here: Place) -> None:
        self.client, self.xadd = here.client(), here.called("XADD")
        self.line = encode(build_record("b:0000001:00", AgentReported("T-001", 1, TEXT))[0])
        assert len(self.line) == SIZE, len(self.line)

    async def append(self) -> None:
        pipeline = self.client.pipeline(transaction=False)
        for _ in range(EVENTS):
            pipeline.execute_command(self.xadd, "bare", "*", "n", self.line)
        await pipeline.execute()
