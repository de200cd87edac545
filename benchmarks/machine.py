"""On which machine was it measured? Figures without that say little."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]


def describe(server: str) -> dict[str, object]:
    """What the figures depend on. `server` is the server's own word on its version."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mib": _memory_mib(),
        "load_before": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "server": server,
        "packages": {name: version(name) for name in ("faststream", "redis", "msgspec", "pynacl")},
        "commit": _commit(),
        "arguments": sys.argv[1:],
    }


def name() -> str:
    """A short name for a file: cores and processor."""
    cpu = "".join(c if c.isalnum() else "-" for c in _cpu().lower()).strip("-")
    words = [word for word in cpu.split("-") if word and word not in ("r", "tm", "cpu", "processor")]
    return "-".join([f"{os.cpu_count()}x", *words[:4]])


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
