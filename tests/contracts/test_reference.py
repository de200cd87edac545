"""Do the reference pages and the schemas say what the contracts say?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maestro.workflows import builtin_names, builtin_text
from maestro_contracts.commands import COMMANDS
from maestro_contracts.config import Config
from maestro_contracts.envelope import EventRecord, encode, write_command
from maestro_contracts.events import EVENTS
from maestro_contracts.reference import files
from maestro_contracts.roles import ROLES, SAYS
from maestro_contracts.schemas import json_files
from maestro_contracts.upcast import current_version
from maestro_contracts.yamlfile import read_yaml
from tests.support.building import built

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
FILES = json_files()
ASYNCAPI = FILES["asyncapi.json"]
few = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def validator(name: str, part: str = "") -> jsonschema.Draft202012Validator:
    schema = FILES[name]
    return jsonschema.Draft202012Validator({**schema, "anyOf": [{"$ref": f"#/$defs/{part}"}]} if part else schema)


# --- the files --------------------------------------------------------------------------------------------------


def test_the_pages_in_the_repository_are_those_of_the_contracts() -> None:
    there = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    made = files()
    stale = sorted(name for name in there.keys() | made.keys() if there.get(name) != made.get(name))
    assert stale == [], "run scripts/export_schemas"


def test_the_same_contracts_give_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib; from maestro_contracts.reference import files;"
        "print(hashlib.sha256(repr(sorted(files().items())).encode()).hexdigest())"
    )
    run = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(2)]
    assert run[0].stdout == run[1].stdout


def test_check_says_which_page_is_stale_and_changes_nothing(tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "export_schemas"
    script.parent.mkdir()
    script.write_bytes((ROOT / "scripts" / "export_schemas").read_bytes())
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    (tmp_path / "docs" / "reference" / "left-over.md").write_text("old")
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "events.md" in ran.stderr and "left-over.md" in ran.stderr
    assert [path.name for path in (tmp_path / "docs" / "reference").iterdir()] == ["left-over.md"]


def test_written_pages_pass_the_check(tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "export_schemas"
    script.parent.mkdir()
    script.write_bytes((ROOT / "scripts" / "export_schemas").read_bytes())
    subprocess.run([sys.executable, script], check=True, capture_output=True)
    assert subprocess.run([sys.executable, script, "--check"]).returncode == 0


# --- JSON Schemas -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FILES if name != "asyncapi.json"])
def test_every_schema_is_a_valid_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(FILES[name])


@pytest.mark.parametrize("name", EVENTS)
@few
@given(data=st.data())
def test_every_event_fits_its_schema_as_it_is_written(name: str, data: st.DataObject) -> None:
    event = data.draw(built(EVENTS[name]))
    validator("events.schema.json", name).validate(json.loads(encode(event)))
    record = EventRecord(id="x", type=name, v=current_version(name), data=msgspec.Raw(encode(event)))
    validator("envelope.schema.json", "EventRecord").validate(json.loads(encode(record)))


@pytest.mark.parametrize("name", COMMANDS)
@few
@given(data=st.data())
def test_every_command_fits_its_schema_as_it_is_written(name: str, data: st.DataObject) -> None:
    command = data.draw(built(COMMANDS[name]))
    validator("commands.schema.json", name).validate(json.loads(encode(command)))
    message = json.loads(write_command(command, id="x", run="r"))
    validator("envelope.schema.json", "CommandRecord").validate(message)


def test_an_event_with_the_data_of_another_does_not_fit() -> None:
    record = {"id": "x", "type": "RunCompleted", "v": 1, "data": {"by": "ann"}}
    assert not validator("envelope.schema.json", "EventRecord").is_valid(record)


def test_an_event_without_data_names_its_blob() -> None:
    record: dict[str, Any] = {"id": "x", "type": "RunCompleted", "v": 1}
    assert not validator("envelope.schema.json", "EventRecord").is_valid(record)
    assert validator("envelope.schema.json", "EventRecord").is_valid({**record, "data_sha256": "ab", "size": 3})


@pytest.mark.parametrize("name", builtin_names())
def test_every_builtin_workflow_fits_the_manifests_schema(name: str) -> None:
    validator("manifest.schema.json").validate(read_yaml(builtin_text(name), name).data)


@pytest.mark.parametrize(
    "data",
    [{"name": "x"}, {"name": "x", "steps": [{"name": "a", "type": "gaet"}]}, {"name": "x", "steps": [], "extra": 1}],
)
def test_what_the_manifest_refuses_does_not_fit_its_schema(data: dict[str, Any]) -> None:
    assert not validator("manifest.schema.json").is_valid(data)


def test_the_default_configuration_fits_its_schema_and_an_unknown_key_does_not() -> None:
    validator("config.schema.json").validate(Config().model_dump(mode="json"))
    assert not validator("config.schema.json").is_valid({"wrokflow": "x"})


# --- AsyncAPI ---------------------------------------------------------------------------------------------------


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for value in node.values() for found in references(value)]
    return [found for item in node for found in references(item)] if isinstance(node, list) else []


def resolve(reference: str) -> Any:
    node: Any = ASYNCAPI
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    found = set(references(ASYNCAPI))
    assert len(found) > len(EVENTS) + len(COMMANDS)
    for reference in found:
        resolve(reference)


def test_it_is_what_version_3_of_asyncapi_asks_for() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= ASYNCAPI["info"].keys()
    for channel in ASYNCAPI["channels"].values():
        parameters = {part.split("}")[0] for part in channel["address"].split("{")[1:]}
        assert parameters == channel["parameters"].keys()
        assert all(resolve(message["$ref"])["payload"] for message in channel["messages"].values())
    for operation in ASYNCAPI["operations"].values():
        assert operation["action"] in {"send", "receive"}
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_every_role_that_is_asked_has_a_queue_with_its_commands() -> None:
    for role in ROLES:
        wanted = {name for name, cls in COMMANDS.items() if cls.to == role}
        channel = ASYNCAPI["channels"].get(f"queue-{role}", {"messages": {}})
        assert channel["messages"].keys() == wanted


def test_the_log_holds_every_event_and_each_role_says_its_own() -> None:
    assert ASYNCAPI["channels"]["run-log"]["messages"].keys() == EVENTS.keys()
    for role in ROLES:
        operation = ASYNCAPI["operations"].get(f"{role}-says", {"messages": []})
        said = {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
        assert said == {cls.__name__ for cls in SAYS[role]}


def test_every_command_is_sent_by_somebody_and_taken_by_its_role() -> None:
    for action in ("send", "receive"):
        operations = [each for each in ASYNCAPI["operations"].values() if each["action"] == action]
        named = [message["$ref"] for operation in operations for message in operation["messages"]]
        queued = [reference for reference in named if "/queue-" in reference]
        assert sorted(reference.rpartition("/")[2] for reference in queued) == sorted(COMMANDS)


def test_its_payloads_are_what_travels() -> None:
    schemas = {"$defs": ASYNCAPI["components"]["schemas"]}
    payload = json.dumps(ASYNCAPI["components"]["messages"]["PauseRun"]["payload"])
    schema = {**schemas, **json.loads(payload.replace("#/components/schemas/", "#/$defs/"))}
    text = json.dumps(schema).replace("#/components/schemas/", "#/$defs/")
    checker = jsonschema.Draft202012Validator(json.loads(text))
    message = {"id": "x", "type": "PauseRun", "run": "r", "data": {"by": "ann"}}
    checker.validate(message)
    assert not checker.is_valid({**message, "type": "ResumeRun"})
    assert not checker.is_valid({**message, "data": {}})


# --- the pages people read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "names"), [("events.md", EVENTS), ("commands.md", COMMANDS)])
def test_every_word_of_the_glossary_is_on_its_page_once(page: str, names: dict[str, type]) -> None:
    headings = [line[4:] for line in files()[page].decode().splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(names)
