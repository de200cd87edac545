"""Does the gatekeeper decide on what the log says now? On the in-memory store and on a real server."""

from __future__ import annotations

import asyncio
import base64
import itertools
import typing

import pytest_asyncio

from maestro.bus.service import Delivery, Outcome, Said
from maestro.gatekeeper.service import Gatekeeper, handlers_of
from maestro.log.author import Author
from maestro.log.identity import OPERATOR_KEY_NAME, Identity
from maestro.log.keyring import Keyring
from maestro.log.note import SigningKey
from maestro.log.store import SYSTEM, Appended, Conflict, Duplicate, Result, Store, Write
from maestro_contracts import commands as c
from maestro_contracts import events as e
from tests.support.gates import ASK, OPEN

RUN = "try-abc234"


class Clock:
    """The context that a handler gets: a clock that stands still until it is set."""

    actor = "gatekeeper-1"

    def __init__(self) -> None:
        self.time = 1_000

    def now(self) -> int:
        return self.time

    async def say(self, outcome: Outcome) -> None:
        raise AssertionError("the gatekeeper says nothing on the way")

    async def say_at(self, outcome: Outcome) -> bool:
        raise AssertionError("the gatekeeper says nothing on the way")

    async def cancelled(self, delivery: Delivery) -> str:
        raise AssertionError("the gatekeeper has nothing to cancel")


