"""`python3 -m tally show FILE`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tally.parser import BadLine, parse
from tally.report import expenses_table


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tally", description="Who paid what, and who owes whom.")
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="list all expenses")
    show.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    try:
        print(expenses_table(parse(given.file.read_text(encoding="utf-8"))))
    except (OSError, BadLine) as error:
        print(f"tally: {given.file}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
