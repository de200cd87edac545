"""`maestro audit export` and `import`: a run's history as one file that anybody can check."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.audit_verify import Operator, Policy, show
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.audit.archive import Archive
    from maestro.audit.findings import Report
    from maestro.audit.trust import Trust
    from maestro.tlog.checkpoint import SignedCheckpoint
    from maestro_contracts.events import HandedOver

SUFFIX = ".maestro"
Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="The file; without it, RUN.maestro.")]


def export(
    run: str,
    /,
    *,
    output: Output = None,
    policy: Policy = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Write a run's history as one file that anybody can check.

    It holds the log as C2SP tiles, the checkpoint with its cosignatures,
    who was introduced, the branch, what people read and signed, and a README
    with the commands by which a stranger checks all of it. It is audited
    first: exit code 7 where something does not hold; the file is written all
    the same, since it is the evidence.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_export(run, output or Path(f"{run}{SUFFIX}"), policy, where))


async def _export(run: str, output: Path, policy: Path | None, where: Where) -> Exit:
    from maestro.audit.export import Beside, write_bundle
    from maestro.audit.verify import Audit
    from maestro.cli.auditing import in_thread, live, recorded_policy, trust_of
    from maestro.cli.bundles import branch_of, operators_key, written
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    trust = trust_of(None, policy, place)
    async with live(run, place) as (source, _), branch_of(place, run, output) as git:
        audit = await in_thread(lambda: Audit(source, trust, projections=True))
        report = await in_thread(audit.run)
        signer = operators_key(place)
        recorded = policy.read_bytes() if policy else recorded_policy(place)
        beside = Beside(recorded, git, signer)
        with written(output) as file:
            await in_thread(lambda: write_bundle(file, source, audit, beside))
    console.write(str(output))
    for what, missing in (("its branch", git is None), ("a provenance, since the operator's key", signer is None)):
        if missing:
            console.note(f"without {what} is not here")
    console.note(f"{run}: {report.verdict}; see: maestro audit verify {output}")
    return Exit.VIOLATED if report.verdict == "violated" else Exit.OK


def import_(
    bundle: Path,
    /,
    *,
    into: Annotated[Path | None, Parameter(help="A new folder; without it, the run's name.")] = None,
    policy: Policy = None,
    operator: Operator = None,
) -> int:
    """Verify a bundle and unpack it into a new folder.

    Nothing is unpacked where something does not hold. The folder holds the
    files of the bundle, and its branch as a bare git repository, `run.git`.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_import(bundle, into, policy, operator))


async def _import(bundle: Path, into: Path | None, policy: Path | None, operator: Path | None) -> Exit:
    from maestro.audit.beside import GIT
    from maestro.cli.auditing import trust_of
    from maestro.cli.bundles import extract, opened
    from maestro.git.command import git

    report = await verified(bundle, trust_of(operator, policy, None))
    with opened(bundle) as (source, archive):
        folder = into or Path(source.run)
        if folder.exists():
            raise CliError(f"{folder} is there already", "name another folder with --into")
        if report.verdict == "violated":
            show(report, as_json=False)
            return Exit.VIOLATED
        count = extract(archive, folder)
    if (folder / GIT).exists():
        await git("clone", "--quiet", "--bare", (folder / GIT).absolute(), (folder / "run.git").absolute())
    console.write(str(folder))
    console.note(f"{source.run}: {report.verdict}; {count} files")
    return Exit.OK


async def verified(bundle: Path, trust: Trust, since: SignedCheckpoint | None = None) -> Report:
    """The audit of a bundle, its branch included. Raises CliError where it is no bundle."""
    from maestro.audit.beside import GIT
    from maestro.audit.verify import Audit
    from maestro.cli.auditing import in_thread
    from maestro.cli.bundles import opened

    with opened(bundle) as (source, archive):
        audit = Audit(source, trust, since)
        await in_thread(audit.read)
        over = audit.determinism.projector.state.handed_over
        if GIT in archive and over is not None:
            why = await _why_another_branch(archive, over)
            if why:
                audit.auditor.properties["verification"].breaks(GIT, why)
        return audit.auditor.result()


async def _why_another_branch(archive: Archive, over: HandedOver) -> str:
    """Why git does not find the handed-over tree in the bundle's branch; empty where it does."""
    from maestro.audit.beside import GIT
    from maestro.cli.bundles import extract, tree_of_branch
    from maestro.git.problems import GitProblem

    with tempfile.TemporaryDirectory(prefix="maestro-audit-") as work:
        folder = Path(work) / "files"
        extract(archive, folder, lambda name: name == GIT)
        try:
            tree = await tree_of_branch(folder / GIT, over.commit, Path(work) / "git")
        except GitProblem as problem:
            return f"git refuses it: {problem.reason}"
    if not tree:
        return f"it does not hold the handed-over commit {over.commit[:12]}"
    return "" if tree == over.tree else f"{over.commit[:12]} holds tree {tree[:12]}, and the log says {over.tree[:12]}"
