"""What does a person see in a browser? The pages and the forms on them.

A page works without its script; with it, it changes by itself. Whoever is not logged in sees the log-in page and
nothing else.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from litestar import MediaType, Response, Router, get, post
from litestar.params import Parameter
from litestar.response import Redirect

from maestro.gateway.access import now_ms
from maestro.gateway.answers import find_gate
from maestro.gateway.api_parts import MAX_SEQ
from maestro.gateway.deciding import Answer
from maestro.gateway.differences import Difference, of_commits
from maestro.gateway.gateway import Gateway, caller_of, gateway_of, must_decide
from maestro.gateway.live import list_values, live, live_run
from maestro.gateway.page_parts import (
    EVENTS,
    Form,
    Html,
    PageRequest,
    Run,
    check_form,
    known_run,
    logged_in,
    page,
)
from maestro.gateway.problems import Refusal
from maestro.gateway.rendering import render
from maestro.gateway.replaying import replay
from maestro.gateway.showing import panel, panels, run_page
from maestro.gateway.watching import Watched
from maestro.log.store import StoreUnavailable
from maestro.projections.journal import KINDS, chosen

# --- runs and gates ------------------------------------------------------------------------------------------------


@get("/")
async def runs(request: PageRequest) -> Html:
    watcher = gateway_of(request).watcher
    try:
        found = await watcher.fresh_all()
    except StoreUnavailable:
        found = watcher.newest()
    return page(request, "runs.html", **list_values(found, caller_of(request)))


@get("/gates")
async def gates(request: PageRequest) -> Html:
    caller = caller_of(request)
    shown = [each for watched in gateway_of(request).watcher.newest() for each in panels(watched, caller.csrf)]
    return page(request, "gates.html", panels=shown, with_runs=True, live="/live?gates=1")


@get("/runs/{run:str}")
async def run(request: PageRequest, run: Run) -> Html:
    watched = await known_run(gateway_of(request), run)
    live = f"/runs/{quote(run)}/live?after={watched.seq}"
    return page(
        request,
        "run.html",
        live=live,
        view=run_page(watched),
        panels=panels(watched, caller_of(request).csrf),
        with_runs=False,
        tab="overview",
    )


@post("/runs/{run:str}/gates/{gate:str}/decide", status_code=200)
async def decide(request: PageRequest, run: Run, gate: str, data: Form) -> Response[Any]:
    """Press a button of a gate. Whoever has a script gets the panel as it is then; else the run's page."""
    gateway, caller = gateway_of(request), caller_of(request)
    check_form(request, data)
    visit = int(data.get("visit", "0")) if data.get("visit", "0").isdecimal() else 0
    answers = {name.removeprefix("answer:"): text for name, text in data.items() if name.startswith("answer:")}
    answer = Answer(
        gate=gate,
        choice=data.get("choice", ""),
        by=caller.name,
        via="web",
        visit=visit,
        version=data.get("version", ""),
        text=data.get("text", ""),
        answers={name: text for name, text in answers.items() if text},
        conditions=tuple(line.strip() for line in data.get("conditions", "").splitlines() if line.strip()),
        key=data.get("key", ""),
    )
    refusal: Refusal | None = None
    try:
        must_decide(caller)
        given = await gateway.carrier.decide(run, answer)
        said = "decided" if given.outcome == "decided" else "counted"
    except Refusal as error:
        refusal, said = error, ""
    except StoreUnavailable:
        refusal, said = Refusal(503, "the log cannot be reached now", "nothing was decided; try again soon"), ""
    return await _after_deciding(request, run, answer, refusal, said)


async def _after_deciding(
    request: PageRequest, run: str, answer: Answer, refusal: Refusal | None, said: str
) -> Response[Any]:
    caller = caller_of(request)
    watched = gateway_of(request).watcher.get(run)
    found = find_gate(watched.state, answer.gate, answer.visit) if watched else None
    has_script = request.headers.get("hx-request") == "true"
    if watched is None or found is None:
        raise refusal or Refusal(404, "there is no such gate")
    if refusal is None and not has_script:
        return Redirect(f"/runs/{quote(run)}", status_code=303)
    told = {"error": refusal.problem.detail, "mend": refusal.problem.mend} if refusal else {}
    shown = panel(watched, found, caller.csrf, text=answer.text if refusal else "", answers=answer.answers, **told)
    if has_script:
        html = render("parts/gate.html", panel=shown, csrf=caller.csrf, said=said, caller=caller)
        return Response(str(html), media_type=MediaType.HTML)
    return page(request, "gates.html", status=refusal.status_code if refusal else 200, panels=[shown], with_runs=True)


