"""What can a program ask about runs? How they stand, their logs, journals and reports."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream

from maestro.gateway.answers import event_views, journal_view, run_summary, run_view
from maestro.gateway.api_parts import (
    MAX_SEQ,
    PAGE,
    ApiRequest,
    Health,
    JournalPage,
    Me,
    Run,
    problems,
    watched_run,
)
from maestro.gateway.gateway import caller_of, gateway_of
from maestro.gateway.stream import check_streams, event_stream, sse
from maestro.gateway.views import EventPage, EventView, RunPage, RunView
from maestro.log.reader import Reader
from maestro.projections.journal import chosen


@get(
    "/health",
    operation_id="health",
    summary="Whether this gateway can do its work",
    tags=["service"],
    security=[{}],
    responses={503: ResponseSpec(Health, generate_examples=False, description="Not now.")},
)
async def health(request: ApiRequest) -> Response[Health]:
    from importlib.metadata import version

    watcher = gateway_of(request).watcher
    fine = watcher.up and watcher.ready
    said = Health("ok" if fine else "waiting", version("maestro-flow"), len(watcher.runs))
    return Response(said, status_code=200 if fine else 503)


@get("/me", operation_id="me", summary="Who a token belongs to", tags=["service"], responses=problems())
async def me(request: ApiRequest) -> Me:
    from maestro.projections.text import utc

    caller = caller_of(request)
    return Me(caller.name, caller.may, utc(caller.entry.expires))


@get("/runs", operation_id="listRuns", summary="List the runs, the newest first", tags=["runs"], responses=problems())
async def list_runs(
    request: ApiRequest,
    status: Annotated[
        Literal["running", "paused", "completed", "failed", "cancelled"] | None,
        Parameter(query="status", description="Only runs with this status."),
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = PAGE,
    cursor: Annotated[str, Parameter(max_length=80, description="`next` of the page before.")] = "",
) -> RunPage:
    gateway = gateway_of(request)
    found = [each.state for each in await gateway.watcher.fresh_all() if status in (None, each.state.status)]
    names = [state.run for state in found]
    start = names.index(cursor) + 1 if cursor in names else 0
    page = found[start : start + limit]
    more = start + limit < len(found)
    return RunPage([run_summary(state) for state in page], page[-1].run if more else "")


@get("/runs/{run:str}", operation_id="getRun", summary="How a run stands", tags=["runs"], responses=problems(404))
async def get_run(request: ApiRequest, run: Run) -> RunView:
    return run_view((await watched_run(gateway_of(request), run)).state)


@get(
    "/runs/{run:str}/events",
    operation_id="listEvents",
    summary="Read a run's log, page by page",
    tags=["runs"],
    responses=problems(404),
)
async def list_events(
    request: ApiRequest,
    run: Run,
    after: Annotated[int, Parameter(ge=0, le=MAX_SEQ, description="Only entries behind this one.")] = 0,
    limit: Annotated[int, Parameter(ge=1, le=1000, description="About so many events.")] = PAGE,
) -> EventPage:
    """Every event with its author and its address. Signatures are checked; what cannot be believed says so. An entry is
    never cut in two, so that a page may hold some events more than `limit`."""
    gateway = gateway_of(request)
    watched = await watched_run(gateway, run)
    reader = Reader(gateway.watcher.store, gateway.watcher.keyring, run, after)
    items: list[EventView] = []
    last = after
    while len(items) < limit and (page := await reader.new()):
        for verdict in page:
            if len(items) >= limit:
                break
            items += event_views(verdict)
            last = verdict.seq
    return EventPage(items, last, max(watched.seq, last))


@get(
    "/runs/{run:str}/events/stream",
    operation_id="followEvents",
    summary="Follow a run's log as it grows",
    tags=["runs"],
    media_type="text/event-stream",
    responses=problems(404),
)
async def follow_events(
    request: ApiRequest,
    run: Run,
    after: Annotated[int, Parameter(ge=0, le=MAX_SEQ, description="Only entries behind this one.")] = 0,
    last_event_id: Annotated[
        int | None, Parameter(header="Last-Event-ID", ge=0, le=MAX_SEQ, description="The same, as browsers say it.")
    ] = None,
) -> Stream:
    """Server-sent events: `event` is the event's type, `data` the same object as in a page of events, `id` the entry's
    number. Begins at the start of the log where neither `after` nor `Last-Event-ID` is given."""
    gateway, caller = gateway_of(request), caller_of(request)
    watched = await watched_run(gateway, run)
    check_streams(gateway, caller.name)
    start = after if last_event_id is None else last_event_id
    return sse(event_stream(gateway, caller.name, watched, start))


@get(
    "/runs/{run:str}/journal",
    operation_id="getJournal",
    summary="A run's questions, decisions, blockers and milestones",
    tags=["runs"],
    responses=problems(404),
)
async def get_journal(
    request: ApiRequest,
    run: Run,
    kind: Annotated[Literal["question", "decision", "blocker", "milestone"] | None, Parameter(query="type")] = None,
    tag: Annotated[str, Parameter(max_length=200, description="Only entries with this tag.")] = "",
    unreviewed: Annotated[bool, Parameter(description="Only those that no person has looked at.")] = False,
) -> JournalPage:
    journal = (await watched_run(gateway_of(request), run)).journal
    found = chosen(journal, kinds=[kind] if kind else [], tags=[tag] if tag else [], unreviewed=unreviewed)
    return JournalPage([journal_view(entry) for entry in found])


@get(
    "/runs/{run:str}/report",
    operation_id="getReport",
    summary="What a run came to, in Markdown",
    tags=["runs"],
    media_type="text/markdown",
    responses=problems(404),
)
async def get_report(request: ApiRequest, run: Run) -> str:
    return (await watched_run(gateway_of(request), run)).told.report()
