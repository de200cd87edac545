"""`maestro policy`: which level has an action, why, and do the policy's own examples hold?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.policy.loading import Policy
    from maestro.policy.paths import Surroundings
    from maestro.policy.rules import Rule
    from maestro.policy.suggest import Decided, Decision, Suggestion
    from maestro_contracts.events import ActionClassified, Event
    from maestro_contracts.proposals import Classification, Proposal

CHUNK = 1000
"""Lines that are read before any is answered: the shell's parser is asked about all their commands at once."""

Command = Annotated[str, Parameter(help="A shell command, in quotes.", allow_leading_hyphen=True)]
Action = Annotated[str, Parameter(help="An action as one JSON object, instead of a command.")]
Lines = Annotated[
    str,
    Parameter(help="Actions as JSON Lines, one object each; `-` reads standard input.", allow_leading_hyphen=True),
]
Rules = Annotated[Path | None, Parameter(name="--policy", help="Another file than your own policy.")]


def check(
    command: Command = "",
    /,
    *,
    action: Action = "",
    jsonl: Lines = "",
    at_most: Annotated[int, Parameter(help="Exit code 5 where a level is above this.")] = 3,
    policy: Rules = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Say the level of an action: 1 runs, 2 asks first, 3 always needs a person. Nothing is run."""
    if sum(map(bool, (command, action, jsonl))) != 1:
        raise CliError("name one command, or --action, or --jsonl", "maestro policy check 'git push'", Exit.USAGE)
    root = _root(where)
    rules = _load(root, policy)
    if jsonl:
        with _opened(jsonl) as lines:
            return _check_lines(lines, rules, _surroundings(root), listing.json, at_most)
    from maestro.policy.classify import classify

    judged = classify(_proposal(command, action), rules, _surroundings(root))
    if listing.json:
        console.write_json(_as_json(judged))
    else:
        console.write(_as_line(judged, command or action))
    return Exit.NEEDS_ANSWER if judged.level > at_most else Exit.OK


def _proposal(command: str, action: str) -> Proposal:
    from maestro_contracts.proposals import InvalidProposal, Shell, parse_proposal

    if command:
        return Shell(command)
    try:
        return parse_proposal(action)
    except InvalidProposal as error:
        raise CliError(f"--action is no action: {error.reason}", error.mend) from None


# --- the policy and its place -----------------------------------------------------------------------------------


def _root(where: Where) -> Path:
    """The repository around the folder, or the folder itself."""
    start = (where.repo or Path.cwd()).expanduser().resolve()
    if not start.is_dir():
        raise CliError(f"there is no folder {start}", "name a folder with --repo")
    return next((each for each in (start, *start.parents) if (each / ".git").exists()), start)


def _load(root: Path, policy: Path | None) -> Policy:
    from maestro.policy.loading import load_policy

    if policy is not None and not policy.is_file():
        raise CliError(f"there is no file {policy}", "leave --policy out for your own policy")
    return load_policy(root, user=policy, remember=_memory())


def _memory() -> Path:
    """Where it is noted that a policy's examples held."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "maestro" / "policy"


def _surroundings(root: Path) -> Surroundings:
    from maestro.policy.paths import Surroundings

    home = str(Path.home())

    def real(path: str) -> str:
        return os.path.realpath(os.path.join(root, os.path.expanduser(path)))

    return Surroundings(str(root), ".", home, real)


# --- many -------------------------------------------------------------------------------------------------------


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    return Path(name).expanduser().open("rb")


def _check_lines(lines: BinaryIO, policy: Policy, at: Surroundings, as_json: bool, at_most: int) -> int:
    """Answers each line; one that is no action is named, and the others are answered all the same."""
    bad = above = 0
    numbered = enumerate(lines, 1)
    while several := list(islice(numbered, CHUNK)):
        for answer in _answers(several, policy, at):
            bad += "error" in answer
            above += answer.get("level", 0) > at_most
            console.write(json.dumps(answer, ensure_ascii=False) if as_json else _line_of(answer))
    if bad:
        console.note(f"maestro: {bad} line{'s' if bad > 1 else ''} could not be read; the others are answered")
        return Exit.BAD_INPUT
    return Exit.NEEDS_ANSWER if above else Exit.OK


def _answers(lines: Iterable[tuple[int, bytes]], policy: Policy, at: Surroundings) -> Iterator[dict[str, Any]]:
    from maestro.policy.classify import classify
    from maestro.policy.reading import prepare

    read = [_read_line(number, text) for number, text in lines if text.strip()]
    prepare([proposal for _, proposal in read if proposal is not None])
    for answer, proposal in read:
        yield answer if proposal is None else answer | _as_json(classify(proposal, policy, at))


def _read_line(number: int, text: bytes) -> tuple[dict[str, Any], Proposal | None]:
    """The answer's beginning and the proposal, or the whole answer and None."""
    from maestro_contracts.proposals import InvalidProposal, parse_proposal

    try:
        proposal = parse_proposal(text)
    except InvalidProposal as error:
        return {"id": _id(text), "line": number, "error": error.reason, "mend": error.mend}, None
    return {"id": _id(text)}, proposal


def _id(text: bytes) -> Any:
    try:
        found = json.loads(text).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str | int) else None


