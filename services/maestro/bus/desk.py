"""Who is working on what? The deliveries in hand, the handlers at work on them, and the room for more.

A delivery lies here from its arrival until what was said about it is written, or it is lost, or it is left pending
for a later delivery. As long as it lies here, the heartbeat keeps it ours.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from maestro.bus.batches import Job, Verdict
from maestro.bus.logs import HANDLING, get_log
from maestro.bus.service import BatchHandler, Context, Delivery, Service

MAX_CONFLICTS = 20
"""A decision that was out of date so often in a row is left for a later delivery."""
BACKLOG = 2048
"""With so many outcomes waiting for the log nothing new is begun."""


@dataclass(slots=True, eq=False)
class Work:
    """One delivery in hand."""

    delivery: Delivery
    conflicts: int = 0
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """How the desk reaches the rest: `submit` takes an outcome to the log, `backlog` says how many wait there, `gone`
    is told of each delivery that is not in hand any more, and whether it was lost."""

    submit: Callable[[Job], None]
    backlog: Callable[[], int]
    gone: Callable[[Delivery, bool], None]


class Desk(ABC):
    """What both kinds of desk share: taking in, settling, losing, closing."""

    def __init__(self, service: Service, context: Context, ways: Ways) -> None:
        self._service = service
        self._context = context
        self._ways = ways
        self._works: dict[str, Work] = {}
        self._waiting: deque[Work] = deque()
        self._failures: set[str] = set()
        self._open = True
        self._changed = asyncio.Event()
        self._log = get_log("desk")

    @abstractmethod
    def _free(self) -> int:
        """How many more deliveries the handlers could begin or line up."""

    @abstractmethod
    def _begin(self) -> None:
        """See to it that what waits is worked on."""

    @abstractmethod
    async def finish(self, grace_s: float) -> None:
        """After `close`: wait for what is being worked on, at most so long, then cancel it."""

    def room(self) -> int:
        """How many more deliveries may be taken from the queue now."""
        if not self._open or self._ways.backlog() > BACKLOG:
            return 0
        return min(self._service.batch_size, self._free())

    async def until_room(self) -> None:
        while self._open and self.room() < 1:
            self._changed.clear()
            await self._changed.wait()

    @property
    def in_hand(self) -> list[str]:
        """The messages that nobody else may take now."""
        return list(self._works)

    def holds(self, delivery: Delivery) -> bool:
        return delivery.message_id in self._works

    @property
    def begun(self) -> list[str]:
        """What a handler had in its hands and is not finished, also what it failed at."""
        return [*self._failures, *(id for id, work in self._works.items() if work.begun)]

    def take(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Line these up; returns the ids of those that nobody here could begin soon. After `close` nothing is taken:
        what still arrives stays pending."""
        if not self._open:
            return []
        for delivery in deliveries:
            if delivery.message_id not in self._works:
                work = self._works[delivery.message_id] = Work(delivery)
                self._waiting.append(work)
        surplus = [self._waiting.pop().delivery.message_id for _ in range(min(-self._free(), len(self._waiting)))]
        for id in surplus:
            del self._works[id]
        self._begin()
        return surplus

    def settle(self, delivery: Delivery | None, verdict: Verdict) -> None:
        """The log's answer to what was said about a delivery."""
        if delivery is None:
            return
        work = self._works.get(delivery.message_id)
        if work is None or verdict is not Verdict.AGAIN or not self._open:
            self._drop(delivery, lost=verdict is Verdict.LOST)
        elif work.conflicts == MAX_CONFLICTS:
            self._failed(work, TimeoutError(f"the run's state changed under it {MAX_CONFLICTS} times"))
        else:
            work.conflicts += 1
            self._waiting.appendleft(work)
            self._begin()

    def lose(self, ids: Sequence[str]) -> None:
        """Other consumers have taken these over."""
        for id in ids:
            if work := self._works.get(id):
                self._drop(work.delivery, lost=True)

    def close(self) -> None:
        """Begin nothing more. What waits is dropped here and stays pending."""
        self._open = False
        for work in self._waiting:
            self._works.pop(work.delivery.message_id, None)
        self._waiting.clear()
        self._changed.set()

    def _drop(self, delivery: Delivery, *, lost: bool) -> None:
        if self._works.pop(delivery.message_id, None) is not None:
            if lost:
                self._log.warning("message lost to another consumer", run=delivery.run, command=delivery.id)
            self._ways.gone(delivery, lost)
        self._changed.set()

    def _failed(self, work: Work, error: BaseException) -> None:
        """Leave it pending: it comes again after the lease, to whoever is there."""
        self._log.error(
            "handler failed; the message is handed out again after the lease",
            run=work.delivery.run,
            command=work.delivery.id,
            type=type(work.delivery.command).__name__,
            delivery=work.delivery.count,
            exc_info=error,
        )
        self._failures.add(work.delivery.message_id)
        self._drop(work.delivery, lost=False)


