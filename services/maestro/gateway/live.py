"""How does a page stay as the log is while somebody looks at it? A stream of those of its parts that have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import get
from litestar.params import Parameter
from litestar.response import Stream

from maestro.gateway.access import Caller
from maestro.gateway.answers import run_summary, waiting
from maestro.gateway.api_parts import MAX_SEQ
from maestro.gateway.gateway import Gateway, caller_of, gateway_of
from maestro.gateway.page_parts import (
    EVENTS,
    SETTLE_S,
    PageRequest,
    Run,
    known_run,
)
from maestro.gateway.rendering import render
from maestro.gateway.showing import Panel, panel, panels, run_page
from maestro.gateway.stream import PING, PING_S, check_streams, message, one_stream, sse
from maestro.gateway.watching import Watched
from maestro.runs.state import GateState


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
    watched = await known_run(gateway, run)
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
                parts = sent.changed("run-rows", str(render("parts/rows.html", **list_values(found, caller))))
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


def list_values(found: list[Watched], caller: Caller) -> dict[str, Any]:
    rows = [(each, run_summary(each.state), run_page(each).look) for each in found]
    return {"rows": rows, "asked": [shown for each in found for shown in panels(each, caller.csrf)]}
