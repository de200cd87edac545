"""What is an agent to Maestro? Something that is started in a worktree with a task, says things on the way, comes to a
result, and can be cancelled at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from maestro_contracts.proposals import Proposal
from maestro_contracts.records import AgentSpec, Problem, Ran, TaskSpec


class NotAllowed(Exception):
    """The action may not be done; `problem` says who says so, and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class Permit(Protocol):
    """How an agent asks before it does something."""

    def __call__(self, action: Proposal, limit: Limit) -> AbstractAsyncContextManager[None]:
        """Propose the action, wait until it may be done (the agent's time stands still meanwhile), and let it be done
        within. Raises NotAllowed."""
        ...


@asynccontextmanager
async def unasked(action: Proposal, limit: Limit) -> AsyncIterator[None]:
    """Everything may be done: for an agent that is tried out by itself."""
    yield


class Line(Protocol):
    """How a program that is an agent reaches its worker while it is at work."""

    def __call__(self, job: Job, limit: Limit, emit: Emit) -> AbstractAsyncContextManager[Mapping[str, str]]:
        """Open the line; gives the environment variables that lead to it."""
        ...


@asynccontextmanager
async def no_line(job: Job, limit: Limit, emit: Emit) -> AsyncIterator[Mapping[str, str]]:
    """Nobody is there to be asked: for an agent that is tried out by itself."""
    yield {}


class Limit:
    """An agent's time, which stands still while people are asked, by however many questions at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: list[asyncio.Timeout] = []
        self._ends: list[tuple[asyncio.Timeout, float]] = []
        self._asking = 0
        self._since = 0.0

    @asynccontextmanager
    async def running(self, more_s: float = 0.0) -> AsyncIterator[None]:
        """Raises TimeoutError within when the time (and `more_s`) is over."""
        async with asyncio.timeout(self.seconds + more_s) as timeout:
            self._running.append(timeout)
            try:
                yield
            finally:
                self._running.remove(timeout)

    @contextmanager
    def paused(self) -> Iterator[None]:
        if self._asking == 0:
            self._stop()
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if self._asking == 0:
                self._go_on()

    def _stop(self) -> None:
        self._since = asyncio.get_running_loop().time()
        self._ends = [(each, end) for each in self._running if (end := each.when()) is not None and not each.expired()]
        for timeout, _ in self._ends:
            timeout.reschedule(None)

    def _go_on(self) -> None:
        stood = asyncio.get_running_loop().time() - self._since
        for timeout, end in self._ends:
            if timeout in self._running:
                timeout.reschedule(end + stood)


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
    permit: Permit = unasked
    line: Line = no_line
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


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

    def __init__(self, work: Callable[[Emit], Awaitable[AgentResult]], limit: Limit, more_s: float = 0.0) -> None:
        self._said: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._why = ""
        self._task = asyncio.ensure_future(self._run(work, limit, more_s))

    async def _run(self, work: Callable[[Emit], Awaitable[AgentResult]], limit: Limit, more_s: float) -> AgentResult:
        try:
            async with limit.running(more_s):
                return await work(self._said.put_nowait)
        except TimeoutError:
            mend = "give it more time, or a smaller task"
            return AgentResult(Problem("time_out", f"the agent did not end within {limit.seconds:g} s", mend))
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
