"""What do people read about the contracts? The Markdown pages of `docs/reference/`, made from the docstrings.

The same contracts give the same bytes. `files()` is everything that `scripts/export_schemas` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import msgspec

from maestro_contracts import actions, proposals, records
from maestro_contracts.commands import COMMANDS, Command
from maestro_contracts.events import EVENTS
from maestro_contracts.roles import ASKED_BY, ROLES, SAYS
from maestro_contracts.schemas import as_bytes, json_files, one_line
from maestro_contracts.upcast import current_version

MADE = "<!-- Made by scripts/export_schemas from the contracts. Change those, then run it again. -->\n"


def files() -> dict[str, bytes]:
    """Every file of `docs/reference/` by its name."""
    pages = {
        "README.md": index_page(),
        "events.md": events_page(),
        "commands.md": commands_page(),
        "records.md": records_page(),
        "manifest.md": manifest_page(),
        "config.md": config_page(),
    }
    made = {name: (MADE + text).encode() for name, text in pages.items()}
    return made | {name: as_bytes(schema) for name, schema in json_files().items()}


def index_page() -> str:
    return """
# Reference

| page | answers | for machines |
|---|---|---|
| [events.md](events.md) | what may have happened, and who may say so | [events.schema.json](events.schema.json) |
| [commands.md](commands.md) | what may be asked for, and by whom | [commands.schema.json](commands.schema.json) |
| [records.md](records.md) | what events and commands are made of | in both of them |
| [manifest.md](manifest.md) | what a workflow file may say | [manifest.schema.json](manifest.schema.json) |
| [config.md](config.md) | what `.flow/maestro/config.yaml` may say | [config.schema.json](config.schema.json) |
| | what a policy file may say: see [policy.md](../policy.md) | [policy.schema.json](policy.schema.json) |
| | what may be proposed, and judged by `maestro policy check` | [proposals.schema.json](proposals.schema.json) |
| | how all of it travels | [asyncapi.json](asyncapi.json), [envelope.schema.json](envelope.schema.json) |

An editor checks a file while you write it: its first line is `# yaml-language-server: $schema=<path to the schema>`.
"""


def table_of_roles() -> str:
    """Who takes which commands and says which events; `maestro_contracts.__doc__` ends with it."""
    blocks = []
    for role in ROLES:
        takes = [f"{name} (from {ASKED_BY[cls]})" for name, cls in COMMANDS.items() if cls.to == role]
        says = [name for name, cls in EVENTS.items() if cls in SAYS[role]]
        blocks.append("\n".join([role, *_wrapped("takes", takes), *_wrapped("says", says)]))
    return "\n\n".join(blocks)


def _wrapped(word: str, items: list[str], width: int = 112) -> list[str]:
    """`    takes A, B,` and further lines indented below; nothing where there are no items."""
    lines: list[str] = []
    line = f"    {word:5} "
    for position, item in enumerate(items):
        text = item + ("," if position < len(items) - 1 else "")
        if len(line) + len(text) + 1 > width:
            lines.append(line.rstrip())
            line = " " * 10
        line += text + " "
    return [*lines, line.rstrip()] if items else []


# --- events, commands, records ----------------------------------------------------------------------------------


def events_page() -> str:
    parts = [
        "\n# Events\n\nWhat may have happened. Each is said by certain roles only; anybody else's is not believed.\n"
    ]
    for role in ROLES:
        said = [cls for cls in EVENTS.values() if cls in SAYS[role] and _first_to_say(cls) == role]
        if said:
            parts.append(f"\n## Said by the {role}\n")
            parts.extend(_struct(cls, _event_note(cls)) for cls in said)
    return "".join(parts)


def _first_to_say(cls: type[msgspec.Struct]) -> str:
    return next(role for role in ROLES if cls in SAYS[role])


def _event_note(cls: type[msgspec.Struct]) -> str:
    others = [role for role in ROLES if cls in SAYS[role]][1:]
    version = current_version(cls.__name__)
    notes = [f"Also said by: {', '.join(others)}."] if others else []
    if version > 1:
        notes.append(f"Version {version}; older ones are read as this.")
    return " ".join(notes)


def commands_page() -> str:
    parts = ["\n# Commands\n\nWhat may be asked for. Handling one twice changes nothing: the log takes its id once.\n"]
    for role in ROLES:
        taken = [cls for cls in COMMANDS.values() if cls.to == role]
        if taken:
            parts.append(f"\n## To the {role}\n")
            parts.extend(_struct(cls, f"Asked by {_asker(cls)}.") for cls in taken)
    return "".join(parts)


def _asker(cls: type[Command]) -> str:
    asker = ASKED_BY[cls]
    return f"the {asker}" if asker in ROLES else asker


def records_page() -> str:
    modules = (records, proposals, actions)
    structs = [cls for module in modules for cls in vars(module).values() if _is_record(cls, module.__name__)]
    return "\n# Records\n\nWhat events and commands are made of.\n" + "".join(_struct(cls, "") for cls in structs)


def _is_record(cls: Any, module: str) -> bool:
    is_one = isinstance(cls, type) and issubclass(cls, records.Record) and cls is not records.Record
    return is_one and cls.__module__ == module


def _struct(cls: type[msgspec.Struct], note: str) -> str:
    text = f"\n### {cls.__name__}\n\n{one_line(cls.__doc__)}"
    text += f" {note}\n" if note else "\n"
    fields = msgspec.structs.fields(cls)
    if not fields:
        return text
    kinds = _annotations(cls)
    rows = [(f"`{field.name}`", f"`{kinds[field.name]}`".replace("|", "\\|"), _default(field)) for field in fields]
    return f"{text}\n{_table(('field', 'kind', 'if left out'), rows)}"


def _annotations(cls: type[msgspec.Struct]) -> dict[str, str]:
    """The fields' kinds as they are written in the source."""
    return {
        name: str(kind)
        for base in reversed(cls.__mro__)
        for name, kind in vars(base).get("__annotations__", {}).items()
    }


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default_factory is not msgspec.NODEFAULT:
        return "empty"
    return _shown(field.default)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if value in ("", ()):
        return "empty"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    if isinstance(value, float) and value.is_integer():
        return f"`{value:.0f}`"
    if isinstance(value, msgspec.Struct):
        return f"{type(value).__name__}'s own"
    return f"`{value}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines.extend(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(lines) + "\n"