class SingleDesk(Desk):
    """One delivery for each call of a handler, up to `parallel` at once.

    Handlers run in a few tasks, each of which takes one delivery after the other. Another task begins only when those
    there are wait for something, so that a handler that has nothing to wait for costs no task of its own.
    """

    def __init__(self, service: Service, context: Context, ways: Ways) -> None:
        super().__init__(service, context, ways)
        assert service.handlers is not None
        self._handlers = service.handlers
        self._runners: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._loop = asyncio.get_running_loop()
        self._relief_due = False

    def _free(self) -> int:
        return self._service.parallel - self._busy - len(self._waiting)

    def _begin(self) -> None:
        """Let as many tasks again as there are begin: a burst that waits needs few rounds, another one task."""
        self._relief_due = False
        wanted = min(len(self._waiting), self._service.parallel - len(self._runners), max(1, len(self._runners)))
        for _ in range(wanted):
            self._runners.add(self._loop.create_task(self._run()))

    async def _run(self) -> None:
        try:
            while self._waiting:
                work = self._waiting.popleft()
                self._busy += 1
                if self._waiting and not self._relief_due:
                    self._relief_due = True
                    self._loop.call_soon(self._begin)
                try:
                    await self._handle(work)
                finally:
                    self._busy -= 1
        finally:
            # Here and not in a callback: what comes in before a callback ran would count on a task that has ended.
            self._runners.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._changed.set()

    async def _handle(self, work: Work) -> None:
        delivery = work.delivery
        work.begun = True
        HANDLING.set(delivery)
        try:
            outcome = await self._handlers[type(delivery.command)](delivery, self._context)
            job = Job(outcome, outcome.handles or (delivery,), self.settle)
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            self._failed(work, error)
        except (Exception, SystemExit) as error:
            self._failed(work, error)
        else:
            self._ways.submit(job)

    async def finish(self, grace_s: float) -> None:
        runners = set(self._runners)
        if runners:
            _, late = await asyncio.wait(runners, timeout=grace_s)
            await _cancel(late)


@dataclass(slots=True, eq=False)
class Writing:
    """What one call of a batch handler said, on its way into the log: whose runs it is about, and how much of it is
    not settled yet."""

    runs: frozenset[str]
    left: int = 0


class BatchDesk(Desk):
    """All that waits, up to `batch_size`, for each call of the handler. While what one call said is written, the next
    one looks at other runs: a handler finds in the log what it decided before."""

    def __init__(self, service: Service, context: Context, ways: Ways) -> None:
        super().__init__(service, context, ways)
        assert service.batch is not None
        self._handler: BatchHandler = service.batch
        self._writing: list[Writing] = []
        self._stirred = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    def _free(self) -> int:
        return self._service.batch_size - len(self._waiting)

    def _begin(self) -> None:
        self._stirred.set()
        if self._waiting and self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting or self._writing:
                if works := self._next():
                    self._changed.set()
                    await self._handle(works)
                else:
                    await self._stir()
        finally:
            self._runner = None
            self._changed.set()

    def _next(self) -> list[Work]:
        """What may be handled now: nothing while two calls' words are being written, and nothing of their runs."""
        if len(self._writing) > 1:
            return []
        busy = self._writing[0].runs if self._writing else frozenset()
        works: list[Work] = []
        left: deque[Work] = deque()
        for work in self._waiting:
            can = len(works) < self._service.batch_size and work.delivery.run not in busy
            (works if can else left).append(work)
        self._waiting = left
        return works

    async def _stir(self) -> None:
        """Wait until something was settled or has come in."""
        self._stirred.clear()
        await self._stirred.wait()

    async def _handle(self, works: list[Work]) -> None:
        for work in works:
            work.begun = True
        try:
            outcomes = await self._handler([work.delivery for work in works], self._context)
            writing = Writing(frozenset(work.delivery.run for work in works))
            settle = partial(self._settle, writing)
            jobs = [Job(outcome, outcome.handles, settle) for outcome in outcomes]
        except (Exception, SystemExit) as error:
            await self._one_by_one(works, error)
        else:
            self._write(works, jobs, writing)

    async def _one_by_one(self, works: list[Work], error: BaseException) -> None:
        """A batch that failed is handled again one by one, so that only what is bad in it stays pending."""
        if len(works) == 1:
            self._failed(works[0], error)
            return
        for work in works:
            while self._writing:
                await self._stir()
            await self._handle([work])

    def _write(self, works: list[Work], jobs: list[Job], writing: Writing) -> None:
        handled = {delivery.message_id for job in jobs for delivery in job.handles}
        writing.left = sum(len(job.handles) or 1 for job in jobs)
        if writing.left:
            self._writing.append(writing)
        for job in jobs:
            self._ways.submit(job)
        for work in works:
            if work.delivery.message_id not in handled:
                self._failed(work, LookupError("no outcome handles this delivery"))

    def _settle(self, writing: Writing, delivery: Delivery | None, verdict: Verdict) -> None:
        writing.left -= 1
        if writing.left == 0:
            self._writing.remove(writing)
            self._stirred.set()
        self.settle(delivery, verdict)

    async def finish(self, grace_s: float) -> None:
        if self._runner:
            _, late = await asyncio.wait({self._runner}, timeout=grace_s)
            await _cancel(late)


def make_desk(service: Service, context: Context, ways: Ways) -> Desk:
    """Raises ValueError where the service has both kinds of handlers or none."""
    if (service.handlers is None) == (service.batch is None):
        raise ValueError(f"service {service.role}: give either handlers or a batch handler")
    return SingleDesk(service, context, ways) if service.handlers is not None else BatchDesk(service, context, ways)


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel and give them a moment to clean up behind themselves."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=5.0)
