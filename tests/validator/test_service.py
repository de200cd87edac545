"""How does a validator vote on real commits, with real test runs?"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from maestro.bus.service import Outcome
from maestro.git.workspace import Workspace
from maestro.validator.service import Validator
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Ran, Repo, Requirement, TaskSpec
from tests.support.gitrepo import commit_on, git, make_repo, snapshot
from tests.support.handling import RecordingContext, delivered, the
from tests.support.wait import wait_until

TESTS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider"
QUICK = "! grep 'return 2' lib.py"
"""Stands for a project's tests where it does not matter what they are."""
PASSING = "from lib import f\n\n\ndef test_f():\n    assert f() == 1\n"
FAILING = PASSING + "\n\ndef test_broken():\n    assert f() == 3\n"


@dataclass
class Bench:
    """A validator with a project that has tests."""

    repo: Path
    base: str
    validator: Validator
    work: Path
    ctx: RecordingContext = field(default_factory=lambda: RecordingContext("validator-1"))

    def change(self, files: dict[str, str | None]) -> str:
        return commit_on(self.repo, self.base, files)

    async def vote(self, commit: str, *, tree: str = "", says: tuple[Ran, ...] = (), **task: object) -> e.VoteCast:
        spec = {"tests": (QUICK,), "timeout": 60.0, **task}
        tests, timeout, base = spec.pop("tests"), spec.pop("timeout"), spec.pop("base", self.base)
        command = c.ValidateClaim(
            task=TaskSpec("T-001", "Say more", **spec),  # type: ignore[arg-type]
            attempt=1,
            repo=Repo(str(self.repo), self.base),
            base=base,  # type: ignore[arg-type]
            commit=commit,
            tree=tree or git(self.repo, "rev-parse", f"{commit}^{{tree}}", ok=False),
            ref="",
            test_commands=tests,  # type: ignore[arg-type]
            timeout_s=timeout,  # type: ignore[arg-type]
            says=says,
        )
        outcome = await self.validator.validate_claim(delivered(command, "vote:T-001:1:1"), self.ctx)
        return the(outcome, e.VoteCast)


def bench_with(tmp_path: Path, tests: str) -> Bench:
    repo = tmp_path / "the repo"
    base = make_repo(repo, {"lib.py": "def f():\n    return 1\n", "tests/test_lib.py": tests})
    return Bench(repo, base, Validator(Workspace(tmp_path / "work")), tmp_path / "work")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return bench_with(tmp_path, PASSING)


async def test_a_validator_has_one_vote_on_a_claim_and_leaves_the_others_to_others(bench: Bench) -> None:
    commit = bench.change({"lib.py": "def f():\n    return 1\n# more\n"})
    tree = git(bench.repo, "rev-parse", f"{commit}^{{tree}}")
    command = c.ValidateClaim(
        TaskSpec("T-001", "Say more"), 1, Repo(str(bench.repo), bench.base), bench.base, commit, tree, ""
    )

    async def asked(number: int, validator: Validator, count: int = 1) -> Outcome:
        return await validator.validate_claim(delivered(command, f"vote:T-001:1:{number}", count=count), bench.ctx)

    other = Validator(Workspace(bench.work))
    the(await asked(1, bench.validator), e.VoteCast)
    handed_on = await asked(2, bench.validator)
    the(await asked(1, bench.validator, count=2), e.VoteCast)
    the(await asked(2, other), e.VoteCast)

    assert handed_on.events == ()
    (timer,) = handed_on.timers
    assert (timer.asked.id, timer.asked.command) == ("vote:T-001:1:2", command)


async def test_good_work_is_accepted_with_evidence_bound_to_its_tree(bench: Bench) -> None:
    before = snapshot(bench.repo)
    commit = bench.change({"lib.py": "def f():\n    return 1\n\n\ndef g():\n    return 2\n"})

    vote = await bench.vote(commit, check="python -c 'import lib; print(lib.g())'", tests=(TESTS,))

    assert (vote.verdict, vote.problem) == ("accept", None)
    assert vote.tree == git(bench.repo, "rev-parse", f"{commit}^{{tree}}")
    assert [(item.command, item.exit_code, item.passed) for item in vote.evidence] == [
        ("python -c 'import lib; print(lib.g())'", 0, True),
        (TESTS, 0, True),
    ]
    assert vote.evidence[0].output_sha256 == hashlib.sha256(b"2\n").hexdigest()
    assert snapshot(bench.repo) == before
    assert list((bench.work / "r-abc234").iterdir()) == []


