"""What do all deciders of the gatekeeper share? What they come to, and what they are told of the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro.bus.service import Asked, Said, SetTimer
from maestro.gatekeeper.answers import Refused, printable
from maestro.gatekeeper.people import Nobody, People
from maestro.policy.redact import redacted
from maestro_contracts import events as e

CLOCK_SKEW_MS = 60_000
"""A timer runs by the server's clock; so much may that be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Here:
    """The run, the time (ms since the epoch), the people, and the policy that applies (its SHA-256)."""

    run: str
    now: int
    people: People = field(default_factory=Nobody)
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The events, the commands that follow, the timers to set and those that are needless now."""

    said: tuple[Said, ...] = ()
    asks: tuple[Asked, ...] = ()
    timers: tuple[SetTimer, ...] = ()
    unset: tuple[str, ...] = ()

    def __add__(self, other: Decision) -> Decision:
        return Decision(
            self.said + other.said,
            self.asks + other.asks,
            self.timers + other.timers,
            self.unset + other.unset,
        )


def refusal(id: str, gate: str, visit: int, given: str, by: str, via: str, refused: Refused) -> Decision:
    """The record of an answer that was none. Nothing changes."""
    given, reason = printable(redacted(given)), redacted(str(refused))
    event = e.DecisionRefused(printable(gate), visit, given, printable(by), reason, refused.code, printable(via))
    return Decision((Said(f"{id}/refused", event, id),))
