"""What are a run's refs and commits called? Names of refs, commit messages and their trailers; pure."""

from __future__ import annotations

import hashlib
import re

HEADS = "refs/heads/maestro/"
REFS = "refs/maestro/"
SEAL = "seal"
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")


def safe(name: str) -> str:
    """The name as one part of a ref's or a folder's name; a changed one stays unique by a piece of its hash."""
    if _SAFE.fullmatch(name) and ".." not in name and not name.endswith((".", ".lock")):
        return name
    clean = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:60].strip("-")
    return f"{clean or 'x'}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def branch(run: str) -> str:
    """The run's branch as people write it."""
    return f"maestro/{safe(run)}"


def branch_ref(run: str) -> str:
    return f"{HEADS}{safe(run)}"


def task_ref(run: str, task: str, attempt: int, again: str = "") -> str:
    """Where a task's result lies; `again` tells apart a second result of the same attempt."""
    return f"{REFS}{safe(run)}/tasks/{safe(task)}/{attempt}{again and '-' + again}"


def kept_ref(run: str, task: str, attempt: int, again: str = "") -> str:
    """Where a failed attempt's unfinished work is kept."""
    return f"{REFS}{safe(run)}/kept/{safe(task)}/{attempt}{again and '-' + again}"


def checkpoint_ref(run: str, number: int) -> str:
    return f"{REFS}{safe(run)}/checkpoints/{number}"


def run_refs(run: str) -> str:
    """What all refs of the run begin with, but for its branch."""
    return f"{REFS}{safe(run)}/"


def seal_ref(run: str) -> str:
    """The ref in the run's repository that names its newest seal: a blob, the checkpoint's note."""
    return f"{run_refs(run)}{SEAL}"


def is_seal_ref(name: str) -> bool:
    """One of any run."""
    return name.startswith(REFS) and name.removeprefix(REFS).partition("/")[2] == SEAL


def lost_ref(run: str, name: str, object_id: str) -> str:
    """Where the run keeps what a ref named that somebody took away while an agent worked."""
    return f"{REFS}{safe(run)}/lost/{object_id[:8]}/{name.removeprefix('refs/')}"


def message(title: str, body: str = "", **trailers: str) -> str:
    """A commit message; `Maestro_Task="T-001"` becomes the trailer `Maestro-Task: T-001`; empty ones are left out."""
    values = {name.replace("_", "-"): _line(value) for name, value in trailers.items()}
    lines = [f"{name}: {value}" for name, value in values.items() if value]
    parts = [_line(title)[:200] or "Maestro", body.strip(), "\n".join(lines)]
    return "\n\n".join(part for part in parts if part) + "\n"


def trailers(text: str) -> dict[str, str]:
    """The `Maestro-` trailers of a commit message's last paragraph."""
    last = text.rstrip().rpartition("\n\n")[2]
    pairs = (line.partition(": ") for line in last.splitlines() if line.startswith("Maestro-"))
    return {name: value for name, _, value in pairs}


def shown(path: str) -> str:
    """A path as text that can be written down: bytes that are no UTF-8 become `\\xff`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _line(text: str) -> str:
    return " ".join(text.split())
