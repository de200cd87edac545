"""What stands between the `---` lines at the head of a Markdown file? Reading and writing its YAML."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from maestro.planner.blocks import clean
from maestro.planner.errors import SpecificationError
from maestro.planner.notation import Item
from maestro.planner.resolve import item_of
from maestro_contracts.records import Requirement

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What front matter says of a specification. `items` is None where it lists no requirements."""

    feature: str = ""
    priority: str = ""
    constraints: tuple[str, ...] = ()
    related_issues: tuple[str, ...] = ()
    allows: tuple[str, ...] = ()
    items: tuple[Item, ...] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file's front matter (empty where it has none), and the text after it, which starts at line `offset` + 1."""

    data: Data
    body: str
    offset: int

    @property
    def head(self) -> Head:
        """Raises SpecificationError where listed requirements do not fit."""
        return Head(
            feature=_text(self.data, "feature") or _text(self.data, "title"),
            priority=_text(self.data, "priority").lower(),
            constraints=_texts(self.data, "constraints"),
            related_issues=_texts(self.data, "related_issues"),
            allows=_texts(self.data, "allows"),
            items=_items(self.data["requirements"]) if "requirements" in self.data else None,
        )


def split(text: str) -> Document:
    """Take the front matter off. All scalars are read as strings. Raises SpecificationError."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return Document({}, text, 0)
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None or not _looks_like_yaml(lines[1:end]):
        return Document({}, text, 0)
    return Document(_load("\n".join(lines[1:end])), "\n".join(lines[end + 1 :]), end + 1)


def _text(data: Data, key: str) -> str:
    value = data.get(key)
    return clean(value).strip() if isinstance(value, str) else ""


def _texts(data: Data, key: str) -> tuple[str, ...]:
    value = data.get(key)
    if isinstance(value, str):
        value = [value]
    return tuple(clean(item).strip() for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _items(listed: Any) -> tuple[Item, ...]:
    try:
        requirements = msgspec.convert(listed or [], tuple[Requirement, ...], strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        mend = "Each needs `id` and `text`; the rest may be left out"
        raise SpecificationError(1, f"the front matter's requirements do not fit: {error}", mend) from None
    return tuple(item_of(requirement) for requirement in requirements)


def _looks_like_yaml(lines: list[str]) -> bool:
    """A Markdown text may start with a rule (`---`) and have another one below."""
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    key, colon, _ = first.partition(":")
    return not first or (colon == ":" and " " not in key.strip() and not key.startswith(("-", " ")))


def _load(text: str) -> Data:
    yaml = YAML(typ="base", pure=True)
    try:
        value = yaml.load(text)
    except Exception as error:  # whatever a YAML reader raises on a stranger's text, the answer is the same
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or type(error).__name__
        line = mark.line + 2 if mark is not None else 1
        mend = "Mend the lines between the two `---`, or leave them out"
        raise SpecificationError(line, f"the front matter is not YAML: {reason}", mend) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SpecificationError(1, "the front matter is no table of `key: value` lines", "Write `feature: NAME`")
    return {str(key): item for key, item in value.items()}


def dump(data: Data) -> str:
    """The data as YAML between `---` lines, in the order given; the same data always gives the same text."""
    yaml = YAML()
    yaml.width = 1 << 20
    yaml.allow_unicode = True
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(_readable(data), out)
    return f"---\n{out.getvalue()}---\n"


def _readable(value: Any) -> Any:
    """Texts of several lines as literal blocks, where YAML can write them so."""
    match value:
        case dict():
            return {key: _readable(item) for key, item in value.items()}
        case list() | tuple():
            return [_readable(item) for item in value]
        case str() if _fits_a_block(value):
            return LiteralScalarString(value)
    return value


def _fits_a_block(text: str) -> bool:
    lines = text.split("\n")
    plain = all(line == line.rstrip() and (not line or line.isprintable()) for line in lines)
    return len(lines) > 1 and plain and bool(lines[0].strip()) and not lines[0].startswith(" ") and bool(lines[-1])
