"""Was every accepted claim looked at by enough validators, each on the tree that was claimed? Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro.audit.decisions import Place
from maestro.audit.findings import Property
from maestro_contracts import events as e


@dataclass(slots=True)
class Attempt:
    """What was said of one attempt at one task. `votes` is each validator's last word: verdict and tree."""

    claim: e.TaskClaimed | None = None
    votes: dict[str, tuple[str, str]] = field(default_factory=dict)
    accepted: bool = False


class Verification:
    """Follows the claims of one run. What is merged is forgotten, so that long runs take no more memory."""

    def __init__(self, found: Property) -> None:
        self._found = found
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._quorum = 1
        self._claims = self._judged = 0
        self._completed = False

    HEARS: tuple[type[e.Event], ...] = (
        e.RunStarted,
        e.RunForked,
        e.RunCompleted,
        e.TaskClaimed,
        e.VoteCast,
        e.TaskAccepted,
        e.TaskRejected,
        e.TaskAbandoned,
        e.TaskMerged,
        e.RunChecked,
        e.HandedOver,
    )

    def read(self, place: Place, actor: str, event: e.Event) -> None:
        at = place.at
        match event:
            case e.RunStarted(settings=settings) | e.RunForked(settings=settings):
                self._quorum = settings.validators // 2 + 1
            case e.RunCompleted():
                self._completed = True
            case e.TaskClaimed() if event.tree or event.commit:
                self._claimed(at, actor, event)
            case e.VoteCast():
                self._voted(at, actor, event)
            case e.TaskAccepted():
                self._accepted(at, event)
            case e.TaskRejected() | e.TaskAbandoned():
                self._judged += 1
                self._attempts.pop((event.task, event.attempt), None)
            case e.TaskMerged():
                self._merged(at, event)
            case e.RunChecked() if event.validator != actor:
                self._found.breaks(at, f"{actor} checked in the name of {event.validator}")
            case e.HandedOver():
                self._found.count("handovers")
            case _:
                return

    def end(self) -> None:
        """Nothing to verify is never clean."""
        if self._claims and not self._judged:
            self._found.cannot_tell("", f"{self._claims} claims of work, and nobody has judged any of them")
        elif self._completed:
            for (task, attempt), seen in self._attempts.items():
                if seen.claim is not None and not seen.accepted:
                    self._found.cannot_tell("", f"{task}, attempt {attempt}: its claim was never judged")

    def _attempt(self, task: str, attempt: int) -> Attempt:
        return self._attempts.setdefault((task, attempt), Attempt())

    def _claimed(self, at: str, actor: str, event: e.TaskClaimed) -> None:
        seen = self._attempt(event.task, event.attempt)
        if event.worker != actor:
            return self._found.breaks(at, f"{actor} claimed {event.task} in the name of {event.worker}")
        if seen.claim is not None:
            return self._found.breaks(at, f"{event.task}, attempt {event.attempt} was claimed a second time")
        seen.claim = event
        self._claims += 1
        self._found.count("claims")

    def _voted(self, at: str, actor: str, event: e.VoteCast) -> None:
        if event.validator != actor:
            return self._found.breaks(at, f"{actor} voted in the name of {event.validator}")
        seen = self._attempts.get((event.task, event.attempt))
        if seen is None:
            # It came after the attempt was settled, or before any claim: it counts for nothing either way.
            return self._found.count("late votes")
        self._found.count("votes")
        seen.votes[actor] = (event.verdict, event.tree)
        if event.verdict == "accept" and seen.claim is not None and event.tree != seen.claim.tree:
            self._found.breaks(at, f"{actor} accepted tree {event.tree[:12]}, and {seen.claim.tree[:12]} was claimed")

    def _accepted(self, at: str, event: e.TaskAccepted) -> None:
        self._judged += 1
        self._found.count("acceptances")
        seen = self._attempts.get((event.task, event.attempt))
        name = f"{event.task}, attempt {event.attempt}"
        if seen is None or seen.claim is None:
            return self._found.breaks(at, f"{name} was accepted, and nobody had claimed it")
        if seen.accepted:
            return self._found.breaks(at, f"{name} was accepted a second time")
        seen.accepted = True
        tree = seen.claim.tree
        if not tree or event.tree != tree:
            return self._found.breaks(at, f"{name}: tree {event.tree[:12]} was accepted, {tree[:12]} was claimed")
        votes = [who for who, vote in seen.votes.items() if vote == ("accept", tree) and who != seen.claim.worker]
        if len(votes) < max(self._quorum, 1) or event.votes > len(votes):
            what = f"{len(votes)} of {max(self._quorum, event.votes)} votes for tree {tree[:12]}"
            self._found.breaks(at, f"{name} was accepted with {what}")

    def _merged(self, at: str, event: e.TaskMerged) -> None:
        seen = self._attempts.pop((event.task, event.attempt), None)
        self._found.count("merges")
        if seen is None or not seen.accepted:
            self._found.breaks(at, f"{event.task}, attempt {event.attempt} was merged, and had not been accepted")
