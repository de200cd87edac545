"""Can a text that somebody else wrote hide or pretend anything? Rendered by a real Markdown parser, it stays a text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from maestro.projections.text import cell_code, code, duration, fence, one_line, prose, table, utc, visible
from tests.support.seeing import hidden

MARKDOWN = MarkdownIt("commonmark", {"linkify": False}).enable("table").enable("strikethrough")
HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("`*_[]()<>|\\!#-+=~&;:/@.1 \t\n\r\x1b\x00\u202e\u200b\u2028"), st.characters()),
    max_size=40,
)
TRAPS = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![](https://example.org/track.png)",
    "**all tests pass**",
    "# A heading",
    "1. first",
    "- an item\n- another",
    "a | b | c",
    "`code` ``more`` ```all```",
    "\\`\\",
    "&lt;b&gt; &amp; &#60;",
    "https://example.org and www.example.org",
    "\x1b[2J\x1b[31mred",
    "good\u202edab",
    "snake_case and _emphasis_",
    "~~gone~~",
    "ends with \\",
    "***",
    "===",
    "<https://example.org>",
)


def rendered_text(markdown: str) -> str:
    """What a reader sees of inline Markdown; fails where anything but text was made of it."""
    rendered = MARKDOWN.render(f"x {markdown}")
    body = re.fullmatch(r"<p>x ?(.*)</p>\n", rendered, flags=re.DOTALL)
    assert body, rendered
    assert "<" not in body[1], rendered
    return html.unescape(body[1])


def several(function):  # type: ignore[no-untyped-def]
    for trap in TRAPS:
        function = example(trap)(function)
    return function


@several
@settings(deadline=None)
@given(HOSTILE)
def test_prose_renders_as_the_text_itself(text: str) -> None:
    assert rendered_text(prose(text)).strip() == one_line(text).strip()


@several
@settings(deadline=None)
@given(HOSTILE)
def test_prose_at_the_start_of_a_line_is_a_paragraph(text: str) -> None:
    if one_line(text):
        assert re.fullmatch(r"<p>[^<]*</p>\n", MARKDOWN.render(prose(text)))


@several
@settings(deadline=None)
@given(HOSTILE)
def test_a_code_span_holds_exactly_the_text(text: str) -> None:
    tokens = MARKDOWN.parseInline(code(text))[0].children or []
    assert [token.content for token in tokens if token.type == "code_inline"] == [
        line for line in [one_line(text)] if line
    ]
    assert all(token.type == "code_inline" for token in tokens)


@several
@settings(deadline=None)
@given(HOSTILE)
def test_a_table_keeps_its_shape_whatever_its_cells_hold(text: str) -> None:
    rendered = MARKDOWN.render("\n".join(table(("A", "B", "C"), [(prose(text), cell_code(text), "end")])))
    assert rendered.count("<td>") == 3
    cells = re.findall(r"<td>(.*?)</td>", rendered, flags=re.DOTALL)
    without_code = [html.unescape(cell.removeprefix("<code>").removesuffix("</code>")) for cell in cells]
    assert without_code[0].strip() == one_line(text).strip()
    assert without_code[1].strip() == one_line(text).strip()
    assert without_code[2] == "end"


@several
@settings(deadline=None)
@given(HOSTILE)
def test_a_fenced_block_ends_only_at_its_end(text: str) -> None:
    tokens = MARKDOWN.parse("\n".join([*fence(text), "after"]))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[2].content == "after"


@settings(deadline=None)
@given(HOSTILE)
def test_nothing_invisible_stays_invisible(text: str) -> None:
    shown = visible(text)
    assert not hidden(shown)
    shown.encode("utf-8")


def test_control_characters_are_shown_as_escapes() -> None:
    assert visible("\x1b[31mred\n\u202e\U000e0041") == "\\x1b[31mred\\n\\u202e\\U000e0041"


def test_what_scripts_and_emoji_need_is_left_alone() -> None:
    assert visible("مى\u200cخواهم 👩\u200d🔧") == "مى\u200cخواهم 👩\u200d🔧"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert one_line("word " * 10, 12) == "word word w…"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.0 s"),
        (812, "0.8 s"),
        (53_000, "53 s"),
        (59_900, "1 min 0 s"),
        (125_000, "2 min 5 s"),
        (7_800_000, "2 h 10 min"),
    ],
)
def test_durations_read_as_people_say_them(ms: int, text: str) -> None:
    assert duration(ms) == text


def test_a_time_that_no_calendar_has_is_still_shown() -> None:
    assert utc(10**30) == f"{10**30} ms"
    assert utc(0) == ""
