"""What does an exit code of `maestro` mean? The one table; `maestro --help` ends with it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    RUN_FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    UNAVAILABLE = 4
    NEEDS_ANSWER = 5
    BUSY = 6
    VIOLATED = 7
    CANNOT_TELL = 8
    DEFECT = 70
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: dict[Exit, str] = {
    Exit.OK: "done",
    Exit.RUN_FAILED: "the run failed, was cancelled, or waits until something is mended",
    Exit.USAGE: "the command line is wrong",
    Exit.BAD_INPUT: "what was given must be mended first: repository, specification, workflow, configuration",
    Exit.UNAVAILABLE: "the server or a service cannot be reached or started",
    Exit.NEEDS_ANSWER: "a gate needs an answer that nobody could give here, or the answer was refused",
    Exit.BUSY: "another maestro is at work on this repository",
    Exit.VIOLATED: "the audit found what does not hold: something was changed, forged, or done without its approval",
    Exit.CANNOT_TELL: "the audit could not show everything; nothing is known to be wrong, nor all to be right",
    Exit.DEFECT: "a defect in maestro",
    Exit.INTERRUPTED: "stopped by Ctrl-C; a run can be resumed",
    Exit.TERMINATED: "stopped by SIGTERM; a run can be resumed",
}


def epilogue() -> str:
    rows = "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return f"Exit codes:\n{rows}"
