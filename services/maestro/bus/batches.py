"""What becomes one write, and what follows from the server's answer? Pure rules between outcomes and the store.

All outcomes that are ready for one run become one write. What the log took before is left out, so that a write ends in
`Appended` or in nothing more to say; what was decided on a state that is gone is decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from maestro.bus.service import Asked, Delivery, Outcome
from maestro.log.store import Ack, Appended, Conflict, Duplicate, Lost, Result, Send, Timer
from maestro_contracts.commands import Advance
from maestro_contracts.envelope import write_command

MAX_BATCH = 1024
"""So many outcomes go into one write at most."""
ANSWERS_ROOM = 20 * 1024
"""The ids of all commands that one write answers take at most this many bytes: they stand in one header."""


class Verdict(Enum):
    """What became of an outcome: written (or said before), to be decided again, not ours any more, or nothing that
    could be written."""

    DONE = "done"
    AGAIN = "again"
    LOST = "lost"
    REFUSED = "refused"


Settle = Callable[[Delivery | None, Verdict], None]


class Job:
    """One outcome on its way into the log. `handles` are the deliveries that it completes; `settle` is told for each of
    them what became of it (once with None where there is none). `taken` are ids that the log had already.

    `events` is what is left to say, `answers` the commands that it answers for good, `ids` all that it would take. They
    are asked for several times, so they are made once.
    """

    __slots__ = ("answers", "events", "handles", "ids", "outcome", "settle", "taken")

    def __init__(
        self,
        outcome: Outcome,
        handles: tuple[Delivery, ...],
        settle: Settle,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.outcome = outcome
        self.handles = handles
        self.settle = settle
        self.taken = taken
        self.events = tuple(said for said in outcome.events if said.id not in taken) if taken else outcome.events
        self.answers: tuple[str, ...] = ()
        self.ids: tuple[str, ...] = ()
        if self.events:
            # A wake-up is no question: it comes again under its id.
            self.answers = tuple([d.id for d in handles if type(d.command) is not Advance and d.run == outcome.run])
            self.ids = (*self.answers, *[said.id for said in self.events])

    def still_follows(self, asked: Asked) -> bool:
        """False for a command that follows from what was said before: it was sent then."""
        return asked.cause not in self.taken and (not self.outcome.events or bool(self.events))

    def finish(self, verdict: Verdict) -> None:
        for delivery in self.handles or (None,):
            self.settle(delivery, verdict)


@dataclass(slots=True, eq=False)
class Batch:
    """The jobs of one write to one run. At most one of them depends on the run's state."""

    run: str
    jobs: list[Job] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    room: int = ANSWERS_ROOM
    expected: int | None = None

    def takes(self, job: Job) -> bool:
        """Add the job, unless it contradicts what is here: then it waits for the next write."""
        size = sum(map(len, job.answers)) + len(job.answers)
        if self.jobs and (len(self.jobs) >= MAX_BATCH or size > self.room or not self.ids.isdisjoint(job.ids)):
            return False
        if job.outcome.expected is not None:
            if self.expected is not None:
                return False
            self.expected = job.outcome.expected
        self.jobs.append(job)
        self.ids.update(job.ids)
        self.room -= size
        return True


def gather(jobs: Iterable[Job]) -> tuple[list[Batch], list[Job]]:
    """One batch for each run, and the jobs that must wait for the next round. A run's jobs keep their order."""
    batches: dict[str, Batch] = {}
    later: list[Job] = []
    held: set[str] = set()
    for job in jobs:
        run = job.outcome.run
        batch = batches.get(run)
        if batch is None:
            batch = batches[run] = Batch(run)
        if run in held or not batch.takes(job):
            held.add(run)
            later.append(job)
    return list(batches.values()), later


def sends(batch: Batch, first_said: str) -> tuple[Send, ...]:
    """The commands that follow, and one wake-up for the conductor where something was said that it should see."""
    asked = [send(a, batch.run) for job in batch.jobs for a in job.outcome.asks if job.still_follows(a)]
    if first_said and any(job.outcome.advance and job.events for job in batch.jobs):
        asked.append(send(Asked(f"{first_said}/advance", Advance(), cause=first_said), batch.run))
    return tuple(asked)


def send(asked: Asked, run: str) -> Send:
    return Send(asked.command.to, write_command(asked.command, id=asked.id, run=run, cause=asked.cause))


def timers(batch: Batch) -> tuple[Timer, ...]:
    return tuple(
        Timer(timer.id, timer.due, timer.asked.command.to, send(timer.asked, batch.run).message)
        for job in batch.jobs
        for timer in job.outcome.timers
        if job.still_follows(timer.asked)
    )


def acks(batch: Batch, consumer: str) -> tuple[Ack, ...]:
    by_queue: dict[str, list[str]] = {}
    for job in batch.jobs:
        for delivery in job.handles:
            by_queue.setdefault(delivery.queue, []).append(delivery.message_id)
    return tuple(Ack(queue, consumer, tuple(ids)) for queue, ids in by_queue.items())


def settle(batch: Batch, result: Result) -> list[Job]:
    """Tell the jobs what became of them; returns those to write again."""
    match result:
        case Appended():
            return _all_done(batch.jobs)
        case Duplicate(whole=True):
            return _all_done(batch.jobs)
        case Duplicate(taken=taken):
            return [again for job in batch.jobs for again in _without_taken(job, taken)]
        case Conflict():
            return _decide_again(batch.jobs)
        case Lost(ids=ids):
            return [again for job in batch.jobs for again in _without_lost(job, frozenset(ids))]


def _all_done(jobs: Sequence[Job]) -> list[Job]:
    for job in jobs:
        job.finish(Verdict.DONE)
    return []


def _decide_again(jobs: Sequence[Job]) -> list[Job]:
    """Only what depended on the state is decided again; the rest is true in any state."""
    for job in jobs:
        if job.outcome.expected is not None:
            job.finish(Verdict.AGAIN)
    return [job for job in jobs if job.outcome.expected is None]


def _without_taken(job: Job, taken: dict[str, int]) -> list[Job]:
    """A command that was answered before is only acknowledged, and what was decided together with it is decided again.
    Of what stands for itself, only what was said before is left out."""
    if taken.keys().isdisjoint(job.ids):
        return [job]
    answered = tuple(d for d in job.handles if d.id in taken)
    if not answered and job.outcome.expected is None:
        return [Job(job.outcome, job.handles, job.settle, job.taken.union(taken))]
    if not job.handles:
        job.finish(Verdict.AGAIN)
    for delivery in job.handles:
        if delivery.id not in taken:
            job.settle(delivery, Verdict.AGAIN)
    return [Job(Outcome(run=job.outcome.run), answered, job.settle)] if answered else []


def _without_lost(job: Job, lost: frozenset[str]) -> list[Job]:
    """What another consumer has taken over is dropped with all that was to be said about it."""
    gone = [d for d in job.handles if d.message_id in lost]
    if not gone:
        return [job]
    for delivery in job.handles:
        job.settle(delivery, Verdict.LOST if delivery in gone else Verdict.AGAIN)
    return []
