"""Who is believed? Whoever was enrolled, says what their role may say, in the order in which they said it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.author import Author, Draft
from maestro.log.commit import MAGIC, build_commit, build_record
from maestro.log.fast import open_plain
from maestro.log.identity import Identity
from maestro.log.keyring import Keyring
from maestro.log.members import Member
from maestro.log.memory_store import MemoryStore
from maestro.log.note import SigningKey
from maestro.log.reader import Commit, Reader, Rejected, commits
from maestro.log.redis_store import RedisStore
from maestro.log.store import SYSTEM, Entry, Note, Store, Write
from maestro.log.verify import examine, examine_slowly
from maestro.runs.follow import load
from maestro_contracts.envelope import MAX_INLINE, CommitHeader
from maestro_contracts.events import ActorRevoked, AgentReported, RunPaused
from tests.support.notes import People, Said, enrolled, said, sha

AnyStore = RedisStore | MemoryStore


async def read(store: Store, people: People, run: str = "r", after: int = 0) -> list[Commit | Rejected]:
    return [each async for each in commits(store, people.keyring, run, after)]


async def put(store: Store, body: bytes, id: str, run: str = "r") -> None:
    """Into the log, past its author."""
    await store.write([Write(run, (Note(body, (id,)),))])


async def reasons(store: Store, people: People) -> list[str]:
    return [each.reason if isinstance(each, Rejected) else "" for each in await read(store, people)]


async def test_what_an_enrolled_worker_says_is_believed(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    for i in range(3):
        await worker.write(
            any_store, worker.draft("r", [said(f"{i}/a"), said(f"{i}/b", "two")], ts=5, answers=[str(i)])
        )

    seen = await read(any_store, people)

    assert [type(each) for each in seen] == [Commit] * 3
    first = seen[0]
    assert isinstance(first, Commit)
    assert (first.seq, first.role, first.header.actor, first.header.cmd) == (1, "worker", "worker-1", "0")
    assert [(record.id, record.type, record.v) for record in first.records] == [
        ("0/a", "AgentReported", 1),
        ("0/b", "AgentReported", 1),
    ]
    assert list(first.events) == [AgentReported("T-001", 1, "x"), AgentReported("T-001", 1, "two")]


async def test_a_key_that_was_never_enrolled_is_not_believed(any_store: AnyStore) -> None:
    people = People(any_store)
    await people.join("worker-1", "worker")
    stranger = Author(Identity.fresh("worker-1", "worker"))
    await stranger.write(any_store, stranger.draft("r", [said("a")], ts=5))

    (reason,) = await reasons(any_store, people)

    assert reason.endswith("was never enrolled")


async def test_what_a_process_signed_itself_is_believed_only_under_its_enrolled_key(
    any_store: AnyStore,
) -> None:
    people = People(any_store)
    me = (await people.join("worker-1", "worker")).identity
    keyring = people.keyring
    author = Author(replace(me, key=SigningKey.generate(me.key.name)), keyring.own)
    await author.write(any_store, author.draft("r", [said("a")], ts=5))

    (verdict,) = [each async for each in commits(any_store, keyring, "r")]

    assert isinstance(verdict, Rejected)
    assert verdict.reason.endswith("their key did not sign it")


async def test_what_a_process_signed_itself_is_believed_only_as_it_signed_it(any_store: AnyStore) -> None:
    people = People(any_store)
    me = (await people.join("worker-1", "worker")).identity
    keyring = people.keyring
    (note,) = Author(me, keyring.own).draft("r", [said("a", "one")], ts=5).notes
    await put(any_store, note.body.replace(b'"one"', b'"two"'), "a")
    await put(any_store, note.body, "b")

    verdicts = [each async for each in commits(any_store, keyring, "r")]

    assert [type(each) for each in verdicts] == [Rejected, Commit]


async def test_an_enrolment_counts_only_from_the_operator(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    friend = Identity.fresh("validator-9", "validator")
    await worker.write(any_store, worker.draft(SYSTEM, [Said("e", enrolled(friend))], ts=5))
    false_operator = Author(Identity.operator(SigningKey.generate("maestro/operator")))
    await false_operator.write(any_store, false_operator.draft(SYSTEM, [Said("f", enrolled(friend))], ts=5))
    author = Author(friend)
    await author.write(any_store, author.draft("r", [said("a")], ts=6))

    assert (await reasons(any_store, people))[0].endswith("was never enrolled")


async def test_a_role_is_believed_only_in_what_it_may_say(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    await worker.write(any_store, worker.draft("r", [said("a"), Said("b", RunPaused("me"))], ts=5))
    await worker.write(any_store, worker.draft("r", [said("c")], ts=5))

    assert await reasons(any_store, people) == ["a worker may not say RunPaused", ""]


async def test_somebody_who_joins_while_the_log_is_read_is_believed(any_store: AnyStore) -> None:
    people = People(any_store)
    keyring = people.keyring
    reader = Reader(any_store, keyring, "r")
    assert await reader.new() == []
    worker = await people.join("worker-1", "worker")
    await worker.write(any_store, worker.draft("r", [said("a")], ts=5))

    assert [type(each) for each in await reader.new()] == [Commit]
    assert keyring.find("worker-1", worker.identity.epoch) is not None


async def test_a_note_from_another_run_is_not_believed_here(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    await put(any_store, worker.draft("other", [said("a")], ts=5).notes[0].body, "a")

    (reason,) = await reasons(any_store, people)

    assert "in run other, not here" in reason


async def test_one_changed_byte_is_enough(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    body = worker.draft("r", [said("a", "yes")], ts=5).notes[0].body
    await put(any_store, body.replace(b"yes", b"no!"), "a")
    await put(any_store, b"junk", "b")

    first, second = await reasons(any_store, people)

    assert "their key did not sign it" in first
    assert "not a signed note" in second


async def test_the_authors_chain_has_no_gaps_and_no_forks(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    drafts = chain(worker, 5)
    first, second, third, fourth, _ = (draft.notes[0].body for draft in drafts)
    fork = Author(worker.identity)
    fork.settle(drafts[0], appended())
    forked = fork.draft("r", [said("other")], ts=5).notes[0].body
    for i, body in enumerate((first, third, second, second, forked, third)):
        await put(any_store, body, str(i))
    stolen = Author(worker.identity)
    stolen.settle(Draft("r", aseq=3, aprev=sha(b"another past")), appended())
    await put(any_store, stolen.draft("r", [said("later")], ts=5).notes[0].body, "x")
    await put(any_store, fourth, "y")

    name = f"worker-1@{worker.identity.epoch}"
    assert await reasons(any_store, people) == [
        "",
        f"commits 2 to 2 of {name} are missing before their number 3",
        "",
        f"commit 2 of {name} stands here already",
        f"equivocation: {name} said their commit 2 twice",
        "",
        f"equivocation: commit 4 of {name} follows another commit 3 than stands here",
        "",
    ]


async def test_an_entry_that_was_taken_out_is_told_where_no_chain_shows_it(store: RedisStore) -> None:
    people = People(store)
    worker, other = await people.join("worker-1", "worker"), await people.join("worker-2", "worker")
    for i, draft in enumerate([*chain(worker, 2), *chain(other, 2)]):
        await put(store, draft.notes[0].body, str(i))
    await store.link.command("XDEL", store._key("r", "log"), "0-2")

    assert await reasons(store, people) == ["", "entry 2 is missing: somebody took out what stood there", "", ""]
    assert [each.seq for each in await read(store, people)] == [1, 2, 3, 4]


async def test_an_enrolment_that_was_taken_out_stops_no_reader(store: RedisStore) -> None:
    people = People(store)
    before = await people.join("worker-1", "worker")
    await people.join("worker-2", "worker")
    after = await people.join("worker-3", "worker")
    await store.link.command("XDEL", store._key(SYSTEM, "log"), "0-2")
    await put(store, chain(before, 1)[0].notes[0].body, "a")
    await put(store, chain(after, 1)[0].notes[0].body, "b")

    told = await asyncio.wait_for(reasons(store, people), 5)

    assert told == ["", f"worker-3@{after.identity.epoch} was never enrolled"]


async def test_reading_the_system_log_from_the_middle_forgets_nobody(any_store: AnyStore) -> None:
    people = People(any_store)
    for i in range(3):
        await people.join(f"worker-{i}", "worker")
    keyring = people.keyring

    seen = [each.seq async for each in commits(any_store, keyring, SYSTEM, after=2)]

    assert seen == [3]
    assert [member.actor for member in keyring.members()] == ["worker-0", "worker-1", "worker-2"]


async def test_a_run_begins_at_the_beginning_of_each_chain(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    for i, draft in enumerate(chain(worker, 3)[1:]):
        await put(any_store, draft.notes[0].body, str(i))

    name = f"worker-1@{worker.identity.epoch}"
    missing = f"the first commit of {name} here is their number {{}}; earlier ones are missing"
    assert await reasons(any_store, people) == [missing.format(2), missing.format(3)]
    assert [type(each) for each in await read(any_store, people, after=1)] == [Commit], "from the middle, it is taken"


async def test_a_rejected_statement_keeps_its_place_in_the_chain(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    await worker.write(any_store, worker.draft("r", [Said("a", RunPaused("me"))], ts=5))
    await worker.write(any_store, worker.draft("r", [said("b")], ts=5))

    assert [bool(reason) for reason in await reasons(any_store, people)] == [True, False]


async def test_a_new_epoch_is_a_new_chain_beside_the_old_one(any_store: AnyStore) -> None:
    people = People(any_store)
    for _ in range(2):
        worker = await people.join("worker-1", "worker")
        for draft in chain(worker, 2, start=worker.identity.epoch):
            assert await worker.write(any_store, draft)

    assert await reasons(any_store, people) == [""] * 4


async def test_a_revoked_key_is_not_believed_from_then_on_even_when_it_dates_back(any_store: AnyStore) -> None:
    people = People(any_store)
    thief, other = await people.join("worker-1", "worker"), await people.join("worker-2", "worker")
    await thief.write(any_store, thief.draft("r", [said("before")], ts=1_003))
    people.now = 2_000
    reader = Reader(any_store, people.keyring, "r")
    assert [type(each) for each in await reader.new()] == [Commit]

    await people.tell(ActorRevoked("worker-1", thief.identity.epoch, "stolen"), "revoked")
    await thief.write(any_store, thief.draft("r", [said("after")], ts=2_002))
    await other.write(any_store, other.draft("r", [said("other")], ts=2_003))
    await thief.recover(any_store, "r")
    await thief.write(any_store, thief.draft("r", [said("dated-back")], ts=1_003))

    live = [type(each) for each in await reader.new()]
    assert live == [Rejected, Commit, Rejected]
    assert [type(each) for each in await read(any_store, people)] == [Commit, *live], (
        "replay differs from what was live"
    )
    assert "revoked before" in (await reasons(any_store, people))[3]


async def test_a_blob_is_read_and_checked(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    text = "x" * (MAX_INLINE + 1)
    draft = worker.draft("r", [said("small"), said("large", text), said("last")], ts=5)
    await worker.write(any_store, draft)
    lost = worker.draft("r", [said("lost", text + "y")], ts=5)
    await worker.write(any_store, Draft(lost.run, lost.notes, (), lost.aseq, lost.aprev))

    kept, gone = await read(any_store, people)

    assert isinstance(kept, Commit)
    assert [len(event.text) for event in kept.events if isinstance(event, AgentReported)] == [1, len(text), 1]
    assert isinstance(gone, Rejected) and f"(SHA-256 {lost.blobs[0][0]}) is lost" in gone.reason


async def test_following_goes_on_when_something_comes(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    drafts = chain(worker, 3)
    await worker.write(any_store, drafts[0])
    seen = []

    async for each in commits(any_store, people.keyring, "r", follow=True):
        seen.append(each.seq)
        if len(seen) == 3:
            break
        await worker.write(any_store, drafts[len(seen)])

    assert seen == [1, 2, 3]


async def test_a_long_log_is_read_in_order_whoever_verifies_it(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    drafts = chain(worker, 1_100)
    drafts[700] = Draft("r", (Note(b"junk", ("junk",)),))
    await any_store.write([Write("r", draft.notes) for draft in drafts])

    reader = Reader(any_store, people.keyring, "r")
    seen = [each async for page in reader.all() for each in page]

    assert [each.seq for each in seen] == list(range(1, 1_101))
    wrong = [each for each in seen if isinstance(each, Rejected)]
    assert wrong[0].seq == 701 and "are missing before" in wrong[1].reason and len(wrong) == 400
    assert await reader.new() == []


async def test_an_author_that_does_not_know_what_got_through_finds_it_in_the_log(any_store: AnyStore) -> None:
    people = People(any_store)
    worker = await people.join("worker-1", "worker")
    await worker.write(any_store, worker.draft("r", [said("a")], ts=5))
    draft = worker.draft("r", [said("b")], ts=5)
    await any_store.write([Write("r", draft.notes)])
    await put(any_store, b"junk", "junk")

    await worker.recover(any_store, "r")
    await worker.write(any_store, worker.draft("r", [said("c")], ts=5))
    await worker.recover(any_store, "elsewhere")

    assert [bool(reason) for reason in await reasons(any_store, people)] == [False, False, True, False]


# --- the quick way and the thorough way ---

KEY = SigningKey("maestro/worker-1@1", bytes(32))
MEMBER = Member("worker-1", "worker", "1", KEY.verify_key)
PLAIN = b'{"id":"e","type":"AgentReported","v":1,"data":{"task":"T","attempt":1,"text":"x"}}\n'
HEAD = b'{"run":"r","actor":"worker-1","epoch":"1","aseq":1,"aprev":"","ts":1}\n'


def find(actor: str, epoch: str) -> Member | None:
    return MEMBER if (actor, epoch) == ("worker-1", "1") else None


lines = st.sampled_from(
    [
        PLAIN,
        PLAIN.replace(b'"v":1', b'"v":2'),
        PLAIN.replace(b'"v":1', b'"v":1,"more":[1]'),
        PLAIN.replace(b'"text":"x"', b'"text":"x","more":"\xc3\xa9"'),
        PLAIN.replace(b'"text":"x"', b'"text":"x","more":"\xff"'),
        PLAIN.replace(b'"text":"x"', b'"text":1'),
        PLAIN.replace(b"AgentReported", b"RunPaused"),
        PLAIN.replace(b"AgentReported", b"Unheard"),
        PLAIN.replace(b'"v":1', b'"v":1,"cause":"c"'),
        b'{"id":"e","type":"AgentReported","v":1,"data_sha256":"00","size":1}\n',
        PLAIN.replace(b'"v":1', b'"v":1,"data_sha256":"00"'),
        b'{"type":"AgentReported","v":1,"data":null,"id":"e"}\n',
        b"\n",
        b" \n",
        b"[]\n",
        b'{"id":"e","id":"f","type":"AgentReported","v":1,"data":{"task":"T","attempt":1,"text":"x"}}\n',
    ]
)
heads = st.sampled_from([HEAD, HEAD.replace(b'"r"', b'"s"'), HEAD.replace(b":1,", b":1,\t"), b"{}\n", b""])


@given(heads, st.lists(lines, max_size=3), st.booleans(), st.integers(0, 3))
def test_the_quick_way_never_says_more_than_the_thorough_way(
    head: bytes, said_lines: list[bytes], twice: bool, cut: int
) -> None:
    text = MAGIC + head + b"".join(said_lines)
    signature = b"\xe2\x80\x94 maestro/worker-1@1 " + encoded(KEY.verify_key.key_id + KEY.sign(text))
    body = text + b"\n" + signature + (signature if twice else b"")
    entry = Entry(1, body[: len(body) - cut])

    quick, slow = examine(entry, "r", find), examine_slowly(entry, "r", find)

    assert (quick.problem, quick.fault, quick.hash, quick.header) == (slow.problem, slow.fault, slow.hash, slow.header)
    assert list(quick.events) == list(slow.events)
    assert [plain(record) for record in quick.records] == [plain(record) for record in slow.records]


def test_what_is_plain_goes_the_quick_way() -> None:
    records = [build_record(f"e{i}", AgentReported("T", 1, "Grüße\n"), "c")[0] for i in range(3)]
    body = build_commit(CommitHeader("r", "worker-1", "1", 1, "", 1, "c"), records, KEY)

    assert open_plain(body, "r", find) is not None


def test_deep_nesting_is_only_unreadable() -> None:
    deep = PLAIN.replace(b'"text":"x"', b'"text":"x","more":' + b"[" * 20_000 + b"]" * 20_000)
    seen = examine(Entry(1, KEY.sign_note(MAGIC + HEAD + deep)), "r", find)

    assert seen.problem or seen.fault


@pytest.mark.parametrize("key", ["", "AAAA", "é", "A" * 44, "A" * 43 + "="])
async def test_an_enrolment_with_a_bad_key_harms_nobody(key: str) -> None:
    store = MemoryStore()
    people = People(store)
    await people.tell(msgspec.structs.replace(enrolled(Identity.fresh("bad", "worker")), key=key, epoch="1"), "bad")
    good = await people.join("good", "worker")

    keyring = people.keyring
    await keyring.refresh(store)

    assert [member.actor for member in keyring.members()][-1] == "good"
    assert keyring.find("good", good.identity.epoch) is not None
    assert (keyring.find("bad", "1") is None) == (not key.endswith("="))


async def test_a_name_keeps_its_first_key() -> None:
    store = MemoryStore()
    people = People(store)
    worker = await people.join("worker-1", "worker")
    other = Identity("worker-1", "validator", worker.identity.epoch, SigningKey.generate("x"))
    await people.tell(enrolled(other), "again")
    await people.tell(enrolled(Identity("operator", "operator", "1", SigningKey.generate("x"))), "operator")
    keyring: Keyring = people.keyring
    await keyring.refresh(store)

    (member,) = keyring.members()
    assert (member.role, member.key) == ("worker", worker.identity.key.verify_key)
    operator = keyring.find("operator", "1")
    assert operator is not None and operator.key.key == people.key.verify_key.key


def chain(author: Author, count: int, start: str = "") -> list[Draft]:
    """So many drafts, one after the other."""
    drafts = []
    for i in range(count):
        drafts.append(author.draft("r", [said(f"{start}{i}")], ts=5))
        author.settle(drafts[-1], appended())
    return drafts


def appended() -> Any:
    from maestro.log.store import Appended

    return Appended(1)


def plain(record: Any) -> tuple[Any, ...]:
    return (record.id, record.type, record.v, record.cause)


def encoded(raw: bytes) -> bytes:
    import binascii

    return binascii.b2a_base64(raw)


async def test_what_a_command_reads_is_told_in_the_state_and_nowhere_else(
    any_store: AnyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    people = People(any_store)
    await put(any_store, b"junk", "a")

    state = await load(any_store, people.keyring, "r")

    assert [text.split(":")[0] for text in state.violations] == ["entry 1 is not believed"]
    assert capsys.readouterr() == ("", "")
