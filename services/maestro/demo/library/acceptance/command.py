"""A trip in three currencies is settled from the command line."""

import subprocess
import sys

command = [sys.executable, "-m", "tally", "settle", "examples/trip.txt", "--in", "EUR"]
shown = subprocess.run(command, capture_output=True, text=True)
if "Cleo pays Anna 90.40 EUR" not in shown.stdout.splitlines():
    sys.exit(shown.stdout + shown.stderr)
