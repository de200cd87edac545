"""What may a policy file say? Rules over effects, each with examples that it must and must not match.

The models only; what the rules mean, and that the examples hold, is `maestro.policy`'s to check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from maestro_contracts.effects import EffectKind, Where
from maestro_contracts.fields import Line, Name, wrong
from maestro_contracts.proposals import InvalidProposal, Proposal, Shell, to_proposal
from maestro_contracts.yamlcheck import FileModel
from maestro_contracts.yamlfile import did_you_mean

PROJECT_FILE = ".flow/maestro/policy.yaml"
"""The project's own policy, relative to the repository. It may only tighten."""


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else given


def _word_of(known: tuple[str, ...], what: str) -> Callable[[str], str]:
    def check(given: str) -> str:
        if given not in known:
            raise wrong(f"{given!r} is no {what}", did_you_mean(given, known))
        return given

    return check


_Kind = Annotated[str, AfterValidator(_word_of(get_args(EffectKind), "kind of effect"))]
_Where = Annotated[str, AfterValidator(_word_of(get_args(Where), "place"))]
_Glob = Annotated[str, StringConstraints(max_length=500)]
_ONE_OR_MORE = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Kinds = Annotated[tuple[_Kind, ...], BeforeValidator(_listed), _ONE_OR_MORE]
Places = Annotated[tuple[_Where, ...], BeforeValidator(_listed), _ONE_OR_MORE]
Globs = Annotated[tuple[_Glob, ...], BeforeValidator(_listed), _ONE_OR_MORE]


def _example(given: Any) -> Proposal:
    if isinstance(given, str):
        return Shell(given)
    try:
        return to_proposal(given)
    except InvalidProposal as error:
        raise wrong(f"no action: {error.reason}", "write a command, or {kind: file_read, path: ...}") from None


Example = Annotated[
    Any,
    AfterValidator(_example),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "required": ["kind"]}]}),
]


class ConditionModel(FileModel):
    """Fits an effect that has one of the words of every key given. Globs: `*` stays within a folder, `**` does not; one
    without a slash is a name anywhere."""

    kind: Kinds = Field((), description="Kinds of effects.")
    where: Places = Field((), description="Places; `''` for none.")
    target: Globs = Field((), description="Globs for the path, host, package, table or ref.")
    detail: Globs = Field((), description="Globs for the detail.")

    @model_validator(mode="after")
    def _says_something(self) -> ConditionModel:
        if not (self.kind or self.where or self.target or self.detail or getattr(self, "all_of", ())):
            raise wrong("fits everything", "name at least one of kind, where, target, detail")
        return self


class WhenModel(ConditionModel):
    """When a rule applies: to single effects, or (`all_of`) to actions that have an effect for each of several."""

    unless: tuple[ConditionModel, ...] = Field((), description="Effects that are left aside.")
    all_of: tuple[ConditionModel, ...] = Field(
        (), description="Instead: conditions that must all be met in one action."
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> WhenModel:
        if self.all_of and (self.kind or self.where or self.target or self.detail):
            raise wrong("all_of stands beside kind, where, target or detail", "put those into one of its conditions")
        return self


class RuleModel(FileModel):
    """One rule. An action's level is the highest of all rules that apply to its effects."""

    name: Name = Field(description="The rule's name, once in all files.")
    level: Literal[1, 2, 3] = Field(description="1 runs, 2 asks first, 3 always needs a person.")
    when: WhenModel = Field(description="Which effects it is about.")
    why: Line = Field(description="What a person is told.")
    match: tuple[Example, ...] = Field(min_length=1, max_length=50, description="Actions that the rule applies to.")
    not_match: tuple[Example, ...] = Field((), max_length=50, description="Actions that it does not apply to.")
    instead_of: tuple[str, ...] = Field(
        (), description="Your own file only: rules that no longer count for these effects."
    )
    fixed: bool = Field(False, description="Shipped rules only: no file can replace it.")


class PolicyFile(FileModel):
    """A policy file."""

    version: Literal[1] = Field(1, description="The format's version.")
    revision: Annotated[int, Field(ge=1)] = Field(1, description="The policy's own version, for people.")
    rules: tuple[RuleModel, ...] = Field((), max_length=500, description="The rules, in the order of reading.")
