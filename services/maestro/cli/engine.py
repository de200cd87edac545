"""How does a command come to a server, and to services where it needs them? It finds them, or it starts its own.

In this order: the server that is configured; the private one of this repository, where another command keeps it
running; else a private one of our own, for as long as this command lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Place
from maestro.embedded.errors import Busy, Holder
from maestro.embedded.lock import FileLock, Held, is_taken, read_holder
from maestro.embedded.server import Endpoint, PrivateServer, live_endpoint
from maestro.embedded.stack import (
    ROLES,
    TO_ANSWER,
    TO_STEER,
    imports,
    is_supervised,
    make_keys,
    service_specs,
    with_sealers,
)
from maestro.embedded.supervisor import Notice, ServiceSpec, Supervisor
from maestro.log.login import PERSON

if TYPE_CHECKING:
    from maestro.log.keyring import Keyring
    from maestro.log.redis_store import RedisStore

WITH_SERVICES = frozenset({"run", "fork", "resume", "demo", "up", "web"})
"""Commands that keep services running beside the server."""
WAIT_S = 20.0
"""How long a command waits for another that is just reading, or that is just starting."""

ANSWERS_S = 15.0
"""How long whatever is at a server's address may take for its first answer."""


@dataclass(slots=True)
class Engine:
    """A store to read and to ask. `supervisor` is there where the server or the services are ours."""

    place: Place
    store: RedisStore
    url: str
    password_file: str = ""
    supervisor: Supervisor | None = None
    owns_server: bool = False
    """The private server is this command's own."""
    notices: list[Callable[[Notice], None]] = field(default_factory=list)

    @property
    def is_ours(self) -> bool:
        """The server ends with this command."""
        return self.supervisor is not None

    @contextlib.asynccontextmanager
    async def store_anew(self) -> AsyncIterator[RedisStore]:
        """The same server, by somebody who remembers nothing of it."""
        store = await _open(self.url, self.password_file)
        try:
            yield store
        finally:
            await store.close()

    def owner_is_gone(self) -> bool:
        """The private server was another command's, and that has ended."""
        if self.is_ours or self.place.remote_url or self.place.own is None:
            return False
        return not is_taken(self.place.own.lock)

    def keyring(self) -> Keyring:
        """Whom to believe. Raises KeyRefused."""
        from maestro.log.identity import operator_key
        from maestro.log.keyring import Keyring

        return Keyring(operator_key(operator_pub_file(self.place)))


def operator_pub_file(place: Place) -> Path:
    return Path(os.environ.get("MAESTRO_OPERATOR_PUB_FILE") or place.state.root / "operator.pub")


def run_lock(place: Place) -> FileLock:
    """Held by the command that drives a run of this repository."""
    return FileLock(place.private().root / "run.lock")


def take_run_lock(place: Place, command: str, run: str) -> FileLock:
    """Raises Busy, naming who drives which run."""
    lock = run_lock(place)
    try:
        lock.take(command, run)
    except Held as held:
        raise busy(place, held.holder) from None
    return lock


def busy(place: Place, holder: Holder | None) -> Busy:
    who = f"`maestro {holder.command}` (pid {holder.pid})" if holder else "another maestro"
    what = f" with the run {holder.run}" if holder and holder.run else ""
    attach = f"follow it with `maestro watch {holder.run}`, or " if holder and holder.run else ""
    stop = f"end it with `kill {holder.pid}`" if holder else "end it"
    return Busy(f"{who} is at work on {place.repo}{what}", f"{attach}wait until it has ended, or {stop}", holder)


@contextlib.asynccontextmanager
async def reading(place: Place, command: str = "read") -> AsyncIterator[Engine]:
    """A store to read from; a private server is started for it where none runs."""
    async with _engine(place, command, "", roles=()) as engine:
        yield engine


@contextlib.asynccontextmanager
async def answering(place: Place) -> AsyncIterator[Engine]:
    """A store and whoever takes answers at gates."""
    async with _engine(place, "gate", "", roles=TO_ANSWER) as engine:
        yield engine


@contextlib.asynccontextmanager
async def undoing(place: Place) -> AsyncIterator[Engine]:
    """A store, whoever takes answers, and whoever works on runs' branches."""
    async with _engine(place, "gate", "", roles=(*TO_ANSWER, "integrator")) as engine:
        yield engine


