"""Is the service in this container alive? `python -m maestro.bus.health` looks at the file its process keeps fresh.

MAESTRO_HEALTH_FILE names the file. The exit code is 0 where the process reached its server within the last 30 seconds.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

FRESH_S = 30.0
BEAT_S = 5.0


def beat(path: Path, state: str) -> None:
    """Write down that the process is in this state now (`ready`, `waiting`, `stopped`)."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(f"{state} {os.getpid()}\n")
    draft.replace(path)


def problem(path: Path, now: float) -> str | None:
    """Why the service is not healthy; None where it is."""
    try:
        age = now - path.stat().st_mtime
        state = path.read_text().split(" ")[0]
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}): the service has not started, or MAESTRO_HEALTH_FILE differs"
    if state != "ready":
        return f"the service is {state}"
    return f"the service was last seen {age:.0f} s ago" if age > FRESH_S else None


def main() -> int:
    name = os.environ.get("MAESTRO_HEALTH_FILE")
    if not name:
        sys.stderr.write("MAESTRO_HEALTH_FILE is not set, so there is nothing to look at\n")
        return 2
    found = problem(Path(name), time.time())
    if found:
        sys.stderr.write(found + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
