"""What do the contracts look like to other programs? JSON Schemas (draft 2020-12) and one AsyncAPI 3 document.

Everything is made from the structs and models themselves; `scripts/export_schemas` writes it to `docs/reference/`.
The same contracts give the same bytes.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from maestro_contracts.commands import COMMANDS, Command
from maestro_contracts.envelope import COMMIT_MAGIC, CommandRecord, CommitHeader, EventRecord
from maestro_contracts.events import EVENTS
from maestro_contracts.proposals import PROPOSALS
from maestro_contracts.roles import ASKED_BY, ROLES, SAYS
from maestro_contracts.upcast import current_version

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PARTITION = "{p00}"
"""The hash tag of the first partition, as it stands in the server's keys."""


def json_files() -> dict[str, Schema]:
    """Every machine-readable file of `docs/reference/`, by its name."""
    from maestro_contracts.config import Config
    from maestro_contracts.manifest import Manifest
    from maestro_contracts.policy_file import PolicyFile

    return {
        "events.schema.json": union_schema("Event", EVENTS),
        "commands.schema.json": union_schema("Command", COMMANDS),
        "envelope.schema.json": envelope_schema(),
        "manifest.schema.json": model_schema(Manifest, "Workflow manifest"),
        "config.schema.json": model_schema(Config, "Configuration"),
        "policy.schema.json": model_schema(PolicyFile, "Policy"),
        "proposals.schema.json": proposals_schema(),
        "asyncapi.json": asyncapi(),
    }


def as_bytes(schema: Schema) -> bytes:
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


# --- JSON Schemas -----------------------------------------------------------------------------------------------


def union_schema(title: str, types: Mapping[str, type[msgspec.Struct]]) -> Schema:
    """One schema that each of the types fits, with all of them and their records under `$defs`."""
    return {
        "$schema": DRAFT,
        "title": title,
        "description": f"The data of one {title.lower()}; its type stands in the record around it.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in types],
        "$defs": definitions(types.values(), "#/$defs/"),
    }


def proposals_schema() -> Schema:
    """What one line of `maestro policy check --jsonl` may be. Other keys are left aside."""
    schema = {"$schema": DRAFT, "title": "Proposal", "description": "An action before it happens; see `kind`."}
    return {
        **schema,
        "anyOf": [{"$ref": f"#/$defs/{cls.__name__}"} for cls in PROPOSALS.values()],
        "$defs": definitions(PROPOSALS.values(), "#/$defs/"),
    }


def envelope_schema() -> Schema:
    """The commit's header, the event's line and the command's message, with the data that belongs to each type."""
    refs = "#/$defs/"
    records = {
        "CommitHeader": definitions([CommitHeader], refs)["CommitHeader"],
        "EventRecord": {**_record(EventRecord), "anyOf": [event_line(name, refs) for name in EVENTS]},
        "CommandRecord": {**_record(CommandRecord), "anyOf": [command_line(name, refs) for name in COMMANDS]},
    }
    return {
        "$schema": DRAFT,
        "title": "Envelope",
        "description": f"A commit's text is the line `{COMMIT_MAGIC}`, a CommitHeader, and its EventRecords; "
        "it is signed as a C2SP signed note. A queue's message is a CommandRecord in the field `__data__`.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in records],
        "$defs": records | definitions([*EVENTS.values(), *COMMANDS.values()], refs),
    }


def model_schema(model: Any, title: str) -> Schema:
    """The schema of a pydantic model of a file."""
    schema: Schema = model.model_json_schema()
    return {"$schema": DRAFT, **_tidied(schema), "title": title}


def definitions(types: Iterable[type[msgspec.Struct]], refs: str) -> dict[str, Schema]:
    """The schemas of the structs and of everything they hold, by name, sorted."""
    _, found = msgspec.json.schema_components(list(types), ref_template=f"{refs}{{name}}")
    return {name: _tidied(found[name]) for name in sorted(found)}


def event_line(name: str, refs: str) -> Schema:
    """What an EventRecord of that type has today: its data, or hash and size of the data in the blob store."""
    properties = {"type": {"const": name}, "v": {"const": current_version(name)}}
    return {
        "anyOf": [
            {"properties": {**properties, "data": {"$ref": f"{refs}{name}"}}, "required": ["data"]},
            {"properties": properties, "required": ["data_sha256", "size"]},
        ]
    }


def command_line(name: str, refs: str) -> Schema:
    return {"properties": {"type": {"const": name}, "data": {"$ref": f"{refs}{name}"}}}


def _record(cls: type[msgspec.Struct]) -> Schema:
    """The schema of an envelope's record; its raw data is any JSON here."""
    fields = [_without_raw(field) for field in msgspec.structs.fields(cls)]
    plain = msgspec.defstruct(cls.__name__, fields, namespace={"__doc__": cls.__doc__})
    return definitions([plain], "#/$defs/")[cls.__name__]


