"""How is a program run that nobody trusts?"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from maestro.agents.process import TOKEN, Program, problem_of, run_program
from tests.support.wait import wait_until

PYTHON = sys.executable


def program(tmp_path: Path, script: str, **more: object) -> Program:
    env = {"PATH": os.environ["PATH"], TOKEN: f"test-{tmp_path.name}-{os.getpid()}"}
    return Program(**{"argv": ("sh", "-c", script), "cwd": tmp_path, "env": env, "timeout_s": 30.0, **more})  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    except FileNotFoundError:
        return False


def written(path: Path) -> bool:
    return path.exists() and bool(path.read_text().strip())


async def test_exit_code_and_output_of_both_kinds_come_back(tmp_path: Path) -> None:
    ended = await run_program(program(tmp_path, "cat; echo out; echo err >&2; exit 3", stdin=b"given\n"))

    assert (ended.why, ended.exit_code, ended.tail) == ("exited", 3, "given\nout\nerr")


async def test_a_program_that_ends_well_is_no_problem(tmp_path: Path) -> None:
    ours = program(tmp_path, "true")

    assert problem_of(ours, await run_program(ours)) is None


async def test_a_program_that_prints_a_gigabyte_is_cut_and_ended(tmp_path: Path) -> None:
    ours = program(tmp_path, "echo $$ > pid; exec yes gigabyte", output_limit=100_000)
    ended = await run_program(ours)

    assert (ended.why, len(ended.output)) == ("output_limit", 100_000)
    assert not alive(int((tmp_path / "pid").read_text()))
    problem = problem_of(ours, ended)
    assert problem is not None and problem.kind == "output_limit"


async def test_a_program_that_never_returns_is_ended_by_its_time(tmp_path: Path) -> None:
    ours = program(tmp_path, "echo $$ > pid; exec sleep 1000", timeout_s=0.5)
    ended = await run_program(ours)

    assert ended.why == "time_out"
    assert not alive(int((tmp_path / "pid").read_text()))
    problem = problem_of(ours, ended)
    assert problem is not None and problem.kind == "time_out"


async def test_a_program_that_closes_its_output_is_waited_for(tmp_path: Path) -> None:
    ended = await run_program(program(tmp_path, "exec >/dev/null 2>&1; sleep 0.3; exit 4"))

    assert (ended.why, ended.exit_code) == ("exited", 4)


FORKS_AND_STAYS = """
import os, sys, time
for n in range(2):
    if os.fork():
        if n == 0:
            os.waitpid(-1, 0) if False else None
            time.sleep(0.2)
            print("done")
        os._exit(0)
    os.setsid()
if {wipe}:
    os.execve("/bin/sleep", ["sleep", "1000"], {{}})
open("daemon.pid", "w").write(str(os.getpid()))
time.sleep(1000)
"""


async def test_a_daemon_that_a_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    (tmp_path / "fork.py").write_text(FORKS_AND_STAYS.format(wipe=False))
    script = f"{PYTHON} fork.py; while [ ! -s daemon.pid ]; do sleep 0.01; done"
    ended = await run_program(program(tmp_path, script))

    assert ended.exit_code == 0
    assert ended.leftovers == 1
    assert not alive(int((tmp_path / "daemon.pid").read_text()))


async def test_a_daemon_that_wiped_its_environment_is_ended_too(tmp_path: Path) -> None:
    (tmp_path / "fork.py").write_text(
        FORKS_AND_STAYS.format(wipe=True).replace(
            "if True:", "if True:\n    open('daemon.pid','w').write(str(os.getpid()))"
        )
    )
    script = f"{PYTHON} fork.py; while [ ! -s daemon.pid ]; do sleep 0.01; done"
    await run_program(program(tmp_path, script))

    assert not alive(int((tmp_path / "daemon.pid").read_text()))


async def test_nothing_survives_when_the_caller_is_cancelled(tmp_path: Path) -> None:
    script = "trap '' TERM; (setsid sleep 1000 & echo $! > inner); echo $$ > pid; while :; do sleep 0.05; done"
    running = asyncio.create_task(run_program(program(tmp_path, script)))
    await wait_until(lambda: written(tmp_path / "pid"))

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not alive(int((tmp_path / "pid").read_text()))
    assert not alive(int((tmp_path / "inner").read_text()))


async def test_a_program_that_is_told_to_stop_may_tidy_up(tmp_path: Path) -> None:
    script = "trap 'echo tidy > tidied; exit 0' TERM; echo ready > ready; while :; do sleep 0.05; done"
    running = asyncio.create_task(run_program(program(tmp_path, script)))
    await wait_until((tmp_path / "ready").exists)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (tmp_path / "tidied").exists()


async def test_a_program_that_kills_its_warden_does_not_survive_either(tmp_path: Path) -> None:
    script = "(setsid sleep 1000 & echo $! > inner); kill -9 $PPID; echo $$ > pid; sleep 1000"
    ended = await run_program(program(tmp_path, script))

    assert ended.exit_code == -signal.SIGKILL
    assert not alive(int((tmp_path / "inner").read_text()))


async def test_everything_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    runner = tmp_path / "runner.py"
    runner.write_text(
        "import asyncio, sys, os\nfrom pathlib import Path\n"
        "from maestro.agents.process import Program, run_program\n"
        "script = '(setsid sleep 1000 & echo $! > inner); echo $$ > pid; sleep 1000'\n"
        "asyncio.run(run_program(Program(('sh','-c',script), Path(sys.argv[1]), dict(os.environ))))\n"
    )
    process = await asyncio.create_subprocess_exec(PYTHON, str(runner), str(tmp_path))
    await wait_until(lambda: written(tmp_path / "pid"))

    process.kill()
    await process.wait()

    pids = [int((tmp_path / name).read_text()) for name in ("pid", "inner")]
    await wait_until(lambda: not any(alive(pid) for pid in pids), timeout=20)


async def test_a_program_that_is_not_there_is_a_problem_with_its_name(tmp_path: Path) -> None:
    ours = program(tmp_path, "", argv=("no-such-program", "x"))
    problem = problem_of(ours, await run_program(ours))

    assert problem is not None
    assert problem.kind == "environment"
    assert "no-such-program" in problem.reason


async def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    await run_program(program(tmp_path, "true"))
    before = len(os.listdir("/proc/self/fd"))

    await asyncio.gather(*(run_program(program(tmp_path, "sleep 0.05", timeout_s=[0.01, 5][n % 2])) for n in range(6)))

    assert len(os.listdir("/proc/self/fd")) <= before
