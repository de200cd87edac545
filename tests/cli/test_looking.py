"""What do the commands that only look say of a run that is over?"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maestro.log.note import SigningKey
from tests.support.command_line import Person
from tests.support.gitrepo import git


@pytest.fixture
def run(finished: Person) -> str:
    return finished.the_run()


def test_the_branch_holds_the_change_and_the_person_s_tree_is_untouched(finished: Person, run: str) -> None:
    assert "def greet" in git(finished.repo, "show", f"maestro/{run}:hello.py")
    assert git(finished.repo, "rev-parse", "HEAD") == finished.base
    assert git(finished.repo, "status", "--porcelain") == ""
    assert not (finished.repo / "hello.py").exists()


def test_runs_lists_it(finished: Person, run: str) -> None:
    [row] = finished.does("runs", "--json").json
    text = finished.does("runs").out

    assert (row["run"], row["status"], row["done"]) == (run, "completed", 2)
    assert run in text and "completed" in text and "2/2" in text


def test_show_has_its_steps_tasks_gates_and_checkpoints(finished: Person, run: str) -> None:
    text = finished.does("show", run).out
    data = finished.does("show", run, "--json").json

    assert all(word in text for word in ("approve-plan", "T-002", "--auto-approve", "checkpoints/1"))
    assert data["status"] == "completed" and len(data["tasks"]) == 2


def test_show_finds_the_run_from_any_folder(finished: Person, run: str, tmp_path: Path) -> None:
    assert finished.does("show", run, cwd=tmp_path).code == 0


def test_log_has_a_line_for_every_event_and_json_for_programs(finished: Person, run: str) -> None:
    lines = finished.does("log", run).out.splitlines()
    rows = [json.loads(line) for line in finished.does("log", run, "--json").out.splitlines()]

    assert len(lines) == len(rows)
    told = [row["type"] for row in rows if row["actor"] != "notary"]
    assert (told[0], told[-1], rows[-1]["type"]) == ("RunStarted", "RunCompleted", "LogSealed")
    assert (rows[0]["address"], rows[0]["actor"]) == ("1.0", "conductor")


def test_the_system_log_names_who_was_enrolled(finished: Person) -> None:
    said = finished.does("log", "system").out

    assert "worker-1 as worker" in said and "conductor as conductor" in said


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_that_knows_no_unicode_gets_all_of_it_in_another_way(
    finished: Person, run: str, encoding: str
) -> None:
    done = finished.does("watch", run, env={"PYTHONIOENCODING": encoding})

    assert done.code == 0, done.err
    arrow, check = ("→", "✓") if encoding == "utf-8" else ("->", "+")
    assert f"[Maestro]   {arrow} [P:Group-1] T-001, T-002" in done.out.splitlines()
    assert f"[Maestro]   {check} [P:Group-1] done" in done.out.splitlines()


def test_the_report_is_the_same_from_the_log_as_in_the_file(finished: Person, run: str) -> None:
    file = finished.repo / f".flow/maestro/sessions/{run}/final-report.md"

    assert finished.does("report", run).out.rstrip("\n") == file.read_text().rstrip("\n")


def test_replay_shows_the_run_as_it_was(finished: Person, run: str) -> None:
    early = finished.does("replay", run, "--at", "5", "--json").json

    assert early["status"] == "running" and early["tasks"] == []


def test_replay_shows_what_changed_between_two_entries(finished: Person, run: str) -> None:
    rows = finished.does("replay", run, "--diff", "1", "3", "--json").json
    changed = {row["path"]: (row["before"], row["after"]) for row in rows}

    assert changed["seq"] == (1, 3)
    assert changed["steps.plan.status"] == ("waiting", "running")


def test_replay_writes_the_files_again_byte_for_byte(finished: Person, run: str) -> None:
    flow = finished.repo / ".flow"
    before = {path.relative_to(flow): path.read_bytes() for path in flow.rglob("*") if path.is_file()}
    shutil.rmtree(flow)

    done = finished.does("replay", run, "--write")

    after = {path.relative_to(flow): path.read_bytes() for path in flow.rglob("*") if path.is_file()}
    assert done.code == 0 and after == before


def test_replay_of_an_entry_that_is_not_there_says_which_are(finished: Person, run: str) -> None:
    done = finished.does("replay", run, "--at", "99999")

    assert done.code == 2 and "has no entry 99999" in done.err and "1 to" in done.err


def test_watch_tells_a_finished_run_from_its_first_event(finished: Person, run: str) -> None:
    done = finished.does("watch", run)

    assert done.code == 0
    assert done.out.splitlines()[0].startswith(f"[Maestro] Run {run}: Greet people")
    assert "[Maestro]   → [P:Group-1] T-001, T-002" in done.out.splitlines()
    *_, last, sealed = done.out.splitlines()
    assert f": {run}" in last
    assert "sealed: " in sealed and sealed.endswith("cosigned by 1 of 1 witness")


def test_a_decided_gate_shows_who_decided_it_and_takes_no_second_answer(finished: Person, run: str) -> None:
    shown = finished.does("gate", "show", "approve-plan", "--json").json
    again = finished.does("gate", "decide", "approve-plan", "abort", "--run", run)

    assert shown["decided"]["via"] == "auto"
    assert again.code == 5 and "it takes no answer" in again.err
    assert finished.does("gate", "list", "--json").json == []


@pytest.mark.parametrize("command", ["show", "watch", "report", "log", "replay", "resume", "cancel", "pause"])
def test_a_run_that_is_not_there_is_named_with_what_may_be_meant(finished: Person, run: str, command: str) -> None:
    done = finished.does(command, run[:-1])

    assert done.code == 3
    assert f"there is no run '{run[:-1]}'" in done.err and run in done.err


def test_resume_of_a_finished_run_changes_nothing(finished: Person, run: str) -> None:
    before = finished.does("log", run).out

    done = finished.does("resume", run)

    assert done.code == 0 and "has ended already (completed)" in done.err
    assert finished.does("log", run).out == before


def test_nothing_runs_any_more_and_ps_says_so(finished: Person) -> None:
    done = finished.does("ps")

    assert done.code == 0 and "nothing runs here" in done.err
    assert finished.does("ps", "--json").json == {"processes": [], "queues": []}


def test_doctor_finds_what_is_needed(finished: Person) -> None:
    rows = {row["check"]: row for row in finished.does("doctor", "--json").json}

    assert {name for name, row in rows.items() if row["ok"]} >= {"python", "git", "shfmt", "server", "state directory"}


def test_doctor_sends_a_task_through_all_services(finished: Person) -> None:
    rows = {row["check"]: row for row in finished.does("doctor", "--probe", "--json").json}

    assert rows["probe"]["ok"], rows["probe"]


def test_replay_prints_a_hash_of_the_state_that_is_the_same_each_time(finished: Person, run: str) -> None:
    first, again = (finished.does("replay", run, "--json").json for _ in range(2))

    assert len(first["state_sha256"]) == 64 and first["state_sha256"] == again["state_sha256"]


def test_replay_goes_to_a_time_of_the_run(finished: Person, run: str) -> None:
    rows = [json.loads(line) for line in finished.does("log", run, "--json").out.splitlines()]
    seqs = [int(row["address"].partition(".")[0]) for row in rows]
    times = dict(zip(seqs, (row["at"] for row in rows), strict=True))
    middle = times[10]
    wanted = next(seq for seq, at in times.items() if at > middle) - 1
    iso = datetime.fromtimestamp(middle / 1000, UTC).isoformat(timespec="milliseconds")

    by_time = finished.does("replay", run, "--at", iso, "--json").json
    by_length = finished.does("replay", run, f"--at=+{middle - times[1]}ms", "--json").json

    assert by_time["last_event"]["seq"] == by_length["last_event"]["seq"] == wanted


def test_replay_explains_which_events_made_a_value_so(finished: Person, run: str) -> None:
    rows = finished.does("replay", run, "--explain", "tasks.T-001.status", "--json").json

    assert (rows[0]["had"], rows[0]["after"], rows[-1]["after"]) == (False, "waiting", "done")
    assert rows[-1]["type"] == "TaskMerged" and rows[-1]["actor"].startswith("integrator")


def test_replay_of_a_field_that_never_was_names_those_near_it(finished: Person, run: str) -> None:
    done = finished.does("replay", run, "--explain", "tasks.T-001.statsu")

    assert done.code == 2 and "tasks.T-001.status" in done.err


def test_replay_plays_all_lines_of_a_run_to_its_end(finished: Person, run: str) -> None:
    played = finished.does("replay", run, "--speed", "1000").out.splitlines()

    told = finished.does("log", run).out.splitlines()
    assert played[: len(told)] == told
    assert played[-2] == f"state {finished.does('replay', run, '--json').json['state_sha256']}"


def test_replay_of_a_bundle_needs_no_server_and_says_what_the_log_said(
    finished: Person, run: str, tmp_path: Path
) -> None:
    bundle, elsewhere = tmp_path / "run.maestro", {"MAESTRO_STATE_DIR": str(tmp_path / "nothing")}
    operator = finished.state / "operator.pub"
    here = finished.does("replay", run, "--at", "20", "--json").json
    assert finished.does("audit", "export", run, "-o", bundle).code in (0, 8)

    there = finished.does("replay", bundle, "--at", "20", "--json", "--operator", operator, env=elsewhere, cwd=tmp_path)
    whole = bundle.read_bytes()
    bundle.write_bytes(whole.replace(b"greet(name)", b"greet(game)", 1))
    spoilt = finished.does("replay", bundle, "--operator", operator, cwd=tmp_path)

    assert there.json["state_sha256"] == here["state_sha256"]
    assert not (tmp_path / "nothing").exists()
    assert spoilt.code == 7 and "does not hold" in spoilt.err


def test_replay_as_a_command_talks_to_the_server_alone(finished: Person, run: str, tmp_path: Path) -> None:
    """Beside the server that it starts for itself, it runs git to find the repository."""
    hook = "import os, sys\nout = open(os.environ['AUDIT'], 'a')\n"
    hook += "def look(name, given):\n"
    hook += "    if name in ('subprocess.Popen', 'os.posix_spawn', 'os.fork', 'os.exec'):\n"
    hook += "        print(name, os.path.basename(str(given[0])), file=out, flush=True)\n"
    hook += "    elif name in ('socket.connect', 'socket.getaddrinfo', 'socket.bind'):\n"
    hook += "        print(name, str(given[1]), file=out, flush=True)\n"
    (tmp_path / "sitecustomize.py").write_text(f"{hook}sys.addaudithook(look)\n")

    done = finished.does("replay", run, env={"AUDIT": str(tmp_path / "seen"), "PYTHONPATH": str(tmp_path)})

    seen = (tmp_path / "seen").read_text().splitlines()
    connected = {line.rpartition("/")[2] for line in seen if line.startswith("socket.")}
    assert done.code == 0 and connected == {"valkey.sock"}
    started = [line.split()[1] for line in seen if not line.startswith("socket.")]
    assert set(started) <= {"git", "valkey-server", "redis-server"}


def test_its_log_is_audited_exported_and_checked_again_without_a_server(
    finished: Person, run: str, tmp_path: Path
) -> None:
    report = finished.does("audit", "verify", run, "--json")
    assert (report.code, report.json["verdict"]) == (0, "holds"), report.out
    bundle, page, proof = tmp_path / "run.maestro", tmp_path / "page", tmp_path / "event.tlog-proof"
    assert finished.does("audit", "export", run, "-o", bundle).code == 0
    operator = finished.state / "operator.pub"

    checked = finished.does("audit", "verify", bundle, "--operator", operator, cwd=tmp_path)
    assert checked.code == 0, checked.out + checked.err
    assert finished.does("audit", "import", bundle, "--into", tmp_path / "in", cwd=tmp_path).code == 0
    assert "def greet" in git(tmp_path / "in" / "run.git", "show", f"maestro/{run}:hello.py")
    assert finished.does("audit", "report", bundle, "-o", page, cwd=tmp_path).code == 0
    assert "auto" in page.with_name("page.html").read_text()

    made = finished.does("audit", "proof", bundle, "3.0", "-o", proof, cwd=tmp_path)
    [notary] = [line.partition(": ")[2] for line in made.err.splitlines() if "maestro/seal" in line]
    shown = finished.does("audit", "proof", "--verify", proof, "--operator", operator, "--notary", notary, cwd=tmp_path)
    assert (shown.code, f"entry 3 of {run} stands" in shown.out) == (0, True), shown.out + shown.err


def test_an_audit_tells_violated_from_cannot_tell_from_a_question_that_is_none(
    finished: Person, run: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "run.maestro"
    finished.does("audit", "export", run, "-o", bundle)
    stranger = tmp_path / "stranger.pub"
    stranger.write_text(SigningKey.generate("maestro/operator").verify_key.encode())
    nobody = tmp_path / "policy"
    nobody.write_text("quorum nobody\n")
    no_bundle = tmp_path / "no.maestro"
    no_bundle.write_bytes(bundle.read_bytes()[:5000])

    def code(*arguments: str | Path) -> int:
        return finished.does("audit", "verify", *arguments, cwd=tmp_path).code

    assert code(bundle, "--operator", stranger) == 7
    assert code(no_bundle) == 3
    assert code(bundle, "--policy", nobody) == 3
    assert code(bundle, "--polcy", nobody) == 2
    assert finished.does("audit", "verify", "no-such-run").code == 3
