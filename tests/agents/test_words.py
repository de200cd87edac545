"""What of a program's output may be shown and kept?"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.agents.words import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\rb\r\nc\x00\x07\x08d", "a\nb\ncd"),
        ("Grüße, 日本 ✓\ttab", "Grüße, 日本 ✓\ttab"),
    ],
)
def test_words_stay_and_steering_goes(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_secrets_are_hidden_and_short_values_are_no_secrets() -> None:
    assert plain("key sk-12345678, home yes", ["sk-12345678", "yes"]) == "key ***, home yes"


@given(st.text(alphabet=st.characters()))
def test_whatever_comes_can_be_written_down_and_steers_nothing(text: str) -> None:
    clean = plain(text)

    assert msgspec.json.encode(clean)
    assert "\x1b" not in clean and plain(clean) == clean
