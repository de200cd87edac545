"""What can a program ask of Maestro over HTTP? The REST API, `/api/v1`; its OpenAPI document is made from this file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream

from maestro.gateway.access import Caller
from maestro.gateway.deciding import Answer, no_such_gate
from maestro.gateway.gateway import Gateway, bearer, callback, caller_of, gateway_of, must_decide
from maestro.gateway.problems import MEDIA_TYPE, ProblemDetails, Refusal
from maestro.gateway.stream import check_streams, event_stream
from maestro.gateway.views import (
    EventPage,
    EventView,
    GatePage,
    GateView,
    GrantView,
    JournalView,
    RunPage,
    RunView,
    event_views,
    find_gate,
    gate_version,
    gate_view,
    gate_views,
    grant_view,
    journal_view,
    run_summary,
    run_view,
    waiting,
)
from maestro.gateway.watching import Watched
from maestro.log.reader import Reader
from maestro.projections.journal import chosen
from maestro_contracts.proposals import Classification, Proposal
from maestro_contracts.records import Settings

ApiRequest = Request[Caller, Any, State]
MAX_SEQ = 2**53 - 1
PAGE = 100


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems that an operation answers with, beside those of every operation."""
    words = {
        400: "The request is not understood, or decides nothing.",
        401: "There is no valid token.",
        403: "The token, or the person, may not do this.",
        404: "There is no such thing.",
        409: "The gate is decided already, or asks something else by now.",
        410: "The gate is closed: too late.",
        413: "The body is too large.",
        415: "The body is not JSON.",
        429: "Too many requests; `Retry-After` says when.",
        503: "The log, or who decides, cannot be reached; `Retry-After` says when.",
    }
    given = sorted({*statuses, 400, 401, 429, 503})
    return {
        status: ResponseSpec(ProblemDetails, generate_examples=False, description=words[status], media_type=MEDIA_TYPE)
        for status in given
    }


class Health(msgspec.Struct, frozen=True):
    """`ok`: the log can be reached and every run was read. `waiting`: not now."""

    status: Literal["ok", "waiting"]
    version: str
    runs: int


class Me(msgspec.Struct, frozen=True):
    """Who the token belongs to, and what it allows until when."""

    name: str
    may: Literal["read", "decide"]
    expires: str


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to a gate. `choice` is the key or the label of one of its choices; nothing else decides anything.

    Who signs with a key of their own sends `statement`, exactly as `.../statement` gave it, and its `signature`
    (armoured SSHSIG, namespace `decision@maestro`); else the gateway vouches for whoever's token this is.
    """

    choice: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(max_length=16_384)] = ""
    answers: dict[str, Annotated[str, msgspec.Meta(max_length=16_384)]] = {}
    visit: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] = 0
    version: Annotated[str, msgspec.Meta(max_length=80)] = ""
    conditions: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=2000)], ...], msgspec.Meta(max_length=20)
    ] = ()
    statement: Annotated[str, msgspec.Meta(max_length=131_072)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class Grants(msgspec.Struct, frozen=True):
    items: list[GrantView]


class JournalPage(msgspec.Struct, frozen=True):
    items: list[JournalView]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a grant is taken back; may be empty."""

    why: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class PolicyQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action to judge. With `run` by the policy that this run keeps, else by the gateway's own."""

    action: Proposal
    run: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Decided(msgspec.Struct, frozen=True):
    """What became of an answer. `decided`: the gate is; `counted`: it waits for others too."""

    outcome: Literal["decided", "counted"]
    gate: GateView


BODIES = (Decision, Revocation, PolicyQuestion)
"""What is sent; a field that is not known is refused, since it was meant to say something."""
Sent = TypeVar("Sent")


