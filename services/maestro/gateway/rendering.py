"""How does text become a page, so that nothing in it can pretend to be the page? Every expression of every template is
made visible (control, bidirectional and other unseen characters) and then escaped; Markdown keeps its shape and nothing
else: no HTML, no pictures, no links that act.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from maestro.gateway.static_files import address
from maestro.projections.text import count, duration, one_line, utc, visible

LONGEST_MARKDOWN = 400_000


def seen(text: str) -> str:
    """The text with line breaks and tabs as they are, and every other character that cannot be seen as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in "\n\t" else visible(char) for char in text.replace("\r\n", "\n"))


def finalize(value: Any) -> Any:
    """What every expression goes through before it is escaped."""
    if value is None:
        return ""
    return seen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _Plain(RendererHTML):
    """Markdown without what acts or loads: links are their text and where they would lead, images their words."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"[{Markup.escape(tokens[idx].content or 'picture')}]"

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        target = str(tokens[idx].attrs.get("href", ""))
        if re.match(r"(?i)https?://", target):
            return f'<a href="{Markup.escape(target)}" rel="noopener noreferrer nofollow" target="_blank">'
        return f'<a title="{Markup.escape(target)}">'


@cache
def _markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}, renderer_cls=_Plain).enable("table")
    reader.disable(["html_block", "html_inline"])
    return reader


def markdown(text: str, below: int = 1) -> Markup:
    """Somebody's Markdown as HTML that can do nothing. Headings go down so many levels, below the page's own."""
    tokens = _markdown().parse(seen(text[:LONGEST_MARKDOWN]))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + below)}"
        # A column's alignment would be an inline style.
        token.attrs.pop("style", None)
    reader = _markdown()
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def without_head(text: str) -> str:
    """A Markdown file without its YAML front matter."""
    head, _, rest = text.partition("\n---\n")
    return rest if head.startswith("---\n") and rest else text


def since(at: int) -> Markup:
    """A time as people say it, with the exact one behind it."""
    if not at:
        return Markup("")
    exact = utc(at)
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exact, exact[:16].replace("T", " "))


def clock(at: str) -> str:
    """`2026-01-31T08:15:00.000Z` as `08:15:00`."""
    return at[11:19]


def ago(at: int) -> str:
    """How long ago, roughly."""
    return f"{duration(max(0, time.time_ns() // 1_000_000 - at))} ago" if at else ""


@cache
def templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("maestro.gateway", "templates"),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "markdown": markdown,
        "since": since,
        "without_head": without_head,
        "clock": clock,
        "ago": ago,
        "duration": duration,
        "one_line": one_line,
        "utc": utc,
    }
    environment.globals |= {"count": count, "static": address}
    return environment


def render(template: str, **values: Any) -> Markup:
    """A template, filled in."""
    return Markup(templates().get_template(template).render(**values))
