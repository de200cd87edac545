"""How is one attempt at a task made? Worktree, agent, a look at what it did, commit, ref; nothing unmerged is lost."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import structlog

from maestro.agents.credentials import Withheld, credentials
from maestro.agents.environment import room, secrets_of
from maestro.agents.protocol import Agent, AgentEvent, AgentResult, Job, Session
from maestro.agents.words import plain
from maestro.bus.service import Context, Delivery, Outcome, Said
from maestro.git import names
from maestro.git.finishing import finish
from maestro.git.problems import GitProblem, RefMoved
from maestro.git.repository import Commit
from maestro.git.scope import leads_out
from maestro.git.watching import watched
from maestro.git.workspace import RunRepo
from maestro.git.worktree import Worktree
from maestro.policy.redact import redacted
from maestro.worker.answering import Answers
from maestro.worker.asking import Asking
from maestro.worker.decider import Found, listed, planted_earlier, problem_with, trespass
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import FileChange, Problem, Ran

MAX_REPORTS = 30
REPORT_EVERY_MS = 2000
SHOWN = 400
LINK = "120000"

NOTHING = AgentResult()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Done:
    """What an attempt came to: a claim, or a problem and where unfinished work is kept."""

    problem: Problem | None = None
    result: AgentResult = NOTHING
    commit: str = ""
    tree: str = ""
    ref: str = ""
    files: tuple[FileChange, ...] = ()
    kept: str = ""


class Attempt:
    """One attempt at one task, as one delivery of its command."""

    def __init__(
        self,
        repo: RunRepo,
        delivery: Delivery,
        command: c.DoTask,
        ctx: Context,
        agent: Agent,
        asking: Asking,
        state_dir: Path,
    ) -> None:
        self.repo = repo
        self.asking = asking
        self.state_dir = state_dir
        self.credentials: dict[str, str] = {}
        self.delivery = delivery
        self.command = command
        self.ctx = ctx
        self.agent = agent
        self.task = command.task
        self.name = f"{self.task.id}-{command.attempt}"

    async def made(self) -> Done:
        """Do it, or take over what a lost worker had done. Raises GitProblem where it cannot even begin."""
        if self.delivery.count > 1:
            for tree in await self.repo.left_behind(self.name, self.command.base):
                await self._put_away(tree)
            taken_over = await self._taken_over()
            if taken_over is not None:
                return taken_over
        try:
            self.credentials = await asyncio.to_thread(credentials, self.command.agent.credentials, self.state_dir)
        except Withheld as withheld:
            return Done(withheld.problem)
        self.asking.given = tuple(self.credentials.values())
        tree = await self.repo.worktree(self.name, self.command.base)
        try:
            done = await self._worked(tree)
        except GitProblem as problem:
            done = Done(problem.problem)
        except BaseException:
            await finish(self._put_away(tree))
            raise
        if done.problem is not None:
            return replace(done, kept=await finish(self._put_away(tree)))
        await tree.remove()
        return done

    async def _taken_over(self) -> Done | None:
        """The result that an earlier worker had kept but did not live to report."""
        ref = names.task_ref(self.repo.run, self.task.id, self.command.attempt)
        found = await self.repo.refs.read(ref)
        if found is None:
            return None
        commit = await self.repo.repository.commit(found)
        if commit.parents != (self.command.base,) or commit.trailers.get("Maestro-Event") != self.delivery.id:
            return None
        changes = await self.repo.repository.changes(self.command.base, commit.id)
        if problem_with(self.task, Found(changes)) is not None:
            return None
        result = AgentResult(None, "Taken over from a worker that was lost.", _says(commit))
        return Done(None, result, commit.id, commit.tree, ref, changes)

    # --- the agent ------------------------------------------------------------------------------------------------

    async def _worked(self, tree: Worktree) -> Done:
        await self._say_what_is_missing(tree)
        async with watched(self.repo, self.name) as watch:
            if earlier := watch.guard.earlier.names:
                return Done(planted_earlier(earlier, watch.guard.earlier.kept))
            with room(tree.private) as private:
                result = await self._played(tree, private)
            outside = await watch.ended()
        nested = await tree.nested() if tree.there else ()
        modules = await tree.changed_modules() if tree.there else ()
        found = Found(touched=outside.names, evidence=outside.kept, nested=nested, modules=modules, there=tree.there)
        problem = trespass(found) or result.problem
        if problem is not None:
            return Done(problem, result)
        return await self._claimed(tree, result, found)

    async def _say_what_is_missing(self, tree: Worktree) -> None:
        """The files of which this host has only the names: an agent would wonder, and so would people."""
        missing = [module.path for module in await tree.modules() if module.repository is None]
        said = [f"submodule {path} is not on this host: run `git submodule update --init` there" for path in missing]
        pointers = await tree.pointers()
        if pointers:
            said.append(f"large files are here by their pointers only (no git-lfs, or not fetched): {listed(pointers)}")
        for number, text in enumerate(said[:MAX_REPORTS], start=1):
            event = e.AgentReported(self.task.id, self.command.attempt, f"Maestro: {text}"[:SHOWN], "text")
            id = f"{self.delivery.id}/missing:{self.delivery.count}:{number}"
            with suppress(RuntimeError):
                await self.ctx.say(Outcome(self.delivery.run, (Said(id, event, self.delivery.cause),), advance=False))

    async def _played(self, tree: Worktree, private: Path) -> AgentResult:
        session = self.agent.start(self._job(tree, private))
        reporting = asyncio.ensure_future(self._report(session))
        stopping = asyncio.ensure_future(self._stop_with_the_run(session))
        try:
            result = await session.result()
            await reporting
            return self._readable(result)
        finally:
            stopping.cancel()
            reporting.cancel()
            await finish(session.cancel("the worker stops"))

    def _job(self, tree: Worktree, private: Path) -> Job:
        command = self.command
        return Job(
            run=self.delivery.run,
            task=command.task,
            attempt=command.attempt,
            base=command.base,
            spec=command.agent,
            tree=tree.path,
            private=private,
            root=self.repo.root,
            feature=command.feature,
            prd_path=command.prd_path,
            feedback=command.feedback,
            token=secrets.token_hex(16),
            permit=self.asking.permit,
            line=Answers(self.asking, self.delivery, self.ctx, self._plain).line,
            credentials=self.credentials,
        )

    async def _stop_with_the_run(self, session: Session) -> None:
        await session.cancel(await self.ctx.cancelled(self.delivery))

    async def _report(self, session: Session) -> None:
        """What the agent says goes to the log, what it prints now and then; both shortened and not without end."""
        reports, last = 0, 0
        async for event in session.events():
            now = self.ctx.now()
            if reports < MAX_REPORTS and (event.kind == "text" or now - last >= REPORT_EVERY_MS):
                reports, last = reports + 1, now
                # A report that cannot be recorded is no reason to stop the work.
                with suppress(RuntimeError):
                    await self.ctx.say(Outcome(self.delivery.run, (self._reported(event, reports),), advance=False))

    def _reported(self, event: AgentEvent, number: int) -> Said:
        said = self._plain(event.text[: 4 * SHOWN])[:SHOWN]
        reported = e.AgentReported(self.task.id, self.command.attempt, said, event.kind)
        return Said(f"{self.delivery.id}/said:{self.delivery.count}:{number}", reported, self.delivery.cause)

    def _plain(self, text: str) -> str:
        return redacted(plain(text, (*secrets_of(self.command.agent.env), *self.credentials.values())))

    def _readable(self, result: AgentResult) -> AgentResult:
        """What goes to the log of an agent's words: no escape sequences, and none of the secrets that it was given."""
        problem = result.problem
        if problem is not None:
            problem = Problem(problem.kind, self._plain(problem.reason), self._plain(problem.mend))
        says = tuple(Ran(self._plain(ran.command), ran.exit_code) for ran in result.says)
        return AgentResult(problem, self._plain(result.summary), says, self._plain(result.tail))

    # --- its work ---------------------------------------------------------------------------------------------------

    async def _claimed(self, tree: Worktree, result: AgentResult, found: Found) -> Done:
        base = self.command.base
        written = await tree.write_tree()
        changes = await self.repo.repository.changes(base, written)
        modes = await self.repo.repository.modes(base, written)
        links = [path for path, mode in modes.items() if mode == LINK]
        escaping = tuple(names.shown(path) for path in links if leads_out(path, os.readlink(tree.path / path)))
        problem = problem_with(self.task, replace(found, changes=changes, escaping=escaping))
        if problem is not None:
            return Done(problem, result)
        if not changes:
            return Done(None, result, base, written)
        commit = await self.repo.repository.commit_tree(written, [base], self._message(result))
        ref = await self._new_ref(names.task_ref, commit)
        return Done(None, result, commit, written, ref, changes)

    def _message(self, result: AgentResult) -> str:
        return names.message(
            f"{self.task.id}: {self.task.title}",
            result.summary[:2000],
            Maestro_Run=self.delivery.run,
            Maestro_Task=self.task.id,
            Maestro_Attempt=str(self.command.attempt),
            Maestro_Event=self.delivery.id,
            Maestro_Says=msgspec.json.encode(result.says[:20]).decode() if result.says else "",
        )

    async def _put_away(self, tree: Worktree) -> str:
        """Take the worktree away; what it holds is kept under a ref, or, where git cannot hold it, where it is.
        Returns where; empty where there was nothing to keep."""
        try:
            if not tree.there:
                await tree.remove()
                return ""
            if await tree.nested() or await tree.changed_modules():
                return str(tree.path)
            written = await tree.write_tree()
            kept = ""
            if written != (await self.repo.repository.commit(tree.base)).tree:
                title = f"Unfinished: {self.task.id}: {self.task.title}"
                text = names.message(title, Maestro_Run=self.delivery.run, Maestro_Task=self.task.id)
                commit = await self.repo.repository.commit_tree(written, [tree.base], text)
                kept = await self._new_ref(names.kept_ref, commit)
            await tree.remove()
            return kept
        except (GitProblem, OSError) as error:
            log.warning("unfinished work stays where it is", path=str(tree.path), reason=str(error))
            return str(tree.path)

    async def _new_ref(self, name: Callable[[str, str, int, str], str], commit: str) -> str:
        """A ref of this attempt for the commit. One that is taken by another commit is left alone."""
        for again in ("", str(self.delivery.count), secrets.token_hex(4)):
            ref = name(self.repo.run, self.task.id, self.command.attempt, again)
            with suppress(RefMoved):
                await self.repo.refs.write(ref, commit, None)
                return ref
        raise GitProblem("transient", f"no ref could be made for {self.name}")


def _says(commit: Commit) -> tuple[Ran, ...]:
    try:
        return msgspec.json.decode(commit.trailers.get("Maestro-Says", "[]"), type=tuple[Ran, ...])
    except msgspec.MsgspecError:
        return ()
