"""Which level has this proposal under this policy? The one function that gates, audit and the command line share."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from maestro.policy.effects import Effect
from maestro.policy.loading import Policy
from maestro.policy.paths import NOWHERE, Surroundings
from maestro.policy.reading import effects_of_proposal, prepare
from maestro.policy.rules import Judgement, judge
from maestro_contracts.proposals import Classification, EffectRecord, Proposal, action_digest

MAX_EFFECTS = 64
"""Effects that a classification keeps, the gravest first: it stands in an event, which has a limit."""
MAX_TEXT = 240


def classify(proposal: Proposal, policy: Policy, at: Surroundings = NOWHERE) -> Classification:
    """The proposal's level, with reasons. Pure but for what `at.real` looks up; never raises."""
    read = effects_of_proposal(proposal, at)
    judged = judge(read.effects, policy.rules)
    claimed = proposal.claimed.level if proposal.claimed is not None else 0
    violation = f"claimed level {claimed}, is level {judged.level}" if 0 < claimed < judged.level else ""
    return Classification(
        level=judged.level,
        digest=_digest(proposal),
        policy_version=policy.version,
        policy_sha256=_sha256(policy),
        effects=_records(judged),
        rules=tuple(rule.name for rule in judged.rules),
        reasons=(*_reasons(judged), *(problem[:MAX_TEXT] for problem in read.problems[:8])),
        claimed=claimed,
        violation=violation,
    )


def classify_all(proposals: Iterable[Proposal], policy: Policy, at: Surroundings = NOWHERE) -> Iterator[Classification]:
    """The same for many, with one start of the shell's parser for all of them."""
    several = list(proposals)
    prepare(several)
    return (classify(proposal, policy, at) for proposal in several)


@functools.lru_cache(maxsize=16)
def _sha256(policy: Policy) -> str:
    return policy.sha256


def _digest(proposal: Proposal) -> str:
    """A proposal that has no canonical bytes has no digest, and so nothing can approve it."""
    try:
        return action_digest(proposal)
    except (ValueError, TypeError, RecursionError):
        return ""


def _reasons(judged: Judgement) -> tuple[str, ...]:
    return tuple(rule.why for rule in judged.rules)


def _records(judged: Judgement) -> tuple[EffectRecord, ...]:
    gravest = sorted(judged.by_effect, key=lambda pair: -pair[1])[:MAX_EFFECTS]
    return tuple(_record(effect) for effect, _ in gravest)


def _record(effect: Effect) -> EffectRecord:
    return EffectRecord(effect.kind, _visible(effect.target), effect.where, _visible(effect.detail))


def _visible(text: str) -> str:
    """Short, and with nothing that a terminal would obey."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:MAX_TEXT])
