"""Which properties does this log have? One pass over its raw entries, in bounded memory; every property apart. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from maestro.audit.authorisation import Authorisation
from maestro.audit.decisions import Decisions, Place
from maestro.audit.findings import Property, PropertyName, Report, no_properties
from maestro.audit.seals import Seals
from maestro.audit.trust import Enrolled, Trust
from maestro.audit.verification import Verification
from maestro.log.fast import Plain, open_plain
from maestro.log.past import with_past
from maestro.log.store import Entry
from maestro.log.verify import Chains, Commit, Flaw, Rejected, examine_slowly, examined, resolve
from maestro.projections import hitl
from maestro_contracts import events as e
from maestro_contracts.roles import AFTER_THE_END

Blob = Callable[[str], bytes | None]
"""A large payload by its SHA-256; None where it is not there."""
Listener = Callable[[Commit | Rejected], None]
WHERE: dict[Flaw, PropertyName] = {
    "author": "authenticity",
    "content": "authenticity",
    "chain": "chains",
    "role": "roles",
    "missing": "tree",
}
NOTARY = "notary"
ENDS = (e.RunCompleted, e.RunFailed, e.RunCancelled)


def no_blob(_sha256: str) -> None:
    """A log without large payloads."""


class Auditor:
    """Reads the entries of one run in their order: `open` each page, have the signatures of its proofs checked, `take`
    it. `listeners` hear every entry's verdict. `watched` are sizes whose roots will be asked for at the end."""

    def __init__(
        self,
        run: str,
        trust: Trust,
        enrolled: Enrolled,
        *,
        blob: Blob = no_blob,
        watched: Sequence[int] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.run, self._trust, self._enrolled, self._blob, self._listeners = run, trust, enrolled, blob, listeners
        self.properties = found = no_properties()
        keyring = enrolled.keyring
        notaries = [member.key for member in keyring.members() if member.role == NOTARY]
        self.seals = Seals(run, trust, notaries, found["tree"], found["seals"], watched)
        self._decisions = Decisions(run, keyring, enrolled.directory, found["authorisation"])
        self._authorisation = Authorisation(self._decisions, enrolled.processes, run, found["authorisation"])
        self._verification = Verification(found["verification"])
        self._chains = Chains()
        self._authors: set[tuple[str, str]] = set()
        self._readers: dict[type[e.Event], list[Callable[[Place, str, e.Event], None]]] = {}
        for reader in (self._decisions, self._authorisation, self._verification):
            for event in reader.HEARS:
                self._readers.setdefault(event, []).append(reader.read)
        self._seq = self._events = self._time = 0
        self._ended = ""
        self.hitl: list[hitl.Finding] = []
        enrolled.tell(found["authenticity"], found["chains"])

    # --- reading ------------------------------------------------------------------------------------------------------

    def open(self, page: Sequence[Entry]) -> list[Plain | None]:
        """The page's plain entries; the others need a closer look."""
        find, run = self._enrolled.keyring.find, self.run
        return [open_plain(entry.body, run, find) for entry in page]

    def take(self, page: Sequence[Entry], opened: Sequence[Plain | None], right: Sequence[int]) -> None:
        """The next page. `right` has one answer for each plain entry: whether its signature is right."""
        answers = iter(right)
        for entry, plain in zip(page, opened, strict=True):
            if entry.seq != self._seq + 1:
                self._hear(
                    Rejected(entry.seq, f"entries {self._seq + 1} to {entry.seq - 1} are missing", flaw="missing")
                )
            self._seq = entry.seq
            if plain is not None and next(answers):
                seen = examined(entry, plain)
            else:
                seen = examine_slowly(entry, self.run, self._enrolled.keyring.find)
                for index, sha in seen.missing:
                    resolve(seen, index, self._blob(sha))
                    self.properties["authenticity"].count("payloads")
            verdict = self._with_past(self._chains.place(seen))
            self._hear(verdict)
            is_notarys = isinstance(verdict, Commit) and verdict.role == NOTARY
            self.seals.append(entry.body, counts=not is_notarys)

    def _with_past(self, verdict: Commit | Rejected) -> Commit | Rejected:
        """What a fork brings along is its parent's authors' word; where it is not, that is a finding here."""
        found = with_past(verdict, self._enrolled.keyring.find) if isinstance(verdict, Commit) else verdict
        for before in found.past if isinstance(found, Commit) else ():
            if isinstance(before, Rejected):
                self.properties[WHERE[before.flaw]].breaks(f"{verdict.seq}/{before.seq}", before.reason)
        return found

    def _hear(self, verdict: Commit | Rejected) -> None:
        if isinstance(verdict, Commit):
            self._believe(verdict)
        else:
            self.properties[WHERE[verdict.flaw]].breaks(str(verdict.seq), verdict.reason)
        for listener in self._listeners:
            listener(verdict)

    def _believe(self, commit: Commit) -> None:
        header = commit.header
        if header.ts > self._time:
            self._time = header.ts
        self._authors.add((header.actor, header.epoch))
        self._events += len(commit.events)
        for index, event in enumerate(commit.events):
            kind = type(event)
            if kind not in self._readers and commit.role != NOTARY and not self.seals.is_whole:
                continue
            at = f"{commit.seq}.{index}"
            place = Place(at, header.ts, self._time)
            if commit.role == NOTARY:
                self._notarys(at, commit, event)
                continue
            if self.seals.is_whole and kind not in AFTER_THE_END:
                what = f"{kind.__name__} was said after the run was sealed as a whole"
                self.properties["completeness"].breaks(at, what)
            for read in self._readers.get(kind, ()):
                read(place, header.actor, event)
            if kind in ENDS:
                self._ended = self._ended or kind.__name__

    def _notarys(self, at: str, commit: Commit, event: e.Event) -> None:
        """What the notary says is held against the tree as it is here, and against its own key."""
        match event:
            case e.LogSealed(note=note, size=size, root=root, final=final):
                self.seals.sealed(at, note.encode(), said=(size, root), final=final)
                if final and not self._ended:
                    self.properties["completeness"].breaks(at, "it is said to be the run's end, which had not come")
            case e.SealCosigned(note=note, size=size):
                self.seals.cosigned(at, note.encode(), size)
            case e.ViolationFound(entry=entry, reason=reason):
                self.properties["authenticity"].breaks(at, f"the notary found entry {entry}: {reason}")

    # --- the end ------------------------------------------------------------------------------------------------------

    def nothing(self, name: PropertyName, why: str) -> None:
        """A property that cannot be looked at at all."""
        self.properties[name].cannot_tell("", why)

    def result(self) -> Report:
        """What it all comes to. To be called once, after the last page."""
        found, entries = self.properties, self.seals.roots.size
        found["authenticity"].count("entries", entries)
        found["chains"].count("authors", len(self._authors))
        found["roles"].count("events", self._events)
        self.hitl = self._authorisation.end()
        self._verification.end()
        self.seals.end()
        self._complete(found["completeness"])
        if not self._events:
            for each in found.values():
                each.cannot_tell("", "there is nothing to verify")
        root = self.seals.roots.root.hex() if entries else ""
        return Report(self.run, self._trust.in_words, found, entries, self._events, root)

    def _complete(self, found: Property) -> None:
        if not self._ended:
            found.cannot_tell("", "the run has not ended: what comes later cannot be known")
        else:
            found.count(f"ends with {self._ended}")
        self.seals.complete(found)
