"""What beads reads of a run: issues as `bd` exports and imports them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from maestro.projections.files import files
from maestro.projections.history import History
from maestro.projections.issues import issue_id, to_jsonl
from maestro.runs.state import RunState, TaskState
from maestro_contracts.records import AgentSpec, Epic, Prd, Requirement, Settings, TaskSpec

START = 1_700_000_000_000
ONE = TaskSpec("T-001", "Ein\n Titel – ä", 1, "E-1", "Long text", "docs", requirements=("R-1",), check="make check")
TWO = TaskSpec("T-002", "x" * 600, 2, "E-1", depends_on=("T-001",), requirements=("R-2",))
LATER = TaskSpec("T-002.1", "again", 1, depends_on=("T-999",))


def state(**statuses: str) -> RunState:
    told = Prd("F", "f", 1, "high", (Requirement("R-1", "a", "could"), Requirement("R-2", "b")))
    run = RunState("the-run-abc234", started=START, last=START + 9000, prd=told)
    run.epics = (Epic("E-1", "All of it", ("T-001", "T-002")),)
    for spec in (ONE, TWO, LATER):
        status = statuses.get(spec.id.replace("-", "_").replace(".", "_"), "waiting")
        done = {"started": START + 1000, "ended": START + 2500} if status == "done" else {}
        run.tasks[spec.id] = TaskState(spec, "implement", status=status, worker="worker-1", **done)
    return run


def lines(run: RunState) -> dict[str, dict[str, Any]]:
    """The issues by the id that Maestro knows them by."""
    found = [json.loads(line) for line in to_jsonl(run).splitlines()]
    return {issue["external_ref"].rpartition("/")[2]: issue for issue in found}


def test_epics_and_tasks_are_issues_with_the_fields_that_beads_needs() -> None:
    issues = lines(state())
    assert list(issues) == ["E-1", "T-001", "T-002", "T-002.1"]
    for issue in issues.values():
        assert {"id", "title", "status", "priority", "issue_type", "created_at", "updated_at"} <= set(issue)
        assert 0 < len(issue["title"]) <= 500 and 0 <= issue["priority"] <= 4
        assert datetime.fromisoformat(issue["created_at"]).timestamp() == START / 1000
    assert (issues["E-1"]["issue_type"], issues["T-001"]["issue_type"]) == ("epic", "task")
    assert issues["T-001"]["title"] == "Ein Titel – ä"
    assert (issues["T-001"]["description"], issues["T-001"]["acceptance_criteria"]) == ("Long text", "make check")
    assert [issues[id]["priority"] for id in ("E-1", "T-001", "T-002", "T-002.1")] == [1, 3, 1, 2]


def test_parents_and_what_blocks_are_dependencies_between_issues_of_the_file() -> None:
    issues = lines(state())
    links = [(d["type"], d["depends_on_id"]) for d in issues["T-002"]["dependencies"]]
    assert links == [("parent-child", issues["E-1"]["id"]), ("blocks", issues["T-001"]["id"])]
    assert all(d["issue_id"] == issues["T-002"]["id"] for d in issues["T-002"]["dependencies"])
    assert "dependencies" not in issues["T-002.1"], "nothing that is not in the file"


def test_closed_issues_and_no_others_have_a_time_of_closing() -> None:
    issues = lines(state(T_001="done", T_002="running"))
    assert [issues[id]["status"] for id in ("E-1", "T-001", "T-002", "T-002.1")] == [
        "in_progress", "closed", "in_progress", "open",
    ]  # fmt: skip
    assert [("closed_at" in issue) for issue in issues.values()] == [False, True, False, False]
    assert issues["T-001"]["closed_at"] == "2023-11-14T22:13:22.500Z"
    assert issues["T-002"]["assignee"] == "worker-1"


def test_an_epic_is_closed_with_its_last_task() -> None:
    epic = lines(state(T_001="done", T_002="done"))["E-1"]
    assert (epic["status"], epic["closed_at"]) == ("closed", "2023-11-14T22:13:22.500Z")


def test_a_failed_task_stays_open_and_is_labelled() -> None:
    issue = lines(state(T_001="failed"))["T-001"]
    assert (issue["status"], issue["labels"][-1]) == ("open", "failed")


def test_ids_share_one_prefix_and_differ_between_runs() -> None:
    ids = [issue["id"] for issue in lines(state()).values()]
    assert len(set(ids)) == 4
    assert all(id.rpartition("-")[0] == "maestro" for id in ids)
    assert issue_id("a-run", "T-001") != issue_id("b-run", "T-001")


def test_the_same_state_gives_the_same_bytes_and_none_before_there_are_tasks() -> None:
    assert to_jsonl(state()) == to_jsonl(state())
    assert to_jsonl(RunState("r")) == ""


def test_the_file_is_among_a_runs_files_where_its_settings_ask_for_it() -> None:
    run = state()
    run.status = "running"
    run.settings = Settings(AgentSpec("probe"), beads=True)
    assert files(run, History())[".beads/issues.jsonl"].decode() == to_jsonl(run)
    run.settings = Settings(AgentSpec("probe"))
    assert ".beads/issues.jsonl" not in files(run, History())
