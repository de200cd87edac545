"""Which level do these effects have under this policy, and why? Pure; the law of levels stands in `judge`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from maestro.policy.effects import Effect
from maestro.policy.globs import as_regex

Layer = Literal["shipped", "user", "project"]
UNCOVERED = "no-rule"
OPAQUE = "opaque"
"""The rule that nobody can take away: what cannot be read is level 3."""


class Condition(msgspec.Struct, frozen=True):
    """Fits an effect that has one of the words of every field that is not empty. Globs are compiled when it is made."""

    kinds: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    def fits(self, effect: Effect) -> bool:
        return (
            (not self.kinds or effect.kind in self.kinds)
            and (not self.places or effect.where in self.places)
            and (not self.targets or _any_glob(self.targets, effect.target))
            and (not self.details or _any_glob(self.details, effect.detail))
        )


def _any_glob(globs: Sequence[str], text: str) -> bool:
    return any(as_regex(glob).fullmatch(text) for glob in globs)


class Rule(msgspec.Struct, frozen=True):
    """One rule. `all_of` makes it a combination: it is met by an action, not by one effect."""

    name: str
    level: int
    why: str
    when: Condition = Condition()
    unless: tuple[Condition, ...] = ()
    all_of: tuple[Condition, ...] = ()
    layer: Layer = "shipped"
    instead_of: frozenset[str] = frozenset()
    fixed: bool = False

    def fits(self, effect: Effect) -> bool:
        """Whether it is about this effect; never for a combination."""
        return not self.all_of and self._counts(effect) and self.when.fits(effect)

    def is_met(self, effects: Sequence[Effect]) -> bool:
        """Whether it applies to an action with these effects."""
        if not self.all_of:
            return any(map(self.fits, effects))
        counted = [effect for effect in effects if self._counts(effect)]
        return all(any(map(condition.fits, counted)) for condition in self.all_of)

    def _counts(self, effect: Effect) -> bool:
        return not any(condition.fits(effect) for condition in self.unless)


class Judgement(msgspec.Struct, frozen=True):
    """`rules` holds the rules that apply, those that made the level first; `by_effect` each effect's own level."""

    level: Literal[1, 2, 3]
    rules: tuple[Rule, ...]
    by_effect: tuple[tuple[Effect, int], ...] = ()


_NO_RULE = Rule(UNCOVERED, 2, "no rule covers what this does")
_UNREADABLE = Rule(OPAQUE, 3, "it holds what cannot be read: nobody can say what it does", fixed=True)


def judge(effects: Iterable[Effect], rules: Sequence[Rule]) -> Judgement:
    """The level is the highest of all rules that apply. An effect that no rule covers is level 2, an opaque one 3.

    A project's rule adds; it neither covers an effect nor takes a rule away, so that it can only tighten.
    """
    several = tuple(dict.fromkeys(effects))
    found: dict[tuple[Layer, str], Rule] = {}
    levels: list[tuple[Effect, int]] = []
    for effect in several:
        mine = _of_effect(effect, rules)
        found |= {(rule.layer, rule.name): rule for rule in mine}
        levels.append((effect, max(rule.level for rule in mine)))
    for rule in rules:
        if rule.all_of and rule.is_met(several):
            found[rule.layer, rule.name] = rule
    ordered = sorted(found.values(), key=lambda rule: -rule.level)
    level = max((rule.level for rule in ordered), default=2)
    return Judgement(3 if level >= 3 else 2 if level == 2 else 1, tuple(ordered), tuple(levels))


def _of_effect(effect: Effect, rules: Sequence[Rule]) -> list[Rule]:
    fitting = [rule for rule in rules if rule.fits(effect)]
    replaced = {name for rule in fitting if rule.layer == "user" for name in rule.instead_of}
    kept = [rule for rule in fitting if rule.fixed or rule.layer == "project" or rule.name not in replaced]
    if all(rule.layer == "project" for rule in kept):
        kept.append(_NO_RULE)
    if effect.kind == "opaque" and not any(rule.level == 3 for rule in kept):
        kept.append(_UNREADABLE)
    return kept