def _line_of(answer: dict[str, Any]) -> str:
    from maestro.projections.text import one_line

    if "error" in answer:
        return (
            f"✗  {answer['id'] or ''}  line {answer['line']}: {one_line(answer['error'])}; {one_line(answer['mend'])}"
        )
    return f"{answer['level']}  {one_line(str(answer['id'] or ''))}  {', '.join(answer['rules'])}"


# --- one --------------------------------------------------------------------------------------------------------


def _as_json(judged: Classification) -> dict[str, Any]:
    import msgspec

    fields: dict[str, Any] = msgspec.structs.asdict(judged)
    if not judged.claimed:
        del fields["claimed"], fields["violation"]
    return fields | {"effects": [msgspec.structs.asdict(effect) for effect in judged.effects]}


_WORDS = {1: "runs", 2: "asks first", 3: "always needs a person"}


def _as_line(judged: Classification, about: str) -> str:
    from maestro.projections.text import one_line

    because = "; ".join(map(one_line, judged.reasons[:3]))
    return f"level {judged.level} ({_WORDS[judged.level]}): {one_line(about, 120)}\n  {because}"


def explain(
    command: Command = "",
    /,
    *,
    action: Action = "",
    policy: Rules = None,
    where: Where = Where(),  # noqa: B008
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Show what an action would do, and which rule says what of it. Without an action: all rules that apply here."""
    root = _root(where)
    rules = _load(root, policy)
    if not command and not action:
        return _show_rules(rules, listing.json)
    return _explain(_proposal(command, action), rules, _surroundings(root), listing.json)


def _show_rules(policy: Policy, as_json: bool) -> int:
    ordered = sorted(policy.rules, key=lambda rule: -rule.level)
    if as_json:
        rows = [{"name": r.name, "level": r.level, "layer": r.layer, "why": r.why, "fixed": r.fixed} for r in ordered]
        console.write_json({"version": policy.version, "sha256": policy.sha256, "rules": rows})
    else:
        console.note(f"policy version {policy.version}, sha256 {policy.sha256}")
        for source in policy.sources:
            console.note(f"  {source.layer}: {source.file}")
        columns = ("LEVEL", "RULE", "FROM", "WHY")
        console.table(columns, [(str(r.level), r.name, r.layer, r.why) for r in ordered], "no rules")
    return Exit.OK


def _explain(proposal: Proposal, policy: Policy, at: Surroundings, as_json: bool) -> int:
    from maestro.policy.classify import classify
    from maestro.policy.reading import effects_of_proposal
    from maestro.policy.rules import judge

    read = effects_of_proposal(proposal, at)
    judged = classify(proposal, policy, at)
    by_effect = [(effect, judge([effect], policy.rules)) for effect in read.effects]
    if as_json:
        import msgspec

        rows = [
            {**msgspec.structs.asdict(effect), "level": each.level, "rules": [rule.name for rule in each.rules]}
            for effect, each in by_effect
        ]
        console.write_json(_as_json(judged) | {"effects": rows, "problems": list(read.problems)})
        return Exit.OK
    console.write(f"level {judged.level}: {_WORDS[judged.level]}")
    for effect, each in sorted(by_effect, key=lambda pair: -pair[1].level):
        console.write(f"  {each.level}  {_visible(effect.kind, effect.target, effect.where, effect.detail)}")
        for rule in each.rules:
            console.write(f"       {rule.name} ({rule.layer}, level {rule.level}): {rule.why}")
    for rule in _combinations(policy, judged):
        console.write(f"  {rule.level}  all together: {rule.name} ({rule.layer}): {rule.why}")
    for problem in read.problems:
        console.write(f"  not seen: {_visible(problem)}")
    if judged.violation:
        console.write(f"  violation: {judged.violation}")
    console.write(
        f"  action  sha256 {judged.digest}\n  policy  sha256 {judged.policy_sha256}, version {judged.policy_version}"
    )
    return Exit.OK


def _combinations(policy: Policy, judged: Classification) -> list[Rule]:
    return [rule for rule in policy.rules if rule.all_of and rule.name in judged.rules]


def _visible(*parts: str) -> str:
    from maestro.projections.text import one_line

    kind, *rest = parts
    beside = ", ".join(one_line(part, 160) for part in rest if part)
    return f"{one_line(kind, 200)}{f': {beside}' if beside else ''}"


# --- test -------------------------------------------------------------------------------------------------------


def test(
    *,
    policy: Rules = None,
    where: Where = Where(),  # noqa: B008
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Run every example of every rule: the shipped rules', yours and the project's."""
    from maestro.policy.loading import examples_of

    outcomes = list(examples_of(_root(where), user=policy))
    failed = [each for each in outcomes if each.problem]
    if listing.json:
        import msgspec

        console.write_json([msgspec.structs.asdict(each) for each in outcomes])
    else:
        for each in failed:
            console.write(f"✗ {each.file}:{each.line}: {each.example}\n    {each.problem}\n    {each.mend}")
        layers = ", ".join(
            f"{sum(o.layer == name for o in outcomes)} {name}" for name in ("shipped", "user", "project")
        )
        console.write(f"{len(outcomes) - len(failed)} of {len(outcomes)} examples hold ({layers})")
    return Exit.BAD_INPUT if failed else Exit.OK


# --- suggest ----------------------------------------------------------------------------------------------------


def suggest(
    run: Annotated[str, Parameter(help="Only this run's decisions; without it, those of all runs here.")] = "",
    /,
    *,
    at_least: Annotated[int, Parameter(help="How often it must have been approved.")] = 5,
    where: Where = Where(),  # noqa: B008
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Show what people always approved, as rules that would no longer ask, with the evidence. Nothing is changed."""
    from maestro.cli.interrupts import run_async

    if at_least < 2:
        raise CliError("--at-least must be 2 or more", "once says nothing about every time", Exit.USAGE)
    return run_async(_suggest(run, at_least, where, listing))


async def _suggest(run: str, at_least: int, where: Where, listing: Listing) -> int:
    import msgspec

    from maestro.policy.suggest import suggest as suggestions

    history = await _history(run, where)
    rules = _load(_root(where), None).rules
    found = suggestions(history, [rule.name for rule in rules if rule.level == 2], at_least=at_least)
    if listing.json:
        console.write_json([msgspec.to_builtins(each) for each in found])
    elif not found:
        console.note(f"nothing to suggest: no kind of action was approved {at_least} times and never rejected")
    else:
        _show_suggestions(found)
    return Exit.OK


def _show_suggestions(found: list[Suggestion]) -> None:
    from maestro.policy.loading import user_file
    from maestro.projections.text import one_line

    for each in found:
        console.write(f"# approved {each.approved} times, never rejected:")
        for line in each.evidence[:10]:
            console.write(f"#   {one_line(line, 160)}")
        console.write(f"{each.yaml}\n")
    console.note(f"to take one over, put it under `rules:` in {user_file()}, and run `maestro policy test`")


async def _history(run: str, where: Where) -> list[Decided]:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place
    from maestro.log.reader import Rejected, commits

    place = await find_place(where.repo, run=run)
    found: list[Decided] = []
    async with reading(place) as engine:
        for name in [run] if run else await engine.store.runs():
            events: list[Event] = []
            async for verdict in commits(engine.store, engine.keyring(), name, follow=False):
                if not isinstance(verdict, Rejected):
                    events += verdict.events
            found += decided(name, events)
    return found


def decided(run: str, events: Iterable[Event]) -> list[Decided]:
    """The actions that a person approved or rejected, part by part, as they were judged."""
    from maestro_contracts import events as e

    judged: dict[str, e.ActionClassified] = {}
    found: list[Decided] = []
    for event in events:
        if isinstance(event, e.ActionClassified):
            judged[event.proposal] = event
        elif isinstance(event, e.ApprovalGiven) and event.by == "person":
            found += _parts(run, judged.get(event.proposal), "approved")
        elif isinstance(event, e.ActionRejected):
            found += _parts(run, judged.get(event.proposal), "rejected")
    return found


def _parts(run: str, judged: ActionClassified | None, decision: Decision) -> Iterator[Decided]:
    from maestro.policy.suggest import Decided

    for part in judged.parts if judged is not None else ():
        at = f"{run} {judged.proposal}" if judged is not None else run
        yield Decided(part.kind, part.about, part.level, part.effects, part.rules, decision, at)
