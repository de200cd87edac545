"""What does importing the contracts cost those who need only a part?"""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "ruamel", "jsonschema")
LIGHT = ["maestro_contracts", "maestro_contracts.envelope", "maestro_contracts.roles", "maestro_contracts.yamlfile"]


@pytest.mark.parametrize("module", [*LIGHT, "maestro.workflows", "maestro.gatekeeper.decider"])
def test_messages_and_errors_come_without_pydantic_and_without_a_yaml_parser(module: str) -> None:
    program = f"import sys, {module}; print([name for name in sys.modules if name.split('.')[0] in {HEAVY}])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
