"""What may a handler use of the world? The clock, saying something at once, and learning that it should stop."""

from __future__ import annotations

import asyncio
import time

from maestro.bus.batches import Job, Verdict
from maestro.bus.cancelling import Cancellations
from maestro.bus.committer import Committer
from maestro.bus.service import Delivery, Outcome


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class HandlerContext:
    """Keeps `service.Context`, for all handlers of a process."""

    def __init__(self, actor: str, committer: Committer, cancellations: Cancellations) -> None:
        self.actor = actor
        self._committer = committer
        self._cancellations = cancellations

    def now(self) -> int:
        return now_ms()

    async def say(self, outcome: Outcome) -> None:
        """See `service.Context`. Raises ValueError where the outcome depends on the run's state or completes
        deliveries, and RuntimeError where it cannot be written."""
        if outcome.expected is not None or outcome.handles:
            raise ValueError("what is said on the way neither depends on the run's state nor completes a delivery")
        if await self._written(outcome) is Verdict.REFUSED:
            raise RuntimeError("this could not be recorded; the reason is in the log of this service")

    async def say_at(self, outcome: Outcome) -> bool:
        """See `service.Context`. Raises ValueError where the outcome completes deliveries, and RuntimeError where it
        cannot be written."""
        if outcome.handles:
            raise ValueError("what is said on the way completes no delivery")
        verdict = await self._written(outcome)
        if verdict is Verdict.REFUSED:
            raise RuntimeError("this could not be recorded; the reason is in the log of this service")
        return verdict is Verdict.DONE

    async def _written(self, outcome: Outcome) -> Verdict:
        written: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

        def settle(_: Delivery | None, verdict: Verdict) -> None:
            if not written.done():
                written.set_result(verdict)

        self._committer.submit(Job(outcome, (), settle))
        return await written

    async def cancelled(self, delivery: Delivery) -> str:
        return await self._cancellations.wait(delivery)
