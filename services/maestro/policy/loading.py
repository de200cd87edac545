"""Which policy applies here? The shipped rules, the user's file, the project's file; checked, and made ready to judge.

A file that has a mistake is refused as a whole, with every mistake's line: a policy that is half read is none. The
examples of all rules are run when files are read; that they held is remembered under the hash of all files and of
this code, so that the next start need not run them again.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from maestro.policy.effects import Effect
from maestro.policy.rules import Condition, Layer, Rule, judge

if TYPE_CHECKING:
    from maestro_contracts.policy_file import ConditionModel, PolicyFile, RuleModel
    from maestro_contracts.proposals import Proposal
    from maestro_contracts.yamlfile import Document, FileProblem

SHIPPED = pathlib.Path(__file__).with_name("default.yaml")
EffectsOf = Callable[["Proposal"], Sequence[Effect]]


class Source(msgspec.Struct, frozen=True):
    """One file of a policy."""

    layer: Layer
    file: str
    text: str
    revision: int = 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


class Policy(msgspec.Struct, frozen=True):
    """What applies. `version` is the sum of its files' revisions, so that it rises with each of them; `sha256` is over
    all their bytes."""

    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]

    @property
    def version(self) -> int:
        return sum(source.revision for source in self.sources)

    @property
    def sha256(self) -> str:
        return policy_sha256(self.sources)


def policy_sha256(sources: Sequence[Source]) -> str:
    """SHA-256 over a line `<layer> <sha256 of the file>` for each file, in their order."""
    lines = "".join(f"{source.layer} {source.sha256}\n" for source in sources)
    return hashlib.sha256(lines.encode()).hexdigest()


# --- finding the files ------------------------------------------------------------------------------------------


def user_file(environ: dict[str, str] | None = None) -> pathlib.Path:
    """`MAESTRO_POLICY_FILE`, else `policy.yaml` in the user's configuration folder."""
    env = os.environ if environ is None else environ
    if named := env.get("MAESTRO_POLICY_FILE"):
        return pathlib.Path(named).expanduser()
    base = env.get("XDG_CONFIG_HOME") or "~/.config"
    return pathlib.Path(base).expanduser() / "maestro" / "policy.yaml"


def load_policy(
    root: pathlib.Path | None = None, *, user: pathlib.Path | None = None, remember: pathlib.Path | None = None
) -> Policy:
    """The policy for the repository `root` (None: outside any). `user`: another file than the user's own; it must
    exist. `remember`: a folder in which checked policies are noted. Raises InvalidFile with every mistake."""
    return policy_of(_documents(root, user), remember=remember)


def _documents(root: pathlib.Path | None, user: pathlib.Path | None) -> list[tuple[Layer, Document]]:
    from maestro_contracts.policy_file import PROJECT_FILE

    documents = [_document("shipped", SHIPPED)]
    mine = user or user_file()
    # A link that leads nowhere is a file that cannot be read, and not none: its rules are missing.
    if user is not None or os.path.lexists(mine) or os.environ.get("MAESTRO_POLICY_FILE"):
        documents.append(_document("user", mine))
    if root is not None and os.path.lexists(root / PROJECT_FILE):
        documents.append(_document("project", root / PROJECT_FILE))
    return documents


def _document(layer: Layer, path: pathlib.Path) -> tuple[Layer, Document]:
    from maestro_contracts.yamlfile import read_yaml_file

    return layer, read_yaml_file(path)


def shipped_policy() -> Policy:
    """The shipped rules alone; their examples are held to by the tests of this code."""
    return _shipped()


@cache
def _shipped() -> Policy:
    return policy_of([_document("shipped", SHIPPED)], check=False)


# --- from documents to a policy ---------------------------------------------------------------------------------


def policy_of(
    documents: Sequence[tuple[Layer, Document]],
    *,
    remember: pathlib.Path | None = None,
    check: bool = True,
    effects_of: EffectsOf | None = None,
) -> Policy:
    """The policy that these documents make, in the order shipped, user, project. Raises InvalidFile."""
    from maestro_contracts.yamlfile import InvalidFile

    rules: dict[str, Rule] = {}
    sources: list[Source] = []
    files = _files(documents)
    for layer, document, file in files:
        problems = list(_misplaced(layer, document, file, rules))
        if problems:
            raise InvalidFile(problems)
        rules |= {rule.name: _rule(layer, rule) for rule in file.rules}
        sources.append(Source(layer, document.source, document.text, file.revision))
    policy = Policy(tuple(rules.values()), tuple(sources))
    if check:
        _check_examples(policy, files, effects_of or _effects_of, remember)
    return policy


