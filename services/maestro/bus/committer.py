"""How do outcomes reach the log? One writer that signs and writes everything that is ready, again and again.

While one write is under way the next outcomes gather, so that writes grow with the load by themselves, and nothing
ever waits for a timer. One writer also keeps the author's chain of commits in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from maestro.bus.batches import Batch, Job, Verdict, acks, gather, send, sends, settle, timers
from maestro.bus.logs import get_log
from maestro.bus.service import Asked, Said
from maestro.log.author import Author, Draft
from maestro.log.store import SYSTEM, Ack, DeadLetter, LogWentBack, Result, Store, StoreCorrupt, StoreUnavailable, Write
from maestro_contracts.commands import Advance
from maestro_contracts.events import CommandDeadLettered
from maestro_contracts.roles import SAYS, Role

T = TypeVar("T")
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


@dataclass(slots=True, eq=False)
class Burial:
    """A message to give up; `run`, `command` and `command_type` are empty where it cannot be read."""

    letter: DeadLetter
    run: str
    command: str
    command_type: str
    done: asyncio.Future[None]


class Committer:
    """The only one that signs and writes for this process. `consumer` is whose messages are acknowledged; `on_timers`
    is told the earliest time (ms) that a write set."""

    def __init__(
        self,
        store: Store,
        author: Author,
        consumer: str,
        now: Callable[[], int],
        on_timers: Callable[[int], None] = lambda due: None,
    ) -> None:
        self._store = store
        self._author = author
        self._may_say = SAYS[cast(Role, author.identity.role)]
        self._consumer = consumer
        self._now = now
        self._on_timers = on_timers
        self._jobs: list[Job] = []
        self._burials: list[Burial] = []
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._log = get_log("committer")

    @property
    def backlog(self) -> int:
        """How many outcomes wait for the write under way."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        if not self._jobs:
            self._idle.clear()
            self._ready.set()
        self._jobs.append(job)

    async def bury(self, letter: DeadLetter, run: str = "", command: str = "", command_type: str = "") -> None:
        """Move a message to the dead-letter queue, with an event in its run's log where the run is known."""
        burial = Burial(letter, run, command, command_type, asyncio.get_running_loop().create_future())
        self._burials.append(burial)
        self._idle.clear()
        self._ready.set()
        await burial.done

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything submitted is written; False where it took too long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            jobs, self._jobs = self._jobs, []
            await self._flush(jobs)
            burials, self._burials = self._burials, []
            for burial in burials:
                await self._bury(burial)
            if not self._jobs and not self._burials:
                self._idle.set()

    # --- outcomes --------------------------------------------------------------------------------------------------

    async def _flush(self, jobs: list[Job]) -> None:
        """One round: everything that can be written now, in one call to the store. What must be written again waits
        for the next round."""
        batches, later = gather(jobs)
        rounds: list[tuple[Batch, Draft, Write]] = []
        for batch in batches:
            try:
                rounds.append((batch, *self._compose(batch)))
            except Exception as error:
                await self._isolate(batch, error)
        results = await self._write_all([write for _, _, write in rounds])
        for (batch, draft, write), result in zip(rounds, results, strict=True):
            if isinstance(result, Exception):
                await self._isolate(batch, result)
                continue
            self._author.settle(draft, result)
            self._tell_timers(write)
            later += settle(batch, result)
        if later:
            self._jobs[:0] = later
            self._ready.set()

    def _compose(self, batch: Batch) -> tuple[Draft, Write]:
        said = [each for job in batch.jobs for each in job.events]
        answers = list(dict.fromkeys(id for job in batch.jobs for id in job.answers))
        draft = self._draft(batch.run, said, answers)
        blobs = tuple(blob for job in batch.jobs for blob in job.outcome.blobs)
        write = Write(
            run=batch.run,
            notes=draft.notes,
            expected=batch.expected,
            sends=sends(batch, said[0].id if said else ""),
            timers=timers(batch),
            unset=tuple(id for job in batch.jobs for id in job.outcome.unset),
            blobs=(*draft.blobs, *blobs),
            acks=acks(batch, self._consumer),
        )
        return draft, write

    async def _isolate(self, batch: Batch, error: Exception) -> None:
        """One outcome that cannot be written must not hold up the others of its run."""
        if len(batch.jobs) > 1:
            for job in batch.jobs:
                await self._flush([job])
            return
        (job,) = batch.jobs
        self._log.error("an outcome cannot be written", run=batch.run, ids=job.ids[:5], exc_info=error)
        job.finish(Verdict.REFUSED)

    async def _write_all(self, writes: list[Write]) -> list[Result | Exception]:
        if not writes:
            return []
        try:
            return list(await self._insist(lambda: self._store.write(writes)))
        except LogWentBack:
            raise
        except (StoreCorrupt, ValueError) as error:
            if len(writes) == 1:
                return [error]
        # What got through in the call that failed answers that it is there already.
        return [(await self._write_all([write]))[0] for write in writes]

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Try again until the server is back: what is finished must not be done twice for want of an answer."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await call()
            except StoreUnavailable as error:
                self._log.warning("cannot write; trying again", error=str(error), pause_s=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _draft(self, run: str, said: Sequence[Said], answers: Sequence[str]) -> Draft:
        for each in said:
            if type(each.event) not in self._may_say:
                role = self._author.identity.role
                raise ValueError(f"event {each.id}: no reader believes {type(each.event).__name__} from a {role}")
        return self._author.draft(run, said, ts=self._now(), answers=answers)

    def _tell_timers(self, write: Write) -> None:
        if write.timers:
            self._on_timers(min(timer.due for timer in write.timers))

    # --- dead letters ----------------------------------------------------------------------------------------------

    async def _bury(self, burial: Burial) -> None:
        letter = burial.letter
        try:
            await self._write_letter(burial)
        except (StoreCorrupt, ValueError) as error:
            self._log.error("nothing can be said about a message given up", message=letter.id, exc_info=error)
            await self._bury_in_silence(burial)
        self._log.error(
            "message given up: it is in the dead-letter queue",
            message=letter.id,
            run=burial.run,
            command=burial.command,
            deliveries=letter.deliveries,
            reason=letter.reason,
        )
        burial.done.set_result(None)

    async def _bury_in_silence(self, burial: Burial) -> None:
        """Where the run's log is what cannot be written to, the message must not come back for ever all the same."""
        try:
            await self._write_letter(replace(burial, run=""))
        except (StoreCorrupt, ValueError) as error:
            self._log.error("a message cannot be given up; it stays pending", message=burial.letter.id, exc_info=error)

    async def _write_letter(self, burial: Burial) -> None:
        draft, write = self._compose_burial(burial)
        self._author.settle(draft, await self._insist(lambda: self._store.dead_letter(write, burial.letter)))

    def _compose_burial(self, burial: Burial) -> tuple[Draft, Write]:
        letter = burial.letter
        fence = (Ack(letter.role, self._consumer, (letter.id,)),)
        if not burial.run:
            return Draft(SYSTEM), Write(run=SYSTEM, acks=fence)
        event = CommandDeadLettered(
            command=burial.command,
            command_type=burial.command_type,
            role=letter.role,
            deliveries=letter.deliveries,
            reason=letter.reason,
        )
        said = Said(f"{burial.command}/dead", event)
        draft = self._draft(burial.run, [said], ())
        # The conductor is not woken for what it could not handle itself: that would never end.
        woken = Asked(f"{said.id}/advance", Advance(), said.id)
        wake = () if letter.role == Advance.to else (send(woken, burial.run),)
        return draft, Write(run=burial.run, notes=draft.notes, blobs=draft.blobs, sends=wake, acks=fence)
