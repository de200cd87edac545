"""Does a standing approval cover this action: a grant, or what the approved PRD lists? Pure; whatever is not plainly
covered is not."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import get_args

from maestro.approvals.book import ActionBook
from maestro_contracts.actions import ActionPart, Grant
from maestro_contracts.effects import EffectKind, Where
from maestro_contracts.proposals import EffectRecord, Proposal, Shell
from maestro_contracts.yamlfile import did_you_mean

MAX_USES = 1000
LONGEST_MS = 30 * 24 * 3600 * 1000
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._/:=@%+,-")
"""Characters of a command line in which the shell does nothing but split words. Others are never covered by words."""


def granted(book: ActionBook, parts: Sequence[ActionPart], exact: Sequence[Proposal], level: int, now: int) -> str:
    """The id of a grant that covers all parts above level 1; empty where there is none."""
    for id, standing in book.grants.items():
        grant = standing.issued.grant
        if standing.counts(now) and level <= grant.level and _covers(grant, parts, exact):
            return id
    return ""


def _covers(grant: Grant, parts: Sequence[ActionPart], exact: Sequence[Proposal]) -> bool:
    grave = [(part, proposal) for part, proposal in zip(parts, exact, strict=True) if part.level > 1]
    return bool(grave) and all(
        covers_part(grant, part) and (not grant.command or _begins_with(proposal, grant.command))
        for part, proposal in grave
    )


def covers_part(grant: Grant, part: ActionPart) -> bool:
    """Whether the grant covers what the part does; the words of its command are not looked at. `part.effects` are those
    above level 1; one without any is grave for a combination, which no grant names."""
    return bool(part.effects) and all(_covers_effect(grant, effect) for effect in part.effects)


def _covers_effect(grant: Grant, effect: EffectRecord) -> bool:
    if grant.effects and effect.kind not in grant.effects:
        return False
    if grant.where and effect.where not in grant.where:
        return False
    return not grant.paths or any(fnmatchcase(effect.target, glob) for glob in grant.paths)


def _begins_with(proposal: Proposal, words: Sequence[str]) -> bool:
    if not isinstance(proposal, Shell) or not set(proposal.command) <= PLAIN:
        return False
    return tuple(proposal.command.split()[: len(words)]) == tuple(words)


def why_no_grant(grant: Grant, now: int) -> str:
    """Why this cannot be a grant; empty where it can."""
    if not grant.effects and not grant.command:
        return "it would cover everything: name effects or a command"
    if not 2 <= grant.level <= 3:
        return f"a grant is for level 2 or 3, not {grant.level}"
    if not 1 <= grant.uses <= MAX_USES:
        return f"a grant is for 1 to {MAX_USES} uses, not {grant.uses}"
    if not now < grant.expires <= now + LONGEST_MS:
        return "a grant must end later than now, and within 30 days"
    if grant.level == 3 and not (grant.effects and (grant.paths or grant.command)):
        return "at level 3 it names the effects, and the paths or the command"
    if grant.level == 3 and not all(any(char.isalnum() for char in glob) for glob in grant.paths):
        return "at level 3 each path names something: one of wildcards alone covers everything"
    return _unknown(grant.effects, get_args(EffectKind), "effect") or _unknown(grant.where, get_args(Where), "place")


def _unknown(words: Sequence[str], known: Sequence[str], what: str) -> str:
    """A word that no action has covers nothing, and whoever wrote it meant another."""
    odd = next((word for word in words if word not in known), None)
    return "" if odd is None else f"{odd[:40]!r} is no {what}; {did_you_mean(odd[:40], filter(None, known))}"


def listed(allows: Sequence[str], parts: Sequence[ActionPart]) -> bool:
    """Whether the approved PRD lists every effect above level 1 exactly: `<effect> <target>`, as in `ci Dockerfile`.
    What is fetched from elsewhere than usual is not what its name says."""
    wanted = {" ".join(line.split()) for line in allows}
    grave = [part for part in parts if part.level > 1]
    return bool(grave) and all(_is_listed(wanted, part) for part in grave)


def _is_listed(wanted: set[str], part: ActionPart) -> bool:
    return bool(part.effects) and all(
        f"{effect.kind} {_bare(effect)}" in wanted and "source" not in effect.detail for effect in part.effects
    )


def _bare(effect: EffectRecord) -> str:
    """A dependency is listed by its name; which version of it is taken is the agent's."""
    return effect.target.strip()
