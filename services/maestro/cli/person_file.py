"""What does `~/.config/maestro/person.yaml` say of the person at this command line?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PersonFile:
    """`name`: as whom they are enrolled. `key`: the file of the key that they sign with, or of its public half where an
    ssh-agent holds it. Empty where nothing is said."""

    name: str = ""
    key: str = ""


def person_file(env: Mapping[str, str] = os.environ) -> Path:
    base = env.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "maestro" / "person.yaml"


def read_person_file(env: Mapping[str, str] = os.environ) -> PersonFile:
    """Raises InvalidFile with every mistake."""
    path = person_file(env)
    if not path.exists():
        return PersonFile()
    from pydantic import Field

    from maestro_contracts.fields import Line
    from maestro_contracts.yamlcheck import FileModel, validate
    from maestro_contracts.yamlfile import read_yaml_file

    class Model(FileModel):
        name: Line | None = Field(None, description="As whom you are enrolled.")
        key: Line | None = Field(None, description="The file of the key that you sign with.")

    read = validate(read_yaml_file(path), Model)
    return PersonFile(read.name or "", read.key or "")