async def strictly(request: ApiRequest, kind: type[Sent]) -> Sent:
    """The body, where its JSON is exactly of this type: no text stands for a number. Raises Refusal."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, str(error)) from None


# --- what all handlers do ------------------------------------------------------------------------------------------


async def watched_run(gateway: Gateway, run: str) -> Watched:
    """The run, as new as this request at least. Raises Refusal where there is none, StoreUnavailable."""
    found = await gateway.watcher.fresh(run)
    if found is None:
        raise Refusal(404, "there is no such run", "list them with GET /api/v1/runs")
    return found


Run = Annotated[str, Parameter(description="The run's id.", max_length=80)]
Gate = Annotated[str, Parameter(description="The gate's name.", max_length=200)]
Visit = Annotated[
    int, Parameter(ge=0, le=MAX_SEQ, description="Which visit of the gate; 0: the one that is open, else the newest.")
]


# --- operations ----------------------------------------------------------------------------------------------------


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


def sse(content: AsyncIterator[bytes]) -> Stream:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(content, media_type="text/event-stream", headers=headers)


@get(
    "/gates",
    operation_id="listOpenGates",
    summary="The gates that wait for somebody",
    tags=["gates"],
    responses=problems(),
)
async def list_open_gates(request: ApiRequest) -> GatePage:
    runs = await gateway_of(request).watcher.fresh_all()
    return GatePage([gate_view(each.state, gate) for each in runs for gate in waiting(each.state)])


@get(
    "/runs/{run:str}/gates",
    operation_id="listGates",
    summary="Every gate that a run came to",
    tags=["gates"],
    responses=problems(404),
)
async def list_gates(request: ApiRequest, run: Run) -> GatePage:
    return GatePage(gate_views((await watched_run(gateway_of(request), run)).state))


@get(
    "/runs/{run:str}/gates/{gate:str}",
    operation_id="getGate",
    summary="What a gate asks, and how it was decided",
    tags=["gates"],
    responses=problems(404),
)
async def get_gate(request: ApiRequest, run: Run, gate: Gate, visit: Visit = 0) -> Response[GateView]:
    """The header `ETag` holds the gate's version."""
    state = (await watched_run(gateway_of(request), run)).state
    found = find_gate(state, gate, visit)
    if found is None or found.opened is None:
        raise no_such_gate(state.run)
    return Response(gate_view(state, found), headers={"ETag": f'"{gate_version(found.opened)}"'})


@post(
    "/runs/{run:str}/gates/{gate:str}/decision",
    operation_id="decideGate",
    summary="Decide a gate",
    tags=["gates"],
    status_code=200,
    responses=problems(403, 404, 409, 410, 413),
)
async def decide_gate(
    request: ApiRequest,
    run: Run,
    gate: Gate,
    data: Decision,
    idempotency_key: Annotated[
        str,
        Parameter(
            header="Idempotency-Key",
            max_length=200,
            description="Names this answer: however often it is sent, it counts once, and the answer is the same.",
        ),
    ] = "",
    if_match: Annotated[
        str, Parameter(header="If-Match", max_length=100, description="The gate's version, as its `ETag` said it.")
    ] = "",
) -> Decided:
    """The answer to this request waits for the log: 200 says that it stands there."""
    gateway, caller = gateway_of(request), caller_of(request)
    must_decide(caller)
    data = await strictly(request, Decision)
    await watched_run(gateway, run)
    answer = Answer(
        gate=gate,
        choice=data.choice,
        by=caller.name,
        via="rest",
        visit=data.visit,
        version=data.version or if_match.strip().removeprefix("W/").strip('"').replace("*", ""),
        text=data.text,
        answers=data.answers,
        conditions=data.conditions,
        statement=data.statement,
        signature=data.signature,
        key=idempotency_key or uuid4().hex,
    )
    given = await gateway.carrier.decide(run, answer)
    return Decided(given.outcome, gate_view(gateway.watcher.runs[run].state, given.gate))


@get(
    "/runs/{run:str}/gates/{gate:str}/statement",
    operation_id="getStatement",
    summary="The exact bytes to sign for an answer of one's own",
    tags=["gates"],
    media_type="text/plain",
    responses=problems(404, 409, 410),
)
async def get_statement(
    request: ApiRequest,
    run: Run,
    gate: Gate,
    choice: Annotated[str, Parameter(min_length=1, max_length=200, description="The choice's key or label.")],
    text: Annotated[str, Parameter(max_length=16_384, description="The text to go with it.")] = "",
    visit: Visit = 0,
) -> str:
    """`ssh-keygen -Y sign -n decision@maestro -f KEY FILE` signs them. Both go with the decision, in ten minutes."""
    gateway, caller = gateway_of(request), caller_of(request)
    answer = Answer(gate=gate, choice=choice, by=caller.name, via="rest", visit=visit, text=text)
    return (await gateway.carrier.statement(run, answer)).decode()


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


