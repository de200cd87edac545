"""Does sealing keep up? Signed commits of 16 events, appended as fast as one writer can, beside a notary and a witness.

The lag of an entry is the time from its commit to the commit of the first seal that covers it, cosigned. The floor of
the rate is the same writer on the same server before anybody follows it.
"""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path

from benchmarks import processes
from benchmarks.append import EVENTS, TEXT
from benchmarks.figures import Figure, middle, percentile
from benchmarks.setting import Place, Scale, place
from benchmarks.stack import stack
from maestro.bus.service import Said
from maestro.log.author import Author
from maestro.log.identity import Identity, make_operator_key, operator_key
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader
from maestro.log.redis_store import open_store
from maestro.log.store import SYSTEM, Appended, Store
from maestro.tlog.keys import make_trust
from maestro_contracts.events import ActorEnrolled, AgentReported, LogSealed

LAG_S = 2.0
RATE = 0.8
MEMORY_MIB = 80.0


def run(scale: Scale) -> list[Figure]:
    return asyncio.run(measure(scale))


async def measure(scale: Scale) -> list[Figure]:
    rounds, seconds = scale.of(5, 2), scale.of(10, 2)
    with place("always") as here:
        state = here.folder / "state"
        state.mkdir(mode=0o700)
        operator = Author(Identity.operator(make_operator_key(state / "operator.key", state / "operator.pub")))
        make_trust(state, operator.identity.key.verify_key)
        store = await open_store(here.url, here.users, user="worker")
        writer = await enrolled(store, operator)
        alone = [await rate(store, writer, f"alone-{n}", seconds) for n in range(rounds)]
        beside, lags, memory = await sealed(here, store, writer, rounds, seconds)
        await store.close()
    return [
        Figure(
            "sealing",
            f"appending {EVENTS} events a commit beside a notary and a witness",
            middle(beside),
            "events/s",
            floor=middle(alone),
            floor_what="the same writer alone",
            target=RATE,
            note="the notary checks every signature that the writer makes, on a core that the writer leaves",
        ),
        Figure("sealing", "lag of the 99th of 100 entries", percentile(lags, 0.99), "s", **at_most(LAG_S)),
        Figure("sealing", "lag of the last entry of all", max(lags), "s", **at_most(LAG_S)),
        *(Figure("sealing", f"memory of the {name}", mib, "MiB", **at_most(MEMORY_MIB)) for name, mib in memory),
    ]


def at_most(target: float) -> dict[str, object]:
    return {"target": target, "of": "value", "sense": "at most"}


async def sealed(
    here: Place, store: Store, writer: Author, rounds: int, seconds: float
) -> tuple[list[float], list[float], list[tuple[str, float]]]:
    """Rates, lags, and the memory of who seals and who witnesses, afterwards."""
    rates: list[float] = []
    lags: list[float] = []
    async with stack(here, ("notary", "witness")) as services:
        for n in range(rounds):
            rates.append(await rate(store, writer, f"sealed-{n}", seconds))
            lags += await lags_of(store, here.folder / "state", f"sealed-{n}")
        memory = [(name.partition("-")[0], processes.memory_mib(each.pid)) for name, each in services.services.items()]
    return rates, lags, [each for each in memory if each[0] != "registrar"]


async def enrolled(store: Store, operator: Author) -> Author:
    author = Author(Identity.fresh("worker-1", "worker"))
    me = author.identity
    event = ActorEnrolled(me.actor, me.role, me.epoch, base64.b64encode(me.key.verify_key.key).decode())
    assert isinstance(await operator.write(store, operator.draft(SYSTEM, [Said("me", event)], ts=_now())), Appended)
    return author


async def rate(store: Store, writer: Author, run: str, seconds: float) -> float:
    """Events a second."""
    done, started = 0, time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        said = [Said(f"b:{done + n}", AgentReported("T-001", 1, TEXT)) for n in range(EVENTS)]
        assert isinstance(await writer.write(store, writer.draft(run, said, ts=_now())), Appended)
        done += EVENTS
    return done / took


async def lags_of(store: Store, state: Path, run: str) -> list[float]:
    """Of each entry that was written, in seconds; waits until all of them are sealed."""
    reader = Reader(store, Keyring(operator_key(state / "operator.pub")), run)
    written: list[tuple[int, int]] = []
    lags: list[float] = []
    while True:
        for verdict in await reader.new(1000):
            assert isinstance(verdict, Commit), verdict
            seals = [event for event in verdict.events if isinstance(event, LogSealed) and event.cosigned]
            if not seals and verdict.role != "notary":
                written.append((verdict.seq, verdict.header.ts))
            for seal in seals:
                lags += [(verdict.header.ts - ts) / 1000 for seq, ts in written if seq <= seal.size]
                written = [(seq, ts) for seq, ts in written if seq > seal.size]
        if not written:
            return lags


def _now() -> int:
    return time.time_ns() // 1_000_000
