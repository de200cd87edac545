"""What does a person see who looks back? A run as it was after any entry, with a slider over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import get
from litestar.params import Parameter

from maestro.gateway.api_parts import MAX_SEQ
from maestro.gateway.gateway import gateway_of
from maestro.gateway.graph import look, words
from maestro.gateway.page_parts import Html, PageRequest, Run, known_run, page
from maestro.gateway.problems import Refusal
from maestro.gateway.showing import TaskRow, run_page
from maestro.projections.log_view import LogLine
from maestro.runs.fold import FOLD_VERSION
from maestro.runs.hashing import state_hash
from maestro.runs.rewinding import TooLong
from maestro.runs.state import RunState


@dataclass(frozen=True, slots=True)
class Then:
    """A run after entry `at` of `head`. `lines` are that entry's own."""

    at: int
    head: int
    state: RunState
    sha256: str
    version: int
    tasks: tuple[TaskRow, ...]
    lines: tuple[LogLine, ...]


@get("/runs/{run:str}/replay")
async def replay(request: PageRequest, run: Run, at: Annotated[int, Parameter(ge=1, le=MAX_SEQ)] = MAX_SEQ) -> Html:
    gateway = gateway_of(request)
    watched = await known_run(gateway, run)
    head = watched.seq
    entry = min(at, head)
    try:
        state = await gateway.rewinds.of(run).at(entry)
    except TooLong as error:
        raise Refusal(422, "this log is too long to be looked back at here", str(error)) from None
    lines = tuple(line for line in watched.told.history.lines if line.address.partition(".")[0] == str(entry))
    tasks = tuple(TaskRow(task, look(task), words(task)) for task in state.tasks.values())
    then = Then(entry, head, state, state_hash(state), FOLD_VERSION, tasks, lines)
    return page(request, "replay.html", view=run_page(watched), tab="replay", then=then)