@get("/grants", operation_id="listGrants", summary="Standing approvals", tags=["grants"], responses=problems())
async def list_grants(
    request: ApiRequest,
    good: Annotated[bool, Parameter(description="Only those that cover something now.")] = False,
) -> Grants:
    found = [
        grant_view(each, standing)
        for each in await gateway_of(request).watcher.fresh_all()
        for standing in each.grants.values()
    ]
    return Grants([grant for grant in found if grant.good or not good])


@post(
    "/runs/{run:str}/grants/{grant:str}/revoke",
    operation_id="revokeGrant",
    summary="Take a standing approval back",
    tags=["grants"],
    status_code=200,
    responses=problems(403, 404, 409, 413),
)
async def revoke_grant(
    request: ApiRequest,
    run: Run,
    grant: Annotated[str, Parameter(max_length=200, description="The grant's id.")],
    data: Revocation,
) -> GrantView:
    gateway, caller = gateway_of(request), caller_of(request)
    must_decide(caller)
    data = await strictly(request, Revocation)
    await gateway.carrier.revoke(run, grant, caller.name, "rest", data.why)
    watched = await watched_run(gateway, run)
    return grant_view(watched, watched.grants[grant])


@post(
    "/policy/check",
    operation_id="checkPolicy",
    summary="The level of an action, without doing it",
    tags=["policy"],
    status_code=200,
    responses=problems(404, 413),
)
async def check_policy(request: ApiRequest, data: PolicyQuestion) -> Classification:
    """1 runs, 2 asks first, 3 always needs a person. Paths are judged as they are written: no file is looked at."""
    gateway = gateway_of(request)
    data = await strictly(request, PolicyQuestion)
    settings = (await watched_run(gateway, data.run)).state.settings if data.run else None
    return await asyncio.to_thread(judge, data.action, settings)


def judge(action: Proposal, settings: Settings | None) -> Classification:
    from maestro.approvals.policies import policy_for
    from maestro.policy.classify import classify

    return classify(action, policy_for(settings.policies if settings else ()))


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


@post(
    "/callback",
    operation_id="decideByCallback",
    summary="Decide the one gate that a webhook's callback is about",
    tags=["gates"],
    status_code=200,
    responses=problems(404, 409, 410, 413),
    guards=[callback],
    security=[{"callback": []}],
)
async def decide_by_callback(request: ApiRequest, data: Decision) -> Decided:
    """With the one-time token that came with the webhook; it is used up when the gate was decided."""
    gateway, caller = gateway_of(request), caller_of(request)
    data = await strictly(request, Decision)
    run, name, visit = caller.entry.about.rsplit(" ", 2) if caller.entry.about.count(" ") == 2 else ("", "", "0")
    await watched_run(gateway, run)
    answer = Answer(
        gate=name,
        choice=data.choice,
        by=caller.name,
        via="webhook",
        visit=int(visit),
        version=data.version,
        text=data.text,
        answers=data.answers,
        conditions=data.conditions,
        key=f"{caller.entry.id} {uuid4().hex}",
    )
    given = await gateway.carrier.decide(run, answer)
    gateway.access.revoke(caller.entry.id)
    return Decided(given.outcome, gate_view(gateway.watcher.runs[run].state, given.gate))


API = Router(
    "/api/v1",
    route_handlers=[
        me,
        list_runs,
        get_run,
        list_events,
        follow_events,
        list_open_gates,
        list_gates,
        get_gate,
        decide_gate,
        get_statement,
        get_report,
        get_journal,
        list_grants,
        revoke_grant,
        check_policy,
    ],
    guards=[bearer],
    security=[{"token": []}],
)
OPEN_API = Router("/api/v1", route_handlers=[health, decide_by_callback])
