"""How is a whole log audited? From a source of raw entries, with all cores, to a report.

The source only hands out bytes; whether they come from a server, a bundle or a list in memory makes no difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from maestro.audit.auditor import Auditor, Listener
from maestro.audit.determinism import Determinism
from maestro.audit.findings import PropertyName, Report
from maestro.audit.pool import Checks, Signatures, check_here
from maestro.audit.trust import Enrolled, Trust
from maestro.audit.words import Words
from maestro.log.fast import Plain
from maestro.log.store import Entry
from maestro.tlog.checkpoint import SignedCheckpoint, parse_signed
from maestro_contracts.envelope import Unreadable

LONG = 1_000
"""So many entries take longer to check than a helper to start."""
PAGE = 512
"""Entries of a page at most: few enough that several pages lie with the helpers."""

Flaw = tuple[PropertyName, str, str]
"""The property, where, and why it does not hold."""
Page = tuple[Sequence[Entry], list[Plain | None]]


class Source(Protocol):
    """Where a run's history comes from. Pages are in order; nothing of it is believed."""

    @property
    def run(self) -> str: ...

    def system(self) -> Iterable[Sequence[Entry]]:
        """The log of the operator's words."""
        ...

    def entries(self) -> Iterable[Sequence[Entry]]: ...

    def length(self) -> int:
        """About how many entries there are."""
        ...

    def blob(self, sha256: str) -> bytes | None: ...

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint that lies beside the log, with its cosignatures; None where there is none."""
        ...

    def projections(self) -> Mapping[str, bytes] | None:
        """The files that people read, by path; None where there are none to compare with."""
        ...

    def flaws(self, audit: Audit) -> Iterable[Flaw]:
        """What else does not hold where this history comes from; asked when all entries were read."""
        ...


def audit(
    source: Source,
    trust: Trust,
    *,
    since: SignedCheckpoint | None = None,
    processes: int = 0,
    check: Checks = check_here,
    enrolled: Enrolled | None = None,
) -> Report:
    """The audit of a run. `since` is an older checkpoint of this log that the reader has kept: the log must continue
    it. `processes` 0 uses every core. `enrolled` is what the system log says, where that is known already."""
    return Audit(source, trust, since, enrolled, check).run(processes)


class Audit:
    """One audit. `listeners` hear every entry's verdict; `projections`: the run's files are wanted afterwards."""

    def __init__(
        self,
        source: Source,
        trust: Trust,
        since: SignedCheckpoint | None = None,
        enrolled: Enrolled | None = None,
        check: Checks = check_here,
        listeners: Sequence[Listener] = (),
        *,
        projections: bool = False,
    ) -> None:
        self._source, self._since, self._check, self.trust = source, since, check, trust
        self.determinism = Determinism(source.run, source.projections(), keep=projections)
        self._enrolled = enrolled or Enrolled.of(trust.operator, source.system())
        self._beside = beside = source.checkpoint()
        self.blobs: set[str] = set()
        """The large payloads that the log names."""
        self.words = Words()
        watched = [size for size in (_size(beside), since.checkpoint.size if since else None) if size is not None]
        self.auditor = Auditor(
            source.run,
            trust,
            self._enrolled,
            blob=self._blob,
            watched=watched,
            listeners=[self.determinism.hear, self.words.hear, *listeners],
        )

    def run(self, processes: int = 0) -> Report:
        """Read everything, and say what it comes to."""
        self.read(processes)
        return self.auditor.result()

    def read(self, processes: int = 0) -> None:
        """Read everything. Whoever knows more puts it into the properties before asking for the result."""
        cores = processes or _cores()
        many = cores if self._source.length() >= LONG else 1
        auditor = self.auditor
        with Signatures[Page](many, self._check) as signatures:
            for (entries, opened), right in signatures.checked(self._pages()):
                auditor.take(entries, opened, right)
        if self._beside is not None:
            auditor.seals.sealed("checkpoint", self._beside)
        if self._since is not None:
            self._continues(self._since)
        self.determinism.compare(auditor.properties["determinism"])
        for name, at, why in self._source.flaws(self):
            auditor.properties[name].breaks(at, why)

    @property
    def enrolled(self) -> Enrolled:
        return self._enrolled

    def _blob(self, sha256: str) -> bytes | None:
        self.blobs.add(sha256)
        return self._source.blob(sha256)

    def _pages(self) -> Iterator[tuple[Page, Sequence[bytes]]]:
        for entries in self._source.entries():
            for start in range(0, len(entries), PAGE):
                page = entries[start : start + PAGE]
                opened = self.auditor.open(page)
                yield (page, opened), [plain.proof for plain in opened if plain is not None]

    def _continues(self, since: SignedCheckpoint) -> None:
        """The reader's own, older checkpoint: the log must still hold what it covered."""
        tree, seals = self.auditor.properties["tree"], self.auditor.seals
        old = since.checkpoint
        if old.origin != seals.origin:
            return tree.breaks("--since", f"it is a checkpoint of {old.origin}, not of this log")
        if old.size > seals.roots.size:
            return tree.breaks("--since", f"it covers {old.size} entries, and the log has {seals.roots.size} now")
        if seals.roots.at(old.size) != old.root:
            return tree.breaks("--since", f"the first {old.size} entries are others than when it was made")
        tree.count("older checkpoints continued")


def _size(note: bytes | None) -> int | None:
    try:
        return parse_signed(note).checkpoint.size if note is not None else None
    except Unreadable:
        return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
