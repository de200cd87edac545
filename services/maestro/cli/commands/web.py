"""`maestro web`: how do people see runs and decide gates in a browser, and programs over REST?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.cli.where import Place
    from maestro.gateway.access import Access

START_S = 30.0
PORTS = 20
"""So many ports are tried, from the usual one on."""


def web(
    *,
    port: Annotated[int, Parameter(help="The port; without it, 8420 or the next free one.")] = 0,
    open_: Annotated[bool, Parameter(name="--open", negative="", help="Open it in a browser.")] = False,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Serve the web page and the REST API until Ctrl-C, on this machine alone.

    Uses the server that runs for this repository, or is configured; else it keeps one running, as `maestro up`
    does. Prints a link that logs you in once.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_web(where, port, open_))


async def _web(where: Where, port: int, opens: bool) -> int:
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    address = f"127.0.0.1:{_free_port(port)}"
    os.environ.setdefault("MAESTRO_WEB_BIND", address)
    first = True
    while True:
        async with _engine(place) as engine:
            await _ready(engine, address)
            if first:
                await _tell(engine, address, opens)
            first = False
            await _until_it_ends(engine)
            console.note("the command that kept the server has ended; this one keeps it now")


@contextlib.asynccontextmanager
async def _engine(place: Place) -> AsyncIterator[Engine]:
    """A gateway beside the server that is there, or beside one of our own."""
    from maestro.cli.engine import beside, serving, somebody_serves

    if place.remote_url or somebody_serves(place):
        async with beside(place, ("gateway",)) as engine:
            yield engine
    else:
        async with serving(place, more=("gateway",), command="web") as engine:
            yield engine


async def _until_it_ends(engine: Engine) -> None:
    """Return when the server's owner has ended. Raises CliError where our own processes do not stay up."""
    from maestro.cli.engine import owner_has_ended

    supervisor = engine.supervisor
    assert supervisor is not None
    while not owner_has_ended(engine):
        done, _ = await asyncio.wait({supervisor.trouble}, timeout=0.5)
        if done:
            trouble = supervisor.trouble.result()
            raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)


async def _ready(engine: Engine, address: str) -> None:
    """Wait until it answers. Raises CliError where it does not."""
    end = time.monotonic() + START_S
    supervisor = engine.supervisor
    while not await asyncio.to_thread(_answers, address):
        if supervisor is not None and supervisor.trouble.done():
            trouble = supervisor.trouble.result()
            raise CliError(trouble.reason, trouble.mend, Exit.UNAVAILABLE)
        if time.monotonic() > end:
            raise CliError(f"the gateway does not answer at {address}", "its log: `maestro ps`", Exit.UNAVAILABLE)
        await asyncio.sleep(0.05)


def _answers(address: str) -> bool:
    from urllib.error import URLError
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(f"http://{address}/api/v1/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


async def _tell(engine: Engine, address: str, opens: bool) -> None:
    from maestro.cli.own_key import ensure_own_key, my_name
    from maestro.gateway.access import LINK_MS

    own, _ = await ensure_own_key(engine)
    person = own.person if own else my_name()
    _, code = _access(engine.place).give(person, "link", lasts_ms=LINK_MS)
    link = f"http://{address}/login/link?code={code}"
    console.write(f"Maestro is at http://{address}")
    console.write(f"  log in as {person}, once, within {LINK_MS // 60_000} minutes: {link}")
    console.note("Ctrl-C ends it; others need a token of their own: maestro web token NAME")
    if opens:
        import webbrowser

        await asyncio.to_thread(webbrowser.open, link)


def _free_port(wanted: int) -> int:
    """Raises CliError where the wanted port, or every usual one, is taken."""
    from maestro.gateway.settings import PORT

    for port in [wanted] if wanted else range(PORT, PORT + PORTS):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    taken = f"port {wanted} is" if wanted else f"the ports {PORT} to {PORT + PORTS - 1} are"
    raise CliError(f"{taken} taken", "name a free one with --port", Exit.UNAVAILABLE)


def _access(place: Place) -> Access:
    from maestro.gateway.access import Access
    from maestro.gateway.settings import web_folder

    given = os.environ.get("MAESTRO_WEB_DIR")
    return Access(Path(given) if given else web_folder(place.state.root))


# --- tokens ----------------------------------------------------------------------------------------------------------


def token(
    person: str,
    /,
    *,
    may: Annotated[Literal["read", "decide"], Parameter(help="What it allows.")] = "decide",
    days: Annotated[int, Parameter(help="How long it is good.", show_default=True)] = 90,
    where: Where = Where(),  # noqa: B008
) -> int:
    """Make a token with which PERSON logs in or uses the API; it is shown once, and kept as its hash alone."""
    from maestro.cli.interrupts import run_async

    return run_async(_token(person, may, days, where))


async def _token(person: str, may: Literal["read", "decide"], days: int, where: Where) -> int:
    from maestro.cli.where import find_place
    from maestro.gateway.access import DAY_MS, AccessRefused

    if not 1 <= days <= 3660:
        raise CliError(f"--days {days} is no length of time for a token", "give 1 to 3660", Exit.USAGE)
    place = await find_place(where.repo)
    try:
        entry, secret = _access(place).give(person, may=may, lasts_ms=days * DAY_MS)
    except AccessRefused as refused:
        raise CliError(str(refused), "") from None
    console.write(secret)
    console.note(f"for {person}, to {may}, for {days} days; take it back with `maestro web revoke {entry.id}`")
    return Exit.OK


def tokens(*, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List the tokens, links and sessions that are good now."""
    from maestro.cli.interrupts import run_async

    return run_async(_tokens(where, listing))


async def _tokens(where: Where, listing: Listing) -> int:
    from maestro.cli.where import find_place
    from maestro.projections.text import utc

    place = await find_place(where.repo)
    found = _access(place).entries()
    if listing.json:
        names = ("id", "kind", "person", "may", "via")
        console.write_json([{**{n: getattr(e, n) for n in names}, "expires": utc(e.expires)} for e in found])
    else:
        rows = [(e.id, e.kind, e.person, e.may, utc(e.created)[:16], utc(e.expires)[:16]) for e in found]
        console.table(("ID", "KIND", "PERSON", "MAY", "GIVEN", "UNTIL"), rows, "none; make one: maestro web token NAME")
    return Exit.OK


def revoke(id: str, /, *, where: Where = Where()) -> int:  # noqa: B008
    """Take back a token, a link or a session; the sessions of a token end with it."""
    from maestro.cli.interrupts import run_async

    return run_async(_revoke(id, where))


async def _revoke(id: str, where: Where) -> int:
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    if not _access(place).revoke(id):
        raise CliError(f"there is no token {id!r}", "list them: maestro web tokens")
    console.write(f"revoked {id}")
    return Exit.OK
