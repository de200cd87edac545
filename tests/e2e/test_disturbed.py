"""Does a run end as it would have, whatever is stopped, frozen or killed around it?"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from maestro.embedded.stack import ROLES
from tests.support.campaign import LEASE_S, Findings, Stack, Watcher, judge
from tests.support.endtoend import (
    Owner,
    ended_as_it_would_have,
    kill_tree,
    pids_of,
    tree_of,
    untouched,
)
from tests.support.gitrepo import git
from tests.support.servers import Server
from tests.support.wait import wait_for, wait_until

FOR_EVER = "31536123"
"""A number of seconds that nobody else sleeps."""


@pytest.mark.parametrize("moment", ["PRD v1", "T-002: Parting.", "Phase 4: Validation"])
def test_after_kill_9_of_everything_at_once_a_run_goes_on_and_nothing_happens_twice(
    owner: Owner, undisturbed: str, moment: str
) -> None:
    going = owner.starts_run()
    going.says(moment)

    killed = kill_tree(going.pid)
    going.ends()

    assert len(killed) > len(ROLES), "everything was to be killed"
    owner.nobody_is_left({str(pid): pid for pid in killed})
    done = owner.resumes()
    assert done.code == 0, done.out + done.err
    ended_as_it_would_have(owner, undisturbed)


def test_a_server_killed_in_the_middle_comes_back_with_everything(owner: Owner, undisturbed: str) -> None:
    going = owner.starts_run()
    killed = set()
    for moment in ("PRD v1", "T-002: Parting.", "T-003: Meeting."):
        going.says(moment)
        server = owner.endpoint().pid
        os.kill(server, signal.SIGKILL)
        killed.add(server)

    assert going.ends() == 0, going.said
    assert len(killed) == 3
    assert "server ended (signal SIGKILL); it is started again" in going.said
    ended_as_it_would_have(owner, undisturbed)


def test_a_server_elsewhere_that_goes_away_and_comes_back_is_waited_for(
    owner: Owner, undisturbed: str, own_server: Server
) -> None:
    owner.env["MAESTRO_REDIS_URL"] = own_server.url
    up = owner.starts("up")
    try:
        up.says("ready")
        going = owner.at_another_terminal().starts_run()
        going.says("T-002: Parting.")
        own_server.kill()
        going.says("the server does not answer; waiting for it")
        own_server.start()

        assert going.ends() == 0, going.said
        ended_as_it_would_have(owner, undisturbed)
    finally:
        up.gets(signal.SIGTERM)


def test_two_runs_of_different_repositories_share_a_state_directory(tmp_path: Path, undisturbed: str) -> None:
    one, two = Owner(tmp_path / "one"), Owner(tmp_path / "two")
    two.env["MAESTRO_STATE_DIR"] = str(one.state)
    two.state = one.state
    goings = [owner.starts_run() for owner in (one, two)]

    assert [going.ends() for going in goings] == [0, 0], goings[0].said + goings[1].said
    runs = [owner.does("runs", "--json").json for owner in (one, two)]
    assert [len(listed) for listed in runs] == [1, 1]
    for owner, [row] in zip((one, two), runs, strict=True):
        ended_as_it_would_have(owner, undisturbed, row["run"])
        assert owner.does("show", row["run"], cwd=tmp_path).code == 0, "found by its name from any folder"


def test_cancelling_ends_the_agents_keeps_their_work_and_hinders_no_later_run(owner: Owner, undisturbed: str) -> None:
    play = owner.play.read_text()
    owner.play.write_text(_lasting(play))
    going = owner.starts_run()
    at_work = wait_for(lambda: pids_of(f"sleep {FOR_EVER}"), what="the agent's programs")
    assert len(at_work) == 2
    run = owner.the_run()

    assert owner.does("cancel", run, "--why", "wrong feature").code == 0

    wait_for(lambda: not pids_of(f"sleep {FOR_EVER}"), what="the end of the agent's programs")
    assert going.ends() == 1
    refs = git(owner.repo, "for-each-ref", "--format=%(refname)", f"refs/maestro/{run}/").splitlines()
    assert "half" in [git(owner.repo, "show", f"{ref}:bye.py", ok=False) for ref in refs]
    untouched(owner)
    assert owner.resumes(run).code == 1

    owner.play.write_text(play)
    later = owner.does(*owner.run_arguments, "--yes", "--json")
    assert later.code == 0, later.err
    assert tree_of(owner, later.json["run"]) == undisturbed


def _lasting(play: str) -> str:
    """The playbook with an agent for R-2 that writes half of its work and then starts programs that stay."""
    before, parting, after = play.partition("- say: Parting.\n")
    half = "      - write: {path: bye.py, text: half}\n"
    return f"{before}{parting}{half}      - run: sleep {FOR_EVER} & sleep {FOR_EVER}\n{after}"


async def test_whoever_sleeps_past_its_lease_neither_loses_nor_repeats_anything(tmp_path: Path) -> None:
    rng = random.Random(20261121)
    async with Stack(tmp_path) as stack:
        sleepers = sorted(stack.processes())
        rng.shuffle(sleepers)
        number, findings = 0, Findings()
        while sleepers:
            number += 1
            run = f"frozen-{number}-aaaaaa"
            watcher = Watcher(stack, run)
            await stack.start_run(run)
            while sleepers and not (await stack.fold(run)).ended_for_good:
                await freeze(stack, [sleepers.pop() for _ in range(min(3, len(sleepers)))])
                await watcher.look()
            await wait_until(lambda run=run: _ended(stack, run), 120, f"{run}'s end")
            await judge(stack, run, watcher, findings)
        assert findings.wrong == []


async def freeze(stack: Stack, names: list[str]) -> None:
    """SIGSTOP for longer than the lease, then SIGCONT."""
    pids = [pid for name, pid in stack.processes().items() if name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(1.5 * LEASE_S)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


async def _ended(stack: Stack, run: str) -> bool:
    return (await stack.fold(run)).ended_for_good
