"""What can go wrong before a run can even be asked for? Three errors, divided by what the caller does."""

from __future__ import annotations

from dataclasses import dataclass


class EmbeddedError(Exception):
    """The message names the thing and the reason; `mend` says what to do."""

    def __init__(self, reason: str, mend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


class UnsafeState(EmbeddedError):
    """The state directory cannot be used as it is: a person has to mend it."""


class ServerFailed(EmbeddedError):
    """The private server does not run; the reason is taken from its own words."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a repository's lock. `run` is empty for `maestro up`."""

    pid: int
    command: str
    run: str = ""
    since: int = 0


class Busy(EmbeddedError):
    """Another process holds it; wait for it or attach to it."""

    def __init__(self, reason: str, mend: str, holder: Holder | None = None) -> None:
        super().__init__(reason, mend)
        self.holder = holder
