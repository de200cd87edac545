"""Into which epics does the work fall? Sections as people wrote them, merged or split towards the wanted number.

An epic is never empty: few requirements give few epics, and the decision says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from maestro_contracts.records import Decision, Requirement


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some requirements, by their places in the PRD, that are one epic."""

    title: str
    members: tuple[int, ...]


def buckets(
    requirements: Sequence[Requirement], roles: Sequence[str], titles: Sequence[str], least: int, most: int
) -> list[Bucket]:
    """Requirements in epics, each in one, in the PRD's order. `roles` and `titles` are those of the requirements."""
    found = _by_section(requirements)
    most = max(most, 1)
    few = len(requirements) < least
    wanted = len(requirements) if few and len(found) == 1 else 0 if few else least
    wanted = min(wanted, most)
    while len(found) > most:
        found = _merge_smallest(found)
    while len(found) < wanted:
        found = _split_largest(found, requirements, roles)
    return [_titled(bucket, titles) for bucket in sorted(found, key=lambda bucket: bucket.members)]


def decision(count: int, requirements: int, least: int, most: int, version: int) -> tuple[Decision, ...]:
    """Said where the number of epics is not within what was wanted."""
    if least <= count <= most:
        return ()
    return (
        Decision(
            id=f"epics-v{version}",
            topic="How many epics the work has",
            decision=f"{count} epic{'s' * (count != 1)} for {requirements} requirement{'s' * (requirements != 1)}",
            rationale=f"{least} to {most} are wanted, but an epic without a requirement of its own would be empty",
            confidence=0.9,
            alternatives=("more requirements, or larger ones split by ids of their own",),
        ),
    )


def _by_section(requirements: Sequence[Requirement]) -> list[Bucket]:
    sections: dict[str, list[int]] = {}
    for position, requirement in enumerate(requirements):
        sections.setdefault(requirement.section, []).append(position)
    return [Bucket(title, tuple(members)) for title, members in sections.items()]


def _merge_smallest(found: list[Bucket]) -> list[Bucket]:
    """The two neighbours that together are smallest become one."""
    sizes = [len(a.members) + len(b.members) for a, b in pairwise(found)]
    at = sizes.index(min(sizes))
    one, two = found[at : at + 2]
    titles = dict.fromkeys(title for title in (one.title, two.title) if title)
    merged = Bucket(" and ".join(titles), tuple(sorted(one.members + two.members)))
    return [*found[:at], merged, *found[at + 2 :]]


def _split_largest(found: list[Bucket], requirements: Sequence[Requirement], roles: Sequence[str]) -> list[Bucket]:
    """The largest one becomes two: by role, else by the folder of the files, else in the middle."""
    sizes = [len(bucket.members) for bucket in found]
    at = sizes.index(max(sizes))
    bucket = found[at]
    folders = [requirement.files[0].rpartition("/")[0] if requirement.files else "" for requirement in requirements]
    first, second = _apart(bucket.members, roles) or _apart(bucket.members, folders) or _halves(bucket.members)
    # A bucket that was split is named after its section and what it holds; see `_titled`.
    title = bucket.title if bucket.title.endswith(": ") or not bucket.title else f"{bucket.title}: "
    return [*found[:at], Bucket(title, first), Bucket(title, second), *found[at + 1 :]]


def _apart(members: tuple[int, ...], kinds: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Those of the most common kind, and the others; None where all are of one kind."""
    counts = Counter(kinds[member] for member in members)
    if len(counts) < 2:
        return None
    common = counts.most_common(1)[0][0]
    same = tuple(member for member in members if kinds[member] == common)
    return same, tuple(member for member in members if kinds[member] != common)


def _halves(members: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    middle = (len(members) + 1) // 2
    return members[:middle], members[middle:]


def _titled(bucket: Bucket, titles: Sequence[str]) -> Bucket:
    if bucket.title and not bucket.title.endswith(": "):
        return bucket
    first = titles[bucket.members[0]]
    more = f" and {len(bucket.members) - 1} more" if len(bucket.members) > 1 else ""
    return Bucket(f"{bucket.title}{first}{more}", bucket.members)
