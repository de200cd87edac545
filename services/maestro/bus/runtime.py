"""How does a service run? `run_service` is its whole main: settings, logs, server, admission, service, stop.

Exit codes: 0 for a stop that was asked for and nothing else; 69 the server cannot be reached, 70 a defect of ours or of
what is stored, 75 the queue's group or the end of a log was lost (start again: all is made anew), 77 this process was
not admitted, 78 wrong settings.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from maestro.bus.admission import Admission, NotAdmitted, be_admitted
from maestro.bus.connect import address, wait_for_server
from maestro.bus.logs import get_log, set_up_logs
from maestro.bus.process import Process
from maestro.bus.service import Service
from maestro.bus.settings import ServiceSettings, SettingsError
from maestro.log.redis_store import open_store
from maestro.log.store import LogWentBack, Store, StoreCorrupt, StoreUnavailable

GARBAGE = 10_000
"""So many new containers before Python looks for cycles among them. With its own 700, a busy service spent a twentieth
of its time on looking, and hardly any cycles are made."""


class Exit(IntEnum):
    STOPPED = 0
    UNAVAILABLE = 69
    DEFECT = 70
    QUEUE_LOST = 75
    NOT_ADMITTED = 77
    SETTINGS = 78


@dataclass(frozen=True, slots=True)
class Tools:
    """What a service is made with."""

    settings: ServiceSettings
    store: Store
    admission: Admission


MakeService = Callable[[Tools], Service | Awaitable[Service]]
Admit = Callable[[ServiceSettings, Store], Awaitable[Admission]]


def run_service(make_service: MakeService, role: str, *, timers: bool = False, admit: Admit = be_admitted) -> int:
    """Run the service of a role until it is asked to stop (SIGTERM, SIGINT); returns the exit code. `timers`: this
    process also fires durable timers. `admit`: how it gets its key and is believed."""
    try:
        settings = ServiceSettings.from_env(role)
    except SettingsError as error:
        sys.stderr.write(f"maestro {role}: {error}\n")
        return Exit.SETTINGS
    set_up_logs(settings.log_level, settings.log_format, role=role, actor=settings.actor)
    gc.set_threshold(GARBAGE)
    try:
        return asyncio.run(_until_stopped(settings, make_service, timers, admit))
    except StoreUnavailable as error:
        get_log("runtime").critical(str(error))
        return Exit.UNAVAILABLE
    except NotAdmitted as error:
        get_log("runtime").critical(str(error))
        return Exit.NOT_ADMITTED
    except LogWentBack as error:
        get_log("runtime").critical(str(error))
        return Exit.QUEUE_LOST
    except StoreCorrupt as error:
        get_log("runtime").critical(str(error))
        return Exit.DEFECT
    except Exception as error:
        get_log("runtime").critical("a defect ended this process", exc_info=error)
        return Exit.DEFECT


async def _until_stopped(settings: ServiceSettings, make_service: MakeService, timers: bool, admit: Admit) -> Exit:
    stop = _stop_signal()
    starting = asyncio.create_task(_start(settings, make_service, timers, admit))
    first: set[asyncio.Future[Any]] = {starting, stop}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
        return Exit.STOPPED
    process = starting.result()
    try:
        why = await process.run(stop)
    finally:
        await process.store.close()
    return Exit.STOPPED if why is None else Exit.QUEUE_LOST


async def _start(settings: ServiceSettings, make_service: MakeService, timers: bool, admit: Admit) -> Process:
    get_log("runtime").info("starting", server=address(settings.redis_url))
    await wait_for_server(settings)
    store = await open_store(settings.redis_url, settings.redis_password_file, user=settings.role)
    try:
        admission = await admit(settings, store)
        made = make_service(Tools(settings, store, admission))
        service = _override(await made if inspect.isawaitable(made) else made, settings)
        return Process(settings, service, store, admission, timers=timers)
    except BaseException:
        await store.close()
        raise


def _override(service: Service, settings: ServiceSettings) -> Service:
    """The service with what the environment decides about it."""
    if service.role != settings.role:
        raise ValueError(f"a service of role {service.role} was made for role {settings.role}")
    return replace(
        service,
        parallel=settings.parallel or service.parallel,
        batch_size=settings.batch or service.batch_size,
        lease_s=settings.lease_s or service.lease_s,
    )


def _stop_signal() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()

    def asked() -> None:
        if not stop.done():
            stop.set_result(None)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked)
    return stop
