"""How does a worker answer `DoTask`? With what an attempt came to: a claim, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from maestro.agents.backends import BACKENDS
from maestro.agents.protocol import Agent
from maestro.approvals.permission import Permission
from maestro.approvals.sealing import seal_rule
from maestro.bus.service import Context, Delivery, Outcome, Said, Service
from maestro.git.problems import GitProblem, from_os_error
from maestro.git.workspace import Workspace
from maestro.worker.asking import Asking, Permits
from maestro.worker.attempt import Attempt, Done
from maestro_contracts import commands as c
from maestro_contracts import events as e

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools

TAIL = 2000
MAX_SAYS = 100


class Worker:
    """What a worker needs: where worktrees go, where this host keeps its state, and the backends it knows."""

    def __init__(
        self,
        workspace: Workspace,
        permits: Permits,
        state_dir: Path,
        backends: Mapping[str, Callable[[], Agent]] = BACKENDS,
    ) -> None:
        self.workspace = workspace
        self.state_dir = state_dir
        self.permits = permits
        self.backends = backends

    async def do_task(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles DoTask."""
        command = delivery.command
        assert isinstance(command, c.DoTask)
        begun = ctx.now()
        names = (command.task.id, command.attempt, delivery.count, ctx.actor)
        started = Said(f"{delivery.id}/started:{delivery.count}", e.TaskStarted(*names), delivery.cause)
        if command.agent.kind == "probe":
            claimed = e.TaskClaimed(*names, base=command.base)
            return Outcome(delivery.run, (started, Said(f"{delivery.id}/ended", claimed, started.id)))
        await ctx.say(Outcome(delivery.run, (started,)))
        done = await self._done(delivery, command, ctx)
        ended = _ended(names, command, done, ctx.now() - begun)
        return Outcome(delivery.run, (Said(f"{delivery.id}/ended", ended, started.id),))

    async def _done(self, delivery: Delivery, command: c.DoTask, ctx: Context) -> Done:
        try:
            agent = self._agent(command.agent.kind)
            repo = await self.workspace.open(delivery.run, command.repo.url)
            asking = Asking(self.permits, delivery, command, ctx)
            return await Attempt(repo, delivery, command, ctx, agent, asking, self.state_dir).made()
        except GitProblem as problem:
            return Done(problem.problem)
        except OSError as error:
            return Done(from_os_error(error, "working on the task").problem)

    def _agent(self, kind: str) -> Agent:
        if kind in self.backends:
            return self.backends[kind]()
        raise GitProblem("structural", f"no agent is called {kind!r}", f"use one of {', '.join(sorted(self.backends))}")


def _ended(names: tuple[str, int, int, str], command: c.DoTask, done: Done, took: int) -> e.TaskClaimed | e.TaskFailed:
    tail = done.result.tail[-TAIL:]
    if done.problem is not None:
        return e.TaskFailed(*names, done.problem, tail=tail, kept=done.kept, duration_ms=took)
    return e.TaskClaimed(
        *names,
        commit=done.commit,
        tree=done.tree,
        base=command.base,
        ref=done.ref,
        summary=done.result.summary,
        says=done.result.says[:MAX_SAYS],
        files=done.files,
        duration_ms=took,
    )


def make_service(tools: Tools) -> Service:
    """The worker. A task takes minutes: each message is taken when there is a hand free for it."""
    permits = Permission(tools.store, tools.admission.keyring, seal_rule(tools.settings.state_dir))
    worker = Worker(Workspace(tools.settings.work_dir), permits, tools.settings.state_dir)
    return Service(role="worker", handlers={c.DoTask: worker.do_task}, parallel=2, batch_size=2)
