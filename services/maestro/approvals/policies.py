"""Which policy applies to a run? The shipped one, with the texts on top that the run has kept since its start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from maestro.policy.classify import classify_all
from maestro.policy.loading import SHIPPED, Policy, policy_of
from maestro_contracts.proposals import Proposal
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


def level_of(parts: Sequence[Proposal], policy: Policy) -> int:
    """The level of an action of these parts now; 1 where there is none."""
    return max((each.level for each in classify_all(parts, policy)), default=1)