def _rule(layer: Layer, model: RuleModel) -> Rule:
    return Rule(
        name=model.name,
        level=model.level,
        why=model.why,
        when=_condition(model.when),
        unless=tuple(map(_condition, model.when.unless)),
        all_of=tuple(map(_condition, model.when.all_of)),
        layer=layer,
        instead_of=frozenset(model.instead_of),
        fixed=model.fixed,
    )


def _condition(model: ConditionModel) -> Condition:
    return Condition(frozenset(model.kind), frozenset(model.where), model.target, model.detail)


def _misplaced(layer: Layer, document: Document, file: PolicyFile, above: dict[str, Rule]) -> Iterator[FileProblem]:
    """What this file may not say, given the rules of the files above it."""
    own: set[str] = set()
    for index, rule in enumerate(file.rules):
        path = ("rules", index)
        if rule.name in own:
            yield document.problem((*path, "name"), f"a second rule {rule.name!r}", "give it another name")
        own.add(rule.name)
        if rule.fixed and layer != "shipped":
            yield document.problem((*path, "fixed"), "only shipped rules are fixed", "remove the line")
        if layer == "project":
            yield from _project_rule(path, document, rule, above)
        elif layer == "user":
            yield from _user_rule(path, document, rule, above)


_OWN_FILE = "what lowers a level belongs into your own file (~/.config/maestro/policy.yaml)"


def _project_rule(
    path: tuple[str | int, ...], document: Document, rule: RuleModel, above: dict[str, Rule]
) -> Iterator[FileProblem]:
    if rule.level == 1:
        reason = "a project's rule may only tighten, and level 1 asks nobody"
        yield document.problem((*path, "level"), reason, f"write level 2 or 3, or remove the rule; {_OWN_FILE}")
    if rule.instead_of:
        reason = "a project's rule may only tighten, and this takes rules away"
        yield document.problem((*path, "instead_of"), reason, f"remove the line; {_OWN_FILE}")
    if rule.name in above:
        reason = (
            f"a project's rule may only tighten, and this would replace the {above[rule.name].layer} rule {rule.name!r}"
        )
        yield document.problem((*path, "name"), reason, "give it another name; both rules count then")


def _user_rule(
    path: tuple[str | int, ...], document: Document, rule: RuleModel, above: dict[str, Rule]
) -> Iterator[FileProblem]:
    from maestro_contracts.yamlfile import did_you_mean

    if rule.name in above and above[rule.name].fixed:
        reason = f"the rule {rule.name!r} is fixed: no file replaces it"
        yield document.problem((*path, "name"), reason, "give it another name; the higher level counts")
    for index, name in enumerate(rule.instead_of):
        where = (*path, "instead_of", index)
        if name not in above:
            yield document.problem(where, f"there is no rule {name!r}", did_you_mean(name, above))
        elif above[name].fixed:
            yield document.problem(where, f"the rule {name!r} is fixed: no file takes it away", "remove it here")


# --- examples ---------------------------------------------------------------------------------------------------


class Outcome(msgspec.Struct, frozen=True):
    """One example that was run. `problem` is empty where it held."""

    layer: Layer
    rule: str
    file: str
    line: int
    wanted: bool
    example: str
    level: int
    problem: str = ""
    mend: str = ""


def run_examples(
    policy: Policy, files: Sequence[tuple[Layer, Document, PolicyFile]], effects_of: EffectsOf
) -> Iterator[Outcome]:
    """Every example of every rule, in the order of the files."""
    rules = {rule.name: rule for rule in policy.rules}
    for layer, document, file in files:
        above = [rule for rule in policy.rules if rule.layer != "project"]
        for index, model in enumerate(file.rules):
            rule = rules[model.name]
            if rule.layer != layer:
                continue  # replaced by a later file
            for wanted, key, examples in ((True, "match", model.match), (False, "not_match", model.not_match)):
                for number, example in enumerate(examples):
                    line = document.line(("rules", index, key, number))
                    yield _outcome(policy, above, rule, document, line, wanted, example, effects_of(example))


