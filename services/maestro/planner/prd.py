"""How is a PRD written down? As Markdown whose front matter is the PRD, and whose text shows it to people.

The same PRD gives the same bytes, whoever renders it. The front matter is what counts when such a file is read again.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any, Literal

import msgspec

from maestro.planner import frontmatter
from maestro.planner.blocks import clean
from maestro.planner.errors import SpecificationError
from maestro.planner.resolve import finish
from maestro_contracts.records import Prd, Requirement

Status = Literal["draft", "approved", "implemented"]
MAX_SLUG = 40

_MARK = "<!-- What follows is made from the front matter: change it there. -->"


def slug(feature: str) -> str:
    """A name for files and branches: `[a-z0-9-]`, at most 40 characters, never empty."""
    ascii_text = unicodedata.normalize("NFKD", feature).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_text)
    name = ""
    for word in words:
        if len(name) + len(word) + 1 > MAX_SLUG:
            break
        name = f"{name}-{word}" if name else word
    return name or f"feature-{hashlib.sha256(feature.encode()).hexdigest()[:6]}"


def path(prd: Prd) -> str:
    """Where the file lies in the repository."""
    return f".flow/prd-{prd.slug}-v{prd.version}.md"


def render(prd: Prd, status: Status = "draft") -> str:
    """The whole file. Its second line is `status: <status>`."""
    head: dict[str, Any] = {
        "status": status,
        "feature": prd.feature,
        "slug": prd.slug,
        "version": prd.version,
        "priority": prd.priority,
        "requirements": [_head_of(requirement) for requirement in prd.requirements],
        "related_issues": list(prd.related_issues),
        "constraints": list(prd.constraints),
    }
    if prd.allows:
        head["allows"] = list(prd.allows)
    parts = [f"# {' '.join(prd.feature.split())}"]
    if body := prd.body.replace(_MARK, "").strip("\n"):
        parts.append(body)
    parts += [_MARK, "## Requirements", *_sections(prd)]
    if prd.constraints:
        parts += ["## Constraints", "\n".join(f"- {' '.join(text.split())}" for text in prd.constraints)]
    if prd.allows:
        listed = "\n".join(f"- {_code(' '.join(text.split()))}" for text in prd.allows)
        parts += ["## Allowed by whoever approves this", listed]
    if prd.related_issues:
        parts += ["## Related issues", "\n".join(f"- {issue}" for issue in prd.related_issues)]
    return frontmatter.dump(head) + "\n" + "\n\n".join(parts) + "\n"


def parse(markdown: str) -> tuple[Prd, Status]:
    """The PRD and the status of a file that `render` wrote. Raises SpecificationError."""
    document = frontmatter.split(clean(markdown))
    try:
        stamp = msgspec.convert(document.data, _Stamp, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SpecificationError(1, f"this is no PRD: {error}", "Give a file that Maestro wrote") from None
    head = document.head
    prd = Prd(
        feature=head.feature,
        slug=stamp.slug or slug(head.feature),
        version=stamp.version,
        priority=head.priority,
        requirements=finish(head.items or (), {}, []),
        related_issues=head.related_issues,
        constraints=head.constraints,
        allows=head.allows,
        body=_body(document.body),
    )
    return prd, stamp.status


class _Stamp(msgspec.Struct):
    status: Status
    version: int
    slug: str = ""


def _body(text: str) -> str:
    above = text.partition(_MARK)[0].strip("\n")
    title, _, rest = above.partition("\n")
    return rest.strip("\n") if title.startswith("# ") else above


def _head_of(requirement: Requirement) -> dict[str, Any]:
    """Id, text, priority and check are always there; the rest where it says something."""
    head: dict[str, Any] = {
        "id": requirement.id,
        "text": requirement.text,
        "priority": requirement.priority,
        "check": requirement.check,
        "files": list(requirement.files),
        "depends_on": list(requirement.depends_on),
        "section": requirement.section,
        "role": requirement.role,
    }
    always = ("id", "text", "priority", "check")
    return {key: value for key, value in head.items() if value or key in always}


def _sections(prd: Prd) -> list[str]:
    """The requirements as lists, one for each run of requirements with the same section."""
    parts: list[str] = []
    section = ""
    for requirement in prd.requirements:
        if requirement.section != section:
            section = requirement.section
            parts.append(f"### {' '.join(section.split()) or 'Others'}")
        parts.append(_shown(requirement))
    return parts


def _shown(requirement: Requirement) -> str:
    first, *more = requirement.text.split("\n")
    lines = [f"- **{requirement.id}** ({requirement.priority}): {first}", *(f"  {line}".rstrip() for line in more)]
    if "\n" in requirement.check:
        ticks = _ticks(requirement.check, 3)
        lines += [f"  {ticks}sh acceptance", *(f"  {line}" for line in requirement.check.split("\n")), f"  {ticks}"]
    elif requirement.check:
        lines.append(f"  - Check: {_code(requirement.check)}")
    if requirement.files:
        lines.append(f"  - Files: {', '.join(_code(file) for file in requirement.files)}")
    if requirement.depends_on:
        lines.append(f"  - Depends on: {', '.join(requirement.depends_on)}")
    if requirement.role:
        lines.append(f"  - Role: {requirement.role}")
    return "\n".join(lines)


def _code(text: str) -> str:
    """A code span, whatever backticks the text holds."""
    ticks = _ticks(text, 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{room}{text}{room}{ticks}"


def _ticks(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1 if longest >= least else least)
