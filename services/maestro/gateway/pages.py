"""What does a person see in a browser? The pages, the forms on them, and the stream that keeps them up to date.

A page works without its script; with it, it changes by itself. Whoever is not logged in sees the log-in page and
nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.handlers.base import BaseRouteHandler
from litestar.params import Body, Parameter
from litestar.response import Redirect, Stream

from maestro.gateway.access import SESSION_MS, Caller, now_ms
from maestro.gateway.api import MAX_SEQ, sse
from maestro.gateway.cookies import BEGUN, begun_cookie, end_session, session_cookie, shown_session
from maestro.gateway.deciding import Answer
from maestro.gateway.differences import Difference, of_commits
from maestro.gateway.gateway import Gateway, address_of, caller_of, gateway_of, must_decide, slow_down
from maestro.gateway.problems import Refusal
from maestro.gateway.rendering import render
from maestro.gateway.showing import Panel, panel, panels, run_page
from maestro.gateway.stream import PING, PING_S, check_streams, message, one_stream
from maestro.gateway.views import find_gate, run_summary, waiting
from maestro.gateway.watching import Watched
from maestro.log.store import StoreUnavailable
from maestro.projections.journal import KINDS, chosen
from maestro.runs.state import GateState

PageRequest = Request[Caller, Any, State]
Html = Response[str]
SETTLE_S = 0.15
"""Events come in bursts: a page is drawn anew when a burst is over."""
EVENTS = 200
Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Run = Annotated[str, Parameter(max_length=80)]


class LoggedOut(Exception):
    """Nobody is logged in: they are asked to, and then come back."""


async def logged_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Only with a session; what changes something also needs the session's own word."""
    gateway = gateway_of(connection)
    caller = gateway.access.caller(shown_session(connection), "session")
    slow_down(gateway.requests, caller.entry.id if caller else address_of(connection))
    if caller is None:
        raise LoggedOut
    connection.scope["user"] = caller


def check_form(request: PageRequest, form: dict[str, str]) -> None:
    """Raises Refusal where another page than ours sent this form."""
    elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if elsewhere or not hmac.compare_digest(form.get("csrf", "").encode(), caller_of(request).csrf.encode()):
        raise Refusal(403, "this form was not sent from a page of this session", "load the page again")


def page(request: PageRequest, template: str, *, status: int = 200, live: str = "/live", **values: Any) -> Html:
    """A whole page."""
    gateway, caller = gateway_of(request), caller_of(request)
    html = render(
        template,
        caller=caller,
        csrf=caller.csrf,
        path=request.url.path,
        live=live,
        up=gateway.watcher.up,
        now=now_ms(),
        waiting=[gate for each in gateway.watcher.newest() for gate in waiting(each.state)],
        **values,
    )
    return Response(str(html), media_type=MediaType.HTML, status_code=status)


async def _watched(gateway: Gateway, run: str) -> Watched:
    """The run as it is known; where the log cannot be reached, as it was known. Raises Refusal."""
    try:
        found = await gateway.watcher.fresh(run)
    except StoreUnavailable:
        found = gateway.watcher.get(run)
        if found is None:
            raise
    if found is None or found.state.status == "none":
        raise Refusal(404, "there is no such run", "the list of runs has all that there are")
    return found


# --- runs and gates ------------------------------------------------------------------------------------------------


@get("/")
async def runs(request: PageRequest) -> Html:
    watcher = gateway_of(request).watcher
    try:
        found = await watcher.fresh_all()
    except StoreUnavailable:
        found = watcher.newest()
    return page(request, "runs.html", **_list_values(found, caller_of(request)))


def _list_values(found: list[Watched], caller: Caller) -> dict[str, Any]:
    rows = [(each, run_summary(each.state), run_page(each).look) for each in found]
    return {"rows": rows, "asked": [shown for each in found for shown in panels(each, caller.csrf)]}


@get("/gates")
async def gates(request: PageRequest) -> Html:
    caller = caller_of(request)
    shown = [each for watched in gateway_of(request).watcher.newest() for each in panels(watched, caller.csrf)]
    return page(request, "gates.html", panels=shown, with_runs=True, live="/live?gates=1")


@get("/runs/{run:str}")
async def run(request: PageRequest, run: Run) -> Html:
    watched = await _watched(gateway_of(request), run)
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
    watched = await _watched(gateway_of(request), run)
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
    watched = await _watched(gateway_of(request), run)
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
    watched = await _watched(gateway_of(request), run)
    older = [line for line in watched.told.history.lines if int(line.address.partition(".")[0]) < before]
    lines = list(reversed(older[-EVENTS:]))
    first = int(lines[-1].address.partition(".")[0]) if len(older) > EVENTS else 0
    live = _live(watched) if before == MAX_SEQ else "/live"
    return page(request, "events.html", view=run_page(watched), tab="events", lines=lines, older=first, live=live)


@get("/runs/{run:str}/report")
async def report(request: PageRequest, run: Run) -> Html:
    watched = await _watched(gateway_of(request), run)
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


