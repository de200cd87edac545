"""What did people always approve, so that it need not be asked again? Pure: from decided actions to rules, with the
evidence. Only level 2 can become level 1, and only a person puts a suggestion into a policy.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from maestro_contracts.proposals import EffectRecord

Decision = Literal["approved", "rejected"]
MIN_APPROVALS = 5
"""Fewer say little about what a person would want every time."""
NEVER = frozenset(
    ("opaque", "guard", "credential", "personal-data", "money", "security-config", "git-discard", "data-destroy")
)
EXAMPLES = 3


class Decided(msgspec.Struct, frozen=True):
    """One action that a person decided. `about` is its command, path or URL; `at` where the decision stands."""

    kind: str
    about: str
    level: int
    effects: tuple[EffectRecord, ...]
    rules: tuple[str, ...]
    decision: Decision
    at: str = ""


class Suggestion(msgspec.Struct, frozen=True):
    """A rule for the user's own file, and what speaks for it."""

    name: str
    effect: EffectRecord
    instead_of: tuple[str, ...]
    approved: int
    evidence: tuple[str, ...]
    yaml: str


_Shape = tuple[str, str, str]


def suggest(history: Iterable[Decided], asking: Iterable[str], *, at_least: int = MIN_APPROVALS) -> list[Suggestion]:
    """Rules for shapes of effects that were approved at least so often and never rejected, the surest first.

    `asking`: names of the rules of level 2. An effect has the shape of its kind, place and detail; the targets seen
    decide how wide the rule is.
    """
    approved: dict[_Shape, list[Decided]] = defaultdict(list)
    refused: set[_Shape] = set()
    for action in history:
        shapes = {_shape(effect) for effect in action.effects}
        if action.decision == "rejected":
            refused |= shapes
        elif action.level == 2:
            for shape in shapes:
                approved[shape].append(action)
    names = frozenset(asking)
    found = [
        _suggestion(shape, actions, names)
        for shape, actions in approved.items()
        if len(actions) >= at_least and shape not in refused and shape[0] not in NEVER and _asked(actions, names)
    ]
    return sorted((each for each in found if each is not None), key=lambda each: (-each.approved, each.name))


def _shape(effect: EffectRecord) -> _Shape:
    return effect.kind, effect.where, effect.detail


def _asked(actions: Sequence[Decided], asking: frozenset[str]) -> bool:
    return any(set(action.rules) & asking for action in actions)


def _suggestion(shape: _Shape, actions: Sequence[Decided], asking: frozenset[str]) -> Suggestion | None:
    kind, where, detail = shape
    targets = [effect.target for action in actions for effect in action.effects if _shape(effect) == shape]
    glob = common_glob(targets)
    rules = tuple(sorted({rule for action in actions for rule in action.rules} & asking))
    name = _name(kind, where, detail, glob)
    effect = EffectRecord(kind, glob, where, detail)
    evidence = tuple(f"{action.at}: {action.about}" if action.at else action.about for action in actions)
    examples = _examples(shape, actions)
    if not examples:
        return None
    return Suggestion(name, effect, rules, len(actions), evidence, _yaml(name, effect, rules, len(actions), examples))


def common_glob(targets: Sequence[str]) -> str:
    """The narrowest glob that all targets fit: one target itself, a folder, an ending; empty where there is none."""
    several = sorted(set(targets))
    if not several or "" in several:
        return ""
    if len(several) == 1:
        return several[0]
    folders = {posixpath.dirname(each) for each in several}
    endings = {posixpath.splitext(each)[1] for each in several}
    ending = endings.pop() if len(endings) == 1 else ""
    if len(folders) == 1 and (folder := folders.pop()):
        return f"{folder}/*{ending}"
    shared = posixpath.commonpath(several) if len({each.startswith("/") for each in several}) == 1 else ""
    if shared and shared not in ("/", "~", "."):
        return f"{shared}/**"
    return f"*{ending}" if ending else ""


def _name(kind: str, where: str, detail: str, glob: str) -> str:
    words = re.findall(r"[a-z0-9]+", f"{kind} {where} {detail} {glob}".lower())
    return f"mine-{'-'.join(words)}"[:40].rstrip("-")


def _yaml(name: str, effect: EffectRecord, rules: Sequence[str], approved: int, examples: Sequence[_Example]) -> str:
    import json

    when = {"kind": effect.kind, "where": effect.where} | ({"detail": effect.detail} if effect.detail else {})
    when |= {"target": effect.target} if effect.target else {}
    lines = [
        f"  - name: {name}",
        "    level: 1",
        f"    when: {json.dumps(when, ensure_ascii=False)}",
        f"    why: approved {approved} times, never rejected",
        f"    instead_of: {json.dumps(list(rules))}",
        "    match:",
        *(f"      - {json.dumps(example, ensure_ascii=False)}" for example in examples),
    ]
    return "\n".join(lines)


# --- examples ---------------------------------------------------------------------------------------------------

_Example = str | dict[str, str]
_FIELDS = {"shell": "command", "sql": "content", "tool": "tool", "dependency": "manifest"}


def _examples(shape: _Shape, actions: Sequence[Decided]) -> list[_Example]:
    """Some of the actions that were approved, as examples of the rule: only such as do have the effect when they are
    read again. A log says of an action what people were shown, which may be shortened, and begins with a verb."""
    distinct = {action.about: action for action in actions}.values()
    found = (_example(shape, action.kind, action.about) for action in distinct)
    return [each for each in found if each is not None][:EXAMPLES]


def _example(shape: _Shape, kind: str, about: str) -> _Example | None:
    words = about.split(" ")
    for text in (" ".join(words[1:]), " ".join(words[2:]), about):
        fields = {"kind": kind, _FIELDS.get(kind, "path"): text}
        if text and shape in _shapes_of(fields):
            return text if kind == "shell" else fields
    return None


def _shapes_of(fields: dict[str, str]) -> set[_Shape]:
    from maestro.policy.reading import effects_of_proposal
    from maestro_contracts.proposals import InvalidProposal, parse_proposal

    try:
        proposal = parse_proposal(msgspec.json.encode(fields))
    except InvalidProposal:
        return set()
    return {(effect.kind, effect.where, effect.detail) for effect in effects_of_proposal(proposal).effects}
