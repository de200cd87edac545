"""`maestro demo`: what does Maestro do, without anything of one's own? A real run on a small library of the package."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.run import Attending, asks, start_and_follow
from maestro.cli.errors import CliError


def demo(
    folder: Annotated[Path | None, Parameter(help="Where to put the demo; without it, a new temporary folder.")] = None,
    *,
    attending: Attending = Attending(),  # noqa: B008 - frozen, no options given
) -> int:
    """Run Maestro on a small Python library that the package carries.

    An offline agent plays a script: its edits, commands and tests are real,
    and one of its workers lies and is caught. At a terminal you answer the
    gate; elsewhere, and with --no-input, the script answers it and says so.
    """
    from dataclasses import replace

    from maestro.cli.interrupts import run_async

    if not asks(attending):
        attending = replace(attending, no_input=True, answers_from_playbook=True)
    return run_async(_demo(folder, attending))


async def _demo(folder: Path | None, attending: Attending) -> int:
    from maestro import demo
    from maestro.cli.request import Asked
    from maestro.cli.where import place_of

    target = folder.expanduser().absolute() if folder else Path(tempfile.mkdtemp(prefix="maestro-demo-"))
    try:
        files = demo.unpack(target)
    except (FileExistsError, RuntimeError) as error:
        raise CliError(str(error), "name another folder: maestro demo FOLDER") from None
    console.note(f"The demo's library is in {files.repo}; its agent is a script, its edits and tests are real.")
    place = await place_of(files.repo, needed=True)
    asked = Asked(spec=files.spec, agent=f"script:{files.playbook}", interactive=asks(attending))
    return await start_and_follow(place, asked, attending, "demo")
