"""How does a command end when it is asked to? Asked once, in good order; asked twice, at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from maestro.cli.errors import Stopped
from maestro.cli.exit_codes import Exit

T = TypeVar("T")
CODES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED, signal.SIGHUP: Exit.TERMINATED}


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end. Raises Stopped where a signal ended it."""
    return asyncio.run(_stoppable(work))


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    asked: list[Exit] = []

    def stop(number: signal.Signals) -> None:
        if asked:
            # What this process started dies with it; the log is on disk.
            os._exit(CODES[number])
        asked.append(CODES[number])
        task.cancel()

    for number in CODES:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not asked:
            raise
        raise Stopped(asked[0]) from None
    finally:
        for number in CODES:
            loop.remove_signal_handler(number)
