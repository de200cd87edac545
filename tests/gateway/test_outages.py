"""What do people see while something is away? That it is, how things stood, and by itself how they stand again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from maestro_contracts import events as e
from tests.support.browsing import open_browser, visiting
from tests.support.servers import NotHere, Server, any_running
from tests.support.wait import wait_for
from tests.support.web import Site, open_site

GATE = "[data-gate=approve-plan]"


@pytest.fixture
def server() -> Iterator[Server]:
    try:
        with any_running() as own:
            yield own
    except NotHere as error:
        pytest.skip(str(error))


@pytest.fixture
def lonely(tmp_path: Any, server: Server) -> Iterator[Site]:
    with open_site(server, tmp_path, MAESTRO_WEB_RATE="10000") as site:
        yield site


def test_a_server_that_dies_is_said_with_how_things_stood_and_the_page_goes_on_when_it_is_back(
    lonely: Site, server: Server
) -> None:
    run = lonely.run(feature="Count the stars")
    lonely.opens(run)
    token = lonely.token("ann")
    with open_browser() as browser, visiting(browser, lonely) as ann:
        page = ann.log_in("ann").opens(f"/runs/{run}")
        page.locator(GATE).wait_for()
        server.kill()
        page.locator("[data-server]").wait_for(state="visible", timeout=30_000)
        page.reload()
        page.get_by_role("heading", name="Count the stars").wait_for()
        page.locator("[data-server]").wait_for(state="visible")
        asked = httpx.get(f"{lonely.url}/api/v1/runs/{run}", headers=bearer(token), trust_env=False)
        assert (asked.status_code, asked.headers["retry-after"]) == (503, "2")
        assert httpx.get(f"{lonely.url}/api/v1/health", trust_env=False).status_code == 503
        page.locator(GATE).get_by_role("button", name="approve").click()
        page.locator(GATE).get_by_text("nothing was decided").wait_for()
        server.start()
        page.locator("[data-server]").wait_for(state="hidden", timeout=30_000)
        page.reload()
        page.locator(GATE).get_by_role("button", name="approve").click()
        page.get_by_text("approve by ann").first.wait_for()
        assert page.evaluate("window.broken") == []
    assert lonely.has(run, e.GateDecided)


def test_whoever_opens_a_page_while_the_gateway_is_away_is_told_and_gets_it_when_it_is_back(lonely: Site) -> None:
    run = lonely.run(feature="Count the stars")
    with open_browser() as browser, visiting(browser, lonely) as ann:
        page = ann.log_in("ann").opens(f"/runs/{run}")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        lonely.stop("gateway")
        page.goto(f"{lonely.url}/runs/{run}")
        page.get_by_role("heading", name="The gateway does not answer").wait_for()
        lonely.start("gateway")
        page.get_by_role("heading", name="Count the stars").wait_for(timeout=30_000)


def test_a_gateway_that_is_asked_to_stop_ends_though_somebody_follows_a_stream(lonely: Site) -> None:
    run = lonely.run()
    gateway = lonely.processes["gateway"]
    with lonely.client("ann") as ann, ann.stream("GET", f"/runs/{run}/events/stream") as stream:
        assert next(stream.iter_lines())
        gateway.terminate()
        wait_for(lambda: gateway.poll() is not None, 8, "its end")
    assert gateway.returncode == 0


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_gateway_whose_log_went_back_ends_so_that_it_begins_anew_with_what_is_there(
    lonely: Site, server: Server
) -> None:
    run = lonely.run()
    for _ in range(3):
        lonely.say(run, "conductor", e.RunPaused("ada"), e.RunResumed("ada"))
    with lonely.client("ann") as ann:
        assert ann.get(f"/runs/{run}").json()["seq"] == 4
    client = server.client()
    client.xdel(f"{{p00}}:run:{run}:log", "0-4")
    client.close()
    gateway = lonely.processes["gateway"]
    server.kill()
    server.start()
    wait_for(lambda: gateway.poll() is not None, 60, "its end")
    assert gateway.returncode == 75