# --- manifest and configuration ---------------------------------------------------------------------------------


def manifest_page() -> str:
    from maestro_contracts import manifest as m
    from maestro_contracts.workflow_rules import NEEDS

    kinds = get_args(get_args(m.AnyStep)[0])
    common = set(m.StepModel.model_fields)
    parts = [_MANIFEST_HEAD, _model_table(m.Manifest, set()), "\n## Every step\n\n"]
    parts.append(_model_table(m.StepModel, set()))
    for kind in kinds:
        name = get_args(kind.model_fields["type"].annotation)[0]
        parts.append(f"\n## `type: {name}`\n\n{one_line(kind.__doc__)}\n")
        if name in NEEDS:
            parts.append(f"Needs before it: {', '.join(NEEDS[name])}.\n")
        if set(kind.model_fields) - common:
            parts.append("\n" + _model_table(kind, common))
    parts.append(f"\n## A choice\n\n{one_line(m.ChoiceModel.__doc__)}\n\n{_model_table(m.ChoiceModel, set())}")
    parts.append(f"\n## `retry`\n\n{one_line(m.RetryModel.__doc__)}\n\n{_model_table(m.RetryModel, set())}")
    return "".join(parts)


_MANIFEST_HEAD = """
# Workflow manifest

A workflow is a YAML file (YAML 1.2, no anchors, no tags). The built-in ones are in `services/maestro/workflows/`; copy
one to write your own, and name it in the configuration (`workflow: my-flow.yaml`). Durations are seconds or texts such
as `30s`, `10m`, `1h30m`, `2d`. `maestro config check` shows every mistake with its line.

A step starts when all it depends on are done. A gate's choice may send the run to a step that was passed already: that
step and all that depend on it run again, each at most `max_visits` times. After a decision, later prompts may
say `${gate.<step>.choice}`, `.key`, `.text`, `.timestamp`, `.approver`.

"""


def config_page() -> str:
    from maestro_contracts.config import USED_BY, Config

    rows = []
    for key, field in leaf_fields(Config):
        rows.append((f"`{key}`", _kind_of(field), _shown(field.default), field.description, USED_BY[key]))
    return _CONFIG_HEAD + _table(("key", "kind", "if left out", "meaning", "honoured by"), rows)


_CONFIG_HEAD = """
# Configuration

`.flow/maestro/config.yaml` in the repository. Every key may be left out; a key that is not listed here is refused, with
the nearest one that is. What the command line or the environment says goes before what the file says. A run keeps what
the file said when the run started. `maestro config check` shows every mistake with its line.

"""


def leaf_fields(model: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Every key that holds a value, dotted, with pydantic's field."""
    found: list[tuple[str, Any]] = []
    for name, field in model.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        found += leaf_fields(field.annotation, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", field)]
    return found


def _model_table(model: Any, left_out: set[str]) -> str:
    rows = [
        (f"`{name}`", _kind_of(field), "required" if field.is_required() else _field_default(field), _meaning(field))
        for name, field in model.model_fields.items()
        if name not in left_out
    ]
    return _table(("key", "kind", "if left out", "meaning"), rows)


def _field_default(field: Any) -> str:
    return "empty" if field.default_factory is not None else _shown(field.default)


def _meaning(field: Any) -> str:
    return field.description or ""


def _kind_of(field: Any) -> str:
    """The kind of a value in a person's words, from its JSON Schema."""
    from pydantic import TypeAdapter

    annotated = TypeAdapter(field.rebuild_annotation())
    return _kind_in_words(annotated.json_schema())


def _kind_in_words(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if {"type": "string"} in schema.get("anyOf", ()) and "examples" in schema:
        return "duration"
    if "anyOf" in schema:
        return _kind_in_words(next(option for option in schema["anyOf"] if option != {"type": "null"}))
    return _KINDS.get(schema.get("type", "object"), "mapping") + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "more than", "maximum": "to"}
    said = [f"{word} {schema[key]:.12g}" for key, word in words.items() if key in schema]
    return f", {' '.join(said)}" if said else ""


_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}
