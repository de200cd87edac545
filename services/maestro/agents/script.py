"""How is a playbook played? Its edits are really made, its commands really run; only the judgement is written down."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from pathlib import Path
from typing import assert_never

from maestro.agents import playbook as p
from maestro.agents.environment import clean_environment
from maestro.agents.process import TOKEN, Program, problem_of, run_program
from maestro.agents.protocol import AgentEvent, AgentResult, Emit, Job, Limit, NotAllowed, Session, Work
from maestro.git.command import git
from maestro.git.problems import from_os_error, is_full
from maestro_contracts.proposals import FileDelete, FileWrite, Shell
from maestro_contracts.records import Problem, Ran
from maestro_contracts.yamlfile import InvalidFile


class Stop(Exception):
    """The play ends here, with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class ScriptAgent:
    """Plays `spec.playbook`: the text of a playbook, or the path of one on this host."""

    def start(self, job: Job) -> Session:
        limit = Limit(job.spec.timeout_s)
        return Work(lambda emit: _Player(job, emit, limit).play(), limit)


def read_playbook(text_or_path: str) -> p.Playbook:
    """Raises InvalidFile, or OSError where the path cannot be read."""
    if "\n" in text_or_path:
        return p.load_playbook(text_or_path, "playbook")
    return p.load_playbook(Path(text_or_path).read_text("utf-8"), text_or_path)