@contextlib.asynccontextmanager
async def steering(place: Place) -> AsyncIterator[Engine]:
    """A store and whoever pauses and cancels."""
    async with _engine(place, "steer", "", roles=TO_STEER) as engine:
        yield engine


@contextlib.asynccontextmanager
async def serving(
    place: Place, workers: int = 0, *, more: Sequence[str] = (), command: str = "up"
) -> AsyncIterator[Engine]:
    """Everything, and processes of `more` roles, for whoever asks: `maestro up`. Raises Busy where another command
    serves this repository."""
    roles = (*ROLES, *more)
    if place.remote_url:
        async with _services_elsewhere(place, place.remote_url, place.remote_password_file, roles, workers) as engine:
            yield engine
        return
    lock = FileLock(place.private().lock)
    try:
        lock.take(command, wait_s=WAIT_S if _is_short(lock) else 0.0)
    except Held as held:
        raise busy(place, held.holder) from None
    try:
        async with _private(place, roles, Supervisor(), workers) as engine:
            yield engine
    finally:
        lock.let_go()


def _is_short(lock: FileLock) -> bool:
    holder = read_holder(lock.path)
    return holder is not None and holder.command not in WITH_SERVICES


@contextlib.asynccontextmanager
async def more_workers(place: Place, count: int) -> AsyncIterator[Engine]:
    """Workers alone, against the server that is there already. Raises CliError where there is none."""
    async with beside(place, ("worker",), count) as engine:
        yield engine


def somebody_serves(place: Place) -> bool:
    """Whether another command keeps a private server running for this repository."""
    return live_endpoint(place.private().server) is not None and is_taken(place.private().lock)


def owner_has_ended(engine: Engine) -> bool:
    """Whether the private server that our services are beside was another command's, and that has ended."""
    place = engine.place
    if engine.owns_server or place.remote_url or place.own is None:
        return False
    return not is_taken(place.own.lock)


@contextlib.asynccontextmanager
async def beside(place: Place, roles: Sequence[str], count: int = 1) -> AsyncIterator[Engine]:
    """Services of these roles, against the server that is there already. Raises CliError where there is none."""
    url, password_file = place.remote_url, place.remote_password_file
    if not url:
        endpoint = live_endpoint(place.private().server)
        if endpoint is None:
            raise CliError(
                f"no server runs for {place.repo}, so there is nothing to do beside it",
                "start one with `maestro up` or `maestro run`, or set MAESTRO_REDIS_URL",
                Exit.UNAVAILABLE,
            )
        url, password_file = endpoint.url, endpoint.users
    async with _services_elsewhere(place, url, password_file, roles, count) as engine:
        yield engine


@contextlib.asynccontextmanager
async def _services_elsewhere(
    place: Place, url: str, password_file: str, roles: Sequence[str], workers: int
) -> AsyncIterator[Engine]:
    """Services of ours against a server that is somebody else's."""
    if "registrar" in roles and not os.environ.get("MAESTRO_OPERATOR_KEY_FILE"):
        make_keys(place.state)
    async with _store(place, url, password_file) as engine:
        await check_server(engine)
        supervisor = engine.supervisor = Supervisor(notify=lambda notice: [hear(notice) for hear in engine.notices])
        try:
            supervisor.warm_up(imports(roles))
            await supervisor.start(specs_for(place, url, password_file, roles, workers, fresh_names=True))
            yield engine
        finally:
            await asyncio.shield(supervisor.stop())


@contextlib.asynccontextmanager
async def working(
    place: Place, command: str, run: str = "", *, warm: Supervisor | None = None, workers: int = 0
) -> AsyncIterator[Engine]:
    """A store and everything that works on a run. `warm` is a supervisor whose fork server imports already."""
    async with _engine(place, command, run, roles=ROLES, warm=warm, workers=workers) as engine:
        if place.remote_url:
            await check_server(engine)
        yield engine


async def check_server(engine: Engine) -> None:
    """Whether a server of somebody else's can be asked and believed, before anything is asked of it. Raises KeyRefused,
    StoreCorrupt, StoreUnavailable, and CliError where those who work there are strangers to our operator's key."""
    from maestro.bus.suited import check_names

    keyring = engine.keyring()
    await check_names(engine.store, ROLES)
    await keyring.refresh(engine.store)
    if keyring.seq and not keyring.is_believed:
        raise CliError(
            f"nobody at {engine.store.link.address} can be believed: whoever was introduced there was so by another "
            f"operator than that of {operator_pub_file(engine.place)}",
            "copy the operator.pub of those who run the services there, and name it with MAESTRO_OPERATOR_PUB_FILE",
        )