class House:
    """A store, enrolled authors, and a gatekeeper; `write` does what the bus does with an outcome."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.key = SigningKey.generate(OPERATOR_KEY_NAME)
        self.authors: dict[str, Author] = {}
        self.clock = Clock()
        self.keeper = self.another_keeper()
        self._numbers = itertools.count(1)

    def another_keeper(self) -> Gatekeeper:
        return Gatekeeper(self.store, Keyring(self.key.verify_key))

    async def author(self, actor: str, role: str) -> Author:
        if actor not in self.authors:
            identity = Identity.fresh(actor, role)
            public = base64.b64encode(identity.key.verify_key.key).decode()
            enrolled = e.ActorEnrolled(actor, role, identity.epoch, public)
            operator = self.authors.setdefault("operator", Author(Identity.operator(self.key)))
            said = Said(f"enrol:{actor}:{identity.epoch}/enrolled", enrolled)
            assert isinstance(await operator.write(self.store, operator.draft(SYSTEM, [said], ts=1)), Appended)
            self.authors[actor] = Author(identity)
        return self.authors[actor]

    async def say(self, actor: str, role: str, said: Said, expected: int | None = None) -> Result:
        author = await self.author(actor, role)
        draft = author.draft(RUN, [said], ts=self.clock.now())
        (result,) = await self.store.write([Write(RUN, draft.notes, expected, blobs=draft.blobs)])
        author.settle(draft, result)
        return result

    def deliver(self, command: c.Command, id: str = "") -> Delivery:
        number = next(self._numbers)
        return Delivery(command, id or f"decide:{number}", RUN, "", 1, f"{number}-0", "gatekeeper")

    async def decide(self, command: c.Command) -> Outcome:
        return await handlers_of(self.keeper)[type(command)](self.deliver(command), self.clock)

    async def tell(self, command: c.Command) -> Outcome:
        outcome = await self.decide(command)
        assert isinstance(await self.write(outcome), Appended)
        return outcome

    async def write(self, outcome: Outcome) -> Result:
        author = await self.author("gatekeeper-1", "gatekeeper")
        answers = [said.cause for said in outcome.events[:1]]
        draft = author.draft(RUN, outcome.events, ts=self.clock.now(), answers=answers)
        (result,) = await self.store.write([Write(RUN, draft.notes, outcome.expected, blobs=draft.blobs)])
        author.settle(draft, result)
        return result


@pytest_asyncio.fixture
async def house(any_store: Store) -> House:
    """A house in which a run has come to its gate."""
    made = House(any_store)
    started = e.StepStarted("approve-plan", 1, 1, "gate", 1, "Planning")
    await made.say("conductor-1", "conductor", Said("step:approve-plan:1:1/started", started))
    return made


def kinds(outcome: Outcome) -> list[str]:
    return [type(said.event).__name__ for said in outcome.events]


async def test_a_gate_is_opened_and_decided_on_what_the_log_says(house: House) -> None:
    assert kinds(await house.tell(OPEN())) == ["GateOpened"]
    assert kinds(await house.tell(ASK("approve"))) == ["GateVoted", "GateDecided"]
    assert kinds(await house.tell(ASK("abort"))) == ["DecisionRefused"]


async def test_of_two_answers_at_once_the_log_takes_one_and_the_other_is_decided_again(house: House) -> None:
    await house.tell(OPEN())
    one, other = await asyncio.gather(house.decide(ASK("approve")), house.decide(ASK("abort", by="bob")))
    assert isinstance(await house.write(one), Appended)
    written = await house.write(other)
    assert isinstance(written, Duplicate) and not written.whole
    assert kinds(await house.decide(ASK("abort", by="bob"))) == ["DecisionRefused"]


async def test_what_was_decided_on_a_log_that_has_grown_is_not_taken(house: House) -> None:
    await house.tell(OPEN())
    approve = await house.decide(ASK("approve"))
    await house.say("conductor-1", "conductor", Said("run/ended", e.RunCancelled("ann")))
    assert isinstance(await house.write(approve), Conflict)


async def test_another_gatekeeper_reads_the_gates_from_the_log_alone(house: House) -> None:
    await house.tell(OPEN())
    house.keeper = house.another_keeper()
    assert kinds(await house.tell(ASK("approve"))) == ["GateVoted", "GateDecided"]


async def test_a_decision_forged_by_a_worker_decides_nothing(house: House) -> None:
    await house.tell(OPEN())
    forged = e.GateDecided("approve-plan", 1, "approve-plan", "approve", "a", "", "ann", "cli", 1)
    assert isinstance(await house.say("worker-1", "worker", Said("gate:approve-plan:1/forged", forged)), Appended)
    assert kinds(await house.tell(ASK("abort"))) == ["GateVoted", "GateDecided"]


async def test_a_cancelled_run_takes_no_decision_even_before_its_gates_are_closed(house: House) -> None:
    await house.tell(OPEN())
    await house.say("conductor-1", "conductor", Said("run/ended", e.RunCancelled("ann")))
    assert kinds(await house.tell(ASK("approve"))) == ["DecisionRefused"]


async def test_the_deadline_is_a_timer_that_asks_the_gatekeeper(house: House) -> None:
    outcome = await house.tell(OPEN(timeout_s=30, default="approve"))
    (timer,) = outcome.timers
    assert (timer.id, timer.due) == ("gate:approve-plan:1/deadline", 31_000)
    house.clock.time = timer.due
    assert kinds(await house.tell(timer.asked.command)) == ["GateDecided"]


async def test_a_decision_takes_the_timer_back(house: House) -> None:
    await house.tell(OPEN(timeout_s=30))
    assert (await house.tell(ASK("approve"))).unset == ("gate:approve-plan:1/deadline",)


async def test_what_is_asked_twice_is_said_once(house: House) -> None:
    await house.tell(OPEN())
    again = await house.decide(OPEN())
    assert (again.events, again.expected) == ((), None)


async def test_a_run_that_nobody_started_gets_no_log_by_being_asked_about(house: House) -> None:
    delivery = house.deliver(ASK("approve"))
    elsewhere = Delivery(delivery.command, delivery.id, "other-abc234", "", 1, "9-0", "gatekeeper")
    assert (await house.keeper.handle(elsewhere, house.clock)).events == ()


async def test_every_command_that_goes_to_a_gatekeeper_is_handled(house: House) -> None:
    meant = {command for command in typing.get_args(c.AnyCommand) if command.to == "gatekeeper"}
    assert meant == set(handlers_of(house.keeper))


async def test_what_people_and_agents_write_into_the_journal_is_in_the_log_once(house: House) -> None:
    entry = c.AddJournalEntry("decision", "ann", "Padding it is", by_person=True, via="cli")
    outcome = await house.decide(entry)
    assert kinds(outcome) == ["JournalEntryAdded"]
    assert isinstance(await house.write(outcome), Appended)
    assert isinstance(await house.write(outcome), Duplicate)
    assert kinds(await house.decide(c.ReviewJournalEntry("2.0", "ann", "seen", "cli"))) == ["JournalReviewed"]


async def test_an_entry_for_a_run_that_does_not_exist_makes_none(any_store: Store) -> None:
    assert kinds(await House(any_store).decide(c.AddJournalEntry("decision", "ann", "Padding it is"))) == []