class _Player:
    """One attempt at one task."""

    def __init__(self, job: Job, emit: Emit, limit: Limit) -> None:
        self.job = job
        self.emit = emit
        self.limit = limit
        self.says: list[Ran] = []
        self.summary = ""
        self.tail = ""

    async def play(self) -> AgentResult:
        try:
            for step in self._steps():
                await self._do(step)
        except (Stop, NotAllowed) as stop:
            return AgentResult(stop.problem, self.summary, tuple(self.says), self.tail)
        return AgentResult(None, self.summary or "Played the playbook.", tuple(self.says), self.tail)

    def _steps(self) -> tuple[p.PlayStep, ...]:
        job = self.job
        try:
            book = read_playbook(job.spec.playbook)
        except (InvalidFile, OSError) as error:
            raise Stop(Problem("structural", f"the playbook cannot be played: {error}", "mend the playbook")) from None
        play = book.play(job.task)
        if play is None:
            mend = f"add an entry under `tasks:` with `id: {job.task.id}` or a pattern of its title"
            raise Stop(Problem("structural", f"{book.source} has nothing for {job.task.id} ({job.task.title})", mend))
        return play.steps(job.attempt)

    async def _do(self, step: p.PlayStep) -> None:
        match step:
            case p.Run():
                await self._run(step)
            case p.Delay(seconds=seconds):
                await asyncio.sleep(seconds)
            case p.Say(text=text):
                self.summary = text
                self.emit(AgentEvent(text))
            case p.Fail(kind=kind, reason=reason, mend=mend):
                raise Stop(Problem(kind, reason, mend))
            case p.Lie():
                await self._lie(step)
            case p.Crash(exit_code=code):
                raise Stop(Problem("agent_crash", f"the agent died with exit code {code}"))
            case p.Hang():
                await asyncio.Event().wait()
            case p.Write() | p.Append() | p.Replace() | p.Edit() | p.Delete() | p.Move():
                await self._change(step)
            case _:
                assert_never(step)

    async def _run(self, step: p.Run) -> None:
        async with self.job.permit(
            Shell(step.command, env=(*self.job.spec.env, *self.job.spec.credentials)), self.limit
        ):
            await self._really_run(step)

    async def _really_run(self, step: p.Run) -> None:
        job = self.job
        env = clean_environment(job.tree, job.private, job.root, job.spec.env)
        env |= {**job.credentials, TOKEN: job.token}
        program = Program(("sh", "-c", step.command), job.tree, env, b"", step.timeout_s, job.spec.output_limit)
        ended = await run_program(program, None)
        self.tail = ended.tail
        if ended.why != "exited" or ended.exit_code < 0:
            problem = problem_of(program, ended)
            raise Stop(problem or Problem("agent_crash", f"`{step.command}` could not be run"))
        self.says.append(Ran(step.command, ended.exit_code))
        if step.expect not in ("any", ended.exit_code):
            reason = f"`{step.command}` exited with code {ended.exit_code}, not {step.expect}: {ended.tail[-300:]}"
            raise Stop(Problem("check_failed", reason))

    async def _lie(self, step: p.Lie) -> None:
        if step.what == "no_change":
            await git("reset", "--hard", "--quiet", cwd=self.job.tree)
            await git("clean", "-fdq", cwd=self.job.tree)
        ran = (step.ran,) if isinstance(step.ran, str) else step.ran
        if step.what == "tests_pass":
            ran = (p.TESTS_PASS, *ran)
        self.says += [Ran(command, step.exit_code) for command in ran if command]
        self.summary = step.summary or "Done, and the tests pass."

    # --- edits ------------------------------------------------------------------------------------------------------

    async def _change(self, step: p.Write | p.Append | p.Replace | p.Edit | p.Delete | p.Move) -> None:
        try:
            match step:
                case p.Write(path=path, text=text, executable=executable):
                    await self._put(path, text, executable=executable)
                case p.Append(path=path, text=text):
                    found = self._inside(path)
                    await self._put(path, (_read(found) if found.exists() else "") + text)
                case p.Replace():
                    await self._put(step.path, _replaced(step, _read(self._inside(step.path))))
                case p.Edit():
                    await self._put(step.path, _edited(step, _read(self._inside(step.path))))
                case p.Delete(path=path):
                    await self._delete(path)
                case p.Move(source=source, target=target):
                    await self._move(source, target)
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, OSError) and is_full(error):
                raise Stop(from_os_error(error, "writing what the playbook says").problem) from None
            raise Stop(Problem("agent_crash", f"the playbook does not fit the files: {error}")) from None

    async def _put(self, path: str, text: str, *, executable: bool = False) -> None:
        place = self._inside(path)
        before = _known(place)
        async with self.job.permit(FileWrite(path, text, before), self.limit):
            _write(place, text, executable=executable)

    async def _delete(self, path: str) -> None:
        place = self._inside(path)
        async with self.job.permit(FileDelete(path, place.is_dir() and not place.is_symlink()), self.limit):
            _delete(place)

    async def _move(self, source: str, target: str) -> None:
        place, origin = self._inside(target), self._inside(source)
        async with self.job.permit(Shell(f"mv -- {shlex.quote(source)} {shlex.quote(target)}"), self.limit):
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(origin, place)

    def _inside(self, path: str) -> Path:
        """The path in the worktree; a way out of it, also through a link, is refused."""
        tree = self.job.tree.resolve()
        place = tree / path
        within = place.resolve()
        if within == tree or not within.is_relative_to(tree) or ".git" in place.relative_to(tree).parts:
            mend = "write a path relative to the repository's root"
            raise Stop(Problem("scope_violation", f"{path!r} lies outside the worktree", mend))
        return place


def _read(path: Path) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def _write(path: Path, text: str, *, executable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    if executable:
        path.chmod(0o755)


def _known(path: Path) -> str | None:
    """What the file holds now; None where there is none, or none that could be shown."""
    try:
        return _read(path)
    except (OSError, UnicodeDecodeError):
        return None


def _replaced(step: p.Replace, text: str) -> str:
    found = text.count(step.old)
    if found != step.count:
        reason = f"{step.path}: the text to replace stands there {found} times, not {step.count}: {step.old[:80]!r}"
        raise Stop(Problem("structural", reason, "mend the playbook's `old` or `count`"))
    return text.replace(step.old, step.new)


def _edited(step: p.Edit, text: str) -> str:
    mark = step.after or step.before
    lines = text.splitlines(keepends=True)
    at = next((n for n, line in enumerate(lines) if mark in line), None)
    if at is None:
        raise Stop(Problem("structural", f"{step.path}: no line holds {mark[:80]!r}", "mend the playbook"))
    if step.after:
        at += 1
        lines[at - 1] = lines[at - 1].removesuffix("\n") + "\n"
    lines.insert(at, step.text if step.text.endswith("\n") else step.text + "\n")
    return "".join(lines)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
