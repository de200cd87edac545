"""Who is enrolled, with which keys and roles, and since when not any more?"""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro.log.author import Author
from maestro.log.identity import Identity
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Entry
from maestro.people import Directory, PublicKey, Unverified, sign
from maestro.people.keyfile import FileKey, make_key
from maestro.people.names import is_person, person_of
from maestro.people.operator import Operator, Refused, enrol, revoke
from maestro_contracts.decision import encode
from maestro_contracts.events import PersonEnrolled, PersonRevoked
from tests.support.notes import People, Said
from tests.support.people import statement


class Office:
    """An operator who introduces people, and a directory that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.now = folder, MemoryStore(), 1_000
        self.key = SigningKey.generate("maestro/operator")
        self.directory = Directory(self.key.verify_key)
        self.operator = Operator(self.key, self.store, lambda: self.now)

    def made(self, name: str) -> FileKey:
        make_key(self.folder / name, name)
        return FileKey(self.folder / name)

    async def enrols(self, person: str, key: PublicKey | None, *roles: str, at: int = 1_000) -> None:
        self.now = at
        await self.operator.say(enrol(self.directory, person, key, roles or None, at), self.directory)

    async def revokes(self, person: str, fingerprint: str = "", at: int = 2_000) -> None:
        self.now = at
        await self.operator.say(revoke(self.directory, person, fingerprint, "it was stolen"), self.directory)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_a_person_is_found_by_name_and_by_key_and_may_what_their_roles_say(office: Office) -> None:
    key = office.made("zoe").public

    await office.enrols("zoe", key, "approver", "dba")

    zoe = office.directory.person("zoe")
    assert zoe is not None and [each.public for each in zoe.keys] == [key]
    assert office.directory.by_key(key.fingerprint) == zoe
    assert office.directory.roles("zoe") == ("approver", "dba")
    assert office.directory.may("zoe") and office.directory.may("zoe", ["dba", "security"])
    assert not office.directory.may("zoe", ["security"]) and not office.directory.may("ann")
    assert office.directory.listing() == [zoe]


async def test_a_decision_is_the_person_s_who_signed_it(office: Office) -> None:
    key = office.made("zoe")
    await office.enrols("zoe", key.public)
    text = encode(statement(person="zoe"))

    checked = office.directory.check(text, sign(text, key))

    assert (checked.statement, checked.person.person, checked.key.public) == (statement(), "zoe", key.public)


async def test_a_decision_in_somebody_else_s_name_or_with_an_unknown_key_is_nobody_s(office: Office) -> None:
    zoe, ann = office.made("zoe"), office.made("ann")
    await office.enrols("zoe", zoe.public)
    text = encode(statement(person="ann"))

    with pytest.raises(Unverified, match="nobody is enrolled with the key SHA256:"):
        office.directory.check(text, sign(text, ann))
    await office.enrols("ann", ann.public)
    with pytest.raises(Unverified, match="said for ann, and signed with a key of zoe"):
        office.directory.check(text, sign(text, zoe))
    with pytest.raises(Unverified, match="not a decision's statement"):
        office.directory.check(text + b"\n", sign(text, ann))
    office.directory.check(text, sign(text, ann))


async def test_a_revoked_key_decides_nothing_any_more_and_what_it_decided_before_stands(office: Office) -> None:
    old, new = office.made("old"), office.made("new")
    await office.enrols("zoe", old.public, "approver")
    await office.enrols("zoe", new.public)
    text = encode(statement(person="zoe"))

    await office.revokes("zoe", old.public.fingerprint, at=2_000)

    assert office.directory.check(text, sign(text, old), at=1_999).person.person == "zoe"
    for at in (2_000, None):
        with pytest.raises(Unverified, match="of zoe was revoked: it was stolen"):
            office.directory.check(text, sign(text, old), at=at)
    assert office.directory.by_key(old.public.fingerprint) is None
    assert office.directory.by_key(old.public.fingerprint, at=1_999) is not None
    assert office.directory.check(text, sign(text, new)) and office.directory.may("zoe", ["approver"])


async def test_a_revoked_person_may_nothing_until_they_are_enrolled_with_another_key(office: Office) -> None:
    key = office.made("zoe").public
    await office.enrols("zoe", key, "approver")

    await office.revokes("zoe", at=2_000)

    assert not office.directory.may("zoe") and office.directory.may("zoe", ["approver"], at=1_999)
    assert office.directory.by_key(key.fingerprint) is None
    with pytest.raises(Refused, match="revoked and stays so"):
        await office.enrols("zoe", key)
    await office.enrols("zoe", office.made("new").public, at=3_000)
    assert office.directory.may("zoe", ["approver"]) and not office.directory.may("zoe", at=2_500)


async def test_the_last_enrolment_says_all_roles_and_one_without_roles_keeps_them(office: Office) -> None:
    await office.enrols("zoe", office.made("zoe").public, "approver", "security")
    await office.enrols("zoe", None, at=1_500)
    assert office.directory.roles("zoe") == ("approver", "security")

    await office.enrols("zoe", None, "dba", at=2_000)

    assert office.directory.roles("zoe") == ("dba",)
    assert office.directory.roles("zoe", at=1_999) == ("approver", "security")


async def test_a_person_without_a_key_has_roles_and_signs_nothing(office: Office) -> None:
    await office.enrols("ann", None, "approver")

    ann = office.directory.person("ann")
    assert ann is not None and ann.keys == () and office.directory.may("ann", ["approver"])


async def test_a_key_belongs_to_whom_it_was_enrolled_for_first_whatever_the_log_says_later(office: Office) -> None:
    key = office.made("zoe").public
    await office.enrols("zoe", key)
    with pytest.raises(Refused, match=r"is zoe's; every person needs a key of their own"):
        await office.enrols("ann", key)

    with pytest.raises(Refused, match="the log does not take this of ann"):
        await office.operator.say(PersonEnrolled("ann", key.line, ("approver",), "", 1), office.directory)

    assert [person.person for person in office.directory.listing()] == ["zoe"]


@pytest.mark.parametrize(
    "name", ["", "worker", "Operator", "zoe smith", "../zoe", "-zoe", "x" * 65, "zoe\n", "a*", "ü"]
)
async def test_nobody_is_called_like_a_part_of_maestro_or_like_no_name(office: Office, name: str) -> None:
    with pytest.raises(Refused):
        await office.enrols(name, None)
    with pytest.raises(Refused):
        await office.operator.say(PersonEnrolled(name, "", (), "", 1), office.directory)
    assert office.directory.listing() == []


async def test_a_name_that_would_be_taken_for_another_s_is_refused(office: Office) -> None:
    await office.enrols("zoe", None)

    with pytest.raises(Refused, match="ZOE would be taken for zoe"):
        await office.enrols("ZOE", None)
    with pytest.raises(Refused, match="is the name of a worker"):
        enrol(office.directory, "worker-1", None, None, 1, role_of=lambda name: "worker")
    with pytest.raises(Refused, match="cannot be a role"):
        await office.enrols("ann", None, "Two words")


async def test_only_who_and_what_is_there_can_be_revoked_and_with_a_reason(office: Office) -> None:
    key = office.made("zoe").public
    await office.enrols("zoe", key)

    for person, fingerprint, reason, why in [
        ("ann", "", "gone", "nobody is enrolled as 'ann'; there are: zoe"),
        ("zoe", "SHA256:x", "gone", "zoe has no key SHA256:x; their keys: SHA256:"),
        ("zoe", "", " ", "needs its reason"),
    ]:
        with pytest.raises(Refused, match=why):
            revoke(office.directory, person, fingerprint, reason)
    await office.revokes("zoe")
    for fingerprint in ("", key.fingerprint):
        with pytest.raises(Refused, match="revoked already: it was stolen"):
            revoke(office.directory, "zoe", fingerprint, "again")


async def test_nobody_but_the_operator_introduces_anybody(office: Office, tmp_path: Path) -> None:
    people = People(office.store)
    people.key, people.operator = office.key, Author(Identity.operator(office.key))
    conductor = await people.join("conductor", "conductor")
    stranger = Author(Identity.operator(SigningKey.generate("maestro/operator")))
    for author in (conductor, stranger):
        for event in (
            PersonEnrolled("eve", office.made(f"eve-{author.identity.epoch}").public.line, ("security",), "", 1),
        ):
            await author.write(office.store, author.draft(SYSTEM, [Said(f"x:{author.identity.epoch}", event)], ts=1))

    await office.directory.refresh(office.store)

    assert office.directory.listing() == []


async def test_what_cannot_be_understood_in_the_log_changes_nothing(office: Office) -> None:
    for event in (PersonEnrolled("zoe", "ssh-ed25519 nonsense", (), "", 1), PersonRevoked("nobody", "", "x")):
        with pytest.raises(Refused):
            await office.operator.say(event, office.directory)
    office.directory.learn([Entry(99, b"from the future")], 98)

    await office.enrols("zoe", None)

    assert [person.person for person in office.directory.listing()] == ["zoe"]


@pytest.mark.parametrize(
    ("user", "person"),
    [("zoe", "zoe"), ("CORP\\zoe", "CORP-zoe"), ("worker", "user-worker"), ("", "user-unknown"), ("ü", "user-unknown")],
)
def test_every_user_of_the_system_can_be_called_somehow(user: str, person: str) -> None:
    assert person_of(user) == person and is_person(person)
