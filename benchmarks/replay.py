"""What does it cost to replay a run? Every signature and chain checked, every event typed, the state folded.

Maestro: what `maestro replay` does, from the server to the state; the state must equal the live one.
Floor: XRANGE in pages, each event decoded into its type, and counted. Nothing checked, nothing known at the end.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter

import msgspec

from benchmarks.figures import Figure, middle
from benchmarks.machine import ROOT
from benchmarks.setting import Place, Scale, place
from benchmarks.writing import Writer
from maestro.log.keyring import Keyring
from maestro.log.reader import Rejected, commits
from maestro.log.redis_store import open_store
from maestro.log.store import Store
from maestro.runs.fold import fold, new_run
from maestro.runs.state import RunState
from maestro_contracts.envelope import EventRecord
from maestro_contracts.events import EVENTS

TARGET = 0.5
MEMORY_TARGET = 1.5
RUN = "replayed"
BUSY = 128
"""Events a commit as a worker's and the conductor's are where many tasks end at once: a wave of no-op tasks."""


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    tasks = scale.of(33_400, 2_500)
    with place("everysec") as here:
        store = await open_store(here.url, here.password_file)
        short, long, busy = Writer(store, RUN), Writer(store, RUN + "-long"), Writer(store, RUN + "-busy", BUSY)
        await short.enrol()
        for other in (long, busy):
            other.operator, other.conductor, other.worker = short.operator, short.conductor, short.worker
        live = await short.write_run(tasks)
        await long.write_run(tasks, reports=27)
        await busy.write_run(tasks)
        figures = [await speed(here, store, short, written, scale.of(5, 2)) for written in (short, busy)]
        await store.close()
        memory = [peak_mib(here, short, name) for name in (RUN, RUN + "-long")]
    return [
        *figures,
        Figure(
            benchmark="replay",
            what=f"peak memory, {long.state.events:,} events beside {live.events:,} (as many tasks)",
            value=memory[1],
            unit="MiB",
            floor=memory[0],
            floor_what="the same replay of the shorter run",
            target=MEMORY_TARGET,
            sense="at most",
        ),
    ]


async def speed(here: Place, store: Store, known: Writer, written: Writer, rounds: int) -> Figure:
    """`known` holds the keys of those who wrote."""
    live, run = written.state, written.run
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        counted = await bare_replay(here, run)
        bare.append(counted / (time.perf_counter() - started))
        started = time.perf_counter()
        state = await replay(store, known.keyring(), run)
        ours.append(state.events / (time.perf_counter() - started))
        if state != live or counted != live.events:
            raise AssertionError("the replayed state is not the live one")
    return Figure(
        benchmark="replay",
        what=f"{live.events:,} events, {written.per_commit} a commit: verified, folded, equal to the live state",
        value=middle(ours),
        unit="events/s",
        floor=middle(bare),
        floor_what="bare XRANGE, typed decode, trivial fold",
        target=TARGET,
    )


async def replay(store: Store, keyring: Keyring, run: str) -> RunState:
    await keyring.refresh(store)
    state = new_run(run)
    async for commit in commits(store, keyring, run):
        if isinstance(commit, Rejected):
            raise AssertionError(commit)
        fold(state, commit)
    return state


async def bare_replay(here: Place, run: str) -> int:
    client, last, counts = here.client(), "-", Counter[type]()
    records = msgspec.json.Decoder(EventRecord).decode_lines
    decoders = {name: msgspec.json.Decoder(cls).decode for name, cls in EVENTS.items()}
    while page := await client.xrange(f"{{p00}}:run:{run}:log", last, "+", count=500):
        for _, fields in page:
            text = fields[b"n"]
            lines = text[text.index(b"\n", text.index(b"\n") + 1) + 1 : text.rindex(b"\n\n") + 1]
            for record in records(lines):
                counts[type(decoders[record.type](record.data)) if record.data else EventRecord] += 1
        last = "(" + page[-1][0].decode()
    await client.aclose()
    return counts.total()


def peak_mib(here: Place, written: Writer, run: str) -> float:
    """The most memory that a process of its own needed to replay a run."""
    asked = [
        sys.executable,
        "-m",
        "benchmarks.replay",
        here.url,
        str(here.password_file),
        written.operator_key.encode(),
    ]
    said = subprocess.run([*asked, run], cwd=ROOT, capture_output=True, check=True, timeout=600)
    return float(json.loads(said.stdout))


async def replay_alone(url: str, password_file: str, operator: str, run: str) -> None:
    from maestro.log.note import VerifyKey

    store = await open_store(url, password_file)
    await replay(store, Keyring(VerifyKey.decode(operator)), run)
    await store.close()
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    asyncio.run(replay_alone(*sys.argv[1:]))
