"""Which events made a part of a run's state what it is? Event by event, with what it was before and after. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from maestro.runs.fold import Committed, evolve, fold, new_run
from maestro.runs.fold import disbelieve as fold_disbelieved
from maestro.runs.hashing import canonical, key_name
from maestro.runs.state import RunState


class Recorded(Committed, Protocol):
    """A commit with what stands beside its events (`maestro.log.reader.Commit`)."""

    @property
    def records(self) -> Any: ...


class Absent:
    """There is nothing at that path (yet)."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


class Change(NamedTuple):
    """One event after which the value was another. `before` and `after` are as JSON has them, or ABSENT."""

    address: str
    at: int
    actor: str
    type: str
    id: str
    before: Any
    after: Any


def value_at(state: Any, path: str) -> Any:
    """The part of a state at a path as `replay --diff` writes it, a leaf or all below it; ABSENT where there is none.
    Keys may hold dots themselves: the longest that fits is taken."""
    found = next(_found(state, path), ABSENT)
    return found if found is ABSENT else canonical(found)


def _found(value: Any, path: str) -> Iterator[Any]:
    if not path:
        yield value
        return
    for name, inner in sorted(_children(value), key=lambda child: -len(child[0])):
        rest = path.removeprefix(name)
        if path.startswith(name) and (not rest or rest[0] in ".["):
            yield from _found(inner, rest.removeprefix("."))


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield name, getattr(value, name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key_name(key), inner
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield f"[{index}]", inner


@dataclass(slots=True)
class Explaining:
    """One run folded event by event, with an eye on one path. `seen`: there once was a value."""

    path: str
    state: RunState
    seen: bool = False
    _value: Any = ABSENT

    @classmethod
    def of(cls, run: str, path: str) -> Explaining:
        state = new_run(run)
        value = value_at(state, path)
        return cls(path, state, value is not ABSENT, value)

    def take(self, commit: Recorded) -> list[Change]:
        """Fold one more commit; what it changed."""
        header, changes = commit.header, []
        for index, (record, event) in enumerate(zip(commit.records, commit.events, strict=True)):
            last = index == len(commit.events) - 1
            if len(commit.events) == 1:
                fold(self.state, commit)
            else:
                evolve(self.state, event, header.ts, header.actor)
                if last:
                    self._arrive(commit)
            address = f"{commit.seq}.{index}"
            changes += self._look(address, header.ts, header.actor, type(event).__name__, record.id)
        return changes

    def disbelieve(self, seq: int, reason: str) -> list[Change]:
        """Take in an entry that is not believed."""
        fold_disbelieved(self.state, seq, reason)
        return self._look(f"{seq}.-", 0, "", "not believed", "")

    def _arrive(self, commit: Recorded) -> None:
        """What the fold notes of a commit beside its events."""
        self.state.seq, self.state.last = commit.seq, commit.header.ts
        self.state.events += len(commit.events)

    def _look(self, address: str, at: int, actor: str, type: str, id: str) -> list[Change]:
        before, self._value = self._value, value_at(self.state, self.path)
        self.seen = self.seen or self._value is not ABSENT
        if before is self._value or before == self._value:
            return []
        return [Change(address, at, actor, type, id, before, self._value)]
