"""Do the server's store and the reference keep the same promises? The same random steps on both, compared."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from maestro.log.memory_store import MemoryStore
from maestro.log.queues import Taken
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import Ack, Appended, Conflict, DeadLetter, Duplicate, Lost, Note, Result, Send, Timer, Write
from tests.support.notes import note, sha
from tests.support.servers import Server

T = TypeVar("T")
RUNS = ("a", "a-b", "c")
ROLES = ("worker", "planner")
CONSUMERS = ("ann", "bob")
BLOBS = tuple((sha(data), data) for data in (b"one", b"two" * 9000, b""))
MESSAGES = (b'{"id":"1"}', b"not even JSON \x00\xff", b"")

runs, roles, consumers = st.sampled_from(RUNS), st.sampled_from(ROLES), st.sampled_from(CONSUMERS)
few = {"min_size": 0, "max_size": 2}
slots = st.lists(st.sampled_from([f"c{i}/said" for i in range(6)]), min_size=1, max_size=3, unique=True)
answers = st.lists(st.sampled_from([f"c{i}" for i in range(6)]), max_size=2, unique=True)
parts = st.lists(st.tuples(slots, answers), **few)
sends = st.lists(st.builds(Send, roles, st.sampled_from(MESSAGES)), **few).map(tuple)
timer_ids = st.sampled_from(("t1", "t2", "late"))
timers = st.lists(st.builds(Timer, timer_ids, st.integers(0, 9), roles, st.sampled_from(MESSAGES)), **few).map(tuple)
unset = st.lists(timer_ids, max_size=1).map(tuple)
blobs = st.lists(st.sampled_from(BLOBS), **few).map(tuple)
expectations = st.sampled_from(("none", "none", "none", "right", "wrong"))


class TwoStores(RuleBasedStateMachine):
    """Every rule does one thing to both stores and compares the answers; `_compare` looks at all there is to see."""

    server: Server
    loop: asyncio.AbstractEventLoop
    kept: RedisStore
    looking: redis.Redis
    steps = 0
    seen: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.looking.flushall()
        self.model = MemoryStore()
        self.now = 0
        self.numbers: dict[str, int] = {}
        self.taken: list[tuple[str, str, str, str]] = []
        self.written: list[tuple[Write, Write, DeadLetter | None, DeadLetter | None]] = []

    # --- steps ---

    @initialize()
    def open_queues(self) -> None:
        for role in ROLES:
            self._do(self.kept.open_queue(role))

    @rule(run=runs, parts=parts, expect=expectations, sends=sends, timers=timers, unset=unset, blobs=blobs)
    def append(self, run: str, parts: Any, expect: str, **more: Any) -> None:
        self._write(self._make(run, parts, expect, **more))

    @rule(run=runs, parts=parts, expect=expectations, sends=sends, which=st.data(), other=st.integers(0, 2))
    def complete(self, run: str, parts: Any, expect: str, sends: Any, which: st.DataObject, other: int) -> None:
        if not self.taken:
            return
        role, consumer, here, there = which.draw(st.sampled_from(self.taken))
        consumer = "cuckoo" if other == 0 else consumer
        write = self._make(run, parts, expect, sends=sends)
        self._write(write, (Ack(role, consumer, (here,)),), (Ack(role, consumer, (there,)),))

    @rule(run=runs, parts=parts, which=st.data(), fenced=st.booleans())
    def dead_letter(self, run: str, parts: Any, which: st.DataObject, fenced: bool) -> None:
        if not self.taken:
            return
        role, consumer, here, there = which.draw(st.sampled_from(self.taken))
        write = self._make(run, parts, "none")
        acks = [(Ack(role, consumer, (id,)),) if fenced else () for id in (here, there)]
        letters = [DeadLetter(id, role, b"what it was", "it is bad", 5) for id in (here, there)]
        self._write(write, *acks, *letters)

    @rule(run=runs, parts=parts, more=parts)
    def two_writes_at_once(self, run: str, parts: Any, more: Any) -> None:
        writes = [self._make(run, parts, "none"), self._make(run, more, "none"), self._make("c", more, "none")]
        self._same(self._do(self.kept.write(writes)), self._do(self.model.write(writes)))
        self._compare("two writes at once")

    @rule(which=st.data())
    def send_again(self, which: st.DataObject) -> None:
        """Whatever is written twice changes nothing the second time."""
        again = [each for each in self.written if each[0].notes or each[0].acks or each[2]]
        if not again:
            return
        here, there, letter, same_letter = which.draw(st.sampled_from(again))
        self._carry_out(here, there, letter, same_letter)
        before = self._visible_here()
        result = self._carry_out(here, there, letter, same_letter)
        assert self._visible_here() == before, "a write that was sent again changed something"
        if not isinstance(result, Appended):
            self._compare("sent again")

    @rule(role=roles, consumer=consumers, count=st.integers(1, 3))
    def take(self, role: str, consumer: str, count: int) -> None:
        here = self._do(self.kept.take(role, consumer, count))
        there = self._do(self.model.take(role, consumer, count))
        self._handed_out(role, consumer, here, there)

    @rule(role=roles, consumer=consumers, count=st.integers(1, 3))
    def reclaim(self, role: str, consumer: str, count: int) -> None:
        here = self._do(self.kept.reclaim(role, consumer, 0, count))
        there = self._do(self.model.reclaim(role, consumer, 0, count))
        self._handed_out(role, consumer, here, there)

    @rule(role=roles, consumer=consumers)
    def nothing_is_idle_for_an_hour(self, role: str, consumer: str) -> None:
        assert self._do(self.kept.reclaim(role, consumer, 3_600_000, 5)) == []
        assert self._do(self.model.reclaim(role, consumer, 3_600_000, 5)) == []

    @rule(role=roles, consumer=consumers)
    def touch(self, role: str, consumer: str) -> None:
        handed = [each for each in self.taken if each[0] == role]
        here = self._do(self.kept.touch(role, consumer, [each[2] for each in handed]))
        there = self._do(self.model.touch(role, consumer, [each[3] for each in handed]))
        assert self._numbers(role, here) == self._numbers(role, there)
        self._compare("touch")

    @rule(later=st.integers(0, 4))
    def fire(self, later: int) -> None:
        self.now += later
        assert self._do(self.kept.fire(self.now)) == self._do(self.model.fire(self.now))
        self._compare("fire")

    @rule(run=runs, what=st.sampled_from((("head", "dd"), ("head",), ("dd",))))
    def lose_the_index(self, run: str, what: tuple[str, ...]) -> None:
        """The log alone is enough."""
        self.looking.delete(*(f"{{p00}}:run:{run}:{each}" for each in what))
        self.model.forget_index(run)
        self._compare("index lost")

    @rule(run=runs)
    def rebuild(self, run: str) -> None:
        assert self._do(self.kept.rebuild(run)) == self._do(self.model.rebuild(run))
        self._compare("rebuild")

    @rule(run=runs, after=st.integers(0, 9), limit=st.integers(1, 4))
    def read_a_page(self, run: str, after: int, limit: int) -> None:
        assert self._do(self.kept.read(run, after, limit)) == self._do(self.model.read(run, after, limit))
        after_each = {run: after, "c": 0}
        assert self._do(self.kept.tail(after_each, 0)) == self._do(self.model.tail(after_each, 0))
        self._count("read")

    # --- how a step is done on both ---

    def _make(self, run: str, parts: Any, expect: str = "none", **more: Any) -> Write:
        notes: list[Note] = []
        free = {f"c{i}" for i in range(6)} | {f"c{i}/said" for i in range(6)}
        for slots, answered in parts:
            mine = [id for id in slots if id in free]
            if mine:
                notes.append(note(run, mine, [id for id in answered if id in free], text=str(len(self.written))))
                free -= set(notes[-1].ids)
        seq = self._do(self.model.head(run))
        expected = {"none": None, "right": seq, "wrong": seq + 1}[expect]
        return Write(run, tuple(notes), expected=expected, **more)

    def _write(
        self,
        write: Write,
        acks: tuple[Ack, ...] = (),
        same_acks: tuple[Ack, ...] = (),
        letter: DeadLetter | None = None,
        same_letter: DeadLetter | None = None,
    ) -> None:
        parts = {name: getattr(write, name) for name in Write.__slots__ if name != "acks"}
        here, there = Write(**parts, acks=acks), Write(**parts, acks=same_acks)
        self.written.append((here, there, letter, same_letter))
        self._carry_out(here, there, letter, same_letter)
        self._compare("write")

    def _carry_out(
        self, here: Write, there: Write, letter: DeadLetter | None, same_letter: DeadLetter | None
    ) -> Result:
        if letter is None or same_letter is None:
            results, same = self._do(self.kept.write([here])), self._do(self.model.write([there]))
        else:
            results = [self._do(self.kept.dead_letter(here, letter))]
            same = [self._do(self.model.dead_letter(there, same_letter))]
        role = here.acks[0].role if here.acks else letter.role if letter else ""
        self._same(results, same, role)
        return results[0]

    def _same(self, here: Iterable[Result], there: Iterable[Result], role: str = "") -> None:
        for mine, model in zip(here, there, strict=True):
            name = type(mine).__name__
            if isinstance(mine, Lost) and isinstance(model, Lost):
                assert self._numbers(role, mine.ids) == self._numbers(role, model.ids)
            else:
                assert mine == model
                name += {True: " whole", False: " in part"}[mine.whole] if isinstance(mine, Duplicate) else ""
            self.seen[name] += 1

    def _handed_out(self, role: str, consumer: str, here: list[Taken], there: list[Taken]) -> None:
        assert [(each.message, each.count) for each in here] == [(each.message, each.count) for each in there]
        for mine, model in zip(here, there, strict=True):
            number = self.numbers.setdefault(role + model.id, len(self.numbers))
            assert self.numbers.setdefault(role + mine.id, number) == number
            self.taken.append((role, consumer, mine.id, model.id))
        self._compare("handed out")

    def _numbers(self, role: str, ids: Iterable[str]) -> list[int]:
        """Both stores name messages as they like: these are the messages."""
        return [self.numbers[role + id] for id in ids]

    def _do(self, doing: Awaitable[T]) -> T:
        return self.loop.run_until_complete(doing)  # type: ignore[arg-type]

    # --- all there is to see ---

    def _count(self, what: str) -> None:
        type(self).steps += 1
        self.seen[what] += 1

    def _compare(self, what: str) -> None:
        self._count(what)
        here, there = self._visible_here(), self._visible_there()
        assert here == there, {key: (here[key], there[key]) for key in here if here[key] != there[key]}

    def _visible_here(self) -> dict[str, Any]:
        pipe = self.looking.pipeline(transaction=False)
        for run in RUNS:
            pipe.xrange(f"{{p00}}:run:{run}:log")
            pipe.xrange(f"{{p00}}:run:{run}:blob")
        for role in ROLES:
            pipe.xrange(f"{{p00}}:q:{role}")
            pipe.xpending_range(f"{{p00}}:q:{role}", "g", "-", "+", 1000)
            pipe.xrange(f"{{p00}}:dlq:{role}")
        pipe.zrange("{p00}:timers", 0, -1, withscores=True)
        pipe.hgetall("{p00}:timers:d")
        found = iter(pipe.execute())
        visible: dict[str, Any] = {}
        for run in RUNS:
            visible[run] = [(id.decode(), fields[b"n"]) for id, fields in next(found)]
            visible[f"{run} blobs"] = sorted(fields[b"b"] for _, fields in next(found))
        for role in ROLES:
            visible[role] = [fields[b"__data__"] for _, fields in next(found)]
            pending = [(p["consumer"].decode(), p["times_delivered"]) for p in next(found)]
            visible[f"{role} in work"] = pending
            visible[f"{role} letters"] = [(f[b"message"], f[b"reason"].decode()) for _, f in next(found)]
        due = {member.decode(): int(score) for member, score in next(found)}
        messages = {id.decode(): data for id, data in next(found).items()}
        visible["timers"] = {id: (at, messages[id]) for id, at in due.items()}
        assert len(messages) == len(due)
        return visible

    def _visible_there(self) -> dict[str, Any]:
        model = self.model
        visible: dict[str, Any] = {}
        for run in RUNS:
            entries = self._do(model.read(run))
            visible[run] = [(f"0-{entry.seq}", entry.body) for entry in entries]
            found = (self._do(model.blob(run, hash)) for hash, _ in BLOBS)
            visible[f"{run} blobs"] = sorted(blob for blob in found if blob is not None)
        for role in ROLES:
            queue = model._queue(role)
            visible[role] = list(queue.messages.values())
            in_work = (queue.in_work[id] for id in queue.messages if id in queue.in_work)
            visible[f"{role} in work"] = [(work.consumer, work.count) for work in in_work]
            letters = self._do(model.dead_letters(role))
            visible[f"{role} letters"] = [(letter.message, letter.reason) for letter in letters]
        visible["timers"] = {
            f"{run}/{id}": (timer.due, timer.role.encode() + b"\n" + timer.message)
            for (run, id), timer in model._timers.items()
        }
        return visible

    def teardown(self) -> None:
        for run in RUNS:
            assert self._do(self.kept.head(run)) == self._do(self.model.head(run))
            for hash, _ in BLOBS:
                assert self._do(self.kept.blob(run, hash)) == self._do(self.model.blob(run, hash))
        for role in ROLES:
            assert self._do(self.kept.queue_length(role)) == self._do(self.model.queue_length(role))
        assert self._do(self.kept.runs()) == self._do(self.model.runs())


def drive(server: Server, examples: int) -> type[TwoStores]:
    """Drive both stores; returns what was counted on the way."""

    class Driven(TwoStores):
        steps, seen = 0, Counter[str]()

    Driven.loop, Driven.looking = asyncio.new_event_loop(), server.client()
    try:
        Driven.kept = Driven.loop.run_until_complete(open_store(server.url))
        relaxed = settings(
            max_examples=examples, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
        )
        run_state_machine_as_test(Driven, settings=relaxed)
        Driven.loop.run_until_complete(Driven.kept.close())
    finally:
        Driven.loop.close()
    return Driven


def test_both_stores_answer_alike_and_hold_the_same_after_thousands_of_random_steps(server: Server) -> None:
    driven = drive(server, examples=120)

    assert driven.steps >= 4_000, driven.steps
    outcomes = {Appended, Conflict, Lost}
    assert all(driven.seen[each.__name__] >= 5 for each in outcomes), driven.seen
    assert driven.seen["Duplicate whole"] >= 5 and driven.seen["Duplicate in part"] >= 5, driven.seen


def test_every_kind_of_server_keeps_the_promises(each_server: Server) -> None:
    assert drive(each_server, examples=12).steps >= 250
