"""How does a test wait for what another process does? By looking again."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(predicate: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < deadline, f"it did not become true within {timeout_s:.0f} s"
        time.sleep(0.02)
