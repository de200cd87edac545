"""How does a validator answer? It fetches the claimed commit, looks at it, runs the commands, and votes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from maestro.bus.service import Asked, Context, Delivery, Handler, Outcome, Said, Service, SetTimer
from maestro.git import names
from maestro.git.guard import guarded
from maestro.git.problems import GitProblem, from_os_error
from maestro.git.workspace import RunRepo, Workspace
from maestro.validator.checks import Bases, Checks
from maestro.validator.decider import (
    Checked,
    Kind,
    Looked,
    noted,
    problem_of_checks,
    problem_of_commit,
    requirement_verdict,
    run_verdict,
)
from maestro.validator.tampering import Touched, matters, steers
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Problem

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools

T = TypeVar("T")
LINK, REPOSITORY = "120000", "160000"
MAX_READ = 1_000_000
REMEMBERED = 4096
ELSEWHERE_MS = 300

log = structlog.get_logger()


class Validator:
    """What a validator needs: where checkouts go; and what it remembers of the trees that changes start from."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.bases = Bases()
        self._votes: OrderedDict[tuple[str, str, int], str] = OrderedDict()

    # --- a claim --------------------------------------------------------------------------------------------------

    async def validate_claim(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles ValidateClaim."""
        command = delivery.command
        assert isinstance(command, c.ValidateClaim)
        if not self._is_mine(delivery, command):
            return _for_another(delivery, ctx.now())
        vote = await _unless_stopped(self._vote(delivery, command, ctx.actor), delivery, ctx)
        if isinstance(vote, Problem):
            vote = e.VoteCast(command.task.id, command.attempt, ctx.actor, command.tree, "cannot_tell", vote)
        return Outcome(delivery.run, (Said(f"{delivery.id}/result", vote, delivery.cause),))

    def _is_mine(self, delivery: Delivery, command: c.ValidateClaim) -> bool:
        """A validator has one vote on a claim, however many are asked for. The same question may come to it again."""
        asked = self._votes.setdefault((delivery.run, command.task.id, command.attempt), delivery.id)
        while len(self._votes) > REMEMBERED:
            self._votes.popitem(last=False)
        return asked == delivery.id

    async def _vote(self, delivery: Delivery, command: c.ValidateClaim, actor: str) -> e.VoteCast:
        repo = await self.workspace.open(delivery.run, command.repo.url)
        known = await _known(repo, command)
        if known is not None:
            return e.VoteCast(command.task.id, command.attempt, actor, command.tree, "reject", known)
        looked = await look(repo, command.base, command.commit)
        problem = problem_of_commit(command.task, command.tree, looked)
        checked: list[Checked] = []
        if problem is None:
            ends = (command.commit, command.base)
            checks = Checks(repo, delivery.id, *ends, command.timeout_s, self.bases, looked.steered)
            if delivery.count > 1:
                await checks.tidy()
            async with guarded(repo.repository.git_dir, f"{repo.run}-{delivery.id}"):
                checked = await checks.run(_commands(command))
            problem = problem_of_checks(checked, command.says)
        return e.VoteCast(
            task=command.task.id,
            attempt=command.attempt,
            validator=actor,
            tree=looked.tree,
            verdict="reject" if problem else "accept",
            problem=problem,
            evidence=tuple(noted(check) for check in checked),
        )

    # --- the whole run ----------------------------------------------------------------------------------------------

    async def validate_run(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles ValidateRun."""
        command = delivery.command
        assert isinstance(command, c.ValidateRun)
        result = await _unless_stopped(self._check(delivery, command, ctx.actor), delivery, ctx)
        if isinstance(result, Problem):
            said: e.Event = e.StepWorkFailed(command.step, command.visit, command.attempt, result)
        else:
            said = result
        return Outcome(delivery.run, (Said(f"{delivery.id}/result", said, delivery.cause),))

    async def _check(self, delivery: Delivery, command: c.ValidateRun, actor: str) -> e.RunChecked:
        repo = await self.workspace.open(delivery.run, command.repo.url)
        await repo.refs.ensure(command.commit)
        tree = (await repo.repository.commit(command.commit)).tree
        checks = Checks(repo, delivery.id, command.commit, command.repo.base, command.timeout_s, self.bases)
        if delivery.count > 1:
            await checks.tidy()
        async with guarded(repo.repository.git_dir, f"{repo.run}-{delivery.id}"):
            checked = await checks.run(_run_commands(command))
        own = {check.evidence.command: check for check in checked if check.kind == "check"}
        verdicts = tuple(requirement_verdict(item, own.get(item.check), checked) for item in command.requirements)
        return e.RunChecked(
            step=command.step,
            visit=command.visit,
            validator=actor,
            commit=command.commit,
            tree=tree,
            verdict=run_verdict(verdicts, checked),
            requirements=verdicts,
            evidence=tuple(noted(check) for check in checked),
        )

    # --- a gate's command -------------------------------------------------------------------------------------------

    async def run_gate_command(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles RunGateCommand. A command that could not be run has not passed."""
        command = delivery.command
        assert isinstance(command, c.RunGateCommand)
        ran = await _unless_stopped(self._gate_command(delivery, command), delivery, ctx)
        code, passed, tail = (-1, False, ran.reason) if isinstance(ran, Problem) else ran
        event = e.GateCommandRan(
            gate=command.gate,
            visit=command.visit,
            number=command.number,
            validator=ctx.actor,
            commit=command.commit,
            command=command.command,
            exit_code=code,
            passed=passed,
            tail=tail,
        )
        said = Said(f"{delivery.id}/result", event, delivery.cause)
        judge = c.JudgeGate(command.gate, command.visit, command.number, command.repo, command.commit)
        asked = Asked(f"gate:{command.gate}:{command.visit}/judge:{command.number}", judge, said.id)
        return Outcome(delivery.run, (said,), (asked,))

    async def _gate_command(self, delivery: Delivery, command: c.RunGateCommand) -> tuple[int, bool, str]:
        repo = await self.workspace.open(delivery.run, command.repo.url)
        await repo.refs.ensure(command.commit)
        checks = Checks(repo, delivery.id, command.commit, command.commit, command.timeout_s, self.bases)
        if delivery.count > 1:
            await checks.tidy()
        async with guarded(repo.repository.git_dir, f"{repo.run}-{delivery.id}"):
            (checked,) = await checks.run([("check", command.command)])
        return checked.evidence.exit_code, checked.evidence.passed, checked.evidence.tail


def _for_another(delivery: Delivery, now: int) -> Outcome:
    """The question goes back to the queue after a moment, for another validator to take."""
    log.info("one vote is all a validator has; waiting for another one", run=delivery.run, command=delivery.id)
    again = Asked(delivery.id, delivery.command, delivery.cause)
    return Outcome(delivery.run, timers=(SetTimer(f"{delivery.id}/another", now + ELSEWHERE_MS, again),))


async def look(repo: RunRepo, base: str, commit: str) -> Looked:
    """What the commit is, without running anything of it."""
    git = repo.repository
    await repo.refs.ensure(base)
    found = await git.commit(commit)
    changes = await git.changes(base, commit)
    modes = await git.modes(base, commit)
    links = [path for path, mode in modes.items() if mode == LINK]
    touched = [path for path in modes if matters(path)]
    return Looked(
        tree=found.tree,
        descends=await git.descends(commit, base),
        changes=changes,
        links=tuple([(names.shown(path), await _text(repo, commit, path) or "") for path in links]),
        nested=tuple(names.shown(path) for path, mode in modes.items() if mode == REPOSITORY),
        tests=tuple([await _touched(repo, base, commit, path) for path in touched]),
        steered=any(steers(path) for path in modes),
    )


async def _touched(repo: RunRepo, base: str, commit: str, path: str) -> Touched:
    return Touched(names.shown(path), await _text(repo, base, path), await _text(repo, commit, path))


async def _known(repo: RunRepo, command: c.ValidateClaim) -> Problem | None:
    """A commit that nobody can find is no claim at all."""
    try:
        await repo.refs.ensure(command.commit)
    except GitProblem as problem:
        if problem.kind != "structural":
            raise
        return Problem("false_claim", f"the claimed commit {command.commit[:12] or 'is not named and'} cannot be found")
    return None


async def _text(repo: RunRepo, commit: str, path: str) -> str | None:
    content = await repo.repository.read_file(commit, path)
    return None if content is None else content[:MAX_READ].decode("utf-8", "replace")


def _commands(command: c.ValidateClaim) -> list[tuple[Kind, str]]:
    own: list[tuple[Kind, str]] = [("check", command.task.check)] if command.task.check else []
    return [*own, *(("tests", tests) for tests in command.test_commands)]


def _run_commands(command: c.ValidateRun) -> list[tuple[Kind, str]]:
    checks: list[tuple[Kind, str]] = [("check", item.check) for item in command.requirements if item.check]
    tests: list[tuple[Kind, str]] = [("tests", tests) for tests in command.test_commands]
    lint: list[tuple[Kind, str]] = [("lint", lint) for lint in command.lint_commands]
    return list(dict.fromkeys([*checks, *tests, *lint]))


async def _unless_stopped(work: Coroutine[Any, Any, T], delivery: Delivery, ctx: Context) -> T | Problem:
    """What the work comes to, or why it came to nothing."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(ctx.cancelled(delivery))
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            return Problem("cancelled", stopping.result())
        return working.result()
    except GitProblem as problem:
        return problem.problem
    except OSError as error:
        return from_os_error(error, "validating").problem
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.wait({working})


def make_service(tools: Tools) -> Service:
    """The validator. Test runs take long and use the whole machine: few at once."""
    validator = Validator(Workspace(tools.settings.work_dir))
    handlers: dict[type[c.Command], Handler] = {
        c.ValidateClaim: validator.validate_claim,
        c.ValidateRun: validator.validate_run,
        c.RunGateCommand: validator.run_gate_command,
    }
    return Service(role="validator", handlers=handlers, parallel=2, batch_size=2)
