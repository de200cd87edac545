"""What does a notary make of a run's log? Which entries cannot stand, what is not sealed yet, when to seal it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro.log.reader import Commit, Rejected
from maestro.tlog.merkle import Tree
from maestro_contracts import events as e
from maestro_contracts.roles import AFTER_THE_END

EVERY_ENTRIES = 256
EVERY_MS = 1000
MOST_VIOLATIONS = 16
"""So many are said of one run; who floods a log with junk shall not have the notary flood it too."""
ROLE = "notary"


@dataclass(frozen=True, slots=True)
class Pace:
    """A log is sealed when so many entries are new, or the oldest of them is this old."""

    entries: int = EVERY_ENTRIES
    ms: int = EVERY_MS


@dataclass(slots=True)
class RunBook:
    """One run's log as far as it was read; `tree` gets each entry's bytes before the verdict on it comes here."""

    tree: Tree = field(default_factory=Tree)
    seq: int = 0
    sealed: int = 0
    """The first so many entries are sealed."""
    whole: bool = False
    """The run had ended when it was sealed last."""
    ended: bool = False
    unsealed: dict[int, int] = field(default_factory=dict)
    """When each entry was read (ms) that no seal covers and that is not the notary's own; by seq, in order."""
    repo: str = ""
    recorded: set[int] = field(default_factory=set)
    """Entries that a violation is recorded of in the log."""
    found: int = 0
    """How many violations were found by this reading."""
    closing: bool = False
    """The seal of the whole was read in the log itself."""
    broken: str = ""
    """Why this log cannot be sealed any more."""

    def take(self, verdict: Commit | Rejected, now: int) -> e.ViolationFound | None:
        """Take in the verdict on the next entry; returns what is to be said of it."""
        self.seq = verdict.seq
        if isinstance(verdict, Rejected):
            self.unsealed[verdict.seq] = now
            if verdict.flaw == "missing":
                self.broken = verdict.reason
            return self._violation(verdict.seq, verdict.reason, verdict.actor, now)
        if verdict.role == ROLE:
            for event in verdict.events:
                self._hear(event)
            return None
        self.unsealed[verdict.seq] = now
        late = self._too_late(verdict)
        for event in verdict.events:
            self._follow(event)
        if not late:
            return None
        reason = f"{late} was said after the run had ended and was sealed"
        return self._violation(verdict.seq, reason, verdict.header.actor, now)

    def is_due(self, now: int, pace: Pace) -> bool:
        """Whether it is time to seal."""
        return not self.broken and self.due_in(now, pace) == 0

    def due_in(self, now: int, pace: Pace) -> int | None:
        """How long until it is time to seal (ms); None where nothing is new."""
        if self.ended and (self.unsealed or not self.whole):
            return 0
        if not self.unsealed:
            return None
        if len(self.unsealed) >= pace.entries:
            return 0
        return max(0, next(iter(self.unsealed.values())) + pace.ms - now)

    @property
    def is_closed(self) -> bool:
        """Nothing more is expected here."""
        return self.ended and self.whole and self.closing and not self.unsealed

    def settle(self, size: int, *, whole: bool = False) -> None:
        """The first `size` entries are sealed."""
        self.sealed = max(self.sealed, size)
        self.whole = self.whole or whole
        for seq in [seq for seq in self.unsealed if seq <= size]:
            del self.unsealed[seq]

    def _hear(self, event: e.Event) -> None:
        if isinstance(event, e.LogSealed):
            self.settle(event.size, whole=event.final)
            self.closing = self.closing or event.final
        elif isinstance(event, e.ViolationFound):
            self.recorded.add(event.entry)

    def _follow(self, event: e.Event) -> None:
        match event:
            case e.RunStarted(repo=repo):
                self.repo = self.repo or repo.url
            case e.RunCompleted() | e.RunCancelled() | e.RunFailed():
                self.ended = True

    def _too_late(self, commit: Commit) -> str:
        """What may not be said any more, where the run was sealed as a whole."""
        late = [type(event) for event in commit.events if type(event) not in AFTER_THE_END]
        return late[0].__name__ if self.whole and late else ""

    def _violation(self, entry: int, reason: str, actor: str, now: int) -> e.ViolationFound | None:
        if entry in self.recorded or self.found >= MOST_VIOLATIONS:
            return None
        self.found += 1
        return e.ViolationFound(entry, reason, actor, now)
