"""How does a worker answer a task?"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from maestro.git import names
from maestro.git.workspace import Workspace
from maestro.worker.service import Worker
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, FileChange, Ran
from tests.support.gitrepo import commit, git, make_repo, snapshot, write
from tests.support.handling import RecordingContext, delivered, the
from tests.support.permitting import Permitting
from tests.support.tasks import asked, playing, running
from tests.support.wait import wait_until
from tests.worker.conftest import Shop

RUN = "r-abc234"


async def test_work_becomes_a_claim_with_commit_tree_and_files(shop: Shop) -> None:
    before = snapshot(shop.repo)

    outcome = await shop.do(
        playing(shop.repo, shop.base, "append: {path: README.md, text: 'More.'}", "run: grep More README.md")
    )

    claim = the(outcome, e.TaskClaimed)
    assert claim.files == (FileChange("README.md", 1, 0, "M"),)
    assert claim.says == (Ran("grep More README.md", 0),)
    assert claim.ref == names.task_ref(RUN, "T-001", 1)
    assert git(shop.repo, "rev-parse", claim.ref) == claim.commit
    assert git(shop.repo, "rev-parse", f"{claim.commit}^{{tree}}") == claim.tree
    assert git(shop.repo, "rev-parse", f"{claim.commit}^") == shop.base == claim.base
    trailers = names.trailers(git(shop.repo, "log", "-1", "--format=%B", claim.commit))
    assert (trailers["Maestro-Run"], trailers["Maestro-Task"], trailers["Maestro-Event"]) == (
        RUN,
        "T-001",
        "task:T-001:1",
    )
    assert snapshot(shop.repo) == before
    assert shop.left() == []


async def test_a_task_is_said_to_be_started_before_the_agent_works(shop: Shop) -> None:
    outcome = await shop.do(playing(shop.repo, shop.base, "say: I think about it", "append: {path: a, text: a}"))

    assert shop.ctx.said[0].events[0].id == "task:T-001:1/started:1"
    assert [event.text for event in shop.ctx.events(e.AgentReported)] == ["I think about it"]
    assert outcome.events[0].id == "task:T-001:1/ended"


async def test_a_probe_is_answered_without_any_git(tmp_path: Path) -> None:
    worker = Worker(Workspace(tmp_path / "never made"), Permitting(), tmp_path)
    ctx = RecordingContext()

    outcome = await worker.do_task(delivered(asked("/nowhere", "", AgentSpec("probe")), "task:T-001:1"), ctx)

    assert [type(said.event) for said in outcome.events] == [e.TaskStarted, e.TaskClaimed]
    assert ctx.said == []
    assert not (tmp_path / "never made").exists()


async def test_an_agents_own_commits_become_one_with_the_trailers(shop: Shop) -> None:
    script = "echo x > x && git add x && git commit -qm mine && echo y > y && git add y && git commit -qm mine2"
    claim = the(await shop.do(running(shop.repo, shop.base, script)), e.TaskClaimed)

    assert {change.path for change in claim.files} == {"x", "y"}
    assert git(shop.repo, "rev-list", "--count", f"{shop.base}..{claim.commit}") == "1"


async def test_a_program_gets_its_task_and_a_small_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAESTRO_REDIS_PASSWORD_FILE", "/secret")
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("WANTED", "yes")
    spec = AgentSpec("command", command=("sh", "-c", "cat > task.json; env > env.txt; pwd > pwd.txt"), env=("WANTED",))

    claim = the(await shop.do(asked(shop.repo, shop.base, spec, description="Ünïcode")), e.TaskClaimed)

    task = msgspec.json.decode(git(shop.repo, "show", f"{claim.commit}:task.json"))
    assert (task["task"]["id"], task["task"]["description"], task["attempt"]) == ("T-001", "Ünïcode", 1)
    env = git(shop.repo, "show", f"{claim.commit}:env.txt")
    assert "WANTED=yes" in env and "MAESTRO_TASK_ID=T-001" in env
    assert "s3cret" not in env and "REDIS" not in env
    assert str(shop.work) in git(shop.repo, "show", f"{claim.commit}:pwd.txt")


async def test_a_program_can_say_what_it_ran(shop: Shop) -> None:
    says = '{"summary": "All done.", "says": [{"command": "pytest", "exit_code": 0}]}'
    claim = the(
        await shop.do(running(shop.repo, shop.base, f"echo x > x; echo '{says}' > $MAESTRO_RESULT_FILE")), e.TaskClaimed
    )

    assert (claim.summary, claim.says) == ("All done.", (Ran("pytest", 0),))


@pytest.mark.parametrize("junk", ["{", "[]", '{"says": 3}', "\\0\\0"])
async def test_a_result_file_of_junk_is_passed_over(shop: Shop, junk: str) -> None:
    script = f"echo x > x; printf '%b' '{junk}' > $MAESTRO_RESULT_FILE"

    assert the(await shop.do(running(shop.repo, shop.base, script)), e.TaskClaimed).says == ()


# --- failures ------------------------------------------------------------------------------------------------------


async def test_an_agent_that_changes_nothing_has_not_done_the_task(shop: Shop) -> None:
    failed = the(await shop.do(playing(shop.repo, shop.base, "say: Done!")), e.TaskFailed)

    assert failed.problem.kind == "no_change"
    assert failed.kept == ""
    assert shop.left() == []


async def test_a_task_that_may_be_empty_is_claimed_with_its_base(shop: Shop) -> None:
    claim = the(await shop.do(running(shop.repo, shop.base, "true", may_be_empty=True)), e.TaskClaimed)

    assert (claim.commit, claim.files) == (shop.base, ())


async def test_an_agent_that_fails_has_its_unfinished_work_kept(shop: Shop) -> None:
    failed = the(
        await shop.do(running(shop.repo, shop.base, "echo half > half.txt; echo oops >&2; exit 3")), e.TaskFailed
    )

    assert failed.problem.kind == "agent_crash"
    assert "exited with code 3: oops" in failed.problem.reason
    assert failed.kept == names.kept_ref(RUN, "T-001", 1)
    assert git(shop.repo, "show", f"{failed.kept}:half.txt") == "half"
    assert shop.left() == []


async def test_a_second_failure_of_the_same_attempt_loses_neither_work(shop: Shop) -> None:
    for count, text in ((1, "first"), (2, "second")):
        await shop.do(running(shop.repo, shop.base, f"echo {text} > half.txt; exit 1"), count=count)

    kept = git(shop.repo, "for-each-ref", "--format=%(refname)", f"refs/maestro/{RUN}/kept").splitlines()
    assert {git(shop.repo, "show", f"{ref}:half.txt") for ref in kept} == {"first", "second"}


async def test_files_outside_the_tasks_own_are_a_scope_violation_that_names_them(shop: Shop) -> None:
    command = playing(
        shop.repo,
        shop.base,
        "append: {path: lib/a.py, text: x}",
        "append: {path: lib/b.py, text: x}",
        files=("lib/a.py",),
    )

    failed = the(await shop.do(command), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert "lib/b.py" in failed.problem.reason
    assert git(shop.repo, "show", f"{failed.kept}:lib/b.py") == "x"


async def test_an_agent_that_writes_outside_its_worktree_is_caught_and_nothing_is_reverted(shop: Shop) -> None:
    target = shop.repo / "README.md"
    failed = the(await shop.do(running(shop.repo, shop.base, f"echo mine > '{target}'; echo x > x")), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert str(target) in failed.problem.reason
    assert target.read_text() == "mine\n"
    assert git(shop.repo, "show", f"{failed.kept}:x") == "x"


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("git -C '{repo}' branch agents-own", "refs/heads/agents-own"),
        ("git -C '{repo}' commit -q --allow-empty -m evil", "HEAD"),
        ("git -C '{repo}' config core.pager evil", "config"),
        ("printf '#!/bin/sh\\n' > '{repo}/.git/hooks/pre-commit'", "pre-commit"),
        ("echo new > '{repo}/new file ü.txt'", "new file ü.txt"),
        ("echo again >> '{repo}/dirty.txt'", "dirty.txt"),
        ("git -C '{repo}' rm -q README.md", "README.md"),
    ],
)
async def test_whatever_of_the_persons_an_agent_touches_is_named(shop: Shop, script: str, named: str) -> None:
    write(shop.repo, {"dirty.txt": "the person works on this\n"})
    script = script.format(repo=shop.repo)

    failed = the(await shop.do(running(shop.repo, shop.base, f"echo x > x; {script}")), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert named in failed.problem.reason


async def test_what_a_refused_attempt_planted_is_gone_before_the_next_and_its_evidence_is_named(shop: Shop) -> None:
    hook = shop.repo / ".git/hooks/pre-commit"
    plant = f"echo x > x; echo evil > '{hook}'; git -C '{shop.repo}' config core.fsmonitor evil"
    config = (shop.repo / ".git/config").read_text()

    failed = the(await shop.do(running(shop.repo, shop.base, plant)), e.TaskFailed)

    assert "pre-commit" in failed.problem.reason and "maestro-evidence/r-abc234-T-001-1" in failed.problem.reason
    assert not hook.exists() and (shop.repo / ".git/config").read_text() == config
    again = msgspec.structs.replace(running(shop.repo, shop.base, "echo x > x"), attempt=2)
    the(await shop.do(again), e.TaskClaimed)


async def test_a_dirty_tree_and_a_detached_head_of_the_person_are_no_hindrance(shop: Shop) -> None:
    git(shop.repo, "checkout", "-q", "--detach")
    write(shop.repo, {"README.md": "half edited\n", "unknown.txt": "?"})

    claim = the(await shop.do(playing(shop.repo, shop.base, "append: {path: README.md, text: 'More.'}")), e.TaskClaimed)

    assert git(shop.repo, "show", f"{claim.commit}:README.md") == "Hello.\nMore."
    assert (shop.repo / "README.md").read_text() == "half edited\n"


async def test_what_maestro_writes_in_flow_is_not_blamed_on_the_agent(shop: Shop) -> None:
    the(
        await shop.do(
            running(shop.repo, shop.base, f"mkdir '{shop.repo}/.flow'; echo x | tee '{shop.repo}/.flow/x' > x")
        ),
        e.TaskClaimed,
    )


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "lib/../../x", ".git/config"])
async def test_a_link_that_leads_out_is_refused(shop: Shop, target: str) -> None:
    failed = the(await shop.do(running(shop.repo, shop.base, f"ln -s {target} innocent")), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert "innocent" in failed.problem.reason


async def test_a_link_inside_the_repository_is_fine(shop: Shop) -> None:
    the(await shop.do(running(shop.repo, shop.base, "ln -s ../README.md lib/readme")), e.TaskClaimed)


@pytest.mark.parametrize("where", ["sub", "lib"])
@pytest.mark.parametrize("commits", [True, False])
async def test_a_repository_in_the_worktree_is_refused_and_its_files_stay(
    shop: Shop, where: str, commits: bool
) -> None:
    commit = "git add -A && git commit -qm inner" if commits else "true"
    script = f"mkdir -p {where} && cd {where} && echo inner > inner.txt && git init -q && {commit}"

    failed = the(await shop.do(running(shop.repo, shop.base, script)), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert where in failed.problem.reason
    assert (Path(failed.kept) / where / "inner.txt").read_text() == "inner\n"


async def test_what_an_agent_does_to_its_own_git_is_its_own_affair(shop: Shop) -> None:
    script = "git config core.pager evil; git branch mine; rm -r .git; git init -q; echo x > x"
    claim = the(await shop.do(running(shop.repo, shop.base, script)), e.TaskClaimed)

    assert [change.path for change in claim.files] == ["x"]


async def test_a_submodule_that_is_missing_is_said_and_one_that_is_changed_fails_the_attempt(shop: Shop) -> None:
    lib = shop.repo.parent / "lib"
    make_repo(lib, {"lib.txt": "1\n"})
    git(shop.repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lib), "libs/lib")
    head = commit(shop.repo, {}, "With a submodule")

    failed = the(await shop.do(running(shop.repo, head, "echo x > libs/lib/lib.txt")), e.TaskFailed)
    assert failed.problem.kind == "scope_violation"
    assert "submodules were changed" in failed.problem.reason and "libs/lib" in failed.problem.reason
    assert (Path(failed.kept) / "libs/lib/lib.txt").read_text() == "x\n"

    shutil.rmtree(shop.repo / ".git/modules")
    await shop.do(running(shop.repo, head, "echo x > x"))
    (said,) = shop.ctx.events(e.AgentReported)
    assert said.text.startswith("Maestro: submodule libs/lib is not on this host: run `git submodule update --init`")


async def test_a_playbook_that_leaves_the_worktree_is_refused(shop: Shop) -> None:
    failed = the(await shop.do(playing(shop.repo, shop.base, "write: {path: ../out.txt, text: x}")), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert "../out.txt" in failed.problem.reason


async def test_an_agent_that_prints_a_gigabyte_is_cut(shop: Shop) -> None:
    failed = the(await shop.do(running(shop.repo, shop.base, "yes gigabyte", limit=200_000)), e.TaskFailed)

    assert failed.problem.kind == "output_limit"
    assert len(shop.ctx.events(e.AgentReported)) <= 30


@pytest.mark.parametrize("agent", ["command", "script"])
async def test_an_agent_that_never_returns_runs_out_of_time(shop: Shop, agent: str) -> None:
    command = (running if agent == "command" else playing)(
        shop.repo, shop.base, "sleep 1000" if agent == "command" else "hang"
    )
    spec = msgspec.structs.replace(command.agent, timeout_s=0.5)

    failed = the(await shop.do(msgspec.structs.replace(command, agent=spec)), e.TaskFailed)

    assert failed.problem.kind == "time_out"
    assert shop.left() == []


async def test_processes_that_an_agent_leaves_behind_are_ended(shop: Shop) -> None:
    script = "setsid sleep 1000 >/dev/null 2>&1 & echo $! > pid"
    claim = the(await shop.do(running(shop.repo, shop.base, script)), e.TaskClaimed)

    pid = int(git(shop.repo, "show", f"{claim.commit}:pid"))
    assert not Path(f"/proc/{pid}").exists()
    assert any("left behind" in event.text for event in shop.ctx.events(e.AgentReported))


async def test_a_cancelled_run_ends_the_agent_and_keeps_its_work(shop: Shop) -> None:
    marker = shop.repo.parent / "pid"
    script = f"echo half > half.txt; echo $$ > '{marker}.new'; mv '{marker}.new' '{marker}'; sleep 1000"
    doing = asyncio.create_task(shop.do(running(shop.repo, shop.base, script)))
    await wait_until(marker.exists)

    shop.ctx.cancel("the run was cancelled")
    failed = the(await doing, e.TaskFailed)

    assert (failed.problem.kind, failed.problem.reason) == ("cancelled", "the run was cancelled")
    assert not Path(f"/proc/{marker.read_text().strip()}").exists()
    assert git(shop.repo, "show", f"{failed.kept}:half.txt") == "half"


async def test_a_worker_that_is_stopped_keeps_the_work_and_ends_the_agent(shop: Shop) -> None:
    marker = shop.repo.parent / "pid"
    script = f"echo half > half.txt; echo $$ > '{marker}.new'; mv '{marker}.new' '{marker}'; sleep 1000"
    doing = asyncio.create_task(shop.do(running(shop.repo, shop.base, script)))
    await wait_until(marker.exists)

    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing

    assert not Path(f"/proc/{marker.read_text().strip()}").exists()
    assert git(shop.repo, "show", f"{names.kept_ref(RUN, 'T-001', 1)}:half.txt") == "half"
    assert shop.left() == []


@pytest.mark.parametrize("kind", ["gpt", ""])
async def test_an_agent_that_nobody_knows_is_named(shop: Shop, kind: str) -> None:
    failed = the(await shop.do(asked(shop.repo, shop.base, AgentSpec(kind))), e.TaskFailed)

    assert failed.problem.kind == "structural"
    assert "command, script" in failed.problem.mend


async def test_a_repository_that_is_not_there_is_a_problem_with_a_mend(shop: Shop) -> None:
    failed = the(await shop.do(playing(shop.repo / "nowhere", shop.base, "say: x")), e.TaskFailed)

    assert failed.problem.kind == "structural"
    assert "nowhere" in failed.problem.reason and failed.problem.mend


async def test_a_program_that_is_not_installed_is_a_problem_with_its_name(shop: Shop) -> None:
    spec = AgentSpec("command", command=("no-such-agent",))
    failed = the(await shop.do(asked(shop.repo, shop.base, spec)), e.TaskFailed)

    assert failed.problem.kind == "environment"
    assert "no-such-agent" in failed.problem.reason


# --- taking over from a worker that died ----------------------------------------------------------------------------


async def test_a_result_kept_but_never_reported_is_taken_over(shop: Shop) -> None:
    command = running(shop.repo, shop.base, "date +%N > when")
    first = the(await shop.do(command), e.TaskClaimed)

    second = the(await shop.do(command, count=2), e.TaskClaimed)

    assert (second.commit, second.ref, second.files) == (first.commit, first.ref, first.files)


async def test_the_unfinished_work_of_a_killed_worker_is_kept_and_the_task_done_again(
    shop: Shop, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    half = f"echo half > x; echo $HOME > '{tmp_path}/home'; touch '{tmp_path}/working'; sleep 1000"
    script = f"if [ -e '{go}' ]; then echo whole > x; else {half}; fi"
    command = running(shop.repo, shop.base, script)
    arguments = (str(shop.work), msgspec.json.encode(command).decode())
    dying = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_WORKER, *arguments)
    await wait_until((tmp_path / "working").exists)
    dying.kill()
    await dying.wait()
    go.touch()

    claim = the(await shop.do(command, count=2), e.TaskClaimed)

    assert git(shop.repo, "show", f"{claim.commit}:x") == "whole"
    assert git(shop.repo, "show", f"{names.kept_ref(RUN, 'T-001', 1)}:x") == "half"
    assert shop.left() == []
    assert not Path((tmp_path / "home").read_text().strip()).exists()


KILLED_WORKER = """
import asyncio, sys
from pathlib import Path
import msgspec
from maestro.git.workspace import Workspace
from maestro.worker.service import Worker
from maestro_contracts.commands import DoTask
from tests.support.handling import RecordingContext, delivered
from tests.support.permitting import Permitting
command = msgspec.json.decode(sys.argv[2], type=DoTask)
worker = Worker(Workspace(Path(sys.argv[1])), Permitting(), Path(sys.argv[1]))
asyncio.run(worker.do_task(delivered(command, "task:T-001:1"), RecordingContext()))
"""


async def test_what_was_planted_when_a_worker_was_killed_fails_the_next_attempt_before_its_agent_works(
    shop: Shop, tmp_path: Path
) -> None:
    config = (shop.repo / ".git/config").read_text()
    script = f"git -C '{shop.repo}' config core.pager evil; touch '{tmp_path}/working'; sleep 1000"
    command = running(shop.repo, shop.base, script)
    arguments = (str(shop.work), msgspec.json.encode(command).decode())
    dying = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_WORKER, *arguments)
    await wait_until((tmp_path / "working").exists)
    dying.kill()
    await dying.wait()

    failed = the(await shop.do(command, count=2), e.TaskFailed)

    assert failed.problem.reason.startswith("a worker died at its work, and this had changed in the repository: ")
    assert (shop.repo / ".git/config").read_text() == config
    the(await shop.do(msgspec.structs.replace(running(shop.repo, shop.base, "echo x > x"), attempt=2)), e.TaskClaimed)


# --- another host ---------------------------------------------------------------------------------------------------


async def test_a_worker_without_the_repository_works_through_its_url(shop: Shop, tmp_path: Path) -> None:
    command = playing(shop.repo, shop.base, "append: {path: README.md, text: 'More.'}")
    command = msgspec.structs.replace(command, repo=msgspec.structs.replace(command.repo, url=f"file://{shop.repo}"))
    before = snapshot(shop.repo)

    claim = the(await shop.do(command), e.TaskClaimed)

    assert git(shop.repo, "rev-parse", claim.ref) == claim.commit
    assert snapshot(shop.repo) == before


# --- disk full --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("a file system of a megabyte can be mounted by root only")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_while_a_worktree_is_made_is_clear_and_leaves_no_half_worktree(
    small_disk: Path, tmp_path: Path
) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo, {f"f{n}.txt": "x" * 100_000 for n in range(20)})
    worker = Worker(Workspace(small_disk / "work"), Permitting(), small_disk)
    command = running(repo, base, "true")

    failed = the(await worker.do_task(delivered(command, "task:T-001:1"), RecordingContext()), e.TaskFailed)

    assert failed.problem.kind == "environment"
    assert failed.problem.reason.startswith("no space left under")
    assert "disk space" in failed.problem.mend
    assert [path for path in (small_disk / "work").rglob("*") if path.name.startswith("T-001")] == []
    elsewhere = Worker(Workspace(tmp_path / "work"), Permitting(), tmp_path)
    the(
        await elsewhere.do_task(delivered(running(repo, base, "echo x > x"), "task:T-001:1"), RecordingContext()),
        e.TaskClaimed,
    )


# --- what may be said -------------------------------------------------------------------------------------------------


async def test_escape_sequences_and_given_secrets_are_taken_out_of_what_an_agent_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "sk-very-secret")
    script = r"printf '\033[31mred\033[0m \033]0;title\007 key is %s\n' $API_KEY; exit 3"
    spec = AgentSpec("command", command=("sh", "-c", script), env=("API_KEY",))

    failed = the(await shop.do(asked(shop.repo, shop.base, spec)), e.TaskFailed)

    assert failed.tail == "red  key is ***"
    assert "sk-very-secret" not in failed.problem.reason
    assert all("secret" not in event.text and "\x1b" not in event.text for event in shop.ctx.events(e.AgentReported))


async def test_a_secret_that_an_agent_comes_upon_is_not_in_what_it_is_heard_to_say(shop: Shop) -> None:
    found = "AKIA" + "Z7Q4XJ2M5P8T9W3B"

    spec = AgentSpec("command", command=("sh", "-c", f"echo found {found} in the settings; exit 3"))

    failed = the(await shop.do(asked(shop.repo, shop.base, spec)), e.TaskFailed)

    assert failed.tail == "found [AWS Access Key removed] in the settings"
    assert all(found not in event.text for event in shop.ctx.events(e.AgentReported))


async def test_a_file_whose_name_is_no_utf8_can_be_told(shop: Shop) -> None:
    claim = the(
        await shop.do(running(shop.repo, shop.base, r"""printf x > "$(printf 'bad\377.txt')" """)), e.TaskClaimed
    )

    assert claim.files == (FileChange(r"bad\xff.txt", 1, 0, "A"),)
    assert msgspec.json.encode(claim)


@pytest.mark.parametrize(
    "script", ['rm -rf "$MAESTRO_WORKTREE"', 'cd / && rm -rf "$MAESTRO_WORKTREE" && ln -s /tmp "$MAESTRO_WORKTREE"']
)
async def test_an_agent_that_removes_its_worktree_is_refused(shop: Shop, script: str) -> None:
    failed = the(await shop.do(running(shop.repo, shop.base, script)), e.TaskFailed)

    assert failed.problem.kind == "scope_violation"
    assert shop.left() == []


async def test_pipes_and_sockets_in_the_worktree_are_no_hindrance(shop: Shop) -> None:
    claim = the(await shop.do(running(shop.repo, shop.base, "mkfifo pipe; echo x > x")), e.TaskClaimed)

    assert [change.path for change in claim.files] == ["x"]


async def test_a_socket_fits_below_the_temporary_folder(shop: Shop) -> None:
    bind = "import os, socket; socket.socket(socket.AF_UNIX).bind(os.environ['TMPDIR'] + '/' + 's' * 60)"

    the(
        await shop.do(running(shop.repo, shop.base, f'set -e; {sys.executable} -c "{bind}"; echo x > x')), e.TaskClaimed
    )


async def test_editors_litter_in_the_persons_tree_is_not_blamed_on_the_agent(shop: Shop) -> None:
    script = f"echo x > x; touch '{shop.repo}/.README.md.swp' '{shop.repo}/.DS_Store'"

    the(await shop.do(running(shop.repo, shop.base, script)), e.TaskClaimed)
