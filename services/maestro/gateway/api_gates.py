"""What can a program do where people decide? See gates, decide them, take grants back, ask what an action would be."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import Parameter

from maestro.gateway.answers import find_gate, gate_version, gate_view, gate_views, grant_view, waiting
from maestro.gateway.api_parts import (
    ApiRequest,
    Decided,
    Decision,
    Gate,
    Grants,
    PolicyQuestion,
    Revocation,
    Run,
    Visit,
    problems,
    strictly,
    watched_run,
)
from maestro.gateway.deciding import Answer, no_such_gate
from maestro.gateway.gateway import callback, caller_of, gateway_of, must_decide
from maestro.gateway.views import GatePage, GateView, GrantView
from maestro_contracts.proposals import Classification, Proposal
from maestro_contracts.records import Settings


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
