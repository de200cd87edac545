"""Which policy applies to a run? The shipped one, with the texts on top that the run has kept since its start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import msgspec

from maestro.policy.classify import classify_all
from maestro.policy.loading import SHIPPED, Policy, policy_of
from maestro_contracts.proposals import Classification, FileWrite, Proposal
from maestro_contracts.records import PolicyText
from maestro_contracts.yamlfile import read_yaml


@lru_cache(maxsize=32)
def policy_for(texts: tuple[PolicyText, ...]) -> Policy:
    """Its examples were run when the run was started."""
    documents = [("shipped", read_yaml(SHIPPED.read_text("utf-8"), str(SHIPPED)))]
    documents += [(text.layer, read_yaml(text.text, text.file)) for text in texts]
    return policy_of(documents, check=False)  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def policy_digest(texts: tuple[PolicyText, ...]) -> str:
    return policy_for(texts).sha256


UNREAD = "it is too large to be read, or no text: nobody can say what it holds"


def classified(parts: Sequence[Proposal], policy: Policy, unread: Collection[str] = ()) -> list[Classification]:
    """How each part is judged. A file that nobody could read (`unread`, by path) is at least level 2."""
    found = classify_all(parts, policy)
    return [_at_least_2(each) if _path(part) in unread else each for part, each in zip(parts, found, strict=True)]


def level_of(found: Iterable[Classification]) -> int:
    """The level of an action of these parts; 1 where there is none."""
    return max((each.level for each in found), default=1)


def _at_least_2(found: Classification) -> Classification:
    return msgspec.structs.replace(found, level=max(found.level, 2), reasons=(UNREAD, *found.reasons))


def _path(proposal: Proposal) -> str | None:
    return proposal.path if isinstance(proposal, FileWrite) else None