def _without_raw(field: msgspec.structs.FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    is_raw = field.type is msgspec.Raw
    kind = dict[str, Any] if is_raw else field.type
    if field.required:
        return field.name, kind
    return field.name, kind, msgspec.UNSET if is_raw else field.default


def _tidied(schema: Any) -> Any:
    """The same with every description on one line, however the Python that runs this keeps docstrings."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidied(value) for key, value in schema.items()}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = one_line(tidy["description"])
    return tidy


def one_line(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())


# --- AsyncAPI ---------------------------------------------------------------------------------------------------


def asyncapi() -> Schema:
    """The AsyncAPI 3.0 document: a queue for each role, the run's log, and who sends and receives what."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Maestro",
            "version": COMMIT_MAGIC.rpartition("/v")[2],
            "description": "Commands travel in a Redis stream for each role; what happened stands in one for each run.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "server": {
                "host": "{host}",
                "protocol": "redis",
                "description": "Redis 7 or later, or Valkey 8 or later.",
                "variables": {"host": {"default": "127.0.0.1:6379"}},
            }
        },
        "channels": {**{f"queue-{role}": _queue(role) for role in _takers()}, "run-log": _run_log()},
        "operations": {**_takes(), **_asks(), **_says()},
        "components": {
            "messages": {**_event_messages(), **_command_messages()},
            "schemas": _schemas(),
        },
    }


_REFS = "#/components/schemas/"
_PARTITION_PARAMETER = {"description": "The partition's hash tag, braces included.", "default": PARTITION}


def _takers() -> list[str]:
    """The roles that have a queue."""
    return [role for role in ROLES if _taken_by(role)]


def _taken_by(role: str) -> list[type[Command]]:
    return [command for command in COMMANDS.values() if command.to == role]


def _queue(role: str) -> Schema:
    return {
        "address": f"{{partition}}:q:{role}",
        "description": f"What the {role} is asked for: a stream read by the consumer group `g`.",
        "parameters": {"partition": _PARTITION_PARAMETER},
        "messages": {cls.__name__: _message_ref(cls) for cls in _taken_by(role)},
    }


def _run_log() -> Schema:
    return {
        "address": "{partition}:run:{run}:log",
        "description": "All that happened in a run: entries `0-<seq>` without a gap, each a signed note (field `n`).",
        "parameters": {
            "partition": _PARTITION_PARAMETER,
            "run": {"description": "The run's id; `system` for the log of enrolments."},
        },
        "messages": {name: _message_ref(cls) for name, cls in EVENTS.items()},
    }


def _message_ref(cls: type[msgspec.Struct]) -> Schema:
    return {"$ref": f"#/components/messages/{cls.__name__}"}


def _operation(action: str, channel: str, summary: str, types: Iterable[type[msgspec.Struct]]) -> Schema:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{cls.__name__}"} for cls in types],
    }


def _takes() -> dict[str, Schema]:
    return {
        f"{role}-takes": _operation("receive", f"queue-{role}", f"The {role} handles what it is asked for.", commands)
        for role in _takers()
        if (commands := _taken_by(role))
    }


def _asks() -> dict[str, Schema]:
    """Who sends what to each queue."""
    operations = {}
    for role in _takers():
        for asker in dict.fromkeys(ASKED_BY[command] for command in _taken_by(role)):
            commands = [command for command in _taken_by(role) if ASKED_BY[command] == asker]
            name = f"{asker.replace(' ', '-')}-asks-{role}"
            operations[name] = _operation("send", f"queue-{role}", f"{asker} asks the {role}.".capitalize(), commands)
    return operations


def _says() -> dict[str, Schema]:
    return {
        f"{role}-says": _operation("send", "run-log", f"What the {role} may say.", _ordered(SAYS[role]))
        for role in ROLES
        if SAYS[role]
    }


def _ordered(events: Iterable[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    wanted = set(events)
    return [cls for cls in EVENTS.values() if cls in wanted]


def _event_messages() -> dict[str, Schema]:
    return {
        name: {
            "name": name,
            "title": name,
            "summary": one_line(cls.__doc__),
            "contentType": "application/json",
            "description": f"One line of a commit (`{COMMIT_MAGIC}`), which is a C2SP signed note.",
            "payload": {"allOf": [{"$ref": f"{_REFS}EventRecord"}, event_line(name, _REFS)]},
        }
        for name, cls in EVENTS.items()
    }


def _command_messages() -> dict[str, Schema]:
    return {
        name: {
            "name": name,
            "title": name,
            "summary": one_line(cls.__doc__),
            "contentType": "application/json",
            "description": "The entry's field `__data__`.",
            "payload": {"allOf": [{"$ref": f"{_REFS}CommandRecord"}, command_line(name, _REFS)]},
        }
        for name, cls in COMMANDS.items()
    }


def _schemas() -> dict[str, Schema]:
    records = {"EventRecord": _record(EventRecord), "CommandRecord": _record(CommandRecord)}
    headers = definitions([CommitHeader], _REFS)
    return records | headers | definitions([*EVENTS.values(), *COMMANDS.values()], _REFS)
