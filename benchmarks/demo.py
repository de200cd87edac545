"""How long does the demo take, once all is prepared?"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

from benchmarks.figures import Figure, middle
from benchmarks.machine import ROOT
from benchmarks.setting import Scale

TARGET_S = 30.0


def run(scale: Scale) -> list[Figure]:
    took = [seconds() for _ in range(scale.of(3, 1))]
    return [
        Figure("demo", "scripts/demo --no-input", middle(took), "s", target=TARGET_S, of="value", sense="at most"),
    ]


def seconds() -> float:
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, "MAESTRO_STATE_DIR": state}
        started = time.perf_counter()
        command = [ROOT / "scripts" / "demo", "--no-input"]
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=300)
        return time.perf_counter() - started
