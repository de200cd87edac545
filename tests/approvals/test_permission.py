"""Does an effect begin once, at the newest entry of the log, whoever else writes there? On both stores."""

from __future__ import annotations

import asyncio
import base64

import pytest
import pytest_asyncio

from maestro.approvals.book import ActionBook, Hindrance, Intent
from maestro.approvals.permission import Permission
from maestro.bus.service import Delivery, Outcome, Said
from maestro.log.author import Author
from maestro.log.identity import OPERATOR_KEY_NAME, Identity
from maestro.log.keyring import Keyring
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Appended, Store, Write
from maestro_contracts import events as e
from maestro_contracts.roles import Role

RUN = "try-abc234"
ASKED = e.ActionProposed("P-1", "T-001", 1, "worker-1", "d1", "write ci.yml")
LEVEL = e.ActionClassified("P-1", 2, "1", "p", asked="d1")
GIVEN = e.ApprovalGiven("P-1", "d1", 2, "person", "p", 1, approvers=("ann",), expires=10_000)


class Speaker:
    """Keeps `maestro.bus.service.Context` for one enrolled process, on a real log."""

    def __init__(self, store: Store, author: Author) -> None:
        self.store, self.author, self.actor = store, author, author.identity.actor
        self.time = 1_000

    def now(self) -> int:
        return self.time

    async def say(self, outcome: Outcome) -> None:
        await self.say_at(outcome)

    async def say_at(self, outcome: Outcome) -> bool:
        draft = self.author.draft(RUN, outcome.events, ts=self.time)
        (result,) = await self.store.write([Write(RUN, draft.notes, outcome.expected)])
        self.author.settle(draft, result)
        return isinstance(result, Appended)

    async def cancelled(self, delivery: Delivery) -> str:
        raise AssertionError("nobody is cancelled here")


class Place:
    """A log with an approved action, and processes that want to do it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.key = SigningKey.generate(OPERATOR_KEY_NAME)
        self.operator = Author(Identity.operator(self.key))
        self.permission = self.another()

    def another(self) -> Permission:
        return Permission(self.store, Keyring(self.key.verify_key))

    async def joins(self, actor: str, role: Role) -> Speaker:
        identity = Identity.fresh(actor, role)
        public = base64.b64encode(identity.key.verify_key.key).decode()
        said = Said(f"enrol:{actor}", e.ActorEnrolled(actor, role, identity.epoch, public))
        await self.operator.write(self.store, self.operator.draft(SYSTEM, [said], ts=1))
        return Speaker(self.store, Author(identity))

    async def says(self, speaker: Speaker, *events: e.Event) -> None:
        said = tuple(Said(f"{type(event).__name__}:{number}:{id(event)}", event) for number, event in enumerate(events))
        assert await speaker.say_at(Outcome(RUN, said))

    async def begun(self) -> list[str]:
        book, _ = await self.another().read(RUN)
        started = book.actions["P-1"].started
        return [started.by] if started else []


@pytest_asyncio.fixture
async def place(any_store: Store) -> Place:
    made = Place(any_store)
    keeper = await made.joins("gatekeeper-1", "gatekeeper")
    await made.says(keeper, ASKED, LEVEL, GIVEN)
    return made


def intends(command: str = "", digest: str = "d1"):  # type: ignore[no-untyped-def]
    def intend(book: ActionBook) -> Intent:
        return Intent("P-1", digest, 2, "p", command)

    return intend


async def test_it_begins_where_it_was_approved(place: Place) -> None:
    integrator = await place.joins("integrator-1", "integrator")
    assert await place.permission.begin(RUN, intends(), integrator) is None
    assert await place.begun() == ["integrator-1"]


async def test_of_many_who_begin_at_once_one_does(place: Place) -> None:
    speakers = [await place.joins(f"integrator-{number}", "integrator") for number in range(6)]
    answers = await asyncio.gather(
        *(place.another().begin(RUN, intends(f"merge:{speaker.actor}"), speaker) for speaker in speakers)
    )
    assert sum(answer is None for answer in answers) == 1
    assert {answer.reason for answer in answers if answer} == {"its approval was used already"}


async def test_the_command_that_has_begun_may_go_on_after_a_crash(place: Place) -> None:
    first, second = [await place.joins(f"integrator-{number}", "integrator") for number in (1, 2)]
    assert await place.permission.begin(RUN, intends("merge:T-001:1"), first) is None
    assert await place.another().begin(RUN, intends("merge:T-001:1"), second) is None
    assert isinstance(await place.another().begin(RUN, intends("merge:T-001:2"), second), Hindrance)


async def test_what_is_said_in_between_is_read_before_it_begins(place: Place) -> None:
    """A grant that is revoked, a run that ends: whatever stands in the log by then counts."""
    integrator = await place.joins("integrator-1", "integrator")
    conductor = await place.joins("conductor-1", "conductor")
    asked = 0

    def intend(book: ActionBook) -> Intent:
        nonlocal asked
        asked += 1
        return intends()(book)

    real = integrator.say_at

    async def late(outcome: Outcome) -> bool:
        if asked == 1:
            await place.says(conductor, e.RunCancelled("ann"))
        return await real(outcome)

    integrator.say_at = late  # type: ignore[method-assign]
    hindrance = await place.permission.begin(RUN, intend, integrator)
    assert hindrance is not None
    assert hindrance.reason == "the run has ended"
    assert await place.begun() == []


@pytest.mark.parametrize(("digest", "time"), [("d2", 1_000), ("", 1_000), ("d1", 10_000)])
async def test_something_else_or_too_late_does_not_begin(place: Place, digest: str, time: int) -> None:
    integrator = await place.joins("integrator-1", "integrator")
    integrator.time = time
    assert await place.permission.begin(RUN, intends(digest=digest), integrator)
    assert await place.begun() == []
