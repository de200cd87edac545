"""What is `maestro`? The table of its commands. Each is imported when it is called, so that help costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from maestro.cli.errors import CliError, Stopped, as_cli_error
from maestro.cli.exit_codes import Exit, epilogue

if TYPE_CHECKING:
    from cyclopts import App

HELP = "Turn a feature request and a git repository into a validated branch, with every step in a signed log."

RUNS, GATES, MACHINE = "Runs", "Gates and logs", "This machine"

COMMANDS: tuple[tuple[str, str, str, str], ...] = (
    ("run", "run:run", "Plan, ask, implement, validate and hand over a branch for one feature.", RUNS),
    ("demo", "demo:demo", "Watch a real run on a small library, with nothing to set up.", RUNS),
    ("runs", "runs:runs", "List the runs of this repository.", RUNS),
    ("show", "runs:show", "Show how a run stands: steps, tasks, gates, checkpoints.", RUNS),
    ("tui", "tui:tui", "Watch runs and decide gates in a terminal window.", RUNS),
    ("watch", "watch:watch", "Follow a run from its first event.", RUNS),
    ("resume", "resume:resume", "Go on with a run that was interrupted or paused.", RUNS),
    ("fork", "fork:fork", "Start a new run from a point of another one.", RUNS),
    ("pause", "resume:pause", "Let what is being done end, and start nothing new.", RUNS),
    ("cancel", "resume:cancel", "End a run for good; its branch and its log stay.", RUNS),
    ("report", "report:report", "Print a run's report.", RUNS),
    ("gate", "", "See and decide the gates of a run.", GATES),
    ("policy", "", "Say the level of an action, and why; test the policy's rules.", GATES),
    ("journal", "", "Read a run's journal, add to it, mark what you have seen.", GATES),
    ("keys", "", "Introduce the people who decide, with their keys and roles; make a key.", GATES),
    ("gatekeeper", "gatekeeper:gatekeeper", "Sit at the terminal and decide each gate as it opens.", GATES),
    ("grant", "", "See, give and take back standing approvals.", GATES),
    ("audit", "", "Verify a run's log; see whether people decided where they must.", GATES),
    ("log", "log:log", "Print the events of a run, one line each.", GATES),
    ("replay", "replay:replay", "Fold a run's log again: as it was, what changed, or its files anew.", GATES),
    ("web", "", "Show runs and decide gates in a browser; serve the REST API.", MACHINE),
    ("up", "up:up", "Keep the server and the services running for this repository.", MACHINE),
    ("ps", "ps:ps", "List the service processes and the lengths of their queues.", MACHINE),
    ("worker", "worker:worker", "Run more workers.", MACHINE),
    ("mcp", "mcp:mcp", "Serve Maestro's tools to an agent at work (Model Context Protocol).", MACHINE),
    ("doctor", "doctor:doctor", "Check whether this machine has what Maestro needs.", MACHINE),
    ("config", "", "See to the configuration.", MACHINE),
)
SUBCOMMANDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "gate": (
        ("list", "gate:list_", "List the gates that wait for an answer."),
        ("watch", "gate:watch_", "Show each gate as it opens and as it ends."),
        ("show", "gate:show_", "Show a gate: its question, its choices, who decided it."),
        ("decide", "gate:decide_", "Decide a gate with the key or the label of one of its choices."),
        ("approve", "gate:approve_", "Decide a gate with its choice `approve`."),
        ("reject", "gate:reject_", "Decide a gate with its one choice that rejects the action, or gives the run up."),
        ("revise", "gate:revise_", "Decide a gate with its choice `revise`; TEXT says what to change."),
        ("export", "gate_export:export", "Write a gate's signed decisions for `ssh-keygen -Y verify`."),
    ),
    "keys": (
        ("new", "keys:new", "Make a key, kept in the state directory for you alone."),
        ("enrol", "keys:enrol", "Introduce a person, a further key of theirs, or other roles."),
        ("list", "keys:list_", "List the people who may decide, their keys and their roles."),
        ("show", "keys:show", "Show a person's keys and roles; without a name, your own."),
        ("revoke", "keys:revoke", "Take back one key, or everything that a person may."),
        ("export", "keys:export", "Write everybody's keys as an allowed_signers file."),
    ),
    "policy": (
        ("check", "policy:check", "Say the level of a command, or of actions as JSON Lines."),
        ("explain", "policy:explain", "Show what an action would do and which rules say so, or all rules."),
        ("test", "policy:test", "Run the examples of all rules."),
        ("suggest", "policy:suggest", "Show what was always approved, as rules that would no longer ask."),
    ),
    "journal": (
        ("show", "journal:show", "Print a run's journal, as Markdown or JSON."),
        ("add", "journal:add", "Write an entry into a run's journal."),
        ("review", "journal:review", "Mark an entry as looked at."),
    ),
    "web": (
        ("token", "web:token", "Make a token with which a person logs in or uses the API."),
        ("tokens", "web:tokens", "List the tokens, links and sessions that are good now."),
        ("revoke", "web:revoke", "Take back a token, a link or a session."),
    ),
    "grant": (
        ("list", "grant:list_", "List the standing approvals."),
        ("issue", "grant:issue", "Approve beforehand, within bounds, what a run's agents may ask for."),
        ("revoke", "grant:revoke", "Take a standing approval back."),
    ),
    "audit": (
        ("verify", "audit_verify:verify", "Show each property of a run's log, or of a bundle, and what does not hold."),
        ("export", "audit_bundle:export", "Write a run's history as one file that anybody can check."),
        ("import", "audit_bundle:import_", "Verify a bundle and unpack it."),
        ("proof", "audit_proof:proof", "Write or check the proof that an event stands in a sealed log."),
        ("report", "audit_report:report", "Write the audit of a run as a page for auditors."),
        ("hitl", "audit:hitl", "List what people should have decided and did not."),
        ("approve-after", "audit:approve_after", "Approve after the fact what was done."),
        ("roll-back", "audit:roll_back", "Undo by a new commit what was merged."),
    ),
    "config": (("check", "config:check", "Check the configuration and its workflow; print what applies."),),
}


def make_app() -> App:
    from cyclopts import App, Parameter

    app = App(
        name="maestro",
        help=HELP,
        help_format="plaintext",
        version=_version,
        result_action="return_value",
        default_parameter=Parameter(show_default=False, negative=""),
    )
    for name, target, help, _ in COMMANDS:
        if target:
            app.command(f"maestro.cli.commands.{target}", name=name)
            continue
        group = App(name=name, help=help)
        for inner, inner_target, inner_help in SUBCOMMANDS[name]:
            group.command(f"maestro.cli.commands.{inner_target}", name=inner, help=inner_help)
        app.command(group)
    return app


def _serve_by_default(group: App) -> None:
    """`maestro web` without a further word does something by itself."""
    from maestro.cli.commands.web import web

    group.default(web)


def root_help() -> str:
    """`maestro --help`, from the table alone: the parser's library would take three times as long to say it."""
    return "\n".join(_help_lines())