async def test_a_worker_that_says_the_tests_pass_when_they_do_not_is_caught(bench: Bench) -> None:
    commit = bench.change({"lib.py": "def f():\n    return 2\n"})

    vote = await bench.vote(commit, says=(Ran("python -m pytest -q", 0),), tests=(TESTS,))

    assert vote.verdict == "reject"
    assert vote.problem is not None and vote.problem.kind == "false_claim"
    assert "test_f" in vote.problem.reason and "assert 2 == 1" in vote.problem.reason


async def test_a_failing_test_run_without_a_lie_is_a_failed_check(bench: Bench) -> None:
    vote = await bench.vote(bench.change({"lib.py": "def f():\n    return 2\n"}))

    assert vote.problem is not None and vote.problem.kind == "check_failed"


async def test_a_failing_acceptance_check_is_quoted(bench: Bench) -> None:
    vote = await bench.vote(bench.change({"lib.py": "def f():\n    return 1\n# x\n"}), check="echo no g here; exit 4")

    assert vote.verdict == "reject"
    assert vote.problem is not None and "exits 4" in vote.problem.reason and "no g here" in vote.problem.reason


async def test_a_claim_that_changes_nothing_is_rejected(bench: Bench) -> None:
    vote = await bench.vote(bench.change({}))

    assert vote.problem is not None and vote.problem.kind == "no_change"


@pytest.mark.parametrize(
    "files",
    [
        {"tests/test_lib.py": None},
        {"tests/test_lib.py": "def test_other():\n    pass\n"},
        {"tests/test_lib.py": PASSING.replace("def test_f", "@pytest.mark.skip\ndef test_f")},
    ],
)
async def test_a_claim_that_weakens_the_tests_is_rejected(bench: Bench, files: dict[str, str | None]) -> None:
    vote = await bench.vote(bench.change({"lib.py": "def f():\n    return 2\n", **files}))

    assert vote.verdict == "reject"
    assert vote.problem is not None and vote.problem.kind == "tests_tampered"
    assert "test_f" in vote.problem.reason


async def test_a_claim_with_a_changed_tree_is_rejected(bench: Bench) -> None:
    other = bench.change({"other.txt": "x\n"})
    commit = bench.change({"lib.py": "# x\n"})

    vote = await bench.vote(commit, tree=git(bench.repo, "rev-parse", f"{other}^{{tree}}"))

    assert vote.problem is not None and vote.problem.kind == "false_claim"


async def test_a_commit_from_elsewhere_is_rejected(bench: Bench) -> None:
    stranger = git(bench.repo, "commit-tree", f"{bench.base}^{{tree}}", "-m", "no parent")

    vote = await bench.vote(stranger)

    assert vote.problem is not None and "does not descend" in vote.problem.reason


async def test_a_commit_that_does_not_exist_is_rejected(bench: Bench) -> None:
    vote = await bench.vote("1" * 40, tree="2" * 40)

    assert (vote.verdict, vote.problem and vote.problem.kind) == ("reject", "false_claim")


async def test_changes_outside_the_tasks_files_are_rejected(bench: Bench) -> None:
    vote = await bench.vote(
        bench.change({"lib.py": "def f():\n    return 1\n\n", "other.py": "x\n"}), files=("lib.py",)
    )

    assert vote.problem is not None and vote.problem.kind == "scope_violation"
    assert "other.py" in vote.problem.reason


async def test_a_link_out_of_the_repository_is_rejected(bench: Bench) -> None:
    blob = git(bench.repo, "rev-parse", f"{bench.base}:lib.py")
    assert blob
    (bench.repo / "evil").symlink_to("/etc/passwd")
    git(bench.repo, "add", "evil")
    tree = git(bench.repo, "write-tree")
    commit = git(bench.repo, "commit-tree", tree, "-p", bench.base, "-m", "link")

    vote = await bench.vote(commit)

    assert vote.problem is not None and vote.problem.kind == "scope_violation"
    assert "evil" in vote.problem.reason


# --- a base that fails by itself --------------------------------------------------------------------------------


async def test_tests_that_fail_on_the_base_too_are_not_the_changes_fault(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, FAILING)

    vote = await bench.vote(bench.change({"lib.py": "def f():\n    return 1\n# more\n"}), tests=(TESTS,))

    assert vote.verdict == "accept"
    assert not vote.evidence[0].passed
    assert "failing in the same way without the change" in vote.evidence[0].what


@pytest.mark.parametrize("options", ["--co", "-k nothing_like_it"])
async def test_a_change_after_which_fewer_tests_run_is_rejected(bench: Bench, options: str) -> None:
    settings = f'[tool.pytest.ini_options]\naddopts = "{options}"\n'
    commit = bench.change({"pyproject.toml": settings, "lib.py": "def f():\n    return 5\n"})

    vote = await bench.vote(commit, tests=(f"{TESTS} || true",))

    assert vote.problem is not None and vote.problem.kind == "tests_tampered"
    assert "1 tests fewer pass than without the change" in vote.problem.reason


