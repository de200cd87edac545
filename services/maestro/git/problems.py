"""What kind of failure is it when git fails? Git's own words, sorted into the classes that decide a retry."""

from __future__ import annotations

import errno
import re

from maestro_contracts.records import ErrorClass, Problem


class GitProblem(Exception):
    """Git could not do it. `kind` decides the retry; `reason` and `mend` are for people."""

    def __init__(self, kind: ErrorClass, reason: str, mend: str = "") -> None:
        super().__init__(f"{reason} ({mend})" if mend else reason)
        self.kind: ErrorClass = kind
        self.reason = reason
        self.mend = mend

    @property
    def problem(self) -> Problem:
        return Problem(self.kind, self.reason, self.mend)


class RefMoved(GitProblem):
    """A compare-and-swap lost: the ref does not stand where it was expected. Read it again and decide again."""

    def __init__(self, ref: str) -> None:
        super().__init__("transient", f"{ref} was moved by somebody else meanwhile")


DISK_FULL = "free some disk space: nothing is lost"

CHECK_OWNER = "check who owns it"
BRANCH_MAESTRO = "rename your branch `maestro`: runs use `maestro/<run>`"

_SIGNS: tuple[tuple[ErrorClass, str, str], ...] = (
    ("environment", r"No space left on device|Out of diskspace|Disk quota exceeded", DISK_FULL),
    ("structural", r"'refs/heads/maestro' exists; cannot create", BRANCH_MAESTRO),
    ("transient", r"\.lock': File exists|cannot lock ref|could not lock|Another git process", ""),
    ("structural", r"not a git repository|not appear to be a git repository", "give a git repository's path"),
    ("structural", r"bad object|unknown revision|not a valid object name|Needed a single revision|not our ref", ""),
    ("structural", r"couldn't find remote ref|bad revision|not a commit", "push the commit to the repository's URL"),
    ("environment", r"Permission denied|Read-only file system|dubious ownership|Operation not permitted", CHECK_OWNER),
    ("environment", r"Authentication failed|could not read Username", "check the credentials for the repository's URL"),
    ("environment", r"[Rr]epository .*not found", "check the repository's URL"),
    ("transient", r"Could not resolve host|Connection (refused|reset|timed out)|early EOF|Could not read from", ""),
    ("transient", r"unable to access|hung up unexpectedly|RPC failed", ""),
)
_SECRET = re.compile(r"(://)[^/@\s]+@")


def classify(command: str, code: int, stderr: str) -> GitProblem:
    """The problem behind a failed git command, by what git printed (in the C locale)."""
    said = without_secrets(_essence(stderr))
    reason = f"git {command} failed: {said}" if said else f"git {command} exited with code {code}"
    for kind, sign, mend in _SIGNS:
        if re.search(sign, stderr):
            return GitProblem(kind, reason, mend)
    return GitProblem("transient", reason)


def from_os_error(error: OSError, doing: str) -> GitProblem:
    """The problem behind an operating system's error while `doing` something with files."""
    return GitProblem("environment", f"{doing} failed: {error}", DISK_FULL if is_full(error) else CHECK_OWNER)


def is_full(error: OSError) -> bool:
    """There is no space left where the file should go."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def without_secrets(text: str) -> str:
    """The text with the user information of every URL taken out."""
    return _SECRET.sub(r"\1", text)


def _essence(stderr: str) -> str:
    """The lines that say what went wrong, at most three of them, not the progress around them."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))] or lines[-3:]
    return "; ".join(telling[:3])[:600]
