"""What does the configuration say, with what the command line puts over it (`--set workers.processes=4`)?"""

from __future__ import annotations

from os.path import lexists
from pathlib import Path
from typing import Any

from maestro.cli.errors import CliError
from maestro_contracts.config import Config
from maestro_contracts.yamlcheck import validate
from maestro_contracts.yamlfile import Document, InvalidFile, read_yaml, read_yaml_file

COMMAND_LINE = "--set"


def load(path: Path | None, overrides: tuple[str, ...] = ()) -> Config:
    """The configuration with the overrides. Raises InvalidFile and CliError with every mistake."""
    document = read_yaml_file(path) if path is not None and lexists(path) else read_yaml("", COMMAND_LINE)
    config = validate(document, Config)
    if not overrides:
        return config
    data = document.data or {}
    for override in overrides:
        data = _with(data, override)
    return validate(Document(COMMAND_LINE, "", data, {}), Config)


def _with(data: dict[str, Any], override: str) -> dict[str, Any]:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise CliError(f"--set {override!r} sets nothing", "write --set key=value, as in --set workers.processes=4")
    return _placed(data, key.split("."), _value(text, override))


def _placed(data: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {**data, first: value}
    inner = data.get(first)
    return {**data, first: _placed(inner if isinstance(inner, dict) else {}, rest, value)}


def _value(text: str, override: str) -> Any:
    try:
        return read_yaml(text, COMMAND_LINE).data if text else ""
    except InvalidFile as error:
        raise CliError(f"--set {override!r} has a value that is no YAML: {error.problems[0].reason}") from None
