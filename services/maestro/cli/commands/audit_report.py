"""`maestro audit report`: the audit of a run as a page for auditors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.audit_verify import Operator, Policy, exit_code
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.audit.trust import Trust
    from maestro.audit.verify import Source

Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="A name without its ending; RUN-audit.")]


def report(
    run: str,
    /,
    *,
    output: Output = None,
    policy: Policy = None,
    operator: Operator = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Write the audit of a run as a page: HTML and Markdown.

    Who approved what, when and on which evidence; what does not hold; a
    timeline; statistics. RUN is a run, or the file of a bundle. The page needs
    no network. The exit code is that of `maestro audit verify`.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_report(run, output, policy, operator, where))


async def _report(run: str, output: Path | None, policy: Path | None, operator: Path | None, where: Where) -> Exit:
    from maestro.cli.auditing import in_thread, live, trust_of
    from maestro.cli.bundles import opened
    from maestro.cli.where import find_place

    if Path(run).is_file():
        with opened(Path(run)) as (bundle, _):
            trust = trust_of(operator, policy, None)
            return await in_thread(lambda: _write(bundle, trust, output))
    place = await find_place(where.repo, run=run)
    async with live(run, place) as (source, _):
        trust = trust_of(operator, policy, place)
        return await in_thread(lambda: _write(source, trust, output))


def _write(source: Source, trust: Trust, output: Path | None) -> Exit:
    from maestro.audit.account import Account
    from maestro.audit.pages import html, markdown
    from maestro.audit.verify import Audit
    from maestro.cli.bundles import written

    account = Account()
    found = Audit(source, trust, listeners=[account.hear]).run()
    stem = output or Path(f"{source.run}-audit")
    for ending, text in ((".html", html(found, account)), (".md", markdown(found, account))):
        path = stem.with_name(stem.name + ending)
        with written(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        console.write(str(path))
    return exit_code(found)