def _help_lines() -> Iterator[str]:
    yield "Usage: maestro COMMAND [OPTIONS]"
    yield f"\n{HELP}"
    for group in (RUNS, GATES, MACHINE):
        yield f"\n{group}:"
        yield from (f"  {name:<8}{help}" for name, _, help, its_group in COMMANDS if its_group == group)
    yield "\nOptions:"
    yield "  --help, -h   Show this; `maestro COMMAND --help` shows a command's options."
    yield "  --version    Show the version."
    yield f"\n{epilogue()}"


def _version() -> str:
    from importlib.metadata import version

    return version("maestro-flow")


def main(arguments: Sequence[str] | None = None) -> None:
    """The program: runs the command line and exits with its code."""
    from maestro.cli.console import say_what_can_be_said

    say_what_can_be_said()
    sys.exit(call(list(sys.argv[1:] if arguments is None else arguments)))


def call(arguments: list[str]) -> int:
    if arguments in ([], ["--help"], ["-h"]):
        sys.stdout.write(f"{root_help()}\n")
        return Exit.OK
    try:
        app = make_app()
        if arguments[0] == "web":
            _serve_by_default(app["web"])
        result = app(arguments, exit_on_error=False)
        sys.stdout.flush()
        return int(result or 0)
    except Stopped as stopped:
        return stopped.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads()
    except Exception as error:
        if _is_usage(error):
            return Exit.USAGE
        known = as_cli_error(error)
        if known is None:
            return _defect(error)
        _complain(known)
        return known.code


def _is_usage(error: Exception) -> bool:
    """What the parser refused, and has told already."""
    from cyclopts import CycloptsError

    return isinstance(error, CycloptsError)


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