# --- keeping pages up to date ---------------------------------------------------------------------------------------


@get("/live")
async def live(request: PageRequest, with_gates: Annotated[str, Parameter(query="gates", max_length=1)] = "") -> Stream:
    gateway, caller = gateway_of(request), caller_of(request)
    check_streams(gateway, caller.name)
    return sse(_overview_stream(gateway, caller, bool(with_gates)))


@get("/runs/{run:str}/live")
async def live_run(
    request: PageRequest,
    run: Run,
    after: Annotated[int, Parameter(ge=0, le=MAX_SEQ)] = 0,
    last_event_id: Annotated[int, Parameter(header="Last-Event-ID", ge=0, le=MAX_SEQ)] = 0,
) -> Stream:
    gateway, caller = gateway_of(request), caller_of(request)
    watched = await _watched(gateway, run)
    check_streams(gateway, caller.name)
    return sse(_run_stream(gateway, caller, watched, max(after, last_event_id)))


class Asked:
    """The gates that one page has shown: one that is answered stays there, so that one sees what became of it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._shown: dict[tuple[str, str, int], None] = {}

    def panels(self, found: list[Watched]) -> list[Panel]:
        shown = []
        for each in found:
            self._shown |= {(each.run, gate.gate, gate.visit): None for gate in waiting(each.state)}
            gates = [gate for (run, *key), gate in self._gates(each) if run == each.run]
            shown += [panel(each, gate, self._caller.csrf) for gate in gates]
        return shown

    def _gates(self, watched: Watched) -> list[tuple[tuple[str, str, int], GateState]]:
        known = watched.state.gates
        mine = [key for key in self._shown if key[0] == watched.run and key[1:] in known]
        return [(key, known[key[1:]]) for key in mine]


class Sent:
    """The parts of a page as they were sent last; a part is sent again where it is another one now."""

    def __init__(self) -> None:
        self._sent: dict[str, str] = {}

    def changed(self, id: str, html: str) -> list[bytes]:
        if self._sent.get(id) == html:
            return []
        self._sent[id] = html
        return [message(msgspec.json.encode({"id": id, "html": html}), "part")]


async def _overview_stream(gateway: Gateway, caller: Caller, with_gates: bool) -> AsyncIterator[bytes]:
    watcher, sent, asked = gateway.watcher, Sent(), Asked(caller)
    with one_stream(gateway, caller.name):
        yield b"retry: 1000\n\n"
        while not watcher.closing.is_set() and _still(gateway, caller):
            found = watcher.newest()
            if with_gates:
                parts = sent.changed("part-gates", _gates_html(asked.panels(found), caller, with_runs=True))
            else:
                parts = sent.changed("run-rows", str(render("parts/rows.html", **_list_values(found, caller))))
            for each in [*_waiting_message(gateway, sent), *parts, *_server(gateway, sent)]:
                yield each
            await watcher.changed(None, PING_S)
            await asyncio.sleep(SETTLE_S)
            yield PING


async def _run_stream(gateway: Gateway, caller: Caller, watched: Watched, after: int) -> AsyncIterator[bytes]:
    watcher, sent, asked, seq = gateway.watcher, Sent(), Asked(caller), after
    with one_stream(gateway, caller.name):
        yield b"retry: 1000\n\n"
        if seq == watched.seq:
            _parts(watched, caller, sent, asked)
        while not watcher.closing.is_set() and _still(gateway, caller):
            for each in [*_waiting_message(gateway, sent), *_server(gateway, sent)]:
                yield each
            if watched.seq > seq:
                lines = [each for each in watched.told.history.lines[-EVENTS:] if _seq(each.address) > seq]
                seq = watched.seq
                html = str(render("parts/lines.html", lines=list(reversed(lines))))
                for each in _parts(watched, caller, sent, asked):
                    yield each
                yield message(msgspec.json.encode({"html": html}), "lines", seq)
            await watcher.changed(watched, PING_S)
            await asyncio.sleep(SETTLE_S)
            yield PING


def _seq(address: str) -> int:
    return int(address.partition(".")[0])


def _still(gateway: Gateway, caller: Caller) -> bool:
    """Whether the session is still good: a stream ends with it."""
    return gateway.access.caller(f"mst_{caller.entry.id}_{caller.secret}", "session") is not None


def _parts(watched: Watched, caller: Caller, sent: Sent, asked: Asked) -> list[bytes]:
    """The parts of a run's page that are others now."""
    view = run_page(watched)
    found = sent.changed("part-gates", _gates_html(asked.panels([watched]), caller))
    for part in ("head", "graph", "facts"):
        found += sent.changed(f"part-{part}", str(render(f"parts/{part}.html", view=view)))
    return found


def _gates_html(shown: list[Panel], caller: Caller, *, with_runs: bool = False) -> str:
    return str(render("parts/gates.html", panels=shown, csrf=caller.csrf, caller=caller, with_runs=with_runs))


