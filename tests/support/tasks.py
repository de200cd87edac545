"""How does a test ask a worker for a task? A DoTask with a playbook or a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maestro_contracts import commands as c
from maestro_contracts.records import AgentSpec, Repo, TaskSpec


def playing(repo: Path, base: str, *steps: str, **task: Any) -> c.DoTask:
    """A task for the script agent; each step is a line of YAML."""
    lines = ["playbook: 1", "tasks:", '  - id: "*"', "    steps:", *(f"      - {step}" for step in steps)]
    return asked(repo, base, AgentSpec("script", playbook="\n".join(lines) + "\n", timeout_s=60), **task)


def running(
    repo: Path, base: str, script: str, *, timeout_s: float = 60, limit: int = 1_048_576, **task: Any
) -> c.DoTask:
    """A task for a shell script."""
    spec = AgentSpec("command", command=("sh", "-c", script), timeout_s=timeout_s, output_limit=limit)
    return asked(repo, base, spec, **task)


def asked(repo: Path | str, base: str, agent: AgentSpec, *, attempt: int = 1, **task: Any) -> c.DoTask:
    spec = TaskSpec(**{"id": "T-001", "title": "Say more", **task})
    return c.DoTask(spec, attempt, Repo(str(repo), base), base, agent)
