"""What the planner says when a command is handed to it: about a real repository, in events of the run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from maestro.bus.service import Delivery, Outcome
from maestro.planner import prd as prds
from maestro.planner.decider import SpecificationPlanner
from maestro.planner.service import PlannerService
from maestro_contracts import events as e
from maestro_contracts.commands import DraftPlan
from maestro_contracts.records import Repo
from maestro_contracts.roles import may_say
from tests.support.gitrepo import make_repo
from tests.support.handling import RecordingContext

SPEC = "# Slugs\n\n- R-1: one. Check: `a`\n- R-2: two\n"
FILES = {"pkg.py": "", "tests/test_a.py": "import pytest\n"}


async def handled(work: Path, url: str, base: str, **more: Any) -> Outcome:
    told = {"feature": "f", "source": "spec", "text": SPEC, "version": 1, **more}
    command = DraftPlan(step="plan", visit=1, attempt=1, repo=Repo(url, base, "main"), **told)
    delivery = Delivery(command, "plan:plan:1:1", "the-run-abc234", "e", 1, "1-0", "q")
    outcome = await PlannerService(work, SpecificationPlanner()).draft_plan(delivery, RecordingContext())
    assert all(may_say("planner", type(said.event).__name__) for said in outcome.events)
    assert len({said.id for said in outcome.events}) == len(outcome.events)
    return outcome


def by_id(outcome: Outcome) -> dict[str, e.Event]:
    return {said.id.removeprefix("plan:plan:1:1/"): said.event for said in outcome.events}


async def test_a_plan_is_the_codebase_the_decisions_and_the_prd_with_its_file(tmp_path: Path) -> None:
    base = make_repo(tmp_path / "ein Ort", FILES)
    said = by_id(await handled(tmp_path / "work", str(tmp_path / "ein Ort"), base))
    assert list(said) == ["codebase", "decision:test-command", "decision:acceptance-v1", "result"]
    codebase, result = said["codebase"], said["result"]
    assert isinstance(codebase, e.CodebaseDiscovered) and isinstance(result, e.PrdDrafted)
    assert (codebase.codebase.head, codebase.codebase.branch) == (base, "main")
    assert codebase.codebase.test_commands == ("python -m pytest -q",)
    assert result.path == ".flow/prd-slugs-v1.md"
    assert prds.parse(result.markdown) == (result.prd, "draft")
    assert result.sha256 == hashlib.sha256(result.markdown.encode()).hexdigest()


async def test_handling_a_command_twice_says_the_same(tmp_path: Path) -> None:
    base = make_repo(tmp_path / "repo", FILES)
    first = await handled(tmp_path / "work", str(tmp_path / "repo"), base)
    assert await handled(tmp_path / "work", str(tmp_path / "repo"), base) == first


async def test_questions_and_refusals_fill_the_same_slot_as_a_prd(tmp_path: Path) -> None:
    base = make_repo(tmp_path / "repo", FILES)
    where = (tmp_path / "work", str(tmp_path / "repo"), base)
    asked = by_id(await handled(*where, source="sentence", text="f", interactive=True))
    assert isinstance(asked["result"], e.QuestionsAsked) and list(asked) == ["codebase", "result"]
    refused = by_id(await handled(*where, source="sentence", text="f"))
    assert isinstance(refused["result"], e.PlanRefused) and list(refused) == ["codebase", "result"]


async def test_a_repository_behind_a_url_is_read_through_a_copy(tmp_path: Path) -> None:
    base = make_repo(tmp_path / "origin", FILES)
    said = by_id(await handled(tmp_path / "work", (tmp_path / "origin").as_uri(), base))
    assert isinstance(said["result"], e.PrdDrafted)


async def test_a_repository_that_cannot_be_read_is_a_refusal_with_its_mend(tmp_path: Path) -> None:
    base = make_repo(tmp_path / "repo", FILES)
    (tmp_path / "plain").mkdir()
    for url, commit in ((tmp_path / "gone", base), (tmp_path / "plain", base), (tmp_path / "repo", "0" * 40)):
        said = by_id(await handled(tmp_path / "work", str(url), commit))
        result = said["result"]
        assert isinstance(result, e.PlanRefused) and list(said) == ["result"]
        assert result.problem.kind == "structural" and result.problem.reason and result.problem.mend
