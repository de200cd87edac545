"""How does the conductor meet the world? It reads what is new in a run's log, decides, and writes once.

All that waits in the queue is taken together: however many wake-ups a run has, it is folded and decided once. The
folded states are a cache; each is the fold of its log up to `seq` and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from maestro.bus.service import Asked, Context, Delivery, Outcome, Service
from maestro.conductor.asking import Asks, outstanding
from maestro.conductor.forking import Forking, resolve
from maestro.conductor.turn import take_turn
from maestro.log.keyring import Keyring
from maestro.log.store import Store
from maestro.runs.follow import Follower, catch_up_together
from maestro.runs.state import RunState
from maestro_contracts import commands as c
from maestro_contracts.envelope import Unreadable, read_command

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools

KEPT = 1024
"""Folded runs kept in memory; one that is dropped is folded again when it wakes."""


class Conductor:
    """The runs that this process has folded, and what it does with what it is asked."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring
        self._runs: OrderedDict[str, Follower] = OrderedDict()

    async def handle(self, deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        by_run: dict[str, list[Delivery]] = {}
        for delivery in deliveries:
            by_run.setdefault(delivery.run, []).append(delivery)
        states = await self.states(list(by_run))
        return [await self._conduct(states[run], waiting, ctx) for run, waiting in by_run.items()]

    async def _conduct(self, state: RunState, deliveries: list[Delivery], ctx: Context) -> Outcome:
        requests = [
            (item.id, await self._resolved(state, item.command))
            for item in deliveries
            if not isinstance(item.command, c.Advance)
        ]
        now = ctx.now()
        turn = take_turn(state, requests, now)
        asks = turn.asks
        if any(isinstance(command, c.RecoverRun) for _, command in requests):
            asks = _both(asks, await self._missing(state))
        return Outcome(
            run=state.run,
            events=turn.said,
            asks=asks.commands,
            timers=asks.timers,
            handles=tuple(deliveries),
            advance=turn.unfinished,
        )

    async def _resolved(self, state: RunState, command: c.Command) -> c.Command | Forking:
        if isinstance(command, c.ForkRun) and state.status == "none":
            return await resolve(self.store, self.keyring, command)
        return command

    async def states(self, runs: Sequence[str]) -> dict[str, RunState]:
        """The runs' states up to the newest entries of their logs."""
        followers = {run: self._follower(run) for run in runs}
        await catch_up_together(list(followers.values()))
        self._runs.update(followers)
        while len(self._runs) > KEPT:
            self._runs.popitem(last=False)
        return {run: follower.state for run, follower in followers.items()}

    def _follower(self, run: str) -> Follower:
        """Taken out of the cache: one that fails half-way through a page is not used again."""
        return self._runs.pop(run) if run in self._runs else Follower(self.store, self.keyring, run)

    async def _missing(self, state: RunState) -> Asks:
        """What is unanswered and lies in no queue: sent twice, a task would be done twice."""
        asks = outstanding(state)
        queued: set[str] = set()
        for role in {ask.command.to for ask in asks.commands}:
            queued.update(_ids(state.run, await self.store.queued(role)))
        return Asks(tuple(ask for ask in asks.commands if ask.id not in queued), asks.timers)


def _ids(run: str, messages: Sequence[bytes]) -> set[str]:
    ids = set()
    for message in messages:
        try:
            record, _ = read_command(message)
        except Unreadable:
            continue
        if record.run == run:
            ids.add(record.id)
    return ids


def _both(one: Asks, other: Asks) -> Asks:
    commands: dict[str, Asked] = {ask.id: ask for ask in (*one.commands, *other.commands)}
    timers = {timer.id: timer for timer in (*one.timers, *other.timers)}
    return Asks(tuple(commands.values()), tuple(timers.values()))


def make_service(tools: Tools) -> Service:
    conductor = Conductor(tools.store, tools.admission.keyring)
    return Service(role="conductor", batch=conductor.handle, batch_size=64)
