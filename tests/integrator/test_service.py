"""How does a run's branch move?"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from maestro.approvals.book import Hindrance
from maestro.bus.service import Outcome
from maestro.git import names
from maestro.git.change import read_change
from maestro.git.problems import GitProblem
from maestro.git.repository import Repository
from maestro.git.workspace import Workspace
from maestro.integrator.service import Integrator
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import FileChange, Repo
from tests.support.gitrepo import commit_on, git, make_repo, snapshot
from tests.support.handling import RecordingContext, delivered, the
from tests.support.permitting import Permitting

RUN = "r-abc234"
BRANCH = f"maestro/{RUN}"
PRD = ".flow/prd-more-v1.md"


@dataclass
class Site:
    """An integrator with its repository; `url` is how it reaches it."""

    path: Path
    url: str
    base: str
    integrator: Integrator

    @property
    def permitting(self) -> Permitting:
        assert isinstance(self.integrator.permission, Permitting)
        return self.integrator.permission

    @property
    def repo(self) -> Repo:
        return Repo(self.url, self.base)

    def head(self) -> str:
        return git(self.path, "rev-parse", BRANCH)

    async def prepare(self) -> e.RunPrepared:
        command = c.PrepareRun("initialise", 1, 1, self.repo)
        return the(await self._handled(self.integrator.prepare_run, command, "prepare:initialise:1:1"), e.RunPrepared)

    async def merge(self, commit: str, task: str = "T-001", *, onto: str = "", count: int = 1) -> Outcome:
        command = c.MergeTask(task, 1, self.repo, commit, "Say more", f"task:{task}:1/merging", onto)
        return await self._handled(self.integrator.merge_task, command, f"merge:{task}:1", count)

    async def revert(self, commit: str, id: str = "revert:change:T-001:1:x") -> Outcome:
        command = c.RevertChange("change:T-001:1", self.repo, commit, "write hello.py")
        return await self._handled(self.integrator.revert_change, command, id)

    async def prd(self, text: str = "# PRD\n") -> e.PrdCommitted:
        command = c.CommitPrd(self.repo, 1, PRD, text, "approved")
        return the(await self._handled(self.integrator.commit_prd, command, "prd:1:approved"), e.PrdCommitted)

    async def checkpoint(self, number: int = 1, commit: str = "") -> e.CheckpointMade:
        command = c.MakeCheckpoint(number, "group 1", self.repo, commit)
        return the(
            await self._handled(self.integrator.make_checkpoint, command, f"checkpoint:{number}"), e.CheckpointMade
        )

    async def hand_over(self) -> Outcome:
        command = c.HandOver("handoff", 1, 1, self.repo, PRD, "# PRD, implemented\n")
        return await self._handled(self.integrator.hand_over, command, "handover:handoff:1:1")

    @staticmethod
    async def _handled(handler, command: c.Command, id: str, count: int = 1) -> Outcome:  # type: ignore[no-untyped-def]
        return await handler(delivered(command, id, count=count), RecordingContext("integrator-1"))


@pytest.fixture(params=["path", "url"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    path = tmp_path / "the repo"
    base = make_repo(path, {"a.txt": "one\n", "b.txt": "two\n", ".gitignore": ".flow/\n"})
    url = str(path) if request.param == "path" else f"file://{path}"
    return Site(path, url, base, Integrator(Workspace(tmp_path / "work"), Permitting()))


async def test_the_branch_is_made_at_the_base_and_only_once(site: Site) -> None:
    before = snapshot(site.path)

    first = await site.prepare()
    second = await site.prepare()

    assert first == second == e.RunPrepared("initialise", 1, BRANCH, site.base)
    assert site.head() == site.base
    assert snapshot(site.path) == before


async def test_a_task_is_merged_with_a_commit_that_names_it(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "one and a half\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)
    before = snapshot(site.path)

    merged = the(await site.merge(work), e.TaskMerged)

    assert site.head() == merged.commit
    assert git(site.path, "rev-parse", f"{merged.commit}^{{tree}}") == merged.tree
    assert git(site.path, "rev-parse", f"{merged.commit}^1", f"{merged.commit}^2").split() == [site.base, work]
    trailers = names.trailers(git(site.path, "log", "-1", "--format=%B", merged.commit))
    assert trailers == {
        "Maestro-Run": RUN,
        "Maestro-Task": "T-001",
        "Maestro-Attempt": "1",
        "Maestro-Event": "task:T-001:1/merging",
    }
    assert snapshot(site.path) == before


async def test_merging_again_after_a_crash_finds_what_is_there(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    other = commit_on(site.path, site.base, {"b.txt": "changed\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)
    git(site.path, "update-ref", names.task_ref(RUN, "T-002", 1), other)
    first = the(await site.merge(work), e.TaskMerged)
    await site.merge(other, "T-002")
    head = site.head()

    again = the(await site.merge(work, count=2), e.TaskMerged)

    assert again == first
    assert site.head() == head


async def test_a_merge_begins_as_the_effect_that_was_approved_and_ends_it(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)
    change = await read_change(Repository(site.path / ".git"), site.base, work)

    outcome = await site.merge(work)

    (intent,) = site.permitting.begun
    assert (intent.proposal, intent.digest, intent.command) == ("change:T-001:1", change.digest, "merge:T-001:1")
    assert the(outcome, e.EffectEnded).commit == the(outcome, e.TaskMerged).commit


async def test_a_change_whose_approval_does_not_hold_is_not_merged(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    site.permitting.hindrance = Hindrance("it is not exactly what was approved")
    head = site.head()

    refused = the(await site.merge(work), e.MergeRefused)

    assert (refused.problem.kind, site.head()) == ("not_approved", head)


async def test_a_merge_is_rolled_back_by_a_commit_once_and_what_came_later_stays(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    other = commit_on(site.path, site.base, {"b.txt": "changed\n"})
    merged = the(await site.merge(work), e.TaskMerged)
    await site.merge(other, "T-002")

    undone = the(await site.revert(merged.commit), e.RolledBack)
    again = the(await site.revert(merged.commit), e.RolledBack)

    assert again == undone
    assert undone.commit == site.head()
    assert git(site.path, "show", f"{BRANCH}:a.txt") == git(site.path, "show", f"{site.base}:a.txt")
    assert git(site.path, "show", f"{BRANCH}:b.txt") == "changed"


async def test_what_later_work_builds_upon_is_not_rolled_back_but_named(site: Site) -> None:
    await site.prepare()
    work = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    merged = the(await site.merge(work), e.TaskMerged)
    await site.merge(commit_on(site.path, site.head(), {"a.txt": "changed again\n"}), "T-002")
    head = site.head()

    failed = the(await site.revert(merged.commit), e.RollBackFailed)

    assert "a.txt" in failed.problem.reason
    assert site.head() == head


async def test_a_commit_that_is_not_on_the_branch_cannot_be_rolled_back(site: Site) -> None:
    await site.prepare()
    stray = commit_on(site.path, site.base, {"a.txt": "changed\n"})
    assert "is not on" in the(await site.revert(stray), e.RollBackFailed).problem.reason


async def test_a_conflict_is_refused_with_its_paths_and_the_branch_stays(site: Site) -> None:
    await site.prepare()
    one = commit_on(site.path, site.base, {"a.txt": "this\n", "b.txt": "same\n"})
    two = commit_on(site.path, site.base, {"a.txt": "that\n", "b.txt": "same\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), one)
    git(site.path, "update-ref", names.task_ref(RUN, "T-002", 1), two)
    await site.merge(one)
    head = site.head()

    refused = the(await site.merge(two, "T-002"), e.MergeRefused)

    assert (refused.problem.kind, refused.conflicts) == ("merge_conflict", ("a.txt",))
    assert "a.txt" in refused.problem.reason
    assert site.head() == head
    assert git(site.path, "rev-parse", names.task_ref(RUN, "T-002", 1)) == two


async def test_merges_asked_for_at_once_all_arrive(site: Site) -> None:
    await site.prepare()
    works = {f"T-{n}": commit_on(site.path, site.base, {f"new-{n}.txt": "x\n"}) for n in range(6)}
    for task, work in works.items():
        git(site.path, "update-ref", names.task_ref(RUN, task, 1), work)

    outcomes = await asyncio.gather(*(site.merge(work, task) for task, work in works.items()))

    assert len({the(outcome, e.TaskMerged).commit for outcome in outcomes}) == 6
    assert set(git(site.path, "ls-tree", "--name-only", BRANCH).splitlines()) >= {f"new-{n}.txt" for n in range(6)}


async def test_work_that_changed_nothing_is_merged_without_a_commit(site: Site) -> None:
    await site.prepare()

    merged = the(await site.merge(site.base), e.TaskMerged)

    assert merged.commit == site.base == site.head()


async def test_a_commit_that_nobody_has_is_refused(site: Site) -> None:
    await site.prepare()

    refused = the(await site.merge("1" * 40, count=3), e.MergeRefused)

    assert refused.problem.kind in ("structural", "environment", "transient")
    assert site.head() == site.base


async def test_a_branch_that_somebody_else_moved_is_not_built_upon(site: Site) -> None:
    await site.prepare()
    evil = commit_on(site.path, site.base, {"evil.txt": "x\n"})
    git(site.path, "update-ref", f"refs/heads/{BRANCH}", evil)
    work = commit_on(site.path, site.base, {"a.txt": "good\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)

    refused = the(await site.merge(work, onto=site.base), e.MergeRefused)

    assert refused.problem.kind == "ambiguous"
    assert "evil.txt" in refused.problem.reason
    assert site.base in refused.problem.mend
    assert site.head() == evil


@pytest.mark.parametrize("harm", ["update-ref -d {branch}", "update-ref {branch} {base}"])
async def test_a_branch_that_was_taken_away_or_put_back_is_where_the_log_has_it_before_the_next_merge(
    site: Site, harm: str
) -> None:
    await site.prepare()
    first = commit_on(site.path, site.base, {"b.txt": "good\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), first)
    head = the(await site.merge(first, onto=site.base), e.TaskMerged).commit
    git(site.path, "update-ref", names.checkpoint_ref(RUN, 1), head)
    git(site.path, *harm.format(branch=f"refs/heads/{BRANCH}", base=site.base).split())
    work = commit_on(site.path, site.base, {"a.txt": "good\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-002", 1), work)

    merged = the(await site.merge(work, "T-002", onto=head), e.TaskMerged)

    assert git(site.path, "rev-parse", f"{merged.commit}^1", f"{merged.commit}^2").split() == [head, work]
    assert site.head() == merged.commit


async def test_a_checkpoint_whose_ref_somebody_took_before_is_made_all_the_same_and_theirs_is_kept(site: Site) -> None:
    await site.prepare()
    evil = commit_on(site.path, site.base, {"evil.txt": "x\n"})
    git(site.path, "update-ref", names.checkpoint_ref(RUN, 1), evil)

    made = await site.checkpoint(commit=site.base)

    assert made.commit == site.base == git(site.path, "rev-parse", made.ref)
    assert git(site.path, "rev-parse", names.lost_ref(RUN, made.ref, evil)) == evil


async def test_a_branch_that_got_the_prd_meanwhile_is_built_upon(site: Site) -> None:
    await site.prepare()
    await site.prd()
    work = commit_on(site.path, site.base, {"a.txt": "good\n"})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)

    the(await site.merge(work, onto=site.base), e.TaskMerged)


async def test_the_prd_is_committed_although_it_is_ignored_and_only_once(site: Site) -> None:
    await site.prepare()
    before = snapshot(site.path)

    first = await site.prd()
    second = await site.prd()

    assert first == second
    assert git(site.path, "show", f"{BRANCH}:{PRD}") == "# PRD"
    assert git(site.path, "rev-list", "--count", f"{site.base}..{BRANCH}") == "1"
    assert snapshot(site.path) == before


@pytest.mark.parametrize("path", ["../out.md", "/etc/x", ".git/config", "a/../../b", ""])
async def test_a_prd_outside_the_repository_is_refused(site: Site, path: str) -> None:
    await site.prepare()
    command = c.CommitPrd(site.repo, 1, path, "x", "approved")

    with pytest.raises(GitProblem, match="no path inside a repository"):
        await site.integrator.commit_prd(delivered(command, "prd:1:approved"), RecordingContext())


async def test_a_checkpoint_is_a_ref_that_stays(site: Site) -> None:
    await site.prepare()
    first = await site.checkpoint()
    await site.prd()

    again = await site.checkpoint()

    assert first == again == e.CheckpointMade(1, "group 1", site.base, names.checkpoint_ref(RUN, 1))
    assert git(site.path, "rev-parse", first.ref) == site.base
    assert (await site.checkpoint(2)).commit == site.head()


async def test_the_handover_marks_the_prd_and_counts_the_lines(site: Site) -> None:
    await site.prepare()
    await site.prd()
    work = commit_on(site.path, site.base, {"a.txt": "one\nmore\n", "b.txt": None})
    git(site.path, "update-ref", names.task_ref(RUN, "T-001", 1), work)
    await site.merge(work)

    first = the(await site.hand_over(), e.HandedOver)
    second = the(await site.hand_over(), e.HandedOver)

    assert first == second
    assert first.commit == site.head()
    assert git(site.path, "show", f"{BRANCH}:{PRD}") == "# PRD, implemented"
    assert set(first.files) == {
        FileChange("a.txt", 1, 0, "M"),
        FileChange("b.txt", 0, 1, "D"),
        FileChange(PRD, 1, 0, "A"),
    }


async def test_a_branch_of_the_persons_named_maestro_is_a_problem_with_its_mend(tmp_path: Path) -> None:
    path = tmp_path / "repo"
    base = make_repo(path)
    git(path, "branch", "maestro")
    integrator = Integrator(Workspace(tmp_path / "work"), Permitting())

    outcome = await integrator.prepare_run(
        delivered(c.PrepareRun("initialise", 1, 1, Repo(str(path), base)), "prepare:initialise:1:1"), RecordingContext()
    )

    failed = the(outcome, e.StepWorkFailed)
    assert failed.problem.kind == "structural"
    assert "rename your branch `maestro`" in failed.problem.mend


@pytest.mark.parametrize("base", ["", "1" * 40])
async def test_a_run_without_a_commit_to_start_from_fails_clearly(tmp_path: Path, base: str) -> None:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q")
    integrator = Integrator(Workspace(tmp_path / "work"), Permitting())

    outcome = await integrator.prepare_run(
        delivered(c.PrepareRun("initialise", 1, 1, Repo(str(path), base)), "prepare:initialise:1:1"), RecordingContext()
    )

    failed = the(outcome, e.StepWorkFailed)
    assert failed.problem.kind == "structural"


async def test_two_runs_on_one_repository_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "repo"
    base = make_repo(path)
    work = commit_on(path, base, {"new.txt": "x\n"})

    async def run(name: str) -> e.TaskMerged:
        integrator = Integrator(Workspace(tmp_path / "work"), Permitting())
        ctx = RecordingContext()
        await integrator.prepare_run(
            delivered(c.PrepareRun("initialise", 1, 1, Repo(str(path), base)), "prepare:initialise:1:1", run=name), ctx
        )
        command = c.MergeTask("T-001", 1, Repo(str(path), base), work, "x", "x")
        return the(await integrator.merge_task(delivered(command, "merge:T-001:1", run=name), ctx), e.TaskMerged)

    merged = await asyncio.gather(*(run(f"r-{letter * 6}") for letter in "abcd"))

    assert all(
        git(path, "rev-parse", f"maestro/r-{letter * 6}") == merge.commit
        for letter, merge in zip("abcd", merged, strict=True)
    )


CRASH_POINTS = ("merge-tree", "commit-tree", "update-ref")


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_an_integrator_killed_before_any_step_of_a_merge_is_made_good_by_the_next(
    tmp_path: Path, point: str
) -> None:
    """A `git` on PATH that kills its caller at the given command, once."""
    path = tmp_path / "repo"
    base = make_repo(path)
    site = Site(path, str(path), base, Integrator(Workspace(tmp_path / "work"), Permitting()))
    await site.prepare()
    work = commit_on(path, base, {"new.txt": "x\n"})
    await _killed_while_merging(site, work, point, tmp_path)
    assert site.head() == base

    merged = the(await site.merge(work, count=2), e.TaskMerged)

    assert site.head() == merged.commit
    assert git(path, "rev-list", "--count", "--first-parent", f"{base}..{BRANCH}") == "1"


async def _killed_while_merging(site: Site, work: str, point: str, tmp_path: Path) -> None:
    shim = tmp_path / "shim"
    shim.mkdir()
    real = shutil.which("git")
    (shim / "git").write_text(
        f'#!/bin/sh\ncase " $* " in *" {point} "*) kill -9 $PPID; exit 1;; esac\nexec {real} "$@"\n'
    )
    (shim / "git").chmod(0o755)
    script = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from maestro.git.workspace import Workspace\nfrom maestro.integrator.service import Integrator\n"
        "from maestro_contracts import commands as c\nfrom maestro_contracts.records import Repo\n"
        "from tests.support.handling import RecordingContext, delivered\n"
        "from tests.support.permitting import Permitting\n"
        "path, base, work, folder = sys.argv[1:]\n"
        "command = c.MergeTask('T-001', 1, Repo(path, base), work, 'Say more', 'x')\n"
        "integrator = Integrator(Workspace(Path(folder)), Permitting())\n"
        "asyncio.run(integrator.merge_task(delivered(command, 'merge:T-001:1'), RecordingContext()))\n"
    )
    env = {**os.environ, "PATH": f"{shim}:{os.environ['PATH']}"}
    arguments = (str(site.path), site.base, work, str(tmp_path / "work"))
    dying = await asyncio.create_subprocess_exec(sys.executable, "-c", script, *arguments, env=env)
    assert await dying.wait() == -9
