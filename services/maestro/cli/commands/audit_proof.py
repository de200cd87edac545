"""`maestro audit proof`: does this one event stand in a sealed log? A file that shows it, and whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.commands.audit_verify import Operator, Policy
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.log.note import VerifyKey

Verify = Annotated[Path | None, Parameter(help="Check this proof instead of making one.")]
Notary = Annotated[str, Parameter(help="The notary's public key (a vkey), where no server is at hand to ask.")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="The file; without it, RUN-SEQ.tlog-proof.")]


def proof(
    run: str = "",
    event: str = "",
    /,
    *,
    output: Output = None,
    verify: Verify = None,
    policy: Policy = None,
    operator: Operator = None,
    notary: Notary = "",
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Write the proof that an event stands in a sealed log, or check one.

    RUN is a run, or the file of a bundle; EVENT an address (SEQ or SEQ.I), as
    `maestro log` shows it. A proof holds the entry, its way to the root of
    the log's tree, and the signed checkpoint: it is checked offline, with
    --verify, --operator and --notary.
    """
    from maestro.cli.interrupts import run_async

    if verify is not None:
        return _check(verify, policy, operator, notary)
    if not run or not event:
        raise CliError("which event of which run?", "maestro audit proof RUN SEQ, or --verify FILE", Exit.USAGE)
    seq = _seq(event)
    return run_async(_make(run, seq, output or Path(f"{Path(run).stem}-{seq}.tlog-proof"), policy, operator, where))


def _seq(event: str) -> int:
    seq, dot, index = event.partition(".")
    if not seq.isdecimal() or (dot and not index.isdecimal()) or not 0 < int(seq) < 2**53:
        raise CliError(f"{event!r} is no address", "an address is SEQ or SEQ.I, as `maestro log` shows", Exit.USAGE)
    return int(seq)


async def _make(run: str, seq: int, output: Path, policy: Path | None, operator: Path | None, where: Where) -> Exit:
    from maestro.audit.proof import make
    from maestro.audit.verify import Audit, Source
    from maestro.cli.auditing import in_thread, live, trust_of
    from maestro.cli.bundles import opened
    from maestro.cli.where import find_place

    def write(source: Source, trust: object) -> Exit:
        audit = Audit(source, trust)  # type: ignore[arg-type]
        audit.read()
        sealed = audit.auditor.seals.newest
        if sealed is None:
            raise CliError(f"no checkpoint covers anything of {source.run}", "see: maestro audit verify")
        try:
            made = make((entry.body for page in source.entries() for entry in page), seq, sealed)
        except ValueError as error:
            raise CliError(str(error)) from None
        output.write_bytes(made.encode())
        console.write(str(output))
        for member in audit.enrolled.keyring.members():
            if member.role == "notary":
                console.note(f"notary: {member.key.encode()}")
        return Exit.OK

    if Path(run).is_file():
        with opened(Path(run)) as (bundle, _):
            return await in_thread(lambda: write(bundle, trust_of(operator, policy, None)))
    place = await find_place(where.repo, run=run)
    async with live(run, place) as (source, _):
        return await in_thread(lambda: write(source, trust_of(operator, policy, place)))


def _check(file: Path, policy: Path | None, operator: Path | None, notary: str) -> Exit:
    from maestro.audit.archive import BundleRefused
    from maestro.audit.proof import MAX_SIZE, decode, show
    from maestro.cli.auditing import trust_of
    from maestro.log.commit import parse_commit
    from maestro.projections.text import visible

    with file.open("rb") as opened:
        content = opened.read(MAX_SIZE + 1)
    try:
        given = decode(content)
    except BundleRefused as error:
        raise CliError(f"{file}: {error}") from None
    trust = trust_of(operator, policy, None)
    shown = show(given, trust.operator, _notaries(notary, trust.policy.logs), trust.policy)
    for problem in shown.problems:
        console.write(f"✗ {visible(problem)}")
    if shown.problems:
        return Exit.VIOLATED
    console.write(
        f"✓ entry {shown.seq} of {visible(shown.run)} stands among {given.sealed.checkpoint.size} sealed ones"
    )
    for line in parse_commit(shown.entry).text.decode().splitlines()[1:]:
        console.write(visible(line))
    return Exit.OK


def _notaries(notary: str, logs: Iterable[object]) -> Sequence[VerifyKey]:
    from maestro.log.note import VerifyKey

    if not notary and not list(logs):
        raise CliError(
            "whose checkpoint is to be believed?",
            "name the notary's key with --notary, as `maestro audit proof` printed it, or a policy with `log` lines",
            Exit.USAGE,
        )
    return [VerifyKey.decode(notary)] if notary else []