def _outcome(
    policy: Policy,
    above: Sequence[Rule],
    rule: Rule,
    document: Document,
    line: int,
    wanted: bool,
    example: Proposal,
    effects: Sequence[Effect],
) -> Outcome:
    level = judge(effects, policy.rules).level
    problem, mend = "", ""
    if rule.is_met(effects) != wanted:
        problem = f"the rule {rule.name!r} {'does not apply' if wanted else 'applies'} to this example"
        mend = f"its effects: {shown(effects)}"
    elif wanted and rule.layer == "project" and (higher := judge(effects, above).level) > rule.level:
        problem = f"the rule {rule.name!r} says {rule.level} where it is {higher} without it, so it would lower it"
        mend = f"write level {higher}, or narrow `when`"
    return Outcome(rule.layer, rule.name, document.source, line, wanted, about(example), level, problem, mend)


def shown(effects: Sequence[Effect]) -> str:
    """Effects as one line for people: `credential ~/.ssh/id_rsa (home, read)`."""
    return "; ".join(_one(effect) for effect in effects[:8]) + (" ..." if len(effects) > 8 else "")


def _one(effect: Effect) -> str:
    beside = ", ".join(part for part in (effect.where, effect.detail) if part)
    return f"{effect.kind}{f' {effect.target}' if effect.target else ''}{f' ({beside})' if beside else ''}"


def examples_of(root: pathlib.Path | None = None, *, user: pathlib.Path | None = None) -> Iterator[Outcome]:
    """Every example of the files that apply here, run. Raises InvalidFile where a file has another mistake."""
    documents = _documents(root, user)
    policy = policy_of(documents, check=False)
    files = _files(documents)
    _prepare(files)
    return run_examples(policy, files, _effects_of)


def _files(documents: Sequence[tuple[Layer, Document]]) -> list[tuple[Layer, Document, PolicyFile]]:
    from maestro_contracts.policy_file import PolicyFile
    from maestro_contracts.yamlcheck import validate

    return [(layer, document, validate(document, PolicyFile)) for layer, document in documents]


def about(proposal: Proposal) -> str:
    """What an action is, in a few words."""
    fields = msgspec.to_builtins(proposal)
    main = fields.get("command") or " ".join(fields.get("args", ())) or fields.get("path") or fields.get("tool")
    text = str(main or fields.get("content") or fields.get("manifest") or "")
    return f"{fields['kind']}: {text}"[:120]


def _effects_of(proposal: Proposal) -> Sequence[Effect]:
    from maestro.policy.reading import effects_of_proposal

    return effects_of_proposal(proposal).effects


def _check_examples(
    policy: Policy,
    files: Sequence[tuple[Layer, Document, PolicyFile]],
    effects_of: EffectsOf,
    remember: pathlib.Path | None,
) -> None:
    from maestro_contracts.yamlfile import FileProblem, InvalidFile

    note = remember / f"{policy.sha256}-{code_sha256()[:16]}" if remember is not None else None
    if note is not None and note.exists():
        return
    _prepare(files)
    outcomes = run_examples(policy, files, effects_of)
    problems = [
        FileProblem(each.file, each.line, f"{each.rule}: {each.example}", each.problem, each.mend)
        for each in outcomes
        if each.problem
    ]
    if problems:
        raise InvalidFile(_without_parser() or problems)
    if note is not None:
        _remember(note)


def _without_parser() -> list[FileProblem]:
    """Where shell commands cannot be read at all, that is what must be mended, and no rule."""
    from maestro.policy.shell.syntax import NoParser, shfmt_version
    from maestro_contracts.yamlfile import FileProblem

    try:
        shfmt_version()
    except NoParser as error:
        reason, _, mend = str(error).partition("; ")
        return [FileProblem(str(SHIPPED), 0, "examples cannot be run", reason, mend)]
    return []


def _prepare(files: Sequence[tuple[Layer, Document, PolicyFile]]) -> None:
    """The parser of shell commands is asked once for all examples."""
    from maestro.policy.reading import prepare

    prepare([example for _, _, file in files for rule in file.rules for example in (*rule.match, *rule.not_match)])


@cache
def code_sha256() -> str:
    """The hash of the code that judges: examples that held with other code say nothing."""
    folder = pathlib.Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _remember(note: pathlib.Path) -> None:
    """Best effort: where nothing can be noted, the examples run again next time."""
    try:
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        note.touch(mode=0o600)
    except OSError:
        return
