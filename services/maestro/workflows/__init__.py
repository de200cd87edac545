"""Which workflows come with Maestro, and how is one found by its name or its file?"""

from __future__ import annotations

import pathlib
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maestro_contracts.records import Workflow


class NoSuchWorkflow(LookupError):
    """Neither a built-in workflow nor a file. The message says what there is."""


def builtin_names() -> list[str]:
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def builtin_text(name: str) -> str:
    """The manifest's exact text. Raises NoSuchWorkflow."""
    from maestro_contracts.yamlfile import did_you_mean

    if name not in builtin_names():
        raise NoSuchWorkflow(f"no built-in workflow {name!r}; {did_you_mean(name, builtin_names())}")
    return resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def load_builtin(name: str) -> Workflow:
    """A built-in workflow as a record. Raises NoSuchWorkflow."""
    from maestro_contracts.manifest import load_workflow

    return load_workflow(builtin_text(name), f"{name}.yaml")


def find_workflow(wanted: str, folder: pathlib.Path = pathlib.Path(), *, forge: bool = False) -> Workflow:
    """The workflow of that built-in name, or of that file under `folder`. `forge`: whether one is configured. Raises
    NoSuchWorkflow, InvalidFile."""
    from maestro_contracts.manifest import load_workflow
    from maestro_contracts.yamlfile import read_yaml_file

    if wanted in builtin_names():
        return load_builtin(wanted)
    path = folder / wanted
    if not path.is_file():
        names = ", ".join(builtin_names())
        raise NoSuchWorkflow(f"no workflow {wanted!r}: neither built in ({names}) nor a file at {path}")
    return load_workflow(read_yaml_file(path).text, str(path), forge=forge)
