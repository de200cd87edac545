"""What is `maestro`? The table of its commands. Each is imported when it is called, so that help costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Group

from maestro.cli.errors import CliError, Stopped, as_cli_error
from maestro.cli.exit_codes import Exit, epilogue

HELP = "Turn a feature request and a git repository into a validated branch, with every step in a signed log."

RUNS = Group("Runs", sort_key=1)
GATES = Group("Gates and logs", sort_key=2)
MACHINE = Group("This machine", sort_key=3)

COMMANDS: tuple[tuple[str, str, str, Group], ...] = (
    ("run", "run:run", "Plan, ask, implement, validate and hand over a branch for one feature.", RUNS),
    ("demo", "demo:demo", "Watch a real run on a small library, with nothing to set up.", RUNS),
    ("runs", "runs:runs", "List the runs of this repository.", RUNS),
    ("show", "runs:show", "Show how a run stands: steps, tasks, gates, checkpoints.", RUNS),
    ("watch", "watch:watch", "Follow a run from its first event.", RUNS),
    ("resume", "resume:resume", "Go on with a run that was interrupted or paused.", RUNS),
    ("pause", "resume:pause", "Let what is being done end, and start nothing new.", RUNS),
    ("cancel", "resume:cancel", "End a run for good; its branch and its log stay.", RUNS),
    ("report", "report:report", "Print a run's report.", RUNS),
    ("log", "log:log", "Print the events of a run, one line each.", GATES),
    ("replay", "replay:replay", "Fold a run's log again: as it was, what changed, or its files anew.", GATES),
    ("up", "up:up", "Keep the server and the services running for this repository.", MACHINE),
    ("ps", "ps:ps", "List the service processes and the lengths of their queues.", MACHINE),
    ("worker", "worker:worker", "Run more workers.", MACHINE),
    ("doctor", "doctor:doctor", "Check whether this machine has what Maestro needs.", MACHINE),
)
GATE_COMMANDS: tuple[tuple[str, str], ...] = (
    ("list", "List the gates that wait for an answer."),
    ("show", "Show a gate: its question, its choices, who decided it."),
    ("decide", "Decide a gate with one of its choices."),
    ("approve", "Decide a gate with its choice `approve`."),
    ("reject", "Decide a gate with the choice that gives the run up."),
    ("revise", "Decide a gate with its choice `revise`, and say what to change."),
)


def make_app() -> App:
    from importlib.metadata import version

    app = App(
        name="maestro",
        help=HELP,
        help_format="plaintext",
        help_epilogue=epilogue(),
        version=lambda: version("maestro-flow"),
        result_action="return_value",
    )
    for name, target, help, group in COMMANDS:
        app.command(f"maestro.cli.commands.{target}", name=name, help=help, group=group)
    gate = App(name="gate", help="See and decide the gates of a run.", group=GATES)
    for name, help in GATE_COMMANDS:
        gate.command(f"maestro.cli.commands.gate:{name}_", name=name, help=help)
    app.command(gate)
    config = App(name="config", help="See to the configuration.", group=MACHINE)
    config.command("maestro.cli.commands.config:check", name="check", help="Check the configuration and its workflow.")
    app.command(config)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """The program: runs the command line and exits with its code."""
    sys.exit(call(list(sys.argv[1:] if arguments is None else arguments)))


def call(arguments: list[str]) -> int:
    try:
        result = make_app()(arguments or ["--help"], exit_on_error=False)
        sys.stdout.flush()
        return int(result or 0)
    except CycloptsError:
        return Exit.USAGE
    except Stopped as stopped:
        return stopped.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads()
    except Exception as error:
        known = as_cli_error(error)
        if known is None:
            return _defect(error)
        _complain(known)
        return known.code


def _complain(error: CliError) -> None:
    from maestro.projections.text import visible

    lines = [visible(line) for line in error.reason.splitlines()] or ["failed"]
    sys.stderr.write(f"maestro: {lines[0]}\n")
    for line in [*lines[1:], *(visible(line) for line in error.mend.splitlines())]:
        sys.stderr.write(f"  {line}\n")


def _nobody_reads() -> int:
    """The reader of a pipe had enough (`maestro log RUN | head`)."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


def _defect(error: Exception) -> int:
    import traceback

    traceback.print_exception(error)
    sys.stderr.write(f"maestro: this is a defect ({type(error).__name__}); nothing that was recorded is lost\n")
    return Exit.DEFECT