@contextlib.asynccontextmanager
async def _engine(
    place: Place, command: str, run: str, *, roles: Sequence[str], warm: Supervisor | None = None, workers: int = 0
) -> AsyncIterator[Engine]:
    if place.remote_url:
        async with _store(place, place.remote_url, place.remote_password_file) as engine:
            yield engine
        return
    lock = await _own_lock(place, command, run, needs_services=bool(roles))
    if isinstance(lock, Endpoint):
        async with _store(place, lock.url, lock.users) as engine:
            yield engine
        return
    try:
        async with _private(place, roles, warm or Supervisor(), workers) as engine:
            yield engine
    finally:
        lock.let_go()


async def _own_lock(place: Place, command: str, run: str, *, needs_services: bool) -> FileLock | Endpoint:
    """The lock, where the private server is ours to start; else where it is. Raises Busy."""
    own = place.private()
    deadline = time.monotonic() + WAIT_S
    while True:
        lock = FileLock(own.lock)
        try:
            lock.take(command, run)
            return lock
        except Held as held:
            holder = held.holder
        serves = holder is not None and (holder.command in WITH_SERVICES or not needs_services)
        if serves and (endpoint := live_endpoint(own.server)):
            return endpoint
        if time.monotonic() > deadline:
            raise busy(place, holder)
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _store(place: Place, url: str, password_file: str) -> AsyncIterator[Engine]:
    store = await _open(url, password_file)
    try:
        yield Engine(place, store, url, password_file)
    finally:
        await store.close()


async def _open(url: str, password_file: str, user: str = PERSON) -> RedisStore:
    """Raises StoreUnavailable, also where something at that address takes what is sent and never answers."""
    from maestro.log.redis_store import open_store
    from maestro.log.store import StoreUnavailable

    try:
        async with asyncio.timeout(ANSWERS_S):
            return await open_store(url, password_file or None, user=user)
    except TimeoutError:
        address = url.rpartition("@")[2].partition("?")[0]
        raise StoreUnavailable(f"the server at {address} cannot be used: no answer within {ANSWERS_S:.0f} s") from None


@contextlib.asynccontextmanager
async def _private(place: Place, roles: Sequence[str], supervisor: Supervisor, workers: int) -> AsyncIterator[Engine]:
    """Our own server and services; gone when the block is left, however that happens."""
    own = place.private()
    notices: list[Callable[[Notice], None]] = []
    server = PrivateServer(own.server, place.fsync)
    supervisor.take_over(server, own.services, lambda notice: [hear(notice) for hear in notices])
    try:
        make_keys(place.state)
        if roles:
            supervisor.warm_up(imports(roles))
        endpoint = server.start()
        async with _store(place, endpoint.url, endpoint.users) as engine:
            engine.supervisor, engine.notices, engine.owns_server = supervisor, notices, True
            async with _taking_over(engine, supervisor, roles):
                await supervisor.start(specs_for(place, endpoint.url, endpoint.users, roles, workers))
                yield engine
    finally:
        await asyncio.shield(supervisor.stop())


@contextlib.asynccontextmanager
async def _taking_over(engine: Engine, supervisor: Supervisor, roles: Sequence[str]) -> AsyncIterator[None]:
    """What earlier lives of our services held is free at once: we hold the lock of the server, so they are dead, and
    so is a service that ends from now on."""
    if not roles:
        yield
        return
    from maestro.bus.takeover import free_leases
    from maestro.log.login import SUPERVISOR

    store = await _open(engine.url, engine.password_file, SUPERVISOR)
    try:
        await free_leases(store, ROLES, is_supervised)

        async def bury(name: str) -> None:
            await free_leases(store, ROLES, lambda actor: actor == name)

        supervisor.bury = bury
        yield
    finally:
        await store.close()


def specs_for(
    place: Place, url: str, password_file: str, roles: Sequence[str], workers: int = 0, *, fresh_names: bool = False
) -> list[ServiceSpec]:
    if not roles:
        return []
    from maestro_contracts.config import environment_of

    return service_specs(
        place.state,
        place.own,
        url,
        password_file,
        roles=roles,
        counts={
            "worker": workers or place.config.workers.processes,
            "validator": place.config.validation.validators,
        },
        environments={role: environment_of(place.config, role) for role in with_sealers(roles)},
        fresh_names=fresh_names,
    )
