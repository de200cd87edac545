"""`scripts/tamper_campaign`: how many changes, from which seed, and where does the table go?"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tamper.campaign import boundary, run, table

SHORT, LONG = 10_000, 1_000_000
PAGE = Path(__file__).parent.parent / "docs" / "audit.md"
BEGIN, END = "<!-- campaign -->", "<!-- /campaign -->"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/tamper_campaign", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT:,} changes instead of {LONG:,}")
    parser.add_argument("--changes", type=int, help="so many changes")
    parser.add_argument("--seed", default="maestro", help="what the changes are drawn from")
    parser.add_argument("--keep", action="store_true", help="write the table into docs/audit.md")
    asked = parser.parse_args()
    started = time.perf_counter()
    found = run(asked.changes or (SHORT if asked.short else LONG), asked.seed)
    limit = boundary(20, asked.seed)
    lines = table(found, limit, asked.seed)
    print(*lines, sep="\n")
    print(f"\n{time.perf_counter() - started:.0f} s")
    if asked.keep:
        text = PAGE.read_text()
        head, _, rest = text.partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}")
    missed = {name: tally.missed[:5] for name, tally in found.items() if tally.missed}
    for name, numbers in missed.items():
        print(f"NOT SHOWN: {name}, draws {numbers} of seed {asked.seed}", file=sys.stderr)
    control = limit.shown_with_own_checkpoint == limit.draws
    return 0 if not missed and control else 1


if __name__ == "__main__":
    sys.exit(main())
