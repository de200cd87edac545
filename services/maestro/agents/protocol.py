"""What is an agent to Maestro? Something that is started in a worktree with a task, says things on the way, comes to a
result, and can be cancelled at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from maestro_contracts.records import AgentSpec, Problem, Ran, TaskSpec


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a task. `tree` is the worktree; `private` a folder beside it for homes and temporary files;
    `root` the person's own tree where it is on this host (to be read, never written)."""

    run: str
    task: TaskSpec
    attempt: int
    base: str
    spec: AgentSpec
    tree: Path
    private: Path
    root: Path | None = None
    feature: str = ""
    prd_path: str = ""
    feedback: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """What an agent said (`text`) or printed (`output`, its last line so far)."""

    text: str
    kind: Literal["text", "output"] = "text"


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What the agent says it came to. `says` are the commands that it says it ran: its word, nothing more."""

    problem: Problem | None = None
    summary: str = ""
    says: tuple[Ran, ...] = ()
    tail: str = ""


Emit = Callable[[AgentEvent], None]


class Session(Protocol):
    """One agent at work. When `result` returns, nothing that it started runs any more."""

    def events(self) -> AsyncIterator[AgentEvent]:
        """What it says, until it has ended."""
        ...

    async def result(self) -> AgentResult:
        """What it came to; waits for it."""
        ...

    async def cancel(self, why: str) -> None:
        """End it now, with everything that it started."""
        ...


class Agent(Protocol):
    """A backend."""

    def start(self, job: Job) -> Session:
        """Begin; never raises: what is wrong comes as the result's problem."""
        ...


class Work:
    """The session of a backend that is one coroutine: `work(emit)` returns the result and, when it is cancelled,
    ends what it started before it lets go."""

    def __init__(self, work: Callable[[Emit], Awaitable[AgentResult]], timeout_s: float) -> None:
        self._said: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._why = ""
        self._task = asyncio.ensure_future(self._run(work, timeout_s))

    async def _run(self, work: Callable[[Emit], Awaitable[AgentResult]], timeout_s: float) -> AgentResult:
        try:
            async with asyncio.timeout(timeout_s):
                return await work(self._said.put_nowait)
        except TimeoutError:
            mend = "give it more time, or a smaller task"
            return AgentResult(Problem("time_out", f"the agent did not end within {timeout_s:g} s", mend))
        except asyncio.CancelledError:
            return AgentResult(Problem("cancelled", self._why or "cancelled"))
        except OSError as error:
            return AgentResult(Problem("environment", f"the agent could not work: {error}"))
        finally:
            self._said.put_nowait(None)

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._said.get()) is not None:
            yield event

    async def result(self) -> AgentResult:
        return await asyncio.shield(self._task)

    async def cancel(self, why: str) -> None:
        self._why = why
        self._task.cancel()
        await asyncio.wait([self._task])
