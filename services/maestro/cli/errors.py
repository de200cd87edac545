"""How does a command fail? With one kind of error: what is wrong, how to mend it, and the exit code."""

from __future__ import annotations

from maestro.cli.exit_codes import Exit


class CliError(Exception):
    """Shown to the person as it is, without a traceback."""

    def __init__(self, reason: str, mend: str = "", code: Exit = Exit.BAD_INPUT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend
        self.code = code


class Stopped(Exception):
    """The person, or the system, asked this command to end."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.name)
        self.code = code


def as_cli_error(error: BaseException) -> CliError | None:
    """The errors of the parts below as what a person reads; None for a defect.

    By name, so that nothing heavy is imported to say that something failed.
    """
    convert = _CONVERSIONS.get(type(error).__name__)
    if convert is not None:
        return CliError(*convert(error))
    if isinstance(error, CliError):
        return error
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return CliError(f"{place}{error.strerror}", "", Exit.BAD_INPUT)
    return None


def _plain(code: Exit):  # type: ignore[no-untyped-def]
    return lambda error: (*_split(str(error)), code)


def _split(message: str) -> tuple[str, str]:
    """Messages that hold their mend behind the last semicolon are shown on two lines."""
    reason, semicolon, mend = message.rpartition("; ")
    return (reason, mend) if semicolon else (message, "")


def _with_mend(code: Exit):  # type: ignore[no-untyped-def]
    return lambda error: (error.reason, error.mend, code)


_CONVERSIONS = {
    "UnsafeState": _with_mend(Exit.BAD_INPUT),
    "ServerFailed": _with_mend(Exit.UNAVAILABLE),
    "GaveUp": _with_mend(Exit.UNAVAILABLE),
    "Busy": _with_mend(Exit.BUSY),
    "GitProblem": _with_mend(Exit.BAD_INPUT),
    "StoreUnavailable": _plain(Exit.UNAVAILABLE),
    "StoreCorrupt": _plain(Exit.UNAVAILABLE),
    "KeyRefused": _plain(Exit.BAD_INPUT),
    "NoSuchWorkflow": _plain(Exit.BAD_INPUT),
    "InvalidFile": lambda error: (str(error), "", Exit.BAD_INPUT),
    "UnsafeFolder": lambda error: (f"{error.filename}: {error.strerror}", "", Exit.BAD_INPUT),
}
