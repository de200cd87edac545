"""How long does a person wait for `maestro --help`? Beside a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, middle
from benchmarks.setting import Scale

TARGET_MS = 200.0


def run(scale: Scale) -> list[Figure]:
    times = scale.of(21, 5)
    help_, nothing = [str(Path(sys.executable).with_name("maestro")), "--help"], [sys.executable, "-c", "pass"]
    took: dict[str, list[float]] = {"help": [], "nothing": []}
    milliseconds(help_)  # compiles what was never imported
    for _ in range(times):
        took["nothing"].append(milliseconds(nothing))
        took["help"].append(milliseconds(help_))
    return [
        Figure(
            benchmark="startup",
            what="maestro --help",
            value=middle(took["help"]),
            unit="ms",
            floor=middle(took["nothing"]),
            floor_what="python -c pass",
            target=TARGET_MS,
            of="value",
            sense="at most",
        )
    ]


def milliseconds(command: list[str]) -> float:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - started) * 1000
