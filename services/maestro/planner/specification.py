"""What does a Markdown specification ask for? Its requirements as written, its constraints, and what was passed over.

The first heading is the feature. Lists below a heading such as `Requirements` hold the requirements, one item each;
where no heading says so, every list does that is not below a heading of another kind (see `sections.py`). An item with
an explicit id is a requirement wherever it stands, and so is a heading with one (`### R-1: ...`) and a row of a table.
Nested bullets are details of their item; nested bullets with ids of their own are requirements, and the item above
them is their section. Front matter with `requirements` (as a PRD has it) takes the place of the lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from maestro.planner import frontmatter, notation
from maestro.planner.blocks import (
    LISTS,
    blocks,
    clean,
    first_text,
    inline,
    lists_with_ids,
    plain,
    table_rows,
    whole_text,
)
from maestro.planner.errors import SpecificationError
from maestro.planner.items import Source, add_acceptance, is_check_block, read_bullet, read_detail, read_text
from maestro.planner.notation import Item
from maestro.planner.resolve import finish
from maestro.planner.sections import Kind, Section, classify
from maestro_contracts.records import Requirement

MAX_CHARS = 400_000
MAX_REQUIREMENTS = 2_000
MAX_BODY = 64_000

MINIMAL = """\
# What is to be built

## Requirements

- R-1: one thing that must be true at the end
  - Check: `a command that proves it`
