"""Is there one spelling of each decision's statement, and is everything else refused?"""

from __future__ import annotations

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_contracts.decision import DECISION_MAGIC, MAX_STATEMENT, DecisionStatement, decode, encode
from maestro_contracts.envelope import Unreadable
from tests.support.people import statement

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cf", "Co", "Cn", "Zl", "Zp", "Cs"], exclude_characters="\x7f")
    .filter(lambda char: not "\x80" <= char <= "\x9f"),
    max_size=20,
)  # fmt: skip
statements = st.builds(
    DecisionStatement,
    run=texts,
    gate=texts,
    visit=st.integers(0, 2**62),
    choice=texts,
    text=texts,
    conditions=st.lists(texts, max_size=3).map(tuple),
    answers=st.dictionaries(texts, texts, max_size=3),
    digest=texts,
    policy=texts,
    person=texts,
    at=st.integers(0, 2**62),
    expires=st.integers(0, 2**62),
    nonce=texts,
)


def test_a_statement_is_two_lines_that_a_person_can_read():
    magic, line, end = encode(statement()).decode().split("\n")

    assert magic == DECISION_MAGIC == "maestro/decision/v1"
    assert line == (
        '{"run":"greet-abc234","gate":"approve-plan","visit":1,"choice":"approve",'
        '"text":"Yes, but keep the old name.\\nThanks – Zoë","conditions":["keep the old name"],'
        f'"answers":{{"q1":"yes","q2":"no"}},"digest":"{"ab" * 32}","policy":"","person":"zoe",'
        '"at":1750000000000,"expires":1750000600000,"nonce":"00112233445566778899aabbccddeeff"}'
    )
    assert end == ""


@given(statements)
def test_what_is_written_is_read_again_and_written_the_same(said: DecisionStatement):
    assert decode(encode(said)) == said
    assert encode(decode(encode(said))) == encode(said)


@given(st.binary(max_size=300) | st.binary(max_size=300).map((DECISION_MAGIC + "\n").encode().__add__))
def test_arbitrary_bytes_are_refused_with_one_kind_of_error(text: bytes):
    with pytest.raises(Unreadable):
        decode(text)


@given(st.data())
def test_a_changed_byte_makes_another_statement_or_none(data: st.DataObject):
    text = encode(statement())
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]
    with contextlib.suppress(Unreadable):
        assert decode(changed) != statement()


def _as_line(fields: dict[str, object], **how: object) -> bytes:
    how = {"separators": (",", ":"), "ensure_ascii": False, **how}
    return f"{DECISION_MAGIC}\n{json.dumps(fields, **how)}\n".encode()  # type: ignore[arg-type]


FIELDS = msgspec.to_builtins(statement(answers={"q1": "yes", "q2": "no"}))


@pytest.mark.parametrize(
    "text",
    [
        _as_line({**FIELDS, "level": 3}),
        _as_line({key: value for key, value in FIELDS.items() if key != "policy"}),
        _as_line(dict(reversed(FIELDS.items()))),
        _as_line({**FIELDS, "answers": {"q2": "no", "q1": "yes"}}),
        _as_line({**FIELDS, "visit": "1"}),
        _as_line({**FIELDS, "visit": 1.0}),
        _as_line(FIELDS, separators=(", ", ": ")),
        _as_line(FIELDS, ensure_ascii=True),
        _as_line(FIELDS).replace(b'{"run":"greet-abc234"', b'{"run":"other-abc234","run":"greet-abc234"'),
        _as_line(FIELDS) + b"\n",
        _as_line(FIELDS)[:-1],
        _as_line(FIELDS).replace(b"\n", b"\r\n"),
        _as_line(FIELDS).replace(b"/v1", b"/v2"),
        _as_line(FIELDS).replace(b"approve-plan", b"approve\\u002dplan"),
    ],
    ids=[
        "an unknown field", "a missing field", "another order", "answers in another order", "a number as text",
        "a number as a fraction", "spaces", "escapes", "a field twice", "an empty line", "no end of line",
        "other ends of lines", "another version", "an escape where none is needed",
    ],
)  # fmt: skip
def test_another_spelling_of_a_statement_is_refused(text: bytes):
    assert decode(_as_line(FIELDS)) == statement()
    with pytest.raises(Unreadable):
        decode(text)


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x7f", "\x9b", "\u2028", "\ud800"])
def test_a_character_that_would_deceive_a_reader_is_refused(hidden: str):
    with pytest.raises(Unreadable):
        encode(statement(text=f"yes{hidden}"))


def test_a_statement_that_is_too_long_is_refused():
    with pytest.raises(Unreadable, match="shorten its text"):
        encode(statement(text="x" * MAX_STATEMENT))
    with pytest.raises(Unreadable, match="over"):
        decode(b"x" * (MAX_STATEMENT + 1))
