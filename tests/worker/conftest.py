from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from maestro.bus.service import Outcome
from maestro.git.workspace import Workspace
from maestro.worker.service import Worker
from maestro_contracts import commands as c
from tests.support.gitrepo import make_repo
from tests.support.handling import RecordingContext, delivered
from tests.support.permitting import Permitting


@dataclass
class Shop:
    """A worker with its repository."""

    repo: Path
    base: str
    work: Path
    worker: Worker
    ctx: RecordingContext

    async def do(self, command: c.DoTask, *, count: int = 1) -> Outcome:
        return await self.worker.do_task(
            delivered(command, f"task:{command.task.id}:{command.attempt}", count=count), self.ctx
        )

    def left(self) -> list[str]:
        """What lies in the work folder of the run."""
        return sorted(path.name for path in (self.work / "r-abc234").glob("*"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    repo = tmp_path / "the repo"
    base = make_repo(repo, {"README.md": "Hello.\n", "lib/a.py": "A = 1\n"})
    work = tmp_path / "work"
    return Shop(
        repo, base, work, Worker(Workspace(work), Permitting(), tmp_path / "state"), RecordingContext("worker-1")
    )
