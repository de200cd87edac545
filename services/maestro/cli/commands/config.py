"""`maestro config check`: would a run with this configuration start?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import CONFIG_FILE, Listing, Where


def check(
    file: Annotated[Path | None, Parameter(help="The file; without it, the repository's.")] = None,
    *,
    workflow: Annotated[str, Parameter(help="Check this workflow instead of the configured one.")] = "",
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Check the configuration and the workflow that it names; print what applies, defaults included."""
    from maestro.cli.settings import load
    from maestro.workflows import find_workflow
    from maestro_contracts.config import with_overrides

    root = (where.repo or Path.cwd()).expanduser().absolute()
    path = file or root / CONFIG_FILE
    if file is not None and not file.is_file():
        raise CliError(f"there is no file {file}", f"leave it out to check {CONFIG_FILE}")
    config = load(path)
    forge = config.forge.record() is not None
    chosen = find_workflow(workflow or config.workflow, Path.cwd() if workflow else root, forge=forge)
    with_overrides(chosen, config, str(path))
    if listing.json:
        console.write_json(config.model_dump(mode="json"))
    else:
        from maestro.runs.hashing import flat

        console.note(f"{path if path.exists() else 'no file, so the defaults'}: ok; workflow {chosen.name}: ok")
        for key, value in flat(config.model_dump(mode="json")).items():
            console.write(f"{key}: {value!r}")
    return Exit.OK
