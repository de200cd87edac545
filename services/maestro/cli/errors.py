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


SERVER_MENDS = (
    ("maxmemory", "give it more memory (maxmemory), or use a server of your own for Maestro"),
    ("read only replica", "name its primary (MAESTRO_REDIS_URL): a replica takes nothing"),
    ("invalid username-password", "check the password (MAESTRO_REDIS_PASSWORD_FILE)"),
    ("Authentication required", "check the password (MAESTRO_REDIS_PASSWORD_FILE)"),
    ("without any password", "it has no password: leave out MAESTRO_REDIS_PASSWORD_FILE"),
    ("MISCONF", "it cannot save what it is given; most often its disk is full: see its log"),
    ("WRONGTYPE", "something else uses Maestro's names there: use another server, or another database of it"),
    ("Protocol error", "what answers there is no Redis and no Valkey: check the address (MAESTRO_REDIS_URL)"),
    (
        "CERTIFICATE_VERIFY",
        "name the authority that signed its certificate (MAESTRO_REDIS_CA_FILE), and the host as the certificate does",
    ),
    ("Connection reset", "check the address (MAESTRO_REDIS_URL); rediss:// where it speaks TLS"),
    ("Connection closed", "check the address (MAESTRO_REDIS_URL); rediss:// where it speaks TLS"),
    ("no answer within", "check the address (MAESTRO_REDIS_URL); rediss:// only where it speaks TLS"),
)
"""What is to be done about a server, by the words that it or its client says; others bring their own mend along."""


def _server(error: BaseException) -> tuple[str, str, Exit]:
    reason, mend = _split(str(error))
    return reason, next((known for words, known in SERVER_MENDS if words in reason), mend), Exit.UNAVAILABLE


def _with_mend(code: Exit):  # type: ignore[no-untyped-def]
    return lambda error: (error.reason, error.mend, code)


_CONVERSIONS = {
    "UnsafeState": _with_mend(Exit.BAD_INPUT),
    "ServerFailed": _with_mend(Exit.UNAVAILABLE),
    "GaveUp": _with_mend(Exit.UNAVAILABLE),
    "Busy": _with_mend(Exit.BUSY),
    "GitProblem": _with_mend(Exit.BAD_INPUT),
    "NoParser": _plain(Exit.BAD_INPUT),
    "StoreUnavailable": _server,
    "StoreCorrupt": _server,
    "LogWentBack": lambda error: (_split(str(error))[0], "try again: it begins with what is there", Exit.UNAVAILABLE),
    "KeyRefused": _plain(Exit.BAD_INPUT),
    "NoSuchWorkflow": _plain(Exit.BAD_INPUT),
    "InvalidFile": lambda error: (str(error), "", Exit.BAD_INPUT),
    "UnsafeFolder": lambda error: (f"{error.filename}: {error.strerror}", "", Exit.BAD_INPUT),
}