def _waiting_message(gateway: Gateway, sent: Sent) -> list[bytes]:
    """The gates that wait in all runs: for the title, the badge and notifications."""
    found = [
        {
            "id": f"{each.run}/{gate.gate}/{gate.visit}",
            "run": each.run,
            "gate": gate.gate,
            "feature": each.state.feature,
            "prompt": gate.opened.prompt if gate.opened else "",
            "url": f"/runs/{quote(each.run)}",
        }
        for each in gateway.watcher.newest()
        for gate in waiting(each.state)
    ]
    text = msgspec.json.encode(found).decode()
    return [message(text, "waiting")] if sent.changed("waiting", text) else []


def _server(gateway: Gateway, sent: Sent) -> list[bytes]:
    up = gateway.watcher.up
    return [message(msgspec.json.encode({"up": up}), "server")] if sent.changed("server", str(up)) else []


# --- coming and going -------------------------------------------------------------------------------------------------


@get("/login")
async def login_page(request: PageRequest, to: Annotated[str, Parameter(max_length=500)] = "/") -> Html:
    return login(request, to=to)


def login(request: Request[Any, Any, Any], *, to: str = "/", error: str = "", status: int = 200) -> Html:
    """The page at which one logs in."""
    oidc = gateway_of(request).settings.config.oidc
    html = render("login.html", to=safe_path(to), error=error, oidc=oidc, link="")
    return Response(str(html), media_type=MediaType.HTML, status_code=status)


def safe_path(to: str) -> str:
    """Where to go after a log-in: a page of ours, whatever the address says."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    return to if plain else "/"


@post("/login", status_code=303)
async def log_in(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    gateway = gateway_of(request)
    slow_down(gateway.log_ins, address_of(request))
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal(403, "this form was sent from another page", "log in here")
    shown = data.get("token", "").strip()
    caller = gateway.access.caller(shown, "token")
    session = gateway.access.log_in(caller) if caller else gateway.access.exchange(shown)
    if session is None:
        return login(request, to=data.get("to", "/"), error="This token is not valid, or not any more.", status=401)
    answer = Redirect(safe_path(data.get("to", "/")), status_code=303)
    answer.set_cookie(session_cookie(gateway.settings, session[1], session[0].expires))
    return answer


@get("/login/link")
async def login_link(request: Request[Any, Any, Any], code: Annotated[str, Parameter(max_length=200)] = "") -> Html:
    """A one-time link's page: its form is sent by its script, or by a click, so that nobody's preview uses it up."""
    html = render("login.html", to="/", error="", oidc=None, link=code)
    return Response(str(html), media_type=MediaType.HTML)


@get("/login/oidc")
async def begin_oidc(
    request: Request[Any, Any, Any], to: Annotated[str, Parameter(max_length=500)] = "/"
) -> Response[Any]:
    gateway = gateway_of(request)
    slow_down(gateway.requests, address_of(request))
    if gateway.oidc is None:
        raise Refusal(404, "no log-in provider is configured", "log in with a token")
    address, browser = await gateway.oidc.begin(safe_path(to))
    answer = Redirect(address, status_code=303)
    answer.set_cookie(begun_cookie(gateway.settings, browser))
    return answer


@get("/login/oidc/callback")
async def finish_oidc(
    request: Request[Any, Any, Any],
    begun: Annotated[str, Parameter(query="state", max_length=200)] = "",
    code: Annotated[str, Parameter(max_length=4000)] = "",
) -> Html:
    """The answer is a page that leads on: a redirect would still be the provider's, and browsers keep the session's
    cookie from those."""
    gateway = gateway_of(request)
    slow_down(gateway.requests, address_of(request))
    if gateway.oidc is None:
        raise Refusal(404, "no log-in provider is configured", "log in with a token")
    person, to = await gateway.oidc.finish(begun, code, request.cookies.get(BEGUN, ""))
    assert gateway.settings.config.oidc is not None
    may = gateway.settings.config.oidc.may
    entry, secret = gateway.access.give(person, "session", may=may, lasts_ms=SESSION_MS, via="oidc")
    answer = Response(str(render("welcome.html", to=to, person=person)), media_type=MediaType.HTML)
    answer.set_cookie(session_cookie(gateway.settings, secret, entry.expires))
    return answer


@post("/logout", status_code=303)
async def log_out(request: PageRequest, data: Form) -> Response[Any]:
    check_form(request, data)
    gateway = gateway_of(request)
    gateway.access.revoke(caller_of(request).entry.id)
    answer = Redirect("/login", status_code=303)
    answer.set_cookie(end_session(gateway.settings))
    return answer


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
        grants,
        revoke_grant,
        live,
        live_run,
        log_out,
    ],
    guards=[logged_in],
    include_in_schema=False,
)
ENTRANCE = Router(
    "/", route_handlers=[login_page, log_in, login_link, begin_oidc, finish_oidc], include_in_schema=False
)
