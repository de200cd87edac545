"""How does a process become one that is believed? It makes a key, asks the registrar to introduce it, and waits until
it reads its own enrolment."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from maestro.bus.client import ask
from maestro.bus.logs import get_log
from maestro.bus.settings import ServiceSettings
from maestro.log.author import Author
from maestro.log.identity import Identity, enrolment, join_secret, operator_key
from maestro.log.keyring import Keyring
from maestro.log.note import KeyRefused
from maestro.log.store import SYSTEM, Store

LOOK_MS = 500


class NotAdmitted(RuntimeError):
    """This process is nobody to the others. The message says what to look at."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who this process is, and whom it believes. `consumer` names it in the queues, for this life of it only."""

    author: Author
    keyring: Keyring

    @property
    def consumer(self) -> str:
        identity = self.author.identity
        return f"{identity.actor}@{identity.epoch}"


async def be_admitted(settings: ServiceSettings, store: Store) -> Admission:
    """Ask the registrar and wait for its word. Raises NotAdmitted after `connect_s`."""
    identity = Identity.fresh(settings.actor, settings.role)
    try:
        async with asyncio.timeout(settings.connect_s) as limit:
            keyring = await _trust(settings)
            secret = join_secret(settings.join_secret_file)
            id = f"enrol:{identity.actor}:{identity.epoch}"
            await ask(store, SYSTEM, enrolment(identity, secret, socket.gethostname()), id)
            while keyring.find(identity.actor, identity.epoch) is None:
                await store.tail({SYSTEM: keyring.seq}, LOOK_MS)
                await keyring.refresh(store)
    except TimeoutError:
        if not limit.expired():
            raise
        raise NotAdmitted(
            f"the registrar did not introduce {identity.actor} within {settings.connect_s:g} s: does it run, "
            f"and is {settings.join_secret_file} the secret that it knows for the role {settings.role}?"
        ) from None
    except KeyRefused as error:
        raise NotAdmitted(str(error)) from None
    return Admission(Author(identity, keyring.own), keyring)


async def _trust(settings: ServiceSettings) -> Keyring:
    """The keyring; waits for the files that the registrar makes at its first start."""
    told = False
    while not (settings.operator_pub_file.exists() and settings.join_secret_file.exists()):
        if not told:
            get_log("admission").info("waiting for the registrar's first start", file=str(settings.join_secret_file))
            told = True
        await asyncio.sleep(LOOK_MS / 1000)
    return Keyring(operator_key(settings.operator_pub_file))
