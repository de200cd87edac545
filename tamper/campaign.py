"""How is a campaign of changes run? Every change is audited; what found it is counted; what nothing found is named."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, lru_cache
from random import Random

from maestro.audit import auditor
from maestro.audit.findings import PropertyName, Report, Verdict
from maestro.audit.memory_source import MemorySource
from maestro.audit.trust import Enrolled, Trust
from maestro.audit.verify import audit
from maestro.log.note import VerifyKey
from maestro.log.signatures import is_signed
from maestro.people import sshsig
from maestro.tlog.checkpoint import SignedCheckpoint, parse_signed
from maestro_contracts import events as e
from tamper.mutations import CLASSES, Bodies, History, Rewriter, truncate
from tamper.sample import Writer, shared
from tamper.town import WITNESSES

K = 2
"""So many of the town's three witnesses the auditor wants."""
WORSE: dict[Verdict, int] = {"holds": 0, "cannot tell": 1, "violated": 2}


@dataclass(slots=True)
class Tally:
    """What became of the changes of one class. `by` counts the properties that showed each, `missed` are draws that no
    property showed, as seeds to repeat them."""

    changes: int = 0
    by: Counter[PropertyName] = field(default_factory=Counter)
    missed: list[int] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.changes += other.changes
        self.by += other.by
        self.missed += other.missed


class Court:
    """Audits changed histories, by an auditor who has the operator's key, the witnesses' policy and, for what cannot
    be told otherwise, a checkpoint of their own."""

    def __init__(self) -> None:
        _remember_signatures()
        self.town = shared()
        other = Writer()
        other.town.run = "another-run-x2y3z4"
        other.plan()
        self.history = History.of(self.town, other.town)
        self.trust = Trust(self.town.operator.verify_key, self.town.policy(K), "the campaign")
        self._enrolled = Enrolled.of(self.trust.operator, self._source(self.town.bodies).system())
        self.kept = parse_signed(self.town.cosigned(self.town.checkpoint(self.town.bodies[:-1]), *WITNESSES))
        self._honest = self.audit(self.town.bodies)

    def _source(self, bodies: Bodies) -> MemorySource:
        return MemorySource(self.town.run, bodies, self.town.system)

    def audit(self, bodies: Bodies, since: SignedCheckpoint | None = None) -> Report:
        check = _remembered
        return audit(
            self._source(bodies),
            self.trust,
            since=since,
            processes=1,
            enrolled=self._enrolled,
            check=lambda proofs: [check(proof) for proof in proofs],
        )

    def shown_by(self, bodies: Bodies, since: SignedCheckpoint | None = None) -> list[PropertyName]:
        """The properties that look worse than of the honest history."""
        before, after = self._honest.properties, self.audit(bodies, since).properties
        return [name for name in after if WORSE[after[name].verdict] > WORSE[before[name].verdict]]

    def draw(self, name: str, number: int, seed: str) -> Tally:
        """One change of a class."""
        change, chance = CLASSES[name], Random(f"{seed}/{name}/{number}")
        bodies = change(self.history, chance)
        while bodies == list(self.history.bodies):
            bodies = change(self.history, chance)
        shown = self.shown_by(bodies, self.kept if change is truncate else None)
        return Tally(1, Counter(shown), [] if shown else [number])


@lru_cache(maxsize=8192)
def _remembered(proof: bytes) -> bool:
    return is_signed(proof)


@cache
def _remember_signatures() -> None:
    """Nearly every entry and signature of a changed history is one that was looked at before: what was found is
    remembered, by all that it depends on. Nothing else is."""
    auditor.open_plain = lru_cache(8192)(auditor.open_plain)
    VerifyKey.verifies = lru_cache(8192)(VerifyKey.verifies)  # type: ignore[method-assign]
    sshsig.verify = lru_cache(8192)(sshsig.verify)
    sshsig.signed_by = lru_cache(8192)(sshsig.signed_by)


@cache
def court() -> Court:
    """One for each process."""
    return Court()


def _share(asked: tuple[range, str]) -> dict[str, Tally]:
    numbers, seed = asked
    found = {name: Tally() for name in CLASSES}
    for number in numbers:
        name = list(CLASSES)[number % len(CLASSES)]
        found[name].add(court().draw(name, number, seed))
    return found


def run(changes: int, seed: str, processes: int = 0) -> dict[str, Tally]:
    """So many changes, spread over all classes. The same seed draws the same changes."""
    cores = processes or os.cpu_count() or 1
    size = max(1, min(500, -(-changes // cores)))
    shares = [(range(start, min(start + size, changes)), seed) for start in range(0, changes, size)]
    total = {name: Tally() for name in CLASSES}
    with ProcessPoolExecutor(cores) as pool:
        for found in pool.map(_share, shares):
            for name, tally in found.items():
                total[name].add(tally)
    return total


@dataclass(frozen=True, slots=True)
class Boundary:
    """What the operator, the notary and enough witnesses can do together: how many of so many rewritten histories were
    shown, without a checkpoint of the reader's own and with one."""

    draws: int
    shown: int
    shown_with_own_checkpoint: int


def boundary(draws: int, seed: str) -> Boundary:
    """Histories that were rewritten by everybody together."""
    here, without, with_own = court(), 0, 0
    for number in range(draws):
        chance = Random(f"{seed}/boundary/{number}")
        history = here.history
        at = chance.choice([at for at, header in enumerate(history.headers) if header.actor == "conductor-1"])
        said = e.CommandDeadLettered(chance.randbytes(8).hex(), "Advance", "conductor", 5, "as if it had been so")
        bodies = Rewriter(history, WITNESSES).rewritten(at, {at: [*history.events[at], said]}, seals=True)
        without += bool(here.shown_by(bodies))
        with_own += bool(here.shown_by(bodies, here.kept))
    return Boundary(draws, without, with_own)


def table(found: dict[str, Tally], limit: Boundary, seed: str) -> Sequence[str]:
    """The result as Markdown."""
    lines = ["| changed | times | shown | by |", "|---|---:|---:|---|"]
    for name, tally in found.items():
        by = ", ".join(f"{property} {count:,}" for property, count in tally.by.most_common())
        lines.append(f"| {name} | {tally.changes:,} | {tally.changes - len(tally.missed):,} | {by} |")
    total, missed = sum(each.changes for each in found.values()), sum(len(each.missed) for each in found.values())
    lines += [
        f"| **all** | **{total:,}** | **{total - missed:,}** | seed `{seed}` |",
        "",
        f"The boundary: {limit.draws} histories that operator, notary and all witnesses rewrote together.",
        f"Shown: {limit.shown}. To a reader who kept one checkpoint (`--since`): {limit.shown_with_own_checkpoint}.",
    ]
    return lines
