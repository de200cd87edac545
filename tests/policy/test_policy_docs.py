"""Do the pages name every word of the vocabulary, and hold examples that load?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from maestro.policy.loading import SHIPPED, policy_of
from maestro_contracts.effects import EffectKind
from maestro_contracts.yamlfile import read_yaml, read_yaml_file

PAGE = Path(__file__).resolve().parents[2] / "docs/policy.md"


def test_every_kind_of_effect_has_its_line() -> None:
    named = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.M))

    assert set(get_args(EffectKind)) == named


def test_the_policies_on_the_page_load_with_their_examples() -> None:
    shipped = read_yaml_file(SHIPPED)
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)

    assert len(blocks) == 2
    for block in blocks:
        policy_of([("shipped", shipped), ("user", read_yaml(block, "docs/policy.md"))])
