"""Which policy applies to a run? The shipped one, with the texts on top that the run has kept since its start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import msgspec

from maestro.approvals.book import ActionBook, Intent
from maestro.policy.loading import SHIPPED, Policy, Source, code_sha256, policy_of, policy_sha256
from maestro_contracts.proposals import Classification, FileWrite, Proposal
from maestro_contracts.records import PolicyText


@lru_cache(maxsize=32)
def policy_for(texts: tuple[PolicyText, ...]) -> Policy:
    """Its examples were run when the run was started."""
    from maestro_contracts.yamlfile import read_yaml

    documents = [("shipped", read_yaml(SHIPPED.read_text("utf-8"), str(SHIPPED)))]
    documents += [(text.layer, read_yaml(text.text, text.file)) for text in texts]
    return policy_of(documents, check=False)  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def policy_digest(texts: tuple[PolicyText, ...]) -> str:
    """That of `policy_for`, without reading any rule."""
    shipped = Source("shipped", str(SHIPPED), SHIPPED.read_text("utf-8"))
    return policy_sha256([shipped, *(Source(text.layer, text.file, text.text) for text in texts)])


def intent_of(
    book: ActionBook, proposal: str, digest: str, parts: Sequence[Proposal], unread: Collection[str], command: str
) -> Intent:
    """What is about to be done, classified by the policy of now. What the same code has judged by the same policy is
    judged already: the same three give the same level."""
    policy, known = policy_digest(book.policies), book.actions.get(proposal)
    said = known.classified if known is not None and known.proposed.digest == digest else None
    if said is not None and (said.policy_sha256, said.judge) == (policy, code_sha256()):
        return Intent(proposal, digest, said.level, policy, command)
    level = level_of(classified(parts, policy_for(book.policies), unread))
    return Intent(proposal, digest, level, policy, command)


UNREAD = "it is too large to be read, or no text: nobody can say what it holds"


def classified(parts: Sequence[Proposal], policy: Policy, unread: Collection[str] = ()) -> list[Classification]:
    """How each part is judged. A file that nobody could read (`unread`, by path) is at least level 2."""
    from maestro.policy.classify import classify_all

    found = classify_all(parts, policy)
    return [_at_least_2(each) if _path(part) in unread else each for part, each in zip(parts, found, strict=True)]


def level_of(found: Iterable[Classification]) -> int:
    """The level of an action of these parts; 1 where there is none."""
    return max((each.level for each in found), default=1)


def _at_least_2(found: Classification) -> Classification:
    return msgspec.structs.replace(found, level=max(found.level, 2), reasons=(UNREAD, *found.reasons))


def _path(proposal: Proposal) -> str | None:
    return proposal.path if isinstance(proposal, FileWrite) else None
