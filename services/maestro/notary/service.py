"""How does a notary live? Settings, server, admission, its key introduced; then it reads and seals until it is asked to
stop. Exit codes are those of every service (`maestro.bus.runtime`)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

from maestro.bus import health
from maestro.bus.admission import Admission, NotAdmitted, be_admitted
from maestro.bus.client import ask
from maestro.bus.connect import wait_for_server
from maestro.bus.logs import get_log, set_up_logs
from maestro.bus.runtime import Exit
from maestro.bus.settings import ServiceSettings, SettingsError
from maestro.log.identity import Identity, enrolment, join_secret
from maestro.log.redis_store import open_store
from maestro.log.store import SYSTEM, LogWentBack, Store, StoreUnavailable
from maestro.notary.decider import ROLE
from maestro.notary.sealing import Tools
from maestro.notary.settings import NotarySettings, notary_settings
from maestro.notary.watching import Notary
from maestro.notary.witnesses import links_to
from maestro.tlog.memory import Memory, MemoryLost

NICE = 5
SEAL = "seal"
"""The name that the key of all checkpoints is introduced under."""


def run() -> int:
    """The whole program; returns the exit code."""
    try:
        settings = ServiceSettings.from_env(ROLE)
        own = notary_settings(settings)
    except SettingsError as error:
        sys.stderr.write(f"maestro {ROLE}: {error}\n")
        return Exit.SETTINGS
    set_up_logs(settings.log_level, settings.log_format, role=ROLE, actor=settings.actor)
    # Sealing has a second; whoever works has not.
    os.nice(NICE)
    try:
        return asyncio.run(_until_stopped(settings, own))
    except Exception as error:
        code = _code(error)
        get_log("service").critical(str(error), exc_info=error if code is Exit.DEFECT else None)
        return code


def _code(error: Exception) -> Exit:
    match error:
        case StoreUnavailable():
            return Exit.UNAVAILABLE
        case LogWentBack():
            return Exit.QUEUE_LOST
        case NotAdmitted():
            return Exit.NOT_ADMITTED
        case MemoryLost():
            return Exit.SETTINGS
        case _:
            return Exit.DEFECT


async def _until_stopped(settings: ServiceSettings, own: NotarySettings) -> Exit:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    working = asyncio.create_task(_work(settings, own))
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not working.done():
        working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    return Exit.STOPPED


async def _work(settings: ServiceSettings, own: NotarySettings) -> None:
    await wait_for_server(settings)
    store = await open_store(settings.redis_url, settings.redis_password_file, user=ROLE)
    memory = Memory(own.folder / "memory.db")
    links = links_to(own.policy.witnesses, own.local)
    try:
        admission = await be_admitted(settings, store)
        await _introduce_key(settings, own, store, admission)
        tools = Tools(store, admission.author, own.key, own.policy, memory, links, own.anchors)
        notary = Notary(store, admission.keyring, tools, own.pace)
        telling = asyncio.create_task(_tell_health(notary, settings))
        get_log("service").info("ready", witnesses=own.policy.in_words, anchors=own.anchors)
        try:
            await notary.run()
        finally:
            telling.cancel()
            await notary.close()
    finally:
        for link in links:
            await link.close()
        memory.close()
        await store.close()


async def _introduce_key(settings: ServiceSettings, own: NotarySettings, store: Store, admission: Admission) -> None:
    """The key of all checkpoints outlives each notary: it is introduced once, as an epoch of its own. Nobody waits for
    that: readers look at the newest enrolments when they meet a seal."""
    epoch = own.key.verify_key.key_id.hex()
    if admission.keyring.find(SEAL, epoch) is None:
        identity = Identity(SEAL, ROLE, epoch, own.key)
        await ask(store, SYSTEM, enrolment(identity, join_secret(settings.join_secret_file)), f"enrol:{SEAL}:{epoch}")


async def _tell_health(notary: Notary, settings: ServiceSettings) -> None:
    while settings.health_file is not None:
        health.beat(settings.health_file, "ready" if notary.up else "waiting")
        await asyncio.sleep(health.BEAT_S)
