"""What becomes of outcomes between the handlers and the log? On the in-memory store, which is the reference."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.bus.service import Asked, Context, Delivery, Outcome, Said, Service, SetTimer
from maestro.log.author import Author
from maestro.log.commit import parse_commit
from maestro.log.identity import Identity
from maestro.log.memory_store import MemoryStore
from maestro.log.store import Result, StoreUnavailable, Write
from maestro_contracts import commands as c
from maestro_contracts import events as e
from tests.support.atwork import RUN, at_work
from tests.support.bus import task
from tests.support.wait import wait_until


def claimed(delivery: Delivery, slot: str = "ended", **more: object) -> Outcome:
    said = Said(f"{delivery.id}/{slot}", e.TaskClaimed("T", 1, 1, "me"), delivery.id)
    return Outcome(delivery.run, (said,), **more)  # type: ignore[arg-type]


def paused(delivery: Delivery, **more: object) -> Outcome:
    said = Said(f"{delivery.id}/paused", e.RunPaused("me"), delivery.id)
    return Outcome(delivery.run, (said,), handles=(delivery,), advance=False, **more)  # type: ignore[arg-type]


async def claim(delivery: Delivery, ctx: Context) -> Outcome:
    return claimed(delivery)


def worker(handler: object = claim, parallel: int = 100, batch_size: int = 100) -> Service:
    return Service("worker", handlers={c.DoTask: handler}, parallel=parallel, batch_size=batch_size)  # type: ignore[dict-item]


def tasks(count: int, script: str = "") -> list[tuple[str, c.Command]]:
    return [(f"task:T-{i}:1", task(f"T-{i}", script)) for i in range(count)]


async def test_all_that_is_ready_for_a_run_becomes_one_entry_and_one_wake_up() -> None:
    async with at_work(worker()) as work:
        await work.give(*tasks(50))

        await work.hand_out()
        await work.rest()

        assert [len(note) for note in await work.notes()] == [50]
        assert await work.store.queue_length("conductor") == 1
        assert await work.store.queue_length("worker") == 0


async def test_each_run_has_its_own_entry() -> None:
    async with at_work(worker()) as work:
        for run in ("a", "b", "c"):
            await work.give(*tasks(3), run=run)

        await work.hand_out()
        await work.rest()

        assert [len(await work.notes(run)) for run in ("a", "b", "c")] == [1, 1, 1]


async def test_more_than_fits_into_an_entry_becomes_several_in_one_write() -> None:
    async def talk(delivery: Delivery, ctx: Context) -> Outcome:
        said = Said(f"{delivery.id}/ended", e.TaskClaimed("T", 1, 1, "me", summary="x" * 20_000), delivery.id)
        return Outcome(delivery.run, (said,))

    async with at_work(worker(talk)) as work:
        await work.give(*tasks(7))

        await work.hand_out()
        await work.rest()

        assert [len(note) for note in await work.notes()] == [2, 2, 2, 1]
        assert await work.store.queue_length("worker") == 0


async def test_two_thousand_answers_at_once_are_written() -> None:
    async with at_work(worker(parallel=5000, batch_size=5000)) as work:
        await work.give(*tasks(2000))

        await work.hand_out(5000)
        await work.rest()

        assert len(await work.ids()) == 2000
        assert await work.store.queue_length("worker") == 0


async def test_a_handler_that_waits_for_nothing_costs_no_task_of_its_own() -> None:
    seen: set[object] = set()

    async def quick(delivery: Delivery, ctx: Context) -> Outcome:
        seen.add(asyncio.current_task())
        return claimed(delivery)

    async with at_work(worker(quick)) as work:
        await work.give(*tasks(100))

        await work.hand_out()
        await work.rest()

        assert len(seen) == 1


async def test_handlers_that_wait_run_side_by_side_up_to_the_limit() -> None:
    running, most = 0, 0

    async def slow(delivery: Delivery, ctx: Context) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return claimed(delivery)

    async with at_work(worker(slow, parallel=7)) as work:
        await work.give(*tasks(7))
        await work.hand_out()
        assert work.desk.room() == 0
        await work.rest()
        assert work.desk.room() == 7

    assert most == 7


async def test_what_nobody_here_could_begin_is_given_back() -> None:
    async with at_work(worker(parallel=3)) as work:
        await work.give(*tasks(5))

        back = await work.hand_out()

        assert len(back) == 2
        assert set(back).isdisjoint(work.desk.in_hand)


async def test_what_was_said_on_the_way_is_written_before_the_handler_goes_on() -> None:
    async def start(delivery: Delivery, ctx: Context) -> Outcome:
        await ctx.say(Outcome(delivery.run, (Said(f"{delivery.id}/started:1", e.TaskStarted("T", 1, 1, "me")),)))
        assert await work.store.head(RUN) == 1
        return claimed(delivery)

    async with at_work(worker(start)) as work:
        await work.give(*tasks(1))

        await work.hand_out()
        await work.rest()

        assert await work.ids() == ["task:T-0:1/started:1", "task:T-0:1/ended"]


@pytest.mark.parametrize(
    "outcome", [Outcome(RUN, expected=1), Outcome(RUN, (Said("x y", e.AgentReported("T", 1, "")),))]
)
async def test_what_cannot_be_said_on_the_way_is_an_error_of_the_handler(outcome: Outcome) -> None:
    errors: list[Exception] = []

    async def start(delivery: Delivery, ctx: Context) -> Outcome:
        try:
            await ctx.say(outcome)
        except (ValueError, RuntimeError) as error:
            errors.append(error)
        return claimed(delivery)

    async with at_work(worker(start)) as work:
        await work.give(*tasks(1))
        await work.hand_out()
        await work.rest()

    assert len(errors) == 1


async def test_a_command_that_was_answered_before_is_only_acknowledged_and_its_neighbours_are_written() -> None:
    async with at_work(worker()) as work:
        await work.give(*tasks(1))
        await work.hand_out()
        await work.rest()

        await work.give(*tasks(3))
        await work.hand_out()
        await work.rest()

        assert await work.notes() == [["task:T-0:1/ended"], ["task:T-1:1/ended", "task:T-2:1/ended"]]
        assert await work.store.queue_length("worker") == 0


async def test_a_slot_that_another_command_filled_is_left_as_it_is_and_the_rest_is_said() -> None:
    async def two(delivery: Delivery, ctx: Context) -> Outcome:
        shared = Said("shared", e.AgentReported("T", 1, delivery.id))
        asked = Asked(f"{delivery.id}/next", c.MakeCheckpoint(1, "x", task("T", "").repo), cause="shared")
        return Outcome(delivery.run, (shared, Said(f"{delivery.id}/own", e.AgentReported("T", 1, ""))), asks=(asked,))

    async with at_work(worker(two, parallel=1, batch_size=1)) as work:
        for each in tasks(3):
            await work.give(each)
            await work.hand_out()
            await work.rest()

        assert await work.ids() == ["shared", "task:T-0:1/own", "task:T-1:1/own", "task:T-2:1/own"]
        assert await work.store.queue_length("integrator") == 1
        assert await work.store.queue_length("worker") == 0


async def test_two_that_claim_one_slot_at_the_same_moment_are_both_settled() -> None:
    async def same(delivery: Delivery, ctx: Context) -> Outcome:
        return Outcome(delivery.run, (Said("slot", e.AgentReported("T", 1, delivery.id)),))

    async with at_work(worker(same)) as work:
        await work.give(*tasks(5))
        await work.hand_out()
        await work.rest()

        assert await work.ids() == ["slot"]
        assert await work.store.queue_length("worker") == 0


async def test_what_was_taken_over_by_another_consumer_is_dropped_and_its_neighbours_are_written() -> None:
    async with at_work(worker()) as work:
        await work.give(*tasks(3))
        deliveries = await work.deliveries()
        await work.store.reclaim("worker", "other@1", 0, 1)

        work.desk.take(deliveries)
        await work.rest()

        assert await work.ids() == ["task:T-1:1/ended", "task:T-2:1/ended"]
        assert ("task:T-0:1", True) in work.gone
        assert await work.store.queue_length("worker") == 1


async def test_a_decision_on_an_old_state_is_made_again() -> None:
    seen: list[int] = []

    async def decide(delivery: Delivery, ctx: Context) -> Outcome:
        seen.append(await work.store.head(RUN))
        if len(seen) == 1:
            await other_says(work.store)
        return claimed(delivery, expected=seen[-1])

    async with at_work(worker(decide)) as work:
        await work.give(*tasks(1))
        await work.hand_out()
        await work.rest()

        assert seen == [0, 1]
        assert await work.ids() == ["other", "task:T-0:1/ended"]


async def test_what_depends_on_no_state_is_not_held_up_by_what_does() -> None:
    async def decide(delivery: Delivery, ctx: Context) -> Outcome:
        return claimed(delivery, expected=99 if delivery.id == "task:T-1:1" else None)

    async with at_work(worker(decide)) as work:
        await work.give(*tasks(4))
        await work.hand_out()
        await work.rest()

        assert await work.ids() == [f"task:T-{i}:1/ended" for i in (0, 2, 3)]
        assert await work.store.queue_length("worker") == 1


async def test_a_batch_handler_gets_what_waited_and_finds_what_it_said_before() -> None:
    batches: list[int] = []
    heads: list[int] = []

    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        batches.append(len(deliveries))
        heads.append(await work.store.head(RUN))
        if len(batches) == 1:
            await work.hand_out()
        return [paused(d, expected=heads[-1] + i) for i, d in enumerate(deliveries[:1])] + [
            paused(d) for d in deliveries[1:]
        ]

    async with at_work(Service("conductor", batch=handle, batch_size=10)) as work:
        await work.give(*[(f"pause:{i}", c.PauseRun("me")) for i in range(8)])
        await work.hand_out(2)
        await work.rest()

        assert batches == [2, 6]
        assert heads == [0, 1]
        assert len(await work.ids()) == 8


async def test_while_one_run_is_written_a_batch_handler_looks_at_others_and_not_at_it() -> None:
    calls: list[list[str]] = []

    class Slow(MemoryStore):
        answers = asyncio.Event()

        async def write(self, writes: Sequence[Write]) -> list[Result]:
            if any(each.notes for each in writes):
                await self.answers.wait()
            return await super().write(writes)

    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        calls.append([f"{d.run} {d.id}" for d in deliveries])
        return [paused(d) for d in deliveries]

    async with at_work(Service("conductor", batch=handle, batch_size=10), store := Slow()) as work:
        for run, id in (("a", "1"), ("a", "2"), ("b", "1"), ("c", "1")):
            await work.give((id, c.PauseRun("me")), run=run)
        await work.hand_out(1)
        await wait_until(lambda: len(calls) == 1)
        await work.hand_out(2)
        await wait_until(lambda: len(calls) == 2)
        await work.hand_out()
        store.answers.set()
        await work.rest()

        assert [calls[0], calls[1], sorted(calls[2])] == [["a 1"], ["b 1"], ["a 2", "c 1"]]
        assert [await work.ids("a"), await work.ids("b")] == [["1/paused", "2/paused"], ["1/paused"]]


async def test_one_bad_command_leaves_the_other_nine_of_a_batch_handled() -> None:
    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        if any(d.id == "pause:4" for d in deliveries):
            raise RuntimeError("as the test wanted")
        return [paused(d) for d in deliveries]

    async with at_work(Service("conductor", batch=handle, batch_size=10)) as work:
        await work.give(*[(f"pause:{i}", c.PauseRun("me")) for i in range(10)])
        await work.hand_out()
        await work.rest()

        assert await work.ids() == [f"pause:{i}/paused" for i in range(10) if i != 4]
        assert await work.store.queue_length("conductor") == 1


async def test_a_delivery_that_a_batch_handler_forgot_stays_pending() -> None:
    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        return [paused(d) for d in deliveries[1:]]

    async with at_work(Service("conductor", batch=handle, batch_size=10)) as work:
        await work.give(*[(f"pause:{i}", c.PauseRun("me")) for i in range(3)])
        await work.hand_out()
        await work.rest()

        assert await work.store.queue_length("conductor") == 1


async def test_an_answered_command_beside_an_open_one_in_one_decision_is_set_apart() -> None:
    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        head = await work.store.head(RUN)
        said = tuple(Said(f"{d.id}/paused", e.RunPaused("me")) for d in deliveries if d.id != "pause:0" or not head)
        return [Outcome(RUN, said, handles=tuple(deliveries), expected=head, advance=False)]

    async with at_work(Service("conductor", batch=handle, batch_size=10)) as work:
        await work.give(("pause:0", c.PauseRun("me")))
        await work.hand_out()
        await work.rest()
        await work.give(("pause:0", c.PauseRun("me")), ("pause:1", c.PauseRun("me")))
        await work.hand_out()
        await work.rest()

        assert await work.ids() == ["pause:0/paused", "pause:1/paused"]
        assert await work.store.queue_length("conductor") == 0


async def test_the_same_wake_up_may_come_any_number_of_times() -> None:
    async def handle(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
        head = await work.store.head(RUN)
        said = Said(f"step:{head}", e.StepStarted("s", 1, 1, "plan", 1, ""))
        return [Outcome(RUN, (said,), handles=tuple(deliveries), expected=head, advance=False)]

    async with at_work(Service("conductor", batch=handle, batch_size=10)) as work:
        for _ in range(3):
            await work.give(("x/advance", c.Advance()))
            await work.hand_out()
            await work.rest()

        assert await work.ids() == ["step:0", "step:1", "step:2"]


async def test_an_outage_in_the_middle_of_a_write_neither_loses_nor_repeats_it() -> None:
    class Flaky(MemoryStore):
        failures = 3

        async def write(self, writes: Sequence[Write]) -> list[Result]:
            if any(each.notes for each in writes) and Flaky.failures:
                Flaky.failures -= 1
                if Flaky.failures == 0:
                    await super().write(writes)
                raise StoreUnavailable("as the test wanted")
            return await super().write(writes)

    async with at_work(worker(), Flaky()) as work:
        await work.give(*tasks(3))
        await work.hand_out()
        await work.rest()
        await work.give(("task:T-9:1", task("T-9", "")))
        await work.hand_out()
        await work.rest()

        assert [len(note) for note in await work.notes()] == [3, 1]
        headers = [parse_commit(entry.body).header for entry in await work.store.read(RUN)]
        assert [header.aseq for header in headers] == [1, 2]


async def test_what_is_asked_and_set_goes_with_what_is_said() -> None:
    async def handle(delivery: Delivery, ctx: Context) -> Outcome:
        again = Asked("task:T-7:1", task("T-7", ""))
        return claimed(delivery, asks=(again,), timers=(SetTimer("t", 5, again), SetTimer("u", 5, again)), unset=("u",))

    async with at_work(worker(handle, parallel=1, batch_size=1)) as work:
        await work.give(*tasks(1))
        await work.hand_out(1)
        await work.rest()

        assert await work.store.queue_length("worker") == 1
        await work.store.fire(6)
        assert await work.store.queue_length("worker") == 3


async def test_after_closing_nothing_is_begun_and_what_runs_may_end() -> None:
    begun: list[str] = []

    async def slow(delivery: Delivery, ctx: Context) -> Outcome:
        begun.append(delivery.id)
        await asyncio.sleep(0.05)
        return claimed(delivery)

    async with at_work(worker(slow, parallel=1)) as work:
        await work.give(*tasks(2))
        await work.hand_out(1)
        await wait_until(lambda: begun)

        work.desk.close()
        await work.hand_out(1)
        await work.desk.finish(5)
        await work.rest()

        assert begun == ["task:T-0:1"]
        assert await work.ids() == ["task:T-0:1/ended"]


SLOTS = st.sampled_from(["a", "b", "c", "d"])
DECISIONS = st.tuples(st.lists(SLOTS, max_size=3, unique=True), st.booleans())


@settings(max_examples=150, deadline=None)
@given(st.lists(DECISIONS, min_size=1, max_size=12), st.integers(1, 5))
async def test_whatever_is_decided_each_slot_is_filled_once_and_each_command_is_settled(
    decisions: list[tuple[list[str], bool]], parallel: int
) -> None:
    """Slots that several want, decisions that depend on the state or not, in any mixture."""

    async def decide(delivery: Delivery, ctx: Context) -> Outcome:
        slots, careful = decisions[int(delivery.id)]
        head = await work.store.head(RUN)
        taken = await work.ids() if careful else []
        await asyncio.sleep(0)
        said = tuple(Said(slot, e.AgentReported("T", 1, delivery.id)) for slot in slots if slot not in taken)
        return Outcome(RUN, said, expected=head if careful else None)

    async with at_work(worker(decide, parallel=parallel, batch_size=1)) as work:
        for i in range(len(decisions)):
            await work.give((str(i), task("T", "")))
        while await work.store.queue_length("worker"):
            await work.desk.until_room()
            await work.hand_out(1)
            await asyncio.sleep(0)
        await work.rest()

        ids = await work.ids()
        assert sorted(ids) == sorted({slot for slots, _ in decisions for slot in slots})


async def other_says(store: MemoryStore) -> None:
    author = Author(Identity.fresh("other", "worker"))
    await author.write(store, author.draft(RUN, [Said("other", e.AgentReported("T", 1, ""))], ts=1))
