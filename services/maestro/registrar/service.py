"""How does the registrar meet the world? It makes the operator's key and the join secrets at its first start, and
answers each request to join."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog

from maestro.bus.admission import Admission
from maestro.bus.service import Context, Delivery, Outcome, Said, Service
from maestro.log.author import Author
from maestro.log.identity import Identity, join_secret, make_join_secret, make_operator_key
from maestro.log.keyring import Keyring
from maestro.log.store import SYSTEM, Store
from maestro.registrar.decider import JOINING, decide
from maestro_contracts.commands import Enrol
from maestro_contracts.events import ActorEnrolled

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools
    from maestro.bus.settings import ServiceSettings

log = structlog.get_logger()


class Registrar:
    """Knows where the join secrets lie; reads a role's secret when somebody asks to join as it."""

    def __init__(self, secrets: Path, store: Store, keyring: Keyring) -> None:
        self._secrets, self._store, self._keyring = secrets, store, keyring

    async def handle(self, delivery: Delivery, ctx: Context) -> Outcome:
        asked = cast(Enrol, delivery.command)
        await self._keyring.refresh(self._store)
        answer = decide(asked, self._secret(asked.role), self._keyring.role_of(asked.actor))
        if isinstance(answer, ActorEnrolled) and delivery.run == SYSTEM:
            slot = f"enrol:{asked.actor}:{asked.epoch}/enrolled"
            return Outcome(SYSTEM, events=(Said(slot, answer, delivery.id),), advance=False)
        log.warning("not introduced", actor=asked.actor, host=asked.host, reason=answer)
        return Outcome(delivery.run, advance=False)

    def _secret(self, role: str) -> bytes:
        """Nothing that is no role becomes a path."""
        return join_secret(self._secrets / role) if role in JOINING else b""


async def admit(settings: ServiceSettings, store: Store) -> Admission:
    """The registrar needs no introduction: it signs with the operator's key, which everybody knows."""
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = make_operator_key(settings.operator_key_file, settings.operator_pub_file)
    keyring = Keyring(key.verify_key)
    await keyring.refresh(store)
    return Admission(Author(Identity.operator(key)), keyring)


def make_service(tools: Tools) -> Service:
    secrets = tools.settings.join_secret_file.parent
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in JOINING:
        make_join_secret(secrets / role)
    registrar = Registrar(secrets, tools.store, tools.admission.keyring)
    return Service(role="registrar", handlers={Enrol: registrar.handle}, lease_s=5.0)
