"""Are a commit's bytes what its author meant, and does junk stay junk?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.author import Author
from maestro.log.commit import MAGIC, build_commit, build_record, note_hash, parse_commit
from maestro.log.identity import Identity
from maestro.log.note import SigningKey
from maestro.log.store import Appended, Conflict, Duplicate
from maestro_contracts.envelope import MAX_ENTRY, MAX_INLINE, CommitHeader, Unreadable, read_event
from maestro_contracts.events import AgentReported
from tests.support.notes import ANYBODY, Said, note, said

HEADER = CommitHeader("r", "w", "1", 1, "", ts=7, cmd="a b", corr="c")
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


def an_author() -> Author:
    return Author(Identity.fresh("worker-1", "worker"))


@given(st.lists(texts, min_size=1, max_size=5))
def test_what_is_said_is_what_is_read(said_texts: list[str]) -> None:
    events = [AgentReported("T-1", 1, text) for text in said_texts]
    records = [build_record(f"e{i}", event, cause="a")[0] for i, event in enumerate(events)]

    parsed = parse_commit(build_commit(HEADER, records, ANYBODY))

    assert parsed.header == HEADER
    assert [read_event(record) for record in parsed.records] == events
    assert [record.cause for record in parsed.records] == ["a"] * len(events)


def test_the_ids_of_a_note_can_be_read_from_its_bytes() -> None:
    made = note("r", ["e1", "e2"], answers=["task:T-1:1", "task:T-2:1"])

    assert made.ids == ("task:T-1:1", "task:T-2:1", "e1", "e2")
    assert parse_commit(made.body).ids == made.ids


@given(st.binary(max_size=300))
def test_junk_is_unreadable_and_nothing_worse(junk: bytes) -> None:
    for body in (junk, MAGIC + junk, ANYBODY.sign_note(MAGIC + junk.translate(None, bytes(range(32))) + b"\n")):
        with pytest.raises(Unreadable):
            parse_commit(body)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}\n",
        b"null\nnull\n",
        b'{"run":"r"}\n{}\n',
        b'{"run":"r","actor":"w","epoch":"1","aseq":1,"aprev":"","ts":1}\n',
        b'{"run":"r","actor":"w","epoch":"1","aseq":1,"aprev":"","ts":1}\n{"id":"e","type":"X","v":1}\n',
        b'{"run":"r","actor":"w","epoch":"1","aseq":1,"aprev":"","ts":1}\n{"id":"e","type":"X","v":1,"data":1}\n\n',
        b'{"run":"r","actor":"w","epoch":"1","aseq":"1","aprev":"","ts":1}\n{"id":"e","type":"X","v":1,"data":1}\n',
        b'{"run":"r","actor":"w","epoch":"1","aseq":1,"aprev":"","ts":1}\n' + b"[" * 30_000 + b"\n",
    ],
)
def test_a_signed_text_that_is_no_commit_is_unreadable(text: bytes) -> None:
    body = ANYBODY.sign_note(MAGIC + text)

    with pytest.raises(Unreadable):
        parse_commit(body)


def test_an_entry_is_never_larger_than_agreed() -> None:
    records = [build_record(f"e{i}", AgentReported("T", 1, "x" * 20_000))[0] for i in range(4)]

    with pytest.raises(ValueError, match="split it"):
        build_commit(HEADER, records, ANYBODY)
    with pytest.raises(Unreadable, match="over"):
        parse_commit(ANYBODY.sign_note(MAGIC + b"x" * MAX_ENTRY + b"\n"))


def test_large_data_goes_to_the_blob_store_under_its_hash() -> None:
    small, inline = build_record("e", AgentReported("T", 1, "x" * (MAX_INLINE - 200)))
    large, blob = build_record("e", AgentReported("T", 1, "x" * MAX_INLINE))

    assert inline is None and small.data and not small.data_sha256
    assert blob is not None and len(blob) == large.size and not large.data
    assert read_event(large, blob) == AgentReported("T", 1, "x" * MAX_INLINE)


def test_an_author_splits_what_does_not_fit_into_one_note_and_chains_the_parts() -> None:
    author = an_author()
    says = [said(f"e{i}", "x" * 9_000) for i in range(20)]

    draft = author.draft("r", says, ts=1, answers=["task:T-1:1"])

    parsed = [parse_commit(each.body) for each in draft.notes]
    assert len(parsed) == 4
    assert [each.header.aseq for each in parsed] == [1, 2, 3, 4]
    assert [each.header.aprev for each in parsed] == ["", *(note_hash(each.body) for each in draft.notes[:-1])]
    assert [id for each in draft.notes for id in each.ids] == ["task:T-1:1", *(each.id for each in says)]


def test_an_author_takes_a_place_in_the_chain_only_by_what_stands_in_the_log() -> None:
    author = an_author()
    first = author.draft("r", [said("a")], ts=1)
    author.settle(first, Conflict(3))
    author.settle(first, Duplicate({"a": 1}, whole=True))
    again = author.draft("r", [said("b")], ts=1)
    author.settle(again, Appended(9))
    then = author.draft("r", [said("c")], ts=1)
    author.settle(then, Duplicate({"c": 10}, whole=True, same=True))
    last = author.draft("r", [said("d")], ts=1)
    elsewhere = author.draft("other", [said("a")], ts=1)

    headers = [parse_commit(draft.notes[0].body).header for draft in (first, again, then, last, elsewhere)]
    assert [header.aseq for header in headers] == [1, 1, 2, 3, 1]
    assert headers[2].aprev == note_hash(again.notes[0].body)
    assert headers[4].aprev == ""


def test_a_draft_without_events_takes_nothing() -> None:
    author = an_author()
    empty = author.draft("r", [], ts=1, answers=["a"])
    author.settle(empty, Appended(1))

    assert empty.notes == ()
    assert parse_commit(author.draft("r", [said("a")], ts=1).notes[0].body).header.aseq == 1


def test_an_event_that_cannot_be_written_down_is_refused_before_anything_is_signed() -> None:
    with pytest.raises(ValueError):
        an_author().draft("r", [Said("e", AgentReported("T", 1, "\ud800"))], ts=1)


def test_an_empty_commit_says_nothing_and_is_not_made() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        build_commit(HEADER, [], SigningKey.generate("k"))
