"""Does a run go on after whatever happened to it, with no event lost and no effect twice?"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from maestro.bus.client import ask
from maestro.cli.engine import reading
from maestro.cli.preflight import prepare
from maestro.cli.request import Asked
from maestro.cli.where import find_place
from maestro.embedded.processes import is_alive
from maestro.embedded.server import live_endpoint
from tests.support.command_line import Going, Person
from tests.support.endtoend import pids_of
from tests.support.gitrepo import git
from tests.support.insider import insider
from tests.support.wait import wait_for

STAYS = "31536127"
"""Seconds that nobody else sleeps: an agent that does not listen when it is asked to end, and what it started."""
SLOW_PLAY = """\
playbook: 1
tasks:
  - requirement: R-1
    steps:
      - say: Thinking.
      - run: trap '' TERM; sleep STAYS & until test -e GO; do sleep 0.05; done
      - write: {path: hello.py, text: "def greet(name):\\n    return f'Hello, {name}!'\\n"}
  - requirement: R-2
    steps:
      - write: {path: bye.py, text: "def part(name):\\n    return f'Bye, {name}.'\\n"}
"""


@pytest.fixture
def slow(person: Person) -> Person:
    """Somebody whose run waits in its first task until they say go, and whose workers keep what they have far longer
    than any test lasts: whoever dies has to be known to be dead."""
    person.play.write_text(SLOW_PLAY.replace("GO", str(person.folder / "go")).replace("STAYS", STAYS))
    config = person.repo / ".flow/maestro/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("workers: {lease_seconds: 3600}\n")
    return person


@pytest.fixture
def going(slow: Person) -> Iterator[Going]:
    """A run whose first task is at work."""
    going = slow.starts(*slow.run_arguments, "--yes")
    try:
        going.says("T-001: Thinking.")
        yield going
    finally:
        going.kill()


def go(person: Person) -> None:
    (person.folder / "go").touch()


def ended_as_it_would_have(person: Person) -> None:
    """The branch is right, every id is taken once, and nothing was merged twice."""
    run = person.the_run()
    rows = [json.loads(line) for line in person.does("log", run, "--json").out.splitlines()]
    told = [row for row in rows if row["actor"] != "notary"]
    assert told[-1]["type"] == "RunCompleted", told[-1]
    assert rows[-1]["type"] == "LogSealed" and rows[-1]["data"]["final"], rows[-1]
    assert [id for id, times in Counter(row["id"] for row in rows).items() if times > 1] == []
    assert Counter(row["type"] for row in rows)["TaskMerged"] == 2
    assert not [row for row in rows if "rejected" in row]
    assert "def greet" in git(person.repo, "show", f"maestro/{run}:hello.py")
    assert git(person.repo, "status", "--porcelain") == ""


def nothing_is_left(person: Person, pids: dict[str, int]) -> None:
    wait_for(lambda: not any(is_alive(pid) for pid in pids.values()), what="the end of every process")
    assert person.does("ps", "--json").json["processes"] == []


def test_a_run_that_is_stopped_says_how_to_come_back_and_goes_on_from_there(slow: Person, going: Going) -> None:
    pids = slow.processes()

    assert going.gets(signal.SIGINT) == 130

    assert f"maestro resume {slow.the_run()}" in going.said
    nothing_is_left(slow, pids)
    assert pids_of(f"sleep {STAYS}") == []
    go(slow)
    done = slow.does("resume", slow.the_run())
    assert done.code == 0, done.out + done.err
    ended_as_it_would_have(slow)


def test_a_run_whose_command_is_killed_with_9_leaves_nothing_behind_and_goes_on(slow: Person, going: Going) -> None:
    pids = slow.processes()

    going.gets(signal.SIGKILL)

    nothing_is_left(slow, pids)
    go(slow)
    done = slow.does("resume", slow.the_run())
    assert done.code == 0, done.out + done.err
    ended_as_it_would_have(slow)


def test_a_run_whose_log_is_deleted_under_it_ends_says_what_is_left_and_cannot_be_resumed(
    slow: Person, going: Going
) -> None:
    run, pids = slow.the_run(), slow.processes()
    going.says("T-002 `part(name)` says goodbye merged")

    empty_the_server(slow)

    assert going.ends() == 1
    assert f"the log of the run {run} is gone" in going.said and "Traceback" not in going.said
    nothing_is_left(slow, pids)
    branch = git(slow.repo, "rev-parse", "--short=12", f"maestro/{run}")
    assert "def part" in git(slow.repo, "show", f"maestro/{run}:bye.py")
    again = slow.does("resume", run)
    assert again.code == 1 and "has no log of it: it is gone" in again.err
    for said in (going.said, again.err):
        assert f"maestro/{run} at {branch}" in said and f"refs/maestro/{run}/" in said
        assert f".flow/maestro/sessions/{run}/" in said and "backup" in said
    assert slow.does(*slow.run_arguments, "--no-input").code == 5, "the next run is not hindered"


def empty_the_server(person: Person) -> None:
    [place] = (person.state / "repos").iterdir()
    endpoint = live_endpoint(place / "server")
    assert endpoint is not None
    client = insider(endpoint)
    client.flushall()
    client.close()


def test_a_run_is_paused_from_another_terminal_and_resumed(slow: Person, going: Going) -> None:
    run = slow.the_run()

    assert slow.does("pause", run, "--why", "lunch").code == 0
    going.says("Paused by")
    assert slow.does("runs", "--json").json[0]["status"] == "paused"
    resumed = _beside(slow).starts("resume", run)
    try:
        going.says("Resumed by")
        go(slow)
        assert resumed.ends() == 0 and going.ends() == 0
    finally:
        resumed.kill()
    ended_as_it_would_have(slow)


def test_a_run_is_cancelled_from_another_terminal_and_its_branch_stays(slow: Person, going: Going) -> None:
    run = slow.the_run()

    assert slow.does("cancel", run, "--why", "wrong feature").code == 0

    assert going.ends() == 1
    assert "Cancelled by" in going.said and "wrong feature" in going.said
    assert git(slow.repo, "rev-parse", "--verify", f"maestro/{run}")


def test_a_run_that_nobody_works_on_is_cancelled_all_the_same(slow: Person, going: Going) -> None:
    run = slow.the_run()
    going.gets(signal.SIGKILL)

    assert slow.does("cancel", run).code == 0

    assert slow.does("show", run, "--json").json["status"] == "cancelled"
    assert slow.does("resume", run).code == 1


def test_runs_use_the_services_that_up_keeps(slow: Person) -> None:
    up = slow.starts("up")
    try:
        up.says("ready")
        before = slow.processes()
        go(slow)
        done = slow.does(*slow.run_arguments, "--yes")
        assert done.code == 0, done.out + done.err
        assert slow.processes() == before
        ended_as_it_would_have(slow)
        assert slow.does("up").code == 6
        assert up.gets(signal.SIGINT) == 130
        nothing_is_left(slow, before)
    finally:
        up.kill()


def test_more_workers_share_the_tasks_of_a_live_server(slow: Person) -> None:
    up = slow.starts("up", "--workers", "1")
    try:
        up.says("ready")
        more = _beside(slow).starts("worker", "-n", "2")
        try:
            more.says("2 more workers")
            wait_for(lambda: len(_workers(slow)) == 3, what="three workers")
            assert more.gets(signal.SIGTERM) == 143
        finally:
            more.kill()
    finally:
        up.kill()


def _beside(person: Person) -> Person:
    """The same person at another terminal."""
    other = copy.copy(person)
    other.folder = person.folder / "beside"
    other.folder.mkdir()
    return other


def _workers(person: Person) -> set[str]:
    return set(re.findall(r"(worker-\w+) as worker", person.does("log", "system").out))


def test_an_interrupted_run_does_not_go_on_by_itself_beside_another(slow: Person, going: Going) -> None:
    first = slow.the_run()
    going.gets(signal.SIGKILL)
    go(slow)

    second = slow.does(*slow.run_arguments, "--yes")

    assert second.code == 0, second.out + second.err
    assert f"{first} was interrupted and is paused" in second.err
    assert {row["run"]: row["status"] for row in slow.does("runs", "--json").json}[first] == "paused"
    assert slow.does("resume", first).code == 0


@pytest.fixture
def asked_for(person: Person, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run whose request was queued by a command that was killed before anybody took it."""
    assert person.does("runs").code == 0
    monkeypatch.setenv("MAESTRO_STATE_DIR", str(person.state))

    async def ask_and_die() -> str:
        place = await find_place(person.repo)
        asked = Asked(spec=person.spec, agent=f"script:{person.play}", auto_approve=True)
        start = await prepare(place, asked, "ann")
        async with reading(place) as engine:
            place.private().note_run(start.run)
            await ask(engine.store, start.run, start.command, "start")
        return start.run

    return asyncio.run(ask_and_die())