"""

_ISSUE = re.compile(r"(?<![\w&/#])#\d{1,7}\b")
_REFERENCE = re.compile(r"(?<![\w&/#])(?:#\d{1,7}|[A-Z][A-Z0-9]{1,9}-\d{1,7}|https?://[^\s)>\]]+)")
_PRIORITY = re.compile(r"\W{0,2}priority:\W{0,2}\s*(\w+)\W{0,2}", re.IGNORECASE)
_REQUIREMENT_COLUMNS = ("requirement", "requirements", "text", "description", "story")


@dataclass(frozen=True, slots=True)
class Specification:
    """What was read. `notes` say what a reader may not expect: lists passed over, checks in words."""

    feature: str
    requirements: tuple[Requirement, ...]
    priority: str = ""
    constraints: tuple[str, ...] = ()
    related_issues: tuple[str, ...] = ()
    allows: tuple[str, ...] = ()
    body: str = ""
    notes: tuple[str, ...] = ()


def parse(text: str) -> Specification:
    """Read a specification. Raises SpecificationError, and nothing else, whatever the text."""
    if len(text) > MAX_CHARS:
        mend = "Split it into several runs, or leave out what is no requirement"
        raise SpecificationError(0, f"it has {len(text)} characters, more than {MAX_CHARS}", mend)
    document = frontmatter.split(clean(text))
    reader = _Reader(Source(document.body.split("\n"), document.offset))
    reader.read(blocks(document.body, document.offset))
    head = document.head
    requirements = reader.requirements() if head.items is None else finish(head.items, {}, reader.notes)
    if not requirements:
        mend = f"Give at least one. The least that can be built from is:\n\n{MINIMAL}"
        raise SpecificationError(0, "it has no requirements that are left to do", mend)
    return Specification(
        feature=plain(head.feature or reader.title),
        requirements=requirements,
        priority=head.priority or reader.priority,
        constraints=_unique([*head.constraints, *reader.constraints]),
        related_issues=_unique([*head.related_issues, *reader.related]),
        allows=_unique(list(head.allows)),
        body=reader.body(),
        notes=tuple(reader.notes),
    )


@dataclass(slots=True)
class _Reader:
    """One walk over the blocks of a document."""

    source: Source
    title: str = ""
    priority: str = ""
    sections: list[Section] = field(default_factory=list)
    items: list[tuple[Item, Kind]] = field(default_factory=list)
    heading_item: tuple[Item, int] | None = None
    groups: dict[str, list[Item]] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    headings: list[tuple[int, SyntaxTreeNode]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return self.sections[-1].kind if self.sections else "other"

    def read(self, nodes: Iterable[SyntaxTreeNode]) -> None:
        for node in nodes:
            if node.type not in ("fence", "code_block", "html_block"):
                self.related += _ISSUE.findall("\n".join(self.source.lines_of(node)))
            if node.type == "heading":
                self._heading(node)
            elif self.heading_item is not None:
                read_detail(self.heading_item[0], node, self.source)
            else:
                self._block(node)

    def requirements(self) -> tuple[Requirement, ...]:
        """The items that are requirements, in the order of the document, checked. Raises SpecificationError."""
        items = self._with_acceptance()
        declared = any(kind == "requirements" for _, kind in items)
        taken: list[Item] = []
        passed: dict[str, int] = {}
        for item, kind in items:
            if item.explicit or item.checkbox or kind == "requirements" or not declared:
                taken.append(item)
            else:
                passed[item.section] = passed.get(item.section, 0) + 1
        for section, count in passed.items():
            self.notes.append(f"{count} list items below {section or 'the title'!r} were not read as requirements")
        if len(taken) > MAX_REQUIREMENTS:
            reason = f"it has {len(taken)} requirements, more than {MAX_REQUIREMENTS}"
            raise SpecificationError(0, reason, "Split it into several runs")
        return finish(taken, self.groups, self.notes)

    def _with_acceptance(self) -> list[tuple[Item, Kind]]:
        """The items, where a section of acceptance criteria names them by id, with those criteria."""
        items: list[tuple[Item, Kind]] = [pair for pair in self.items if pair[1] != "acceptance"]
        if not items:
            return self.items
        by_id = {notation.key_of(item.id): item for item, _ in items if item.id}
        for item in (item for item, kind in self.items if kind == "acceptance"):
            other = by_id.get(notation.key_of(item.id)) if item.id else None
            if other is not None:
                add_acceptance(other, item)
            else:
                self.constraints.append(f"Acceptance: {item.says}")
        return items

    def body(self) -> str:
        text = "\n".join(self.prose).strip("\n")
        if len(text) > MAX_BODY:
            self.notes.append(f"the prose was cut after {MAX_BODY} characters")
            return text[:MAX_BODY]
        return text

    # --- blocks -----------------------------------------------------------------------------------------------------

    def _heading(self, node: SyntaxTreeNode) -> None:
        text, level = inline(node).strip(), int(node.tag[1:])
        if self.heading_item is not None and level > self.heading_item[1]:
            self.heading_item[0].text.append(plain(text))
            return
        self.heading_item = None
        while self.sections and self.sections[-1].level >= level:
            self.sections.pop()
        self.headings = [(above, heading) for above, heading in self.headings if above < level]
        section = classify(plain(text), level, self.kind)
        if not (self.title or self.items or self.sections or self.prose) and (level == 1 or section.kind == "other"):
            self.title = text
        elif notation.starts_with_id(text) and self.kind in ("requirements", "other"):
            self.heading_item = (self._new_item(node, text), level)
        else:
            self.sections.append(section)
            self.headings.append((level, node))

    def _block(self, node: SyntaxTreeNode) -> None:
        if node.type in LISTS:
            self._list(node)
        elif node.type == "table":
            self._table(node)
        elif node.type == "paragraph":
            self._paragraph(node)
        elif is_check_block(node) and self.kind != "info":
            mend = "Indent it below the requirement that it proves"
            raise SpecificationError(self.source.line(node), "this acceptance block belongs to no requirement", mend)
        elif node.type not in ("html_block", "hr"):
            self._keep(node)

    def _list(self, node: SyntaxTreeNode) -> None:
        if self.kind in ("constraints", "out_of_scope", "related"):
            for child in node.children:
                self._side_note(whole_text(child))
        elif self.kind == "info" and not any(notation.starts_with_id(first_text(child)) for child in node.children):
            self._keep(node)
        else:
            self._items(node)

    def _paragraph(self, node: SyntaxTreeNode) -> None:
        text = inline(node).strip()
        if not self.items and (said := _PRIORITY.fullmatch(text)):
            self.priority = said[1].lower()
        elif self.kind in ("constraints", "out_of_scope", "related"):
            self._side_note(text)
        elif self.kind != "info" and notation.starts_with_id(text):
            self._new_item(node, text)
        elif text:
            self._keep(node)

    def _side_note(self, text: str) -> None:
        text = " ".join(text.split())
        if self.kind == "related":
            self.related += _REFERENCE.findall(text)
        elif text:
            self.constraints.append(f"Out of scope: {text}" if self.kind == "out_of_scope" else text)

    def _table(self, node: SyntaxTreeNode) -> None:
        """A table whose head names a column of requirements: each row is an item."""
        names, rows = table_rows(node)
        column = next((name for name in _REQUIREMENT_COLUMNS if name in names), "")
        if not column or self.kind not in ("requirements", "other"):
            self._keep(node)
            return
        for row, texts in rows:
            cells = dict(zip(names, texts, strict=False))
            id = cells.pop("id", "").strip("*` ")
            text = cells.pop(column, "")
            if text:
                item = self._new_item(row, f"{id}: {text}" if id else text)
                for name, value in cells.items():
                    notation.read_line(item, f"{name}: {value}" if value else "", item.line)

    def _keep(self, node: SyntaxTreeNode) -> None:
        """Prose, with the headings above it: it goes into the PRD as it was written."""
        for block in [*(heading for _, heading in self.headings), node]:
            self.prose += ["\n".join(self.source.lines_of(block)).rstrip(), ""]
        self.headings = []

    # --- items ------------------------------------------------------------------------------------------------------

    def _new_item(self, node: SyntaxTreeNode, text: str) -> Item:
        section = self.sections[-1] if self.sections else Section("", 0, "other")
        item = Item(line=self.source.line(node), section=section.name, priority=section.priority)
        read_text(item, text, first=True)
        self.items.append((item, self.kind))
        return item

    def _items(self, node: SyntaxTreeNode) -> None:
        for child in node.children:
            self._item(child)

    def _item(self, node: SyntaxTreeNode) -> None:
        text = first_text(node)
        if not text.strip():
            return
        parts = list(lists_with_ids(node))
        position = len(self.items)
        item = self._new_item(node, text)
        for child in node.children[1:]:
            if child not in parts:
                read_detail(item, child, self.source)
        if parts:
            del self.items[position:]
            self._parts(item, parts)

    def _parts(self, parent: Item, lists: list[SyntaxTreeNode]) -> None:
        """Nested items with ids: requirements of their own, for which the item above is the section."""
        position = len(self.items)
        self.sections.append(Section(plain((parent.text or [parent.id])[0]), 99, self.kind, parent.priority))
        for child in (child for node in lists for child in node.children):
            if notation.starts_with_key(first_text(child)):
                read_bullet(parent, child, self.source)
            else:
                self._item(child)
        self.sections.pop()
        if parent.checks:
            mend = "Put the check on one of the parts, or make it a requirement of its own"
            raise SpecificationError(parent.line, f"{parent.id or 'this item'} has parts with ids and a check", mend)
        self.prose += [*parent.text[1:], ""] if parent.text[1:] else []
        children = [item for item, _ in self.items[position:]]
        for item in children:
            item.inherit(parent)
        if parent.id:
            self.groups[notation.key_of(parent.id)] = children


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value.strip()))
