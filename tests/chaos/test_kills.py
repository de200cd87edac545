"""What do kills change? Nothing but the time it takes. This is the short form of `scripts/chaos`."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from tests.support.campaign import Stack, campaign

KILLS = 30
A_RUN = 15


async def test_kills_lose_no_event_double_no_effect_and_change_no_result(tmp_path: Path) -> None:
    rng = random.Random(20261121)
    kills: Counter[str] = Counter()
    trees = set()
    async with Stack(tmp_path) as stack:
        undisturbed = await campaign(stack, "undisturbed-aaaaaa", rng, kills=0)
        assert undisturbed.wrong == []
        for number in range(20):
            findings = await campaign(stack, f"killed-{number}-aaaaaa", rng, kills=A_RUN)
            assert findings.wrong == [], f"run {number}, after {dict(findings.kills)}"
            trees.add(findings.tree)
            kills += findings.kills
            if sum(kills.values()) >= KILLS:
                break
    assert sum(kills.values()) >= KILLS
    assert len(kills) > 5, "always the same were killed: choose another seed"
    assert trees == {undisturbed.tree}


async def test_the_same_campaign_catches_a_naive_worker(tmp_path: Path) -> None:
    rng = random.Random(20261121)
    found: list[str] = []
    async with Stack(tmp_path, worker_module="tests.support.naive_worker") as stack:
        for number in range(5):
            findings = await campaign(stack, f"naive-{number}-aaaaaa", rng, kills=A_RUN, only=("worker",))
            found += [wrong for wrong in findings.wrong if "times in the log" in wrong]
            if found:
                break
    assert found, "nothing was doubled: the campaign proves nothing"
