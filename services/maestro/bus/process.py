"""What lives in a service process from its start to its end? The parts around one service, and how they stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from redis.exceptions import RedisError

from maestro.bus import health
from maestro.bus.admission import Admission
from maestro.bus.cancelling import Cancellations
from maestro.bus.committer import Committer
from maestro.bus.connect import make_client
from maestro.bus.context import HandlerContext, now_ms
from maestro.bus.desk import Ways, make_desk
from maestro.bus.inbox import Entry, Inbox
from maestro.bus.leases import Leases
from maestro.bus.logs import get_log
from maestro.bus.reading import Junk, read_entry
from maestro.bus.service import Delivery, Service
from maestro.bus.settings import ServiceSettings
from maestro.bus.timers import TimerPump
from maestro.log.login import LOADER
from maestro.log.redis_store import RedisStore
from maestro.log.store import DeadLetter, StoreCorrupt, StoreUnavailable

LAST_WORDS_S = 5.0
FUNCTIONS_S = 1.0


class Process:
    """One service at work, from `run` until it ends."""

    def __init__(
        self, settings: ServiceSettings, service: Service, store: RedisStore, admission: Admission, *, timers: bool
    ) -> None:
        self.store = store
        self._settings = settings
        self._service = service
        self._timers = timers
        self._client = make_client(settings)
        self._leases = Leases(store, self._client, service.role, admission.consumer, service.lease_s)
        self._pump = TimerPump(store, now_ms)
        self._committer = Committer(store, admission.author, admission.consumer, now_ms, self._pump.expect)
        self._cancellations = Cancellations(store, admission.keyring, lambda d: self._desk.holds(d))
        context = HandlerContext(settings.actor, self._committer, self._cancellations)
        ways = Ways(self._committer.submit, lambda: self._committer.backlog, self._cancellations.gone)
        self._desk = make_desk(service, context, ways)
        self._inbox = Inbox(
            settings, service.role, self._leases, admission.consumer, service.lease_s, self._desk.room, self._receive
        )
        self._log = get_log("process")
        self._background: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Future[None]) -> str | None:
        """Work until asked to stop, then drain; returns None. Returns why where the queue was lost, and raises what
        killed one of our own parts. However it ends, nothing of the queue is held any more."""
        self._begin()
        lost, broken = None, None
        try:
            if await self._opened(stop):
                if self._settings.health_file:
                    self._spawn(self._tell_health())
                self._log.info("ready", parallel=self._service.parallel, batch=self._service.batch_size)
                lost, broken = await self._until_the_end(stop)
        except BaseException:
            await self._drain(0.0)
            raise
        await self._drain(0.0 if lost or broken else self._settings.grace_s)
        if broken:
            broken.result()
        return lost

    async def _opened(self, stop: asyncio.Future[None]) -> bool:
        """Begin to read the queue; False where we were asked to stop first (the server may have gone just now)."""
        opening = asyncio.create_task(self._open())
        first: set[asyncio.Future[Any]] = {opening, stop}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            return True
        opening.cancel()
        await asyncio.wait({opening})
        return False

    async def _open(self) -> None:
        await self._leases.open()
        await self._inbox.start()

    def _begin(self) -> None:
        self._spawn(self._committer.run())
        self._spawn(self._heartbeat())
        self._spawn(self._log_went_back())
        if self._timers:
            self._spawn(self._pump.run())
        if self._service.role == LOADER:
            self._spawn(self._keep_functions())

    async def _until_the_end(self, stop: asyncio.Future[None]) -> tuple[str | None, asyncio.Task[None] | None]:
        """Why the queue was lost, and which of our parts died; neither where we were asked to stop."""
        waiting: set[asyncio.Future[Any]] = {stop, self._inbox.failed, *self._background}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        lost = self._inbox.failed.result() if self._inbox.failed.done() else None
        if lost:
            self._log.critical("the queue was lost", reason=lost)
        return lost, next((task for task in self._background if task.done()), None)

    # --- arriving --------------------------------------------------------------------------------------------------

    async def _receive(self, entries: Sequence[Entry]) -> None:
        """Take what arrived; returns when there is room for more."""
        deliveries: list[Delivery] = []
        burials: list[Coroutine[Any, Any, None]] = []
        for id, message, count in entries:
            read = read_entry(self._service.role, id, message, count)
            if isinstance(read, Junk):
                burials.append(self._bury_junk(read))
            elif why := self._refusal(read):
                burials.append(self._bury(read, message or b"", why))
            else:
                deliveries.append(read)
        surplus = self._desk.take(deliveries)
        if surplus:
            await self._release(surplus)
        await asyncio.gather(*burials)
        await self._desk.until_room()

    async def _release(self, surplus: list[str]) -> None:
        try:
            await self._leases.release(surplus)
        except (StoreUnavailable, StoreCorrupt) as error:
            self._log.warning("what is left is free for others only after the lease", error=str(error))

    def _refusal(self, delivery: Delivery) -> str:
        """Why this can be readable and yet not be handled; empty where it can."""
        if delivery.count > self._service.max_deliveries:
            return f"no consumer finished it in {self._service.max_deliveries} deliveries"
        if self._service.handlers is not None and type(delivery.command) not in self._service.handlers:
            return f"no handler for {type(delivery.command).__name__}; is this {self._service.role} an older version?"
        return ""

    async def _bury(self, delivery: Delivery, message: bytes, why: str) -> None:
        handed_out = min(delivery.count, self._service.max_deliveries)
        letter = DeadLetter(delivery.message_id, self._service.role, message, why, handed_out)
        await self._committer.bury(letter, delivery.run, delivery.id, type(delivery.command).__name__)

    async def _bury_junk(self, junk: Junk) -> None:
        """Anybody can name any run in junk: only a run that exists is told."""
        letter = DeadLetter(junk.message_id, self._service.role, junk.message, junk.why, junk.count)
        known = bool(junk.run) and await self.store.head(junk.run) > 0
        await self._committer.bury(letter, *((junk.run, junk.command, junk.type) if known else ()))

    # --- living ----------------------------------------------------------------------------------------------------

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._service.lease_s / 3)
            try:
                self._desk.lose(await self._leases.beat(self._desk.in_hand))
            except (StoreUnavailable, StoreCorrupt) as error:
                self._log.warning("heartbeat failed", error=str(error))

    async def _log_went_back(self) -> None:
        """Whichever part found it out, all of the process ends."""
        await self.store.link.seen.lost.wait()
        assert self.store.link.seen.gone_back is not None
        raise self.store.link.seen.gone_back

    async def _keep_functions(self) -> None:
        """On a server with walls nobody else may load them, should somebody empty it."""
        while True:
            await asyncio.sleep(FUNCTIONS_S)
            try:
                await self.store.link.load_functions()
            except (StoreUnavailable, StoreCorrupt) as error:
                self._log.warning("the functions cannot be looked after; trying again", error=str(error))

    async def _tell_health(self) -> None:
        path = self._settings.health_file
        assert path is not None
        while True:
            try:
                async with asyncio.timeout(health.BEAT_S):
                    await self._client.ping()
                health.beat(path, "ready")
            except (RedisError, TimeoutError):
                health.beat(path, "waiting")
            await asyncio.sleep(health.BEAT_S)

    def _spawn(self, part: Coroutine[Any, Any, None]) -> None:
        self._background.add(asyncio.create_task(part))

    # --- ending ----------------------------------------------------------------------------------------------------

    async def _drain(self, grace_s: float) -> None:
        """Take nothing more, let what runs end, write what is finished, and leave the rest to others at once."""
        self._log.info("stopping", in_hand=len(self._desk.in_hand), grace_s=grace_s)
        self._desk.close()
        await self._inbox.stop()
        await self._desk.finish(grace_s)
        if not await self._committer.drained(LAST_WORDS_S):
            self._log.warning("not everything finished could be written; others will do it again")
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background)
        if self._settings.health_file:
            health.beat(self._settings.health_file, "stopped")
        await self._cancellations.stop()
        await self._leave()
        await self._client.aclose()
        self._log.info("stopped")

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._leases.leave(self._desk.begun)
        except (StoreUnavailable, StoreCorrupt, TimeoutError) as error:
            self._log.warning("what is left is free for others only after the lease", error=str(error))
