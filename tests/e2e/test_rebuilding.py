"""Is the log all there is? Every key but the log streams, every file but the keys deleted: nothing is lost."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from maestro.log.keyring import Keyring
from maestro.log.redis_store import RedisStore
from maestro.runs.follow import load
from maestro.runs.state import RunState
from tests.support.endtoend import Owner, ended_as_it_would_have, forget_all_but_the_log

LARGE = "\n## Notes\n\n" + "".join(f"Line {n} of what makes this too large for an entry.\n\n" for n in range(1300))
"""With it, the event that holds the specification lies in the blob stream."""


def forget_the_files(owner: Owner) -> None:
    """All that can be made again: projections, worktrees, the services' logs, the index of runs, notes."""
    settings = owner.repo / ".flow/maestro/config.yaml"
    text = settings.read_text()
    shutil.rmtree(owner.repo / ".flow")
    owner.configure(text)
    for path in owner.place.root.iterdir():
        if path.name == "server":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def files(repo: Path) -> dict[str, bytes]:
    flow = repo / ".flow"
    config = flow / "maestro/config.yaml"
    return {str(p.relative_to(flow)): p.read_bytes() for p in flow.rglob("*") if p.is_file() and p != config}


def folded(owner: Owner, run: str) -> RunState:
    async def fold(store: RedisStore, keyring: Keyring) -> RunState:
        return await load(store, keyring, run)

    return owner.with_store(fold)  # type: ignore[no-any-return]


def test_after_a_run_state_projections_and_report_come_from_the_log_streams_alone(tmp_path: Path) -> None:
    owner = Owner(tmp_path, settings="tracker: {beads: true}\n")
    owner.spec.write_text(owner.spec.read_text() + LARGE)
    done = owner.does(*owner.run_arguments, "--yes")
    assert done.code == 0, done.out + done.err
    run = owner.the_run()
    written = files(owner.repo)

    with owner.server() as client:
        state = folded(owner, run)
        assert state.text.endswith(LARGE), "the specification was to be a large payload"
        assert forget_all_but_the_log(client) == {"log", "blob"}
        forget_the_files(owner)
        assert folded(owner, run) == state

    assert owner.does("replay", run, "--write").code == 0
    assert files(owner.repo) == written
    report = next(content for name, content in written.items() if name.endswith("final-report.md"))
    assert owner.does("report", run).out.rstrip() == report.decode().rstrip()
    assert (owner.repo / ".beads/issues.jsonl").exists(), "it was asked for"
    assert owner.does(*owner.run_arguments, "--no-input").code == 5, "and stands against no later run"


def test_in_the_middle_of_a_run_it_goes_on_and_ends_as_it_would_have(owner: Owner, undisturbed: str) -> None:
    going = owner.starts_run()
    going.says("T-001 again in")  # a timer is set, and another task is at work
    going.says("T-002: Parting.")
    assert going.gets(signal.SIGINT) == 130
    run = owner.the_run()

    with owner.server() as client:
        assert "log" in forget_all_but_the_log(client) <= {"log", "blob"}  # Blobs are there where something was large.
    forget_the_files(owner)
    done = owner.resumes(run)

    assert done.code == 0, done.out + done.err
    ended_as_it_would_have(owner, undisturbed, run)