def test_a_request_that_nobody_took_yet_is_no_run_until_it_is_resumed(person: Person, asked_for: str) -> None:
    looked = person.does("show", asked_for)
    assert looked.code == 3 and "has not begun" in looked.err and f"maestro resume {asked_for}" in looked.err

    done = person.does("resume", asked_for)

    assert done.code == 0, done.out + done.err


def test_a_request_that_nobody_took_yet_does_not_begin_beside_another_run(person: Person, asked_for: str) -> None:
    second = person.does(*person.run_arguments, "--no-input")

    assert second.code == 5 and f"{asked_for} was interrupted and is paused" in second.err, second.out + second.err
    assert {row["run"]: row["status"] for row in person.does("runs", "--json").json}[asked_for] == "paused"


def test_watching_ends_with_the_command_that_works_on_the_run(slow: Person, going: Going) -> None:
    watcher = _beside(slow).starts("watch", slow.the_run())
    try:
        watcher.says("T-001: Thinking.")
        going.gets(signal.SIGINT)

        assert watcher.ends() == 4
        assert f"maestro resume {slow.the_run()}" in watcher.said
    finally:
        watcher.kill()


def test_processes_killed_with_9_are_started_again_and_the_run_ends_as_it_would_have(
    slow: Person, going: Going
) -> None:
    pids = slow.processes()
    for name in ("worker-1", "server"):
        os.kill(pids[name], signal.SIGKILL)
        going.says(f"{name} ended (signal SIGKILL); it is started again")
    go(slow)

    assert going.ends() == 0, going.said
    ended_as_it_would_have(slow)


