"""How does the planner meet the world? It reads the repository, lets the planner plan, and says what came of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never, cast

from maestro.bus.service import Context, Delivery, Outcome, Said, Service
from maestro.git.problems import GitProblem
from maestro.git.workspace import Workspace
from maestro.planner import prd as prds
from maestro.planner.decider import Plan, Planned, Planner, Questions, Refused, SpecificationPlanner, as_told
from maestro.planner.discovery import Found, discover
from maestro.planner.repository import read_tree
from maestro_contracts import events as e
from maestro_contracts.commands import DraftPlan
from maestro_contracts.records import Decision, Repo

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools


@dataclass(frozen=True, slots=True)
class PlannerService:
    """`work` is the folder for copies of repositories that have no local path."""

    work: Path
    planner: Planner

    async def draft_plan(self, delivery: Delivery, ctx: Context) -> Outcome:
        request = cast(DraftPlan, delivery.command)
        try:
            found = as_told(await self._discover(delivery.run, request.repo), request)
        except GitProblem as problem:
            refused = e.PlanRefused(request.step, request.visit, request.attempt, problem.problem)
            return Outcome(delivery.run, (Said(f"{delivery.id}/result", refused),))
        plan = await asyncio.to_thread(self.planner.plan, request, found.codebase)
        return Outcome(delivery.run, tuple(said(delivery.id, request, found, plan)))

    async def _discover(self, run: str, repo: Repo) -> Found:
        opened = await Workspace(self.work).open(run, repo.url)
        await opened.refs.ensure(repo.base)
        tree = await read_tree(opened.repository, repo.base)
        return await asyncio.to_thread(discover, tree, repo.branch)


def said(id: str, request: DraftPlan, found: Found, plan: Plan) -> Iterator[Said]:
    """The events of one plan, whatever it came to: the codebase, the decisions, the result."""
    yield Said(f"{id}/codebase", e.CodebaseDiscovered(found.codebase))
    match plan:
        case Planned(prd, decisions):
            yield from _decided(id, (*found.decisions, *decisions))
            markdown = prds.render(prd)
            digest = hashlib.sha256(markdown.encode()).hexdigest()
            drafted = e.PrdDrafted(request.step, request.visit, prd, prds.path(prd), digest, markdown)
            yield Said(f"{id}/result", drafted)
        case Questions(questions):
            yield Said(f"{id}/result", e.QuestionsAsked(request.step, request.visit, questions))
        case Refused(problem):
            yield Said(f"{id}/result", e.PlanRefused(request.step, request.visit, request.attempt, problem))
        case _:
            assert_never(plan)


def _decided(id: str, decisions: Sequence[Decision]) -> Iterator[Said]:
    for decision in decisions:
        yield Said(f"{id}/decision:{decision.id}", e.DecisionRecorded(decision))


def make_service(tools: Tools) -> Service:
    service = PlannerService(tools.settings.work_dir, SpecificationPlanner())
    return Service(role="planner", handlers={DraftPlan: service.draft_plan}, parallel=4, batch_size=1)
