"""Do the requirements stand together? Ids given and unique, dependencies known and without a cycle."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Mapping, Sequence

from maestro.planner.blocks import clean
from maestro.planner.errors import SpecificationError
from maestro.planner.notation import Item, inside, key_of
from maestro_contracts.records import Requirement

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def finish(items: Sequence[Item], groups: Mapping[str, Sequence[Item]], notes: list[str]) -> tuple[Requirement, ...]:
    """The requirements of the items that are left to do. `groups` are ids that stand for several items. Raises
    SpecificationError, which names the line."""
    items = [item for item in items if item.says]
    for item in items:
        if item.id and (_ID.fullmatch(item.id) is None or key_of(item.id) in groups):
            mend = "Give each requirement an id of its own, such as `R-1`"
            raise SpecificationError(item.line, f"{item.id!r} is no id, or stands for a group already", mend)
    done = [item for item in items if item.checkbox == "x"]
    if done:
        names = ", ".join(item.id or item.says.split("\n")[0][:60] for item in done)
        notes.append(f"ticked items are done already and were not planned: {names}")
    _refuse_duplicates(items)
    _give_ids([item for item in items if item not in done], {key_of(item.id) for item in items if item.id} | {*groups})
    known = {key_of(item.id): [item] for item in items if item.id} | {key: list(group) for key, group in groups.items()}
    left = [item for item in items if item not in done]
    needs = {item.id: _needs(item, known, done) for item in left}
    _refuse_cycles(left, needs)
    for item in left:
        if item.worded_checks and not item.checks:
            notes.append(f"{item.id} has an acceptance in words only ({item.worded_checks[0]!r}): no command proves it")
    return tuple(
        Requirement(
            id=item.id,
            text=item.says,
            priority=item.priority or "must",
            check=_joined(item.checks),
            files=tuple(dict.fromkeys(item.files)),
            depends_on=needs[item.id],
            section=item.section,
            role=item.role,
        )
        for item in left
    )


def item_of(requirement: Requirement) -> Item:
    """A requirement as an item again. Raises SpecificationError for a file outside the repository."""
    return Item(
        line=0,
        id=requirement.id,
        explicit=True,
        priority=requirement.priority,
        section=clean(requirement.section),
        role=clean(requirement.role),
        text=[clean(requirement.text)],
        checks=[clean(requirement.check)] if requirement.check else [],
        files=[inside(clean(path), 0) for path in requirement.files],
        needs=[(name, 0) for name in requirement.depends_on],
    )


def _joined(checks: Sequence[str]) -> str:
    """One command that succeeds where all do."""
    if len(checks) == 1 or not any("\n" in check for check in checks):
        return " && ".join(checks)
    lines = [line for check in checks for line in check.split("\n") if line != "set -e"]
    return "\n".join(["set -e", *lines])


def _refuse_duplicates(items: Sequence[Item]) -> None:
    first: dict[str, Item] = {}
    for item in items:
        if not item.id:
            continue
        other = first.setdefault(key_of(item.id), item)
        if other is not item:
            reason = f"the requirement id {item.id} was taken before, on line {other.line}"
            raise SpecificationError(item.line, reason, "Give each requirement an id of its own, or none at all")


def _give_ids(items: Sequence[Item], taken: set[str]) -> None:
    number = 0
    for item in items:
        if item.id:
            continue
        number += 1
        while key_of(f"R-{number}") in taken:
            number += 1
        item.id = f"R-{number}"


def _needs(item: Item, known: Mapping[str, Sequence[Item]], done: Sequence[Item]) -> tuple[str, ...]:
    """The ids that an item depends on, as the specification writes them."""
    found: dict[str, None] = {}
    for name, line in item.needs:
        others = known.get(key_of(name))
        if others is None:
            listed = ", ".join(other.id for group in known.values() for other in group if other.id)
            mend = f"Name one of these: {listed[:500]}"
            raise SpecificationError(line, f"{item.id} depends on {name}, which is no requirement here", mend)
        if others == [item]:
            raise SpecificationError(line, f"{item.id} depends on itself", "Take the dependency out")
        found |= {other.id: None for other in others if other not in done and other is not item}
    return tuple(found)


def _refuse_cycles(items: Sequence[Item], needs: Mapping[str, tuple[str, ...]]) -> None:
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        cycle: list[str] = error.args[1]
        first = next(item for item in items if item.id in cycle)
        line = next((line for _, line in first.needs), first.line)
        way = " -> ".join(reversed(cycle))
        raise SpecificationError(
            line, f"the requirements depend on each other in a circle: {way}", "Break it"
        ) from None
