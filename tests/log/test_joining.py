"""How does a process become known? Keys and secrets on disk, and the registrar that asks for proof."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec
import pytest

from maestro.bus.service import Delivery
from maestro.log.author import Author
from maestro.log.identity import (
    Identity,
    enrolment,
    join_secret,
    make_join_secret,
    make_operator_key,
    operator_key,
    proof,
)
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import KeyRefused, SigningKey
from maestro.log.store import SYSTEM
from maestro.registrar.decider import JOINING, decide
from maestro.registrar.service import Registrar
from maestro_contracts.commands import Enrol
from maestro_contracts.events import ActorEnrolled
from tests.support.notes import People, Said, enrolled

SECRET = b"s" * 64


def asking(role: str = "worker", actor: str = "worker-1") -> Enrol:
    return enrolment(Identity.fresh(actor, role), SECRET, "host")


def test_the_operators_key_is_made_once_and_published(tmp_path: Path) -> None:
    secret, public = tmp_path / "operator.key", tmp_path / "operator.pub"

    first, second = make_operator_key(secret, public), make_operator_key(secret, public)

    assert first.verify_key == second.verify_key == operator_key(public)
    assert secret.stat().st_mode & 0o777 == 0o600


def test_an_operators_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret, public = tmp_path / "operator.key", tmp_path / "operator.pub"
    make_operator_key(secret, public)
    secret.chmod(0o644)

    with pytest.raises(KeyRefused, match="chmod 600"):
        make_operator_key(secret, public)


def test_a_public_key_of_another_operator_is_noticed(tmp_path: Path) -> None:
    secret, public = tmp_path / "operator.key", tmp_path / "operator.pub"
    make_operator_key(secret, public)
    public.write_text(SigningKey.generate("maestro/operator").verify_key.encode())

    with pytest.raises(KeyRefused, match="is not the public key of"):
        make_operator_key(secret, public)


def test_without_the_operators_public_key_the_error_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="MAESTRO_OPERATOR_PUB_FILE"):
        operator_key(tmp_path / "operator.pub")


def test_a_join_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "worker"

    assert make_join_secret(file) == make_join_secret(file) == join_secret(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        join_secret(file)


def test_a_missing_or_empty_join_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="is missing"):
        join_secret(tmp_path / "worker")
    os.close(os.open(tmp_path / "empty", os.O_CREAT, 0o600))
    with pytest.raises(KeyRefused, match="holds no join secret"):
        join_secret(tmp_path / "empty")


def test_whoever_knows_the_secret_is_introduced_with_what_they_gave() -> None:
    asked = asking()

    assert decide(asked, SECRET) == ActorEnrolled(asked.actor, asked.role, asked.epoch, asked.key, "host")


@pytest.mark.parametrize("field", ["actor", "role", "epoch", "key", "host", "proof"])
def test_a_proof_is_for_every_word_of_the_request(field: str) -> None:
    changed = {"role": "planner", "key": base64.b64encode(bytes(32)).decode()}.get(field, "other")

    asked = msgspec.structs.replace(asking(), **{field: changed})

    assert isinstance(decide(asked, SECRET), str)


def test_another_roles_secret_proves_nothing() -> None:
    assert decide(asking(), b"another secret" * 4) == "worker-1 does not know the join secret for worker"


@pytest.mark.parametrize(
    ("role", "actor"),
    [("operator", "x"), ("worker", "operator"), ("registrar", "x"), ("king", "x"), ("../worker", "x"), ("", "x")],
)
def test_nobody_becomes_operator_registrar_or_what_is_no_role(role: str, actor: str) -> None:
    asked = asking(role, actor)

    answer = decide(msgspec.structs.replace(asked, proof=proof(asked, b"")), b"")

    assert isinstance(answer, str) and "nobody can join" in answer
    assert role not in JOINING or actor == "operator"


@pytest.mark.parametrize("name", ["", "a b", "a@b", "a/b", "a+b", "x" * 65, "é"])
def test_what_is_no_name_is_refused(name: str) -> None:
    asked = msgspec.structs.replace(asking(), actor=name)
    assert "is no name" in str(decide(msgspec.structs.replace(asked, proof=proof(asked, SECRET)), SECRET))
    asked = msgspec.structs.replace(asking(), epoch=name)
    assert "is no name" in str(decide(msgspec.structs.replace(asked, proof=proof(asked, SECRET)), SECRET))


@pytest.mark.parametrize("key", ["", "AAAA", "not base64", "é" * 44])
def test_what_is_no_key_is_refused(key: str) -> None:
    asked = msgspec.structs.replace(asking(), key=key)

    assert "no Ed25519 public key" in str(decide(msgspec.structs.replace(asked, proof=proof(asked, SECRET)), SECRET))


async def test_a_name_belongs_to_one_role(tmp_path: Path) -> None:
    store = MemoryStore()
    people = People(store)
    secrets = {role: make_join_secret(tmp_path / role) for role in JOINING}
    registrar = Registrar(tmp_path, store, people.keyring)
    await people.tell(enrolled(Identity.fresh("validator-1", "validator")), "e1")

    refused = await registrar.handle(delivery(Identity.fresh("validator-1", "worker"), secrets["worker"]), None)  # type: ignore[arg-type]
    welcome = await registrar.handle(delivery(Identity.fresh("validator-1", "validator"), secrets["validator"]), None)  # type: ignore[arg-type]

    assert (len(refused.events), len(welcome.events)) == (0, 1)


async def test_who_was_introduced_is_believed(tmp_path: Path) -> None:
    store = MemoryStore()
    people = People(store)
    registrar = Registrar(tmp_path, store, people.keyring)
    who = Identity.fresh("worker-1", "worker")

    outcome = await registrar.handle(delivery(who, make_join_secret(tmp_path / "worker")), None)  # type: ignore[arg-type]
    says = [Said(each.id, each.event, each.cause) for each in outcome.events]
    await people.operator.write(store, people.operator.draft(SYSTEM, says, ts=5))

    keyring = Keyring(people.key.verify_key)
    assert await keyring.refresh(store)
    member = keyring.find("worker-1", who.epoch)
    assert member is not None and member.key == Author(who).identity.key.verify_key
    assert not await keyring.refresh(store)


def delivery(who: Identity, secret: bytes) -> Delivery:
    return Delivery(enrolment(who, secret), f"enrol:{who.actor}:{who.epoch}", SYSTEM, "", 1, "1-0", "registrar")
