"""`maestro tui`: the runs of this repository in a terminal window."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.runs.state import RunState
    from maestro.tui.gate_screen import Answer
    from maestro_contracts import events as e


def tui(run: str = "", /, *, where: Where = Where()) -> int:  # noqa: B008 - frozen, no options given
    """Watch runs and decide gates in a window. RUN opens that run at once."""
    from maestro.cli.interrupts import run_async

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CliError("a window needs a terminal", "without one: maestro watch RUN, maestro gate list", Exit.USAGE)
    return run_async(_tui(run, where))


async def _tui(run: str, where: Where) -> int:
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import answering
    from maestro.cli.where import find_place
    from maestro.tui.app import MaestroApp
    from maestro.tui.feed import Feed

    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        if run and await engine.store.head(run) == 0:
            raise await no_such_run(engine, run)
        hands = _Hands(engine)
        await MaestroApp(Feed(engine.store, engine.keyring()), hands.decide, hands.changes, run).run_async()
    return Exit.OK


class _Hands:
    """What the window does outside of itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def decide(self, run: str, opened: e.GateOpened, answer: Answer) -> str:
        from maestro.cli.deciding import send_answer
        from maestro.runs.follow import load

        state = await load(self._engine.store, self._engine.keyring(), run)
        gate = state.gates[opened.gate, opened.visit]
        return await send_answer(
            self._engine, state, gate, answer.key, answer.text, dict(answer.answers), answer.conditions, via="tui"
        )

    async def changes(self, state: RunState) -> str:
        """What the run's branch changed, as git shows it; why there is nothing to show, else."""
        from maestro.git.command import git
        from maestro.git.problems import GitProblem

        if state.repo is None or not state.head or state.head == state.repo.base:
            return "Nothing is changed yet."
        try:
            folder = self._engine.place.folder()
            shown = await git("diff", "--no-color", "--no-ext-diff", state.repo.base, state.head, cwd=folder)
        except (GitProblem, CliError) as problem:
            return f"The changes cannot be shown: {problem}"
        return shown.text
