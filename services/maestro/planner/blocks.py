"""What does a Markdown block say? Texts of the blocks of a parsed document, as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from maestro.planner import notation
from maestro.planner.errors import SpecificationError

# Only the blocks matter here: what stands in a line is kept as it was written.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable("inline")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u2028\u2029]")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
MAX_PARAGRAPH = 20_000
LISTS = ("bullet_list", "ordered_list")


def clean(text: str) -> str:
    """Line ends as `\\n`, and no characters that neither people nor YAML can read."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def blocks(text: str, offset: int = 0) -> list[SyntaxTreeNode]:
    """The top-level blocks of a text that has `offset` lines before it. Raises SpecificationError where a paragraph
    is longer than any that a person writes."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type == "inline" and len(token.content) > MAX_PARAGRAPH:
            line = (token.map[0] if token.map else 0) + offset + 1
            raise SpecificationError(line, f"a paragraph has more than {MAX_PARAGRAPH} characters", "Split it")
    return SyntaxTreeNode(tokens).children


def inline(node: SyntaxTreeNode) -> str:
    """The source text of a paragraph, a heading or a cell, without HTML comments."""
    return _COMMENT.sub("", "".join(child.content for child in node.children if child.type == "inline"))


def logical_lines(text: str) -> list[tuple[int, str]]:
    """A paragraph's lines with their distance from its start; a line that only goes on is joined to the one before,
    one that starts with an attribute (`Check: ...`) is not."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n")):
        if lines and not notation.starts_with_key(line):
            at, before = lines[-1]
            lines[-1] = (at, f"{before} {line.strip()}")
        else:
            lines.append((number, line.strip()))
    return lines


def first_text(item: SyntaxTreeNode) -> str:
    """The first paragraph of a list item; empty where it starts with something else."""
    return inline(item.children[0]) if item.children and item.children[0].type == "paragraph" else ""


def whole_text(node: SyntaxTreeNode) -> str:
    """All text of a block, in one line."""
    if node.type in ("paragraph", "heading"):
        return " ".join(inline(node).split())
    return " ".join(text for child in node.children if (text := whole_text(child)))


def plain(text: str) -> str:
    """A heading's text without the marks of emphasis around it."""
    return re.sub(r"(\*\*|__)(.+?)\1", r"\2", " ".join(text.split())).strip()


def values(blocks: Sequence[SyntaxTreeNode]) -> list[str]:
    """The texts of paragraphs and of list items."""
    return [whole_text(child) for block in blocks for child in (block.children if block.type in LISTS else [block])
            if block.type in (*LISTS, "paragraph")]  # fmt: skip


def lists_with_ids(item: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    """The lists below an item in which an item has an id of its own."""
    for block in item.children[1:]:
        if block.type in LISTS and any(notation.starts_with_id(first_text(child)) for child in block.children):
            yield block


def table_rows(node: SyntaxTreeNode) -> tuple[list[str], list[tuple[SyntaxTreeNode, list[str]]]]:
    """A table's column names, lower-case, and its rows."""
    rows = [(row, [inline(cell).strip() for cell in row.children]) for part in node.children for row in part.children]
    names = [name.strip("*_ ").lower() for name in rows[0][1]] if rows else []
    return names, rows[1:]