# --- the other pages of a run ---------------------------------------------------------------------------------------


@get("/runs/{run:str}/changes")
async def changes(request: PageRequest, run: Run, task: str = "") -> Html:
    watched = await known_run(gateway_of(request), run)
    state = watched.state
    view = run_page(watched)
    base, commit, title = (state.repo.base if state.repo else ""), state.head, "All that the run's branch changes"
    if task in state.tasks:
        chosen_task = state.tasks[task]
        claim = chosen_task.claim
        base, commit = (claim.base or chosen_task.base, claim.commit) if claim else ("", "")
        title = f"{task}: {chosen_task.spec.title}"
    url = state.repo.url if state.repo else ""
    found = await of_commits(url, base, commit) if base and commit else Difference(note="Nothing is committed yet.")
    from maestro.projections import facts

    files = facts.changed_files(state)
    return page(request, "changes.html", view=view, tab="changes", found=found, title=title, files=files, task=task)


@get("/runs/{run:str}/journal")
async def journal(
    request: PageRequest,
    run: Run,
    kind: Annotated[str, Parameter(query="type", max_length=20)] = "",
    tag: Annotated[str, Parameter(max_length=80)] = "",
    open_only: Annotated[str, Parameter(query="open", max_length=5)] = "",
) -> Html:
    watched = await known_run(gateway_of(request), run)
    entries = chosen(
        watched.journal, kinds=[kind] if kind else [], tags=[tag] if tag else [], unreviewed=open_only == "1"
    )
    shown = {"kind": kind, "tag": tag, "open": open_only == "1"}
    newest_first = list(reversed(entries))
    return page(
        request,
        "journal.html",
        view=run_page(watched),
        tab="journal",
        entries=newest_first,
        kinds=KINDS,
        shown=shown,
        live=_live(watched),
    )


@get("/runs/{run:str}/events")
async def events(request: PageRequest, run: Run, before: Annotated[int, Parameter(ge=0, le=MAX_SEQ)] = MAX_SEQ) -> Html:
    watched = await known_run(gateway_of(request), run)
    older = [line for line in watched.told.history.lines if int(line.address.partition(".")[0]) < before]
    lines = list(reversed(older[-EVENTS:]))
    first = int(lines[-1].address.partition(".")[0]) if len(older) > EVENTS else 0
    live = _live(watched) if before == MAX_SEQ else "/live"
    return page(request, "events.html", view=run_page(watched), tab="events", lines=lines, older=first, live=live)


@get("/runs/{run:str}/report")
async def report(request: PageRequest, run: Run) -> Html:
    watched = await known_run(gateway_of(request), run)
    return page(request, "report.html", view=run_page(watched), tab="report", text=watched.told.report())


def _live(watched: Watched) -> str:
    return f"/runs/{quote(watched.run)}/live?after={watched.seq}"


# --- grants -----------------------------------------------------------------------------------------------------------


@get("/grants")
async def grants(request: PageRequest) -> Html:
    return page(request, "grants.html", rows=_grants(gateway_of(request)), error="", mend="")


def _grants(gateway: Gateway) -> list[tuple[Watched, Any, bool]]:
    now = now_ms()
    found = [(each, standing) for each in gateway.watcher.newest() for standing in each.grants.values()]
    rows = [(each, standing, standing.is_good(now)) for each, standing in found]
    return sorted(rows, key=lambda row: (not row[2], -row[1].at))


@post("/runs/{run:str}/grants/{grant:str}/revoke", status_code=303)
async def revoke_grant(request: PageRequest, run: Run, grant: str, data: Form) -> Response[Any]:
    gateway, caller = gateway_of(request), caller_of(request)
    check_form(request, data)
    try:
        must_decide(caller)
        await gateway.carrier.revoke(run, grant, caller.name, "web", data.get("why", ""))
    except Refusal as refusal:
        told = {"error": refusal.problem.detail, "mend": refusal.problem.mend}
        return page(request, "grants.html", status=refusal.status_code, rows=_grants(gateway), **told)
    return Redirect("/grants", status_code=303)


PAGES = Router(
    "/",
    route_handlers=[
        runs,
        gates,
        run,
        decide,
        changes,
        journal,
        events,
        report,
        replay,
        grants,
        revoke_grant,
        live,
        live_run,
    ],
    guards=[logged_in],
    include_in_schema=False,
)
