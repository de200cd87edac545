"""How does a process become known before it says anything? It asks the registrar and waits until the operator's word
for its key stands in the system log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from maestro.log.identity import Identity, enrolment
from maestro.log.keyring import Keyring
from maestro.log.note import KeyRefused, VerifyKey
from maestro.log.store import SYSTEM, Send, Store, Write
from maestro_contracts.envelope import write_command

FIRST_WORD_S = 2.0
NEXT_WORD_S = 10.0
ASK_AGAIN_S = 15.0


async def enrol(
    store: Store,
    identity: Identity,
    join_secret: bytes,
    operator: VerifyKey,
    *,
    host: str = "",
    timeout_s: float | None = None,
    tell: Callable[[str], None] = lambda message: None,
) -> Keyring:
    """Have this identity introduced; returns the keyring that knows it. While nobody answers, `tell` is given a line
    for people from time to time. Raises TimeoutError with that line, KeyRefused where somebody else has the name."""
    keyring = Keyring(operator)
    begun = asked = time.monotonic()
    word = begun + FIRST_WORD_S
    await _ask(store, identity, join_secret, host)
    while not _is_known(keyring, identity):
        now = time.monotonic()
        if timeout_s is not None and now - begun > timeout_s:
            raise TimeoutError(_waiting(identity))
        if now >= word:
            tell(_waiting(identity))
            word = now + NEXT_WORD_S
        if now - asked > ASK_AGAIN_S:
            await _ask(store, identity, join_secret, host)
            asked = now
        keyring.learn((await store.tail({SYSTEM: keyring.seq}, 500)).get(SYSTEM, ()))
        await asyncio.sleep(0)
    return keyring


async def _ask(store: Store, identity: Identity, secret: bytes, host: str) -> None:
    asked = enrolment(identity, secret, host)
    message = write_command(asked, id=f"enrol:{identity.actor}@{identity.epoch}", run=SYSTEM)
    await store.write([Write(SYSTEM, sends=(Send(asked.to, message),))])


def _is_known(keyring: Keyring, identity: Identity) -> bool:
    member = keyring.find(identity.actor, identity.epoch)
    if member is not None and (member.key != identity.key.verify_key or member.role != identity.role):
        raise KeyRefused(f"{identity.actor}@{identity.epoch} is somebody else's name; start again to have a new one")
    return member is not None


def _waiting(identity: Identity) -> str:
    return (
        f"{identity.actor} waits to be enrolled as {identity.role}: the registrar must be running "
        f"(python -m maestro.registrar, or maestro up) and have the same join secret for {identity.role}"
    )
