"""What does an audit come to? Its properties, each with counts and findings, and the verdict that follows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

PropertyName = Literal[
    "authenticity",
    "chains",
    "tree",
    "seals",
    "roles",
    "authorisation",
    "verification",
    "determinism",
    "completeness",
]
ABOUT: dict[PropertyName, str] = {
    "authenticity": "each entry is signed by an author whom the operator introduced, and can be read",
    "chains": "each author's entries follow one another; nobody said two things in one place",
    "tree": "the entries are those that each checkpoint covers, none more, fewer or other",
    "seals": "checkpoints are signed by the log's notary and cosigned by enough witnesses",
    "roles": "each event was said by a role that may say it",
    "authorisation": "each effect of level 2 and 3 had one valid approval of exactly that, by somebody who may",
    "verification": "each acceptance has its quorum of votes over the tree that was claimed",
    "determinism": "the files that people read are what the log says",
    "completeness": "the run has ended, and its end is sealed",
}
KEPT = 1000
"""So many findings of one property are named; all are counted."""
Verdict = Literal["holds", "violated", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold (`broken`) or that cannot be told. `at` is the address of an event (`seq.i`) or an
    entry (`seq`), with the log's name before it where it is another than the run's; empty: the log as a whole."""

    at: str
    what: str
    broken: bool = True


@dataclass(slots=True)
class Property:
    """One line of an audit: what was looked at, how often, and what does not hold."""

    name: PropertyName
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: int = 0
    unproven: int = 0

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def breaks(self, at: str, what: str) -> None:
        """Somebody changed, forged or did what they may not."""
        self.broken += 1
        self._keep(Finding(at, what))

    def cannot_tell(self, at: str, what: str) -> None:
        """It may be right, and nothing shows it."""
        self.unproven += 1
        self._keep(Finding(at, what, broken=False))

    def _keep(self, finding: Finding) -> None:
        if len(self.findings) < KEPT:
            self.findings.append(finding)

    @property
    def verdict(self) -> Verdict:
        return "violated" if self.broken else "cannot tell" if self.unproven else "holds"


@dataclass(slots=True)
class Report:
    """The audit of one run. `trust` says in words whose keys were believed; `root` is the hash of the whole tree."""

    run: str
    trust: str
    properties: dict[PropertyName, Property]
    entries: int = 0
    events: int = 0
    root: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of all properties."""
        verdicts = {each.verdict for each in self.properties.values()}
        return "violated" if "violated" in verdicts else "cannot tell" if "cannot tell" in verdicts else "holds"

    def detected_by(self) -> list[PropertyName]:
        """The properties that are violated."""
        return [name for name, each in self.properties.items() if each.broken]


def no_properties() -> dict[PropertyName, Property]:
    return {name: Property(name) for name in ABOUT}


def lines(report: Report, shown: int = 20) -> Iterable[str]:
    """As people read it: one line for each property, findings below it."""
    for each in report.properties.values():
        mark = {"holds": "✓", "violated": "✗", "cannot tell": "?"}[each.verdict]
        yield f"{mark} {each.name:<14} {counted(each)}"
        for finding in each.findings[:shown]:
            yield f"    {'✗' if finding.broken else '?'} {finding.at + ': ' if finding.at else ''}{finding.what}"
        if len(each.findings) > shown or each.broken + each.unproven > len(each.findings):
            yield f"    ... {each.broken + each.unproven - min(shown, len(each.findings))} more; see --json"


def counted(each: Property) -> str:
    """What was looked at and what came of it, in one line."""
    parts = [f"{number:,} {what}" for what, number in each.counts.items()]
    if each.broken:
        parts.append(f"{each.broken:,} VIOLATED")
    if each.unproven:
        parts.append(f"{each.unproven:,} cannot be told")
    return ", ".join(parts) or "nothing to look at"


def as_dict(report: Report) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "run": report.run,
        "verdict": report.verdict,
        "trust": report.trust,
        "entries": report.entries,
        "events": report.events,
        "root": report.root,
        "properties": [
            {
                "name": each.name,
                "about": ABOUT[each.name],
                "verdict": each.verdict,
                "counts": each.counts,
                "violated": each.broken,
                "cannot_tell": each.unproven,
                "findings": [{"at": f.at, "what": f.what, "violated": f.broken} for f in each.findings],
            }
            for each in report.properties.values()
        ],
    }