def test_a_second_run_is_refused_with_the_first_s_name_but_anybody_may_look(slow: Person, going: Going) -> None:
    first = slow.the_run()

    second = slow.does(*slow.run_arguments, "--yes")
    [row] = slow.does("runs", "--json").json
    watcher = _beside(slow).starts("watch", first)
    try:
        watcher.says("T-001: Thinking.")
        go(slow)
        assert watcher.ends() == 0 and f": {first}" in "".join(watcher.said.splitlines()[-2:])
    finally:
        watcher.kill()

    assert second.code == 6
    for word in (f"pid {going.pid}", first, f"maestro watch {first}"):
        assert word in second.err
    assert row["status"] == "running"
    assert going.ends() == 0
    ended_as_it_would_have(slow)


def test_a_plan_is_revised_and_then_rejected_by_somebody_who_is_asked_later(person: Person) -> None:
    done = person.does(*person.run_arguments, "--no-input")
    run = person.the_run()
    assert done.code == 5
    assert f"maestro gate decide approve-plan approve --run {run}" in done.err and f"maestro resume {run}" in done.err

    wrong = person.does("gate", "decide", "approve-plan", "no, stop")
    assert wrong.code == 5 and "none of the choices" in wrong.err and "nothing was decided" in wrong.err
    assert person.does("gate", "list", "--json").json[0]["gate"] == "approve-plan"

    better = person.folder / "better.md"
    better.write_text(person.spec.read_text() + "- **R-3**: The README stays.\n  - Check: `test -f README.md`\n")
    assert person.does("gate", "revise", "approve-plan", f"@{better}").code == 0
    again = person.does("resume", run, "--no-input")
    assert again.code == 5 and "PRD v2: 3 requirements" in again.out, again.out + again.err

    assert person.does("gate", "reject", "approve-plan", "--text", "not this year").code == 0
    assert person.does("resume", run).code == 1
    assert person.does("show", run, "--json").json["status"] == "failed"


def test_a_run_whose_worktree_was_removed_is_looked_at_and_goes_on_once_it_is_back(person: Person) -> None:
    tree = person.folder / "tree"
    git(person.repo, "worktree", "add", "-q", str(tree), "-b", "work")
    assert person.does(*person.run_arguments, "--no-input", cwd=tree).code == 5
    run = person.the_run()
    shutil.rmtree(tree)

    assert person.does("show", run).code == 0
    refused = person.does("resume", run, "--no-input")
    assert refused.code == 3 and f"{tree}, on which the run {run} works, is gone" in refused.err, refused.err
    mend = refused.err.partition("put it back: ")[2].strip()
    assert mend == f"git -C {person.repo} worktree add --force {tree} work"
    git(person.repo, *mend.split()[3:])
    assert person.does("resume", run, "--no-input").code == 5

    shutil.rmtree(tree)
    person.repo.rename(person.folder / "elsewhere")
    moved = person.does("resume", run, cwd=person.folder)
    assert moved.code == 3 and "put it back" in moved.err, moved.err


def test_scripted_answers_are_said_to_be_scripted_and_json_is_what_it_came_to(person: Person) -> None:
    done = person.does(*person.run_arguments, "--no-input", "--answers-from-playbook", "--json")

    assert done.json["status"] == "completed"
    assert "nobody is asked: the playbook answers" in done.err
    assert 'approve-plan: approve (answered from the playbook): "fine"' in done.err
    assert person.does("gate", "show", "approve-plan", "--json").json["decided"]["via"] == "script"
