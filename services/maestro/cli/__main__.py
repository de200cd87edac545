"""`python -m maestro.cli` is `maestro`."""

from maestro.cli.main import main

main()
