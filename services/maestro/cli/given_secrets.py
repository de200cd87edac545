"""Does what a run is given hold a secret? It would be in the log for good, so the run is refused before it starts."""

from __future__ import annotations

from collections.abc import Iterable

from maestro.cli.errors import CliError

EXCUSE = "pragma: allowlist secret"
"""On a line whose value is none, or is meant to be read by all; as detect-secrets has it."""
SHOWN = 5


def check_no_secrets(given: Iterable[tuple[str, str]]) -> None:
    """`given` are texts that the log will hold, with what each is. Raises CliError with the lines that seem to hold a
    secret, never with its value."""
    found = [f"{what}, line {number}" for what, text in given for number in _lines(text)]
    if not found:
        return
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise CliError(
        f"a secret seems to stand in {'; '.join(found[:SHOWN])}{more}: whatever a run is given is recorded for good",
        "take it out, and let the agent have it by agent.credentials; "
        f"where it is no secret, write `{EXCUSE}` on its line",
    )


def _lines(text: str) -> Iterable[int]:
    from maestro.policy.redact import redacted
    from maestro.policy.secrets import may_hold

    if not may_hold(text) or redacted(text) == text:
        return []
    lines = list(enumerate(text.splitlines(), start=1))
    found = [number for number, line in lines if EXCUSE not in line and may_hold(line) and redacted(line) != line]
    # A key of several lines shows only as a whole.
    begun = [number for number, line in lines if "-----BEGIN" in line and EXCUSE not in line]
    return sorted({*found, *begun})
