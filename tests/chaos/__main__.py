"""`python -m tests.chaos RUNS KILLS SEED`: the campaign at any length, repeatable by its seed."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.campaign import Stack, campaign

KILLED = {
    "server",
    "registrar",
    "conductor",
    "gatekeeper",
    "planner",
    "taskgen",
    "integrator",
    "validator-1",
    "validator-2",
    "worker-1",
    "worker-2",
}


async def main(runs: int, kills: int, seed: int) -> int:
    rng, total, bad, trees = random.Random(seed), Counter[str](), 0, set()
    with tempfile.TemporaryDirectory(prefix="maestro-chaos-") as folder:
        async with Stack(Path(folder)) as stack:
            trees.add((await campaign(stack, "undisturbed-aaaaaa", rng, kills=0)).tree)
            for number in range(runs):
                findings = await campaign(stack, f"chaos-{number}-aaaaaa", rng, kills)
                total += findings.kills
                trees.add(findings.tree)
                bad += bool(findings.wrong)
                print(f"run {number}: {sum(findings.kills.values())} kills, {findings.wrong or 'all well'}", flush=True)
    killed = ", ".join(f"{name} {count}" for name, count in sorted(total.items()))
    print(f"{runs} runs, {sum(total.values())} kills ({killed}), {bad} runs with findings, seed {seed}")
    never = ", ".join(sorted(KILLED - set(total))) or "nobody"
    same = "the same" if len(trees) == 1 else "NOT the same"
    print(f"the results are {same} as without kills; never killed: {never}")
    return 1 if bad or len(trees) > 1 else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(asyncio.run(main(*(given + [20, 15, 1][len(given) :]))))
