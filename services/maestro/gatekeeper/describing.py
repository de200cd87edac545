"""How is an action put to people? What it is about, what it would do, and whether it can be undone. Pure.

Everything from an agent is shown on single lines, with what could deceive a terminal made visible.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence

from maestro.gatekeeper.answers import printable
from maestro.policy.redact import redacted
from maestro.policy.secrets import secrets_in_text
from maestro_contracts.actions import ActionPart
from maestro_contracts.proposals import EffectRecord, FileWrite, Proposal

SHOWN = 20
COMPARED = 200_000
"""Characters of a file that are compared."""
DIFF_LINES, ALL_DIFF_LINES = 60, 200
"""Lines of a difference that are shown of one file, and of all."""
HIDDEN = "(a line that seems to hold a secret is not shown)"
LINE = 160
WHOLE = 2_200
"""So long a line may be that says what is to be approved: who approves it should have read it."""

IMPACT = {
    "read": "looks at {target}",
    "write": "changes {target}",
    "delete": "deletes {target}",
    "run-code": "runs the project's code",
    "git-local": "changes the local repository",
    "git-remote": "talks to a git remote: {target}",
    "git-discard": "loses or rewrites work or history: {target}",
    "dependency": "changes a dependency: {target}",
    "migration": "changes a schema: {target}",
    "data-change": "changes data: {target}",
    "data-destroy": "destroys data: {target}",
    "deploy": "deploys, or changes what runs: {target}",
    "service": "starts or stops something on this machine: {target}",
    "network": "talks to {target}",
    "credential": "touches a secret: {target}",
    "personal-data": "touches personal data: {target}",
    "money": "costs money: {target}",
    "security-config": "changes who or what is trusted: {target}",
    "guard": "changes Maestro's own rules or records: {target}",
    "ci": "changes how it is built and shipped: {target}",
    "auth-code": "changes who gets in: {target}",
    "api-contract": "changes what others build against: {target}",
    "opaque": "does something that cannot be seen beforehand",
    "unknown": "does something that no rule describes: {target}",
}
NOT_UNDONE = {
    "git-discard": "what is lost is lost",
    "data-change": "rows that are changed stay so without a backup",
    "data-destroy": "what is destroyed is lost without a backup",
    "deploy": "it is undone only by another deployment",
    "network": "what was sent cannot be taken back",
    "git-remote": "what others have fetched cannot be taken back",
    "credential": "a secret that was seen must be replaced",
    "personal-data": "what was seen or sent cannot be taken back",
    "money": "what is paid is paid",
    "opaque": "nobody can tell",
    "unknown": "nobody can tell",
    "service": "what was interrupted stays so",
}


def summary(parts: Sequence[ActionPart]) -> str:
    """The action on one line: its gravest part, and how many more there are."""
    if not parts:
        return "nothing"
    gravest = max(parts, key=lambda part: part.level)
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return printable(gravest.about, LINE) + more


def context(parts: Sequence[ActionPart], said: str = "") -> str:
    """Each part above level 1 with the reasons of its level; `said` is what the agent says that it is for."""
    lines = [f"the agent says: {printable(said, LINE)}"] if said else []
    for part in parts[:SHOWN]:
        why = "; ".join(dict.fromkeys(printable(reason, LINE) for reason in part.reasons[:3]))
        lines.append(f"level {part.level}: {printable(part.about, WHOLE)}" + (f" ({why})" if why else ""))
    return _shortened(lines, len(parts))


def impact(parts: Sequence[ActionPart]) -> str:
    """What it would do, one line for each effect."""
    lines = dict.fromkeys(_impact(effect) for effect in _effects(parts))
    return _shortened(list(lines)[:SHOWN], len(lines))


def difference(proposal: Proposal) -> str:
    """What a write changes in its file, line by line; empty for other actions, and where the file is as it was."""
    if not isinstance(proposal, FileWrite):
        return ""
    before, after = proposal.before or "", proposal.content
    if max(len(before), len(after)) > COMPARED:
        return f"({len(after):,} characters: too large to be shown)"
    lines = difflib.unified_diff(_lines(before), _lines(after), "before", "after", n=2, lineterm="")
    shown = [_diff_line(line) for line in itertools.islice(lines, 2, 2 + DIFF_LINES + 1)]
    return "\n".join(shown[:DIFF_LINES] + ["... and more"] * (len(shown) > DIFF_LINES))


def differences(parts: Sequence[ActionPart]) -> str:
    """Those of all parts, each below its file."""
    found = [f"{printable(part.about, LINE)}\n{part.diff}" for part in parts if part.diff]
    lines = "\n".join(found).splitlines()
    return "\n".join(lines[:ALL_DIFF_LINES] + ["... and more"] * (len(lines) > ALL_DIFF_LINES))


def _lines(text: str) -> list[str]:
    """Those that an editor would show; a line may be ended in other ways than by what ends it in a file."""
    return text.split("\n")[: -1 if text.endswith("\n") else None] if text else []


def _diff_line(line: str) -> str:
    """Without secrets; a line of code that seems to hold one is not shown."""
    plain = redacted(line[: 2 * LINE])
    mark = line[:1] if line[:1] in "+- " else ""
    return printable(f"{mark}{HIDDEN}" if secrets_in_text(plain) else plain, LINE)


def reversibility(parts: Sequence[ActionPart], *, merged: bool) -> str:
    """Whether it can be undone. `merged`: it is a change of files on the run's branch, which git keeps."""
    if merged:
        return "it is a commit on the run's branch: `maestro audit roll-back` undoes it, until others have used it"
    why = dict.fromkeys(NOT_UNDONE[effect.kind] for effect in _effects(parts) if effect.kind in NOT_UNDONE)
    return f"it cannot simply be undone: {'; '.join(why)}" if why else "it happens in a worktree of its own"


def _effects(parts: Iterable[ActionPart]) -> list[EffectRecord]:
    return [effect for part in parts for effect in part.effects]


def _impact(effect: EffectRecord) -> str:
    target = printable(effect.target, LINE) or "something"
    place = f" ({effect.where})" if effect.where not in ("", "project") else ""
    return IMPACT.get(effect.kind, f"{printable(effect.kind)}: {{target}}").format(target=target) + place


def _shortened(lines: list[str], count: int) -> str:
    more = [f"... and {count - SHOWN} more"] if count > SHOWN else []
    return "\n".join([*lines, *more])
