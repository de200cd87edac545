"""What does the gatekeeper make of a proposed action? Its level by the run's policy, its parts, and how it reads.

No clock and no server; the policy's own parser is a program. What an agent says of its own action is compared with
what is found, and not believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from maestro.approvals.policies import classified, level_of
from maestro.gatekeeper import describing
from maestro.gatekeeper.answers import printable
from maestro.gatekeeper.proposing import Judged
from maestro.git.change import Change
from maestro.policy.effects import Effect
from maestro.policy.loading import Policy, code_sha256
from maestro.policy.reading import effects_of_proposal
from maestro.policy.redact import redacted
from maestro.policy.rules import judge
from maestro.policy.secrets import secrets_in_text
from maestro_contracts import commands as c
from maestro_contracts.actions import ActionPart, joint_digest
from maestro_contracts.proposals import Classification, EffectRecord, Proposal

MAX_ABOUT = 2_000
"""So many characters of an action are shown to people; whoever sees less is told so."""
MAX_WHY = 500
MAX_PARTS = 1000
"""Of a larger change nobody is shown every part: it is asked about as a whole."""


def judge_action(command: c.ProposeAction, policy: Policy) -> Judged:
    """An action of the agent's own."""
    found = classified(command.parts, policy)
    digest = joint_digest(each.digest for each in found) if all(each.digest for each in found) else ""
    return _judged(command, command.parts, found, digest, policy)


def judge_change(command: c.ProposeChange, change: Change, policy: Policy) -> Judged:
    """What a task's attempt changed."""
    found = classified(change.parts, policy, change.unread)
    judged = _judged(command, change.parts, found, change.digest, policy)
    return replace(judged, merged=True)


def _judged(
    command: c.ProposeAction | c.ProposeChange,
    exact: Sequence[Proposal],
    found: Sequence[Classification],
    digest: str,
    policy: Policy,
) -> Judged:
    pairs = list(zip(exact, found, strict=True))
    kept = pairs if len(pairs) == 1 else [pair for pair in pairs if pair[1].level > 1]
    parts = tuple(_part(proposal, each, policy) for proposal, each in kept[:MAX_PARTS])
    asked = joint_digest(each.digest for _, each in kept if each.level > 1)
    violations = [each.violation for each in found if each.violation]
    return Judged(
        proposal=command.proposal,
        task=command.task,
        attempt=command.attempt,
        by=command.by,
        agent=command.agent,
        digest=digest,
        level=level_of(found),
        parts=parts,
        exact=tuple(proposal for proposal, _ in kept[:MAX_PARTS]),
        asked=digest if len(kept) > MAX_PARTS else asked,
        summary=describing.summary(parts) if parts else f"{len(exact)} ordinary changes",
        policy_version=str(policy.version),
        policy=policy.sha256,
        claimed=max((each.claimed for each in found), default=0),
        violation="; ".join(violations[:5]),
        judge=code_sha256(),
        why=_why(command),
    )


def _why(command: c.ProposeAction | c.ProposeChange) -> str:
    said = command.why if isinstance(command, c.ProposeAction) else ""
    return printable(redacted(said[: 4 * MAX_WHY]), MAX_WHY)


def _part(proposal: Proposal, found: Classification, policy: Policy) -> ActionPart:
    kind = str(msgspec.to_builtins(proposal)["kind"])
    return ActionPart(
        kind=kind,
        about=_about(proposal, kind),
        digest=found.digest,
        level=found.level,
        effects=_grave(proposal, policy) if found.level > 1 else tuple(map(_plain, found.effects[:8])),
        rules=found.rules,
        reasons=tuple(redacted(reason[:MAX_WHY]) for reason in found.reasons),
        diff=describing.difference(proposal) if found.level > 1 else "",
    )


def _grave(proposal: Proposal, policy: Policy) -> tuple[EffectRecord, ...]:
    """The effects that make the level; none where only their combination does, or where they are too many to keep."""
    judged = judge(effects_of_proposal(proposal).effects, policy.rules)
    grave = [(effect, level) for effect, level in judged.by_effect if level > 1]
    if len(grave) > 64 or max((level for _, level in grave), default=0) < judged.level:
        return ()
    return tuple(_record(effect) for effect, _ in grave)


def _record(effect: Effect) -> EffectRecord:
    return _plain(EffectRecord(effect.kind, effect.target, effect.where, effect.detail))


def _plain(effect: EffectRecord) -> EffectRecord:
    """As it may be shown and kept: a target is a piece of the command, and may hold the secret that is in it."""
    return msgspec.structs.replace(effect, target=_shown(effect.target), detail=_shown(effect.detail))


def _shown(text: str) -> str:
    return printable(redacted(text[:MAX_WHY]))


def _about(proposal: Proposal, kind: str) -> str:
    """The action in a few words, without anything that seems to be a secret."""
    fields = msgspec.to_builtins(proposal)
    words = " ".join(fields.get("args", ())) if kind == "git" else ""
    main = fields.get("command") or words or fields.get("path") or fields.get("tool") or fields.get("manifest")
    text = str(main or fields.get("content") or "")
    plain = redacted(text[: 2 * MAX_ABOUT])
    shown = printable(describing.HIDDEN if secrets_in_text(plain) else plain, MAX_ABOUT)
    rest = f" (of {len(text):,} characters, and nobody is shown the rest)" if len(text) > MAX_ABOUT else ""
    return f"{_VERBS.get(kind, kind)} {shown}{rest}"


_VERBS = {
    "shell": "run",
    "file_read": "read",
    "file_write": "write",
    "file_delete": "delete",
    "git": "git",
    "http": "request",
    "sql": "SQL:",
    "dependency": "dependencies of",
    "tool": "call",
}
