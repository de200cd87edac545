"""`maestro doctor`: has this machine what Maestro needs?"""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError, as_cli_error
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Place, Where

ROOMY_BYTES = 1024**3
WALLS = (
    "`scripts/server-users FOLDER` makes users and passwords for it (docs/running.md, 'Users of the server'); "
    "give MAESTRO_REDIS_PASSWORD_FILE that folder"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `ok` None: it works, but look at it."""

    what: str
    ok: bool | None
    found: str
    mend: str = ""


def doctor(
    *,
    probe: Annotated[bool, Parameter(help="Send a task that does nothing through all services.")] = False,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Check Python, git, shfmt, the server, the state directory, agent and disk; with --probe, all of it together."""
    from maestro.cli.interrupts import run_async

    return run_async(_doctor(probe, where, listing))


async def _doctor(probe: bool, where: Where, listing: Listing) -> int:
    findings = [_python(), await _checked("git", _git), await _checked("shfmt", _shfmt)]
    place_finding, place = await _place(where)
    findings += [place_finding, await _checked("server", lambda: _server(place))]
    if place is not None:
        findings += [await _checked("agent", lambda: _agent(place)), _disk(place)]
        findings.append(await _checked("witnesses", lambda: _witnesses(place)))
    if probe and place is not None:
        findings.append(await _checked("probe", lambda: _probe(place)))
    if listing.json:
        console.write_json([_as_json(finding) for finding in findings])
    else:
        for finding in findings:
            _print(finding)
    return Exit.OK if all(finding.ok is not False for finding in findings) else Exit.BAD_INPUT


async def _checked(what: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Exception as error:
        known = as_cli_error(error) or CliError(f"{type(error).__name__}: {error}")
        return Finding(what, False, known.reason, known.mend)


def _as_json(finding: Finding) -> dict[str, Any]:
    return {"check": finding.what, "ok": finding.ok, "found": finding.found, "mend": finding.mend}


def _print(finding: Finding) -> None:
    from maestro.projections.text import visible

    mark = {True: "✓", False: "✗", None: "!"}[finding.ok]
    console.write(f"{mark} {finding.what:<16} {visible(finding.found)}")
    for line in finding.mend.splitlines():
        console.write(f"  {'':<16} {visible(line)}")


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding(
        "python", ok, f"{platform.python_version()} at {sys.executable}", "" if ok else "install 3.11 or later"
    )


async def _git() -> Finding:
    from maestro.git.state import require_git

    version = await require_git()
    return Finding("git", True, ".".join(str(part) for part in version))


async def _shfmt() -> Finding:
    """Without it every shell command of an agent waits for a person."""
    from maestro.policy.shell.syntax import find_shfmt, shfmt_version

    version = await asyncio.to_thread(shfmt_version)
    return Finding("shfmt", True, f"{version} at {find_shfmt()}; reads shell commands")


async def _place(where: Where) -> tuple[Finding, Place | None]:
    from maestro.cli.where import find_place

    try:
        place = await find_place(where.repo)
    except Exception as error:
        known = as_cli_error(error) or CliError(str(error))
        return Finding("state directory", False, known.reason, known.mend), None
    return Finding("state directory", True, str(place.state.root)), place


async def _server(place: Place | None) -> Finding:
    """The configured server, or one that is started for a moment on an empty folder."""
    from maestro.embedded.binary import find_binary, version_of
    from maestro.embedded.server import PrivateServer

    if place is not None and place.remote_url:
        from maestro.bus.suited import check_names, lacking_walls
        from maestro.cli.engine import reading
        from maestro.embedded.stack import ROLES

        async with reading(place) as engine:
            await check_names(engine.store, ROLES)
            lacks = await lacking_walls(engine.store)
        answers = f"{engine.store.link.address} answers"
        return Finding("server", None, f"{answers}; {lacks}", WALLS) if lacks else Finding("server", True, answers)
    binary = find_binary()
    with tempfile.TemporaryDirectory(prefix="maestro-doctor-") as folder:
        for name in ("server", "logs"):
            Path(folder, name).mkdir()
        server = PrivateServer(Path(folder, "server"))
        try:
            server.start(timeout_s=20)
        finally:
            server.kill()
    version = version_of(binary).partition(" bits=")[0].partition(" sha=")[0]
    return Finding("server", True, f"{version} from {binary.found}; starts and answers")


async def _agent(place: Place) -> Finding:
    agent = place.config.agent
    if agent.kind == "none":
        return Finding(
            "agent", None, "none configured", "give one with --agent, or write agent: into the configuration"
        )
    if agent.kind == "script":
        path = (place.repo or Path()) / agent.playbook
        mend = "" if path.is_file() else f"write {path}, or change agent.playbook"
        return Finding("agent", path.is_file(), f"playbook {path}", mend)
    found = shutil.which(agent.command[0])
    return Finding("agent", found is not None, f"{agent.command[0]} at {found or 'no place on PATH'}")


async def _witnesses(place: Place) -> Finding:
    """Who has to cosign what happens here."""
    from maestro.approvals.sealing import policy_file
    from maestro.tlog.keys import read_policy

    path = policy_file(place.state.root)
    if path is None:
        return Finding(
            "witnesses", None, "none are named yet", "the first `maestro run` makes one; see docs/sealing.md"
        )
    policy = read_policy(path)
    return Finding("witnesses", True, f"{policy.in_words}, by {path}")


def _disk(place: Place) -> Finding:
    free = shutil.disk_usage(place.state.root).free
    mend = "" if free > ROOMY_BYTES else "make room, or set MAESTRO_STATE_DIR to a folder on another disk"
    return Finding("disk", True if free > ROOMY_BYTES else None, f"{free / ROOMY_BYTES:.1f} GiB free", mend)


async def _probe(place: Place) -> Finding:
    """One task that does nothing, through the real server and every service, in a repository of its own."""
    import os
    import time
    from dataclasses import replace

    from maestro.bus.client import ask
    from maestro.cli.engine import working
    from maestro.cli.follow import Following
    from maestro.cli.preflight import prepare
    from maestro.cli.request import Asked
    from maestro.cli.show import Show
    from maestro.cli.where import place_of
    from maestro.git.command import git

    with tempfile.TemporaryDirectory(prefix="maestro-probe-") as folder:
        await git("init", "--quiet", cwd=Path(folder))
        await git("commit", "--quiet", "--allow-empty", "--message", "Start", cwd=Path(folder))
        own = await place_of(Path(folder), needed=True)
        own = replace(own, written=place.written)
        started = time.monotonic()
        start = await prepare(own, Asked(feature="probe", workflow="probe"), f"doctor on {os.uname().nodename}")
        async with working(own, "doctor", start.run) as engine:
            await ask(engine.store, start.run, start.command, "start")
            state = await Following(engine, start.run, Show(live=False, quiet=True)).to_the_end()
        shutil.rmtree(own.private().root, ignore_errors=True)
    took = f"{time.monotonic() - started:.1f} s"
    if state.status != "completed":
        reason = state.problem.reason if state.problem else state.status
        return Finding(
            "probe", False, f"the run {state.status} after {took}: {reason}", "see `maestro ps` and its logs"
        )
    return Finding("probe", True, f"one task through all services in {took}, with their start")
