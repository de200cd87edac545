"""How is one requirement read from its blocks? Its first line, then attributes, checks and details below it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from maestro.planner import notation
from maestro.planner.blocks import LISTS, first_text, inline, logical_lines, values
from maestro.planner.notation import Item

_CHECK_WORD = re.compile(r"\b(acceptance|check|verify)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """The document's lines; `offset` lines of front matter stand before them."""

    lines: list[str]
    offset: int = 0

    def line(self, node: SyntaxTreeNode) -> int:
        """The line of the file on which the block starts, from 1."""
        return (node.map[0] if node.map else 0) + self.offset + 1

    def lines_of(self, node: SyntaxTreeNode) -> list[str]:
        first, end = node.map or (0, 0)
        return self.lines[first:end]


def read_text(item: Item, text: str, *, first: bool = False, line: int = 0) -> None:
    """A paragraph of an item; the first one may start with checkbox, id and priority."""
    for distance, part in logical_lines(text):
        if first and distance == 0:
            notation.read_first_line(item, part)
        else:
            notation.read_line(item, part, (line or item.line) + distance)


def is_check_block(node: SyntaxTreeNode) -> bool:
    """Whether this is a fenced block that calls itself a check (```sh acceptance)."""
    return node.type == "fence" and _CHECK_WORD.search(node.info) is not None


def read_detail(item: Item, node: SyntaxTreeNode, source: Source) -> None:
    """A block below an item: an attribute, a check, or more text."""
    awaited = bool(item.text) and notation.is_bare_key(item.text[-1])
    if node.type == "paragraph":
        read_text(item, inline(node), line=source.line(node))
    elif node.type in LISTS and awaited:
        notation.read_line(item, f"{item.text.pop()} {', '.join(values([node]))}", source.line(node))
    elif node.type in LISTS:
        for child in node.children:
            read_bullet(item, child, source)
    elif is_check_block(node) or (node.type == "fence" and awaited):
        if awaited:
            item.text.pop()
        notation.add_check(item, node.content)
    elif node.type not in ("html_block", "hr"):
        item.text.append("\n".join(source.lines_of(node)))


def read_bullet(item: Item, node: SyntaxTreeNode, source: Source) -> None:
    """A nested bullet with what is below it: attributes go to the item, the rest is a detail of its text."""
    nested = Item(source.line(node))
    read_text(nested, first_text(node))
    rest = node.children[1:] if node.children and node.children[0].type == "paragraph" else node.children
    for child in rest:
        read_detail(nested, child, source)
    first, *more = [line for text in nested.text for line in text.split("\n")] or [""]
    if first or more:
        item.text.append("\n".join([f"- {first}", *(f"  {line}" for line in more)]))
    item.take_from(nested)


def add_acceptance(item: Item, criterion: Item) -> None:
    """What a section of acceptance criteria says of an item: commands are its checks, words are details."""
    says = Item(criterion.line)
    notation.read_line(says, f"Acceptance: {criterion.says}", criterion.line)
    if not says.checks:
        item.text.append(f"- Acceptance: {criterion.says}")
    item.take_from(says)
    item.take_from(criterion)
