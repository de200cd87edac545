"""Does the gatekeeper believe what the command line signs, and for exactly that?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from maestro.cli.own_key import OwnKey
from maestro.cli.signing import GOOD_FOR_MS, signed
from maestro.gatekeeper.answers import Refused
from maestro.gatekeeper.people import Town
from maestro.gatekeeper.words import About, Sent, Word, word_of
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.people import Directory
from maestro.people.keyfile import FileKey, make_key
from maestro.people.operator import Operator, enrol, revoke
from maestro_contracts.commands import DecideGate
from maestro_contracts.events import GateOpened
from maestro_contracts.records import Choice

RUN, NOW = "greet-abc234", 1_750_000_000_000
OPENED = GateOpened(
    "approve-plan", 2, "approve-plan", "Is it right?", (Choice("Approve", "approve"),), NOW, digest="ab" * 32
)
ANSWER = DecideGate(
    "approve-plan", "approve", "somebody", "cli", text="Yes, but …", conditions=("keep it",), answers={"q": "a"}
)


@pytest.fixture
async def enrolled(tmp_path: Path) -> tuple[Town, OwnKey, Operator]:
    operator, store = SigningKey.generate("maestro/operator"), MemoryStore()
    make_key(tmp_path / "zoe.key", "zoe")
    key, directory = FileKey(tmp_path / "zoe.key"), Directory(operator.verify_key)
    await Operator(operator, store, lambda: 1).say(enrol(directory, "zoe", key.public, None, 1), directory)
    own = OwnKey("zoe", key, "here")
    return Town(directory, Keyring(operator.verify_key), NOW), own, Operator(operator, store, lambda: 2)


@pytest.fixture
def town(enrolled: tuple[Town, OwnKey, Operator]) -> tuple[Town, OwnKey]:
    return enrolled[:2]


def heard(command: DecideGate, town: Town, *, digest: str = OPENED.digest, now: int = NOW) -> Word:
    sent = Sent(command.by, command.via, command.statement, command.signature)
    return word_of(sent, About(RUN, command.gate, command.visit, digest, ""), town, (), now)


def test_what_is_signed_here_is_the_person_s_word_there(town: tuple[Town, OwnKey]) -> None:
    people, own = town

    command = signed(ANSWER, OPENED, RUN, own, NOW)
    word = heard(command, people)

    assert (command.by, command.visit, word.person, word.signed) == ("zoe", 2, "zoe", "person")
    assert word.statement is not None
    assert (word.statement.text, word.statement.conditions, word.statement.answers) == (
        ANSWER.text,
        ANSWER.conditions,
        ANSWER.answers,
    )
    assert signed(ANSWER, OPENED, RUN, own, NOW).statement != command.statement, "each one is another"


def test_it_counts_for_nothing_else_and_not_for_ever(town: tuple[Town, OwnKey]) -> None:
    people, own = town
    command = signed(ANSWER, OPENED, RUN, own, NOW)

    for wrong in (
        lambda: heard(command, people, digest="cd" * 32),
        lambda: heard(command, people, now=NOW + GOOD_FOR_MS),
        lambda: heard(msgspec.structs.replace(command, by="ann"), people),
        lambda: heard(msgspec.structs.replace(command, visit=3), people),
        lambda: heard(ANSWER, people),
    ):
        with pytest.raises(Refused):
            wrong()


async def test_where_the_last_one_was_revoked_nobody_s_unsigned_word_counts_instead(
    enrolled: tuple[Town, OwnKey, Operator],
) -> None:
    people, own, operator = enrolled
    command = signed(ANSWER, OPENED, RUN, own, NOW)
    await operator.say(revoke(people.directory, "zoe", "", "the laptop was stolen"), people.directory)

    for word in (command, ANSWER, msgspec.structs.replace(ANSWER, by="zoe")):
        with pytest.raises(Refused):
            heard(word, people)


def test_without_a_key_the_answer_stays_as_it_is() -> None:
    assert signed(ANSWER, OPENED, RUN, None, NOW) == ANSWER
