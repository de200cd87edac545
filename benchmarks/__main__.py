"""`scripts/bench`: which benchmarks are run, and where do their figures go?"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import time
from pathlib import Path

from benchmarks import machine
from benchmarks.figures import Figure, as_dict, show
from benchmarks.setting import Scale
from maestro.embedded.binary import find_binary, version_of

NAMES = ("append", "tasks", "latency", "replay", "verify", "sealing", "startup", "idle", "classify", "demo")
RESULTS = machine.ROOT / "docs" / "benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (all): {', '.join(NAMES)}")
    parser.add_argument("--short", action="store_true", help="show that everything works; the figures are rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--keep", action="store_true", help="write them to docs/benchmarks/<date>-<machine>.json")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    figures = measure(asked.names or NAMES, Scale(asked.short))
    about = machine.describe(version_of(find_binary()))
    show(figures, f"{about['cpu']}, {about['cores']} cores; {about['server']}; Python {about['python']}")
    for path in targets(asked.json, asked.keep):
        path.parent.mkdir(parents=True, exist_ok=True)
        report = {"machine": about, "short": asked.short, "figures": [as_dict(figure) for figure in figures]}
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        print(f"written to {path}")


def measure(names: tuple[str, ...] | list[str], scale: Scale) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        started = time.perf_counter()
        print(f"{name} ...", end=" ", flush=True)
        figures += importlib.import_module(f"benchmarks.{name}").run(scale)
        print(f"{time.perf_counter() - started:.0f} s", flush=True)
    return figures


def targets(given: Path | None, keep: bool) -> list[Path]:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return [*([given] if given else []), *([RESULTS / f"{today}-{machine.name()}.json"] if keep else [])]


main()
