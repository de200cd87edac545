"""Does the OpenAPI document tell the truth, and does nothing that anybody sends end in a 5xx? Schemathesis, bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.support.web import Site

pytest.importorskip("schemathesis", reason="needs schemathesis")
SECONDS = 240
CONFIG = """
# Whether a choice is one of the gate's cannot stand in a schema: each gate has its own.
[[operations]]
include-operation-id = ["decideGate", "getStatement"]
[operations.checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 410]
"""


def test_the_document_is_there_without_a_token_and_is_openapi_3_1(site: Site) -> None:
    document = httpx.get(f"{site.url}/api/v1/openapi.json", trust_env=False).json()
    assert document["openapi"].startswith("3.1")
    names = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert {"listRuns", "getRun", "listEvents", "followEvents", "decideGate", "revokeGrant", "checkPolicy"} <= names
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.slow
def test_whatever_is_sent_is_answered_as_the_document_says(site: Site, tmp_path: Path) -> None:
    for _ in range(3):
        run = site.run()
        site.opens(run, freeform=True)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{site.url}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {site.token('fuzzer')}", "--seed", "1"]
    # A stream has no end; what is left is a bounded number of good and bad requests for each operation.
    command += [
        "--exclude-operation-id",
        "followEvents",
        "--max-examples",
        "12",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    command += ["--mode", "all", "--checks", "all", "--no-color", "--request-timeout", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout or "passed" in done.stdout
    with site.client("ann") as ann:
        assert ann.get("/health").status_code == 200
        assert json.loads(ann.get(f"/runs/{run}").text)["run"] == run
