"""What becomes of a run whose agents misbehave or whose disk is full? It is told what and how to mend it, and goes on.

Every item of docs/bad-input.md that needs a whole run; the others are in tests/cli/test_bad_input.py.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.endtoend import Owner, ended_as_it_would_have, pids_of, untouched
from tests.support.gitrepo import git

ROOT = Path(__file__).resolve().parents[2]
STAYS = "sleep 31536124"
SPEC = "# Four files\n\n" + "".join(
    f"- **R-{n}**: File {n} is there.\n  - Check: `test -e file{n}.txt`\n  - Files: `file{n}.txt`\n"
    for n in range(1, 5)
)
PLAY = "playbook: 1\ntasks:\n" + "".join(
    f"  - requirement: R-{n}\n    steps: [{{write: {{path: file{n}.txt, text: '{n}'}}}}]\n" for n in range(1, 5)
)
AGENT = """\
#!/bin/sh
# Misbehaves in every task, in its own way; the second attempt is honest where it is told so.
number=${MAESTRO_TASK_ID#T-00}
if [ "$MAESTRO_ATTEMPT" = 1 ]; then
    case $number in
        1) echo stray > 'REPO/stray.txt' ;;
        2) head -c 1000000000 /dev/zero ;;
        3) setsid STAYS > /dev/null 2>&1 & ;;
        4) sleep 31536125 ;;
    esac
fi
echo "$number" > "file$number.txt"
"""
ONE_BY_ONE = ("--set", "workers.processes=1", "--set", "workers.parallel=1", "--set", "agent.timeout_seconds=6")


class Misled(Owner):
    """Somebody whose agent is a program that misbehaves."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.spec.write_text(SPEC)
        self.play.write_text(PLAY)
        self.agent = folder / "agent"
        self.agent.write_text(AGENT.replace("REPO", str(self.repo)).replace("STAYS", STAYS))
        self.agent.chmod(0o755)

    def told_of_every_misdeed(self, text: str) -> None:
        for words in (
            r"changed outside its worktree: .*stray\.txt",
            r"printed more than 1048576 bytes",
            r"did not end within 6 s",
        ):
            assert re.search(words, text), text


@pytest.fixture
def misled(tmp_path: Path) -> Misled:
    return Misled(tmp_path)


def test_agents_that_stray_flood_stay_or_never_return_are_told_apart_and_do_better_the_next_time(
    misled: Misled,
) -> None:
    done = misled.does("run", "--spec", misled.spec, "--agent", f"command:{misled.agent}", "--yes", *ONE_BY_ONE)

    assert done.code == 0, done.out + done.err
    assert pids_of(STAYS) == []
    misled.told_of_every_misdeed(misled.does("report", misled.the_run()).out)
    assert "left behind were ended" in done.out
    assert (misled.repo / "stray.txt").read_text() == "stray\n", "nothing of the person's is reverted"
    (misled.repo / "stray.txt").unlink()
    ended_as_it_would_have(misled)


def test_agents_that_never_do_better_end_the_run_with_every_reason_and_hinder_no_later_run(misled: Misled) -> None:
    no_more = ("--set", "retry.max_retry_attempts=0", "--set", "refine.max_iterations=0")
    done = misled.does(
        "run", "--spec", misled.spec, "--agent", f"command:{misled.agent}", "--yes", *ONE_BY_ONE, *no_more
    )

    assert done.code == 1
    assert f"maestro report {misled.the_run()}" in done.out.splitlines()[-1]
    misled.told_of_every_misdeed(done.out)
    assert "look at it and put it right" in done.out
    assert "have it print less" in done.out and "give it more time" in done.out
    run = misled.the_run()
    assert git(misled.repo, "show", f"maestro/{run}:file3.txt") == "3", "what was right is on the branch"
    (misled.repo / "stray.txt").unlink()
    untouched(misled)
    assert misled.does("run", "--spec", misled.spec, "--agent", f"script:{misled.play}", "--yes").code == 0


def test_an_agent_that_is_not_there_any_more_pauses_the_run_until_it_is(misled: Misled) -> None:
    agent = ("run", "--spec", misled.spec, "--agent", f"command:{misled.agent}", "--yes", *ONE_BY_ONE)
    misled.agent.rename(misled.folder / "moved")
    done = misled.does(*agent)

    assert done.code == 1
    assert "is paused" in done.err and str(misled.agent) in done.err
    assert "install it" in done.err and f"maestro resume {misled.the_run()}" in done.err

    misled.agent.write_text('#!/bin/sh\necho x > "file${MAESTRO_TASK_ID#T-00}.txt"\n')
    misled.agent.chmod(0o755)
    again = misled.resumes()
    assert again.code == 0, again.out + again.err
    ended_as_it_would_have(misled)


@contextmanager
def disk_of(size: str, folder: Path) -> Iterator[Path]:
    """A file system of that size at the folder."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    options = f"size={size},mode=700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small_disk(owner: Owner) -> Iterator[Path]:
    """The folder of the worktrees, on a file system of two megabytes."""
    assert owner.does("runs").code == 0
    with disk_of("2m", owner.place.work) as folder:
        yield folder


@pytest.fixture
def small_state(owner: Owner) -> Iterator[Path]:
    """The state directory, the server's log in it, on a file system of eight megabytes."""
    owner.state.mkdir()
    with disk_of("8m", owner.state) as folder:
        yield folder


def test_a_disk_that_fills_up_under_the_servers_log_ends_the_run_until_there_is_room(
    owner: Owner, undisturbed: str, small_state: Path
) -> None:
    going = owner.starts_run()
    going.says("T-002: Parting.")
    with pytest.raises(OSError, match="space"):
        (small_state / "full").write_bytes(b"x" * 16 * 1024 * 1024)

    assert going.ends() in (1, 4), going.said
    assert "space" in going.said and "Traceback" not in going.said
    assert f"maestro resume {owner.the_run()}" in going.said

    (small_state / "full").unlink()
    again = owner.resumes()
    assert again.code == 0, again.out + again.err
    ended_as_it_would_have(owner, undisturbed)


def test_a_disk_that_is_full_when_worktrees_are_made_pauses_the_run_until_there_is_space(
    owner: Owner, undisturbed: str, small_disk: Path
) -> None:
    with pytest.raises(OSError, match="space"):
        (small_disk / "full").write_bytes(b"x" * 4 * 1024 * 1024)
    done = owner.does(*owner.run_arguments, "--yes")

    assert done.code == 1
    assert f"no space left under {small_disk}" in done.err
    assert "free some disk space" in done.err and f"maestro resume {owner.the_run()}" in done.err
    assert owner.does("runs", "--json").json[0]["status"] == "paused"

    (small_disk / "full").unlink()
    again = owner.resumes()
    assert again.code == 0, again.out + again.err
    ended_as_it_would_have(owner, undisturbed)


def test_every_item_of_the_page_has_a_test_that_exists() -> None:
    page = (ROOT / "docs/bad-input.md").read_text()
    named = re.findall(r"`(tests/\S+?\.py)::(test_\w+)`", page)

    assert len(named) >= 20
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{test}"
