"""How does a gateway live? Settings, server, admission, then it follows all runs and serves until it is asked to stop.

Exit codes are those of every service (see `maestro.bus.runtime`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

from maestro.bus import health
from maestro.bus.admission import Admission, NotAdmitted, be_admitted
from maestro.bus.connect import wait_for_server
from maestro.bus.logs import get_log, set_up_logs
from maestro.bus.runtime import Exit
from maestro.bus.settings import ServiceSettings, SettingsError
from maestro.gateway.access import Access
from maestro.gateway.app import make_app
from maestro.gateway.deciding import Carrier
from maestro.gateway.gateway import Gateway
from maestro.gateway.notifying import Notifier
from maestro.gateway.oidc import Oidc
from maestro.gateway.outbox import Address, telling
from maestro.gateway.settings import ROLE, WebSettings, web_settings
from maestro.gateway.watching import Watcher
from maestro.gateway.webhooks import Webhook
from maestro.log.identity import operator_key
from maestro.log.redis_store import open_store
from maestro.log.store import LogWentBack, Store, StoreUnavailable
from maestro.people import Directory

GRACE_S = 3
MOST_CONNECTIONS = 1000


def run() -> int:
    """The whole program; returns the exit code."""
    try:
        settings = ServiceSettings.from_env(ROLE)
        web = web_settings(settings)
    except SettingsError as error:
        sys.stderr.write(f"maestro {ROLE}: {error}\n")
        return Exit.SETTINGS
    set_up_logs(settings.log_level, settings.log_format, role=ROLE, actor=settings.actor)
    try:
        return asyncio.run(_until_stopped(settings, web))
    except StoreUnavailable as error:
        get_log("service").critical(str(error))
        return Exit.UNAVAILABLE
    except LogWentBack as error:
        get_log("service").critical(str(error))
        return Exit.QUEUE_LOST
    except SettingsError as error:
        get_log("service").critical(str(error))
        return Exit.SETTINGS
    except NotAdmitted as error:
        get_log("service").critical(str(error))
        return Exit.NOT_ADMITTED
    except Exception as error:
        get_log("service").critical("a defect ended this process", exc_info=error)
        return Exit.DEFECT


async def _until_stopped(settings: ServiceSettings, web: WebSettings) -> Exit:
    stop = _stop_signal()
    serving = asyncio.create_task(_serve(settings, web, stop))
    await asyncio.wait({serving, asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set() and not serving.done():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), GRACE_S + 2)
        serving.cancel()
        await asyncio.wait({serving})
        return Exit.STOPPED
    return serving.result()


async def _serve(settings: ServiceSettings, web: WebSettings, stop: asyncio.Event) -> Exit:
    await wait_for_server(settings)
    store = await open_store(settings.redis_url, settings.redis_password_file, user=settings.role)
    try:
        admission = await be_admitted(settings, store)
        async with watching(store, admission) as (watcher, following):
            gateway = _gateway(settings, web, watcher, admission)
            addresses = _addresses(web, gateway.access, watcher)
            async with telling(addresses, watcher, web.folder, web.url):
                return await _listen(gateway, settings, stop, following)
    finally:
        await store.close()


def _gateway(settings: ServiceSettings, web: WebSettings, watcher: Watcher, admission: Admission) -> Gateway:
    directory = Directory(operator_key(settings.operator_pub_file))
    carrier = Carrier(watcher, directory, admission.author.identity.key)
    oidc = Oidc(web.config.oidc, web.url) if web.config.oidc else None
    return Gateway(web, watcher, Access(web.folder), carrier, oidc)


def _addresses(web: WebSettings, access: Access, watcher: Watcher) -> list[Address]:
    """Raises SettingsError."""
    hooks = [Webhook.of(each, access, watcher, web.url) for each in web.config.webhooks]
    return [*hooks, *(Notifier.of(each) for each in web.config.notify)]


@contextlib.asynccontextmanager
async def watching(store: Store, admission: Admission) -> AsyncIterator[tuple[Watcher, asyncio.Task[None]]]:
    """A watcher at work, as long as the block lasts, and its task, which ends by a defect alone."""
    watcher = Watcher(store, admission.keyring)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher, task
    finally:
        watcher.close()
        task.cancel()
        await asyncio.wait({task})


async def _listen(
    gateway: Gateway, settings: ServiceSettings, stop: asyncio.Event, following: asyncio.Task[None]
) -> Exit:
    """Serve until asked to stop. A gateway that does not follow the logs any more must not go on showing them."""
    server = _make_server(gateway)
    serving = asyncio.create_task(server.serve())
    health_told = asyncio.create_task(_tell_health(gateway, settings))
    asked = asyncio.create_task(stop.wait())
    get_log("service").info("ready", address=gateway.settings.url)
    await asyncio.wait({serving, asked, following}, return_when=asyncio.FIRST_COMPLETED)
    # Streams end first: the server would wait for them.
    gateway.watcher.close()
    server.should_exit = True
    await asyncio.wait({serving})
    health_told.cancel()
    asked.cancel()
    if following.done():
        following.result()
    return Exit.STOPPED if stop.is_set() else Exit.SETTINGS


def _make_server(gateway: Gateway) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Signals are ours."""

        @contextlib.contextmanager
        def capture_signals(self) -> Any:
            yield

    web = gateway.settings
    config = uvicorn.Config(
        make_app(gateway),
        host=web.host,
        port=web.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=64 * 1024,
        lifespan="off",
        ws="none",
    )
    return Server(config)


async def _tell_health(gateway: Gateway, settings: ServiceSettings) -> None:
    path = settings.health_file
    while path is not None:
        health.beat(path, "ready" if gateway.watcher.up else "waiting")
        await asyncio.sleep(health.BEAT_S)


def _stop_signal() -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    return stop
