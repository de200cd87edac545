"""How does any program do a task? The task comes as JSON on its standard input and in `MAESTRO_` variables.

Variables: MAESTRO_RUN, MAESTRO_TASK_ID, MAESTRO_TASK_TITLE, MAESTRO_TASK_FILE (the same JSON as on standard input),
MAESTRO_ATTEMPT, MAESTRO_BASE, MAESTRO_WORKTREE (also the working directory), MAESTRO_RESULT_FILE, and MAESTRO_LINE with
MAESTRO_LINE_TOKEN, over which it can ask (see `maestro.agents.line`; `maestro mcp` speaks it for it). Exit code 0 is
the claim that the task is done. A program that has more to say writes JSON to the result file:
`{"summary": "...", "says": [{"command": "...", "exit_code": 0}], "problem": {"kind": "...", "reason": "..."}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from maestro.agents.environment import clean_environment
from maestro.agents.process import TOKEN, Program, problem_of, run_program
from maestro.agents.protocol import AgentEvent, AgentResult, Emit, Job, Limit, Session, Work
from maestro_contracts.records import Problem, Ran

MAX_RESULT = 256 * 1024
SHOWN = 300


class Result(msgspec.Struct, frozen=True):
    """The result file."""

    summary: str = ""
    says: tuple[Ran, ...] = ()
    problem: Problem | None = None


class CommandAgent:
    """Runs `spec.command` in the worktree."""

    def start(self, job: Job) -> Session:
        limit = Limit(job.spec.timeout_s)
        # The program ends with its time, and its output is kept; a minute more is for the rest.
        return Work(lambda emit: _work(job, limit, emit), limit, more_s=60)


async def _work(job: Job, limit: Limit, emit: Emit) -> AgentResult:
    if not job.spec.command:
        return AgentResult(Problem("structural", "the agent has no command", "write `--agent command:PROGRAM`"))
    result_file = job.private / "result.json"
    async with job.line(job, limit, emit) as leading:
        program = _program(job, result_file, leading)
        ended = await run_program(program, lambda chunk: _show(chunk, emit), limit)
    if ended.leftovers:
        emit(AgentEvent(f"{ended.leftovers} processes that the agent left behind were ended"))
    said = _result(result_file, emit)
    problem = problem_of(program, ended) or said.problem
    return AgentResult(problem, said.summary[:2000] or _last_line(ended.tail), said.says[:100], ended.tail)


def _program(job: Job, result_file: Path, leading: Mapping[str, str]) -> Program:
    task = task_json(job)
    task_file = job.private / "task.json"
    task_file.write_bytes(task)
    env = clean_environment(job.tree, job.private, job.root, job.spec.env)
    env |= job.credentials
    env |= leading
    env |= {
        TOKEN: job.token,
        "MAESTRO_RUN": job.run,
        "MAESTRO_TASK_ID": job.task.id,
        "MAESTRO_TASK_TITLE": job.task.title[:1000],
        "MAESTRO_TASK_FILE": str(task_file),
        "MAESTRO_ATTEMPT": str(job.attempt),
        "MAESTRO_BASE": job.base,
        "MAESTRO_WORKTREE": str(job.tree),
        "MAESTRO_RESULT_FILE": str(result_file),
    }
    return Program(job.spec.command, job.tree, env, task, job.spec.timeout_s, job.spec.output_limit)


def task_json(job: Job) -> bytes:
    """What a program gets to know of its task."""
    return msgspec.json.encode(
        {
            "run": job.run,
            "feature": job.feature,
            "task": job.task,
            "attempt": job.attempt,
            "base": job.base,
            "worktree": str(job.tree),
            "prd": job.prd_path,
            "feedback": job.feedback,
        }
    )


def _result(path: Path, emit: Emit) -> Result:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(MAX_RESULT), type=Result)
    except FileNotFoundError:
        return Result()
    except (OSError, msgspec.MsgspecError) as error:
        emit(AgentEvent(f"the result file cannot be read: {error}"[:SHOWN]))
        return Result()


def _show(chunk: bytes, emit: Emit) -> None:
    line = _last_line(chunk.decode("utf-8", "replace"))
    if line:
        emit(AgentEvent(line, "output"))


def _last_line(text: str) -> str:
    return next((line.strip()[:SHOWN] for line in reversed(text.splitlines()) if line.strip()), "")