async def test_settings_after_which_as_many_tests_run_are_accepted(bench: Bench) -> None:
    commit = bench.change({"pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'})

    assert (await bench.vote(commit, tests=(TESTS,))).verdict == "accept"


async def test_a_newly_failing_test_among_old_failures_is_seen(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, FAILING)

    vote = await bench.vote(bench.change({"lib.py": "def f():\n    return 2\n"}), tests=(TESTS,))

    assert vote.verdict == "reject"
    assert vote.problem is not None and "newly failing: tests/test_lib.py::test_f" in vote.problem.reason


async def test_the_base_is_looked_at_once_for_many_claims(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, FAILING)
    counter = tmp_path / "runs"
    tests = (f"echo x >> '{counter}'; exit 1",)

    for n in range(3):
        await bench.vote(bench.change({"lib.py": f"# {n}\n"}), tests=tests)

    assert len(counter.read_text().splitlines()) == 3 + 1


# --- what commands may do ---------------------------------------------------------------------------------------


async def test_each_command_finds_a_checkout_in_which_none_has_run(bench: Bench) -> None:
    messy = "test ! -e mess && test -e lib.py && touch mess && rm lib.py && rm -rf .git"

    vote = await bench.vote(bench.change({"lib.py": "# x\n"}), tests=(messy, messy))

    assert vote.verdict == "accept"
    assert vote.tree == git(bench.repo, "rev-parse", f"{bench.change({'lib.py': '# x' + chr(10)})}^{{tree}}")


async def test_a_test_run_that_never_ends_is_cut_and_rejected(bench: Bench) -> None:
    commit = bench.change({"lib.py": "# x\n"})

    vote = await bench.vote(commit, check="sleep 1000", timeout=0.5)

    assert vote.verdict == "reject"
    assert vote.problem is not None and "did not end within 0.5 s" in vote.problem.reason


async def test_a_test_run_that_prints_without_end_is_cut_and_rejected(bench: Bench) -> None:
    vote = await bench.vote(bench.change({"lib.py": "# x\n"}), check="yes")

    assert vote.verdict == "reject"
    assert vote.evidence[0].tail.endswith("bytes")
    assert len(vote.evidence[0].tail) < 5000


async def test_commands_see_no_secrets_and_a_home_of_their_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("MAESTRO_REDIS_URL", "redis://x")

    vote = await bench.vote(bench.change({"lib.py": "# x\n"}), check="env; touch $HOME/x $TMPDIR/x", tests=())

    assert vote.verdict == "accept"
    assert "s3cret" not in vote.evidence[0].tail and "redis://" not in vote.evidence[0].tail


async def test_a_project_with_sources_in_src_is_tested_from_the_claimed_commit(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {"src/pkg/__init__.py": "V = 1\n", "README.md": "x"})
    bench = Bench(repo, base, Validator(Workspace(tmp_path / "work")), tmp_path / "work")

    shows = ("python -c 'import pkg; assert pkg.V'",)

    assert (await bench.vote(bench.change({"src/pkg/__init__.py": "V = 2\n"}), tests=shows)).verdict == "accept"
    assert (await bench.vote(bench.change({"src/pkg/__init__.py": "V = 0\n"}), tests=shows)).verdict == "reject"


async def test_a_cancelled_run_ends_the_validation(bench: Bench, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    voting = asyncio.create_task(
        bench.vote(
            bench.change({"lib.py": "# x\n"}), check=f"echo $$ > '{pid}.new'; mv '{pid}.new' '{pid}'; sleep 1000"
        )
    )
    await wait_until(pid.exists)

    bench.ctx.cancel("the run was cancelled")
    vote = await voting

    assert (vote.verdict, vote.problem and vote.problem.kind) == ("cannot_tell", "cancelled")
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
    assert list((bench.work / "r-abc234").iterdir()) == []


async def test_a_repository_that_cannot_be_reached_gives_no_verdict(bench: Bench, tmp_path: Path) -> None:
    command = c.ValidateClaim(
        TaskSpec("T-001", "x"), 1, Repo(f"file://{tmp_path}/gone", bench.base), bench.base, bench.base, "t", ""
    )

    outcome = await bench.validator.validate_claim(delivered(command, "vote:T-001:1:1"), bench.ctx)

    vote = the(outcome, e.VoteCast)
    assert vote.verdict != "accept"


async def test_a_claim_pushed_from_another_host_is_fetched_and_checked(bench: Bench, tmp_path: Path) -> None:
    commit = bench.change({"lib.py": "def f():\n    return 1\n# x\n"})
    git(bench.repo, "update-ref", "refs/maestro/r-abc234/tasks/T-001/1", commit)
    tree = git(bench.repo, "rev-parse", f"{commit}^{{tree}}")
    repo = Repo(f"file://{bench.repo}", bench.base)
    command = c.ValidateClaim(TaskSpec("T-001", "x"), 1, repo, bench.base, commit, tree, "", (QUICK,))

    outcome = await bench.validator.validate_claim(delivered(command, "vote:T-001:1:1"), bench.ctx)

    assert the(outcome, e.VoteCast).verdict == "accept"


# --- the whole run ---------------------------------------


async def checked(bench: Bench, commit: str, *requirements: Requirement, lint: tuple[str, ...] = ()) -> e.RunChecked:
    repo = Repo(str(bench.repo), bench.base)
    command = c.ValidateRun("validate", 1, 1, repo, commit, requirements, ("test -e lib.py",), lint, 60)
    return the(await bench.validator.validate_run(delivered(command, "check:validate:1:1"), bench.ctx), e.RunChecked)


async def test_a_run_is_met_when_every_requirements_check_passes(bench: Bench) -> None:
    commit = bench.change({"lib.py": "def f():\n    return 1\n\n\ndef g():\n    return 2\n"})

    result = await checked(
        bench, commit, Requirement("R-1", "g", check="grep -q 'def g' lib.py"), Requirement("R-2", "nice")
    )

    assert result.verdict == "met"
    assert [(item.id, item.verdict) for item in result.requirements] == [("R-1", "met"), ("R-2", "cannot_tell")]
    assert result.tree == git(bench.repo, "rev-parse", f"{commit}^{{tree}}")


async def test_a_run_is_not_met_when_a_check_fails(bench: Bench) -> None:
    result = await checked(bench, bench.base, Requirement("R-1", "g", check="grep 'def g' lib.py"))

    assert result.verdict == "not_met"
    assert "exits 1" in result.requirements[0].why


async def test_lint_counts_where_it_was_clean_before(bench: Bench) -> None:
    commit = bench.change({"lib.py": "def f():\n    return 1\nTODO = 1\n"})

    assert (await checked(bench, commit, lint=("! grep TODO lib.py",))).verdict == "not_met"
    fails_as_before = await checked(bench, commit, lint=("no-such-linter .",))
    assert fails_as_before.verdict == "met"
    assert [item.excused for item in fails_as_before.evidence if not item.passed] == [True]


async def test_a_run_whose_commit_is_missing_is_a_failure_of_the_step(bench: Bench) -> None:
    command = c.ValidateRun("validate", 1, 1, Repo(str(bench.repo), bench.base), "1" * 40, ())

    outcome = await bench.validator.validate_run(delivered(command, "check:validate:1:1"), bench.ctx)

    assert the(outcome, e.StepWorkFailed).problem.kind == "structural"


async def test_the_checkout_of_a_killed_validator_is_removed_by_the_next(bench: Bench, tmp_path: Path) -> None:
    commit = bench.change({"lib.py": "# x\n"})
    tree = git(bench.repo, "rev-parse", f"{commit}^{{tree}}")
    check = f"[ -e '{tmp_path}/go' ] || {{ touch '{tmp_path}/working'; sleep 1000; }}"
    task = TaskSpec("T-001", "x", check=check)
    command = c.ValidateClaim(task, 1, Repo(str(bench.repo), bench.base), bench.base, commit, tree, "")
    arguments = (str(bench.work), msgspec.json.encode(command).decode())
    dying = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_VALIDATOR, *arguments)
    await wait_until((tmp_path / "working").exists)
    dying.kill()
    await dying.wait()
    (tmp_path / "go").touch()
    assert list((bench.work / "r-abc234").iterdir()) != []

    outcome = await bench.validator.validate_claim(delivered(command, "vote:T-001:1:1", count=2), bench.ctx)

    assert the(outcome, e.VoteCast).verdict == "accept"
    assert list((bench.work / "r-abc234").iterdir()) == []
    assert git(bench.repo, "worktree", "list").count("\n") == 0


KILLED_VALIDATOR = """
import asyncio, sys
from pathlib import Path
import msgspec
from maestro.git.workspace import Workspace
from maestro.validator.service import Validator
from maestro_contracts.commands import ValidateClaim
from tests.support.handling import RecordingContext, delivered
command = msgspec.json.decode(sys.argv[2], type=ValidateClaim)
validator = Validator(Workspace(Path(sys.argv[1])))
asyncio.run(validator.validate_claim(delivered(command, "vote:T-001:1:1"), RecordingContext()))
"""
