"""Does a workflow hold together? The rules that only the whole shows: names, dependencies, targets, gates, needs.

Pure: a workflow in, broken rules out, each with the place in the manifest that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from maestro_contracts.records import Choice, Step, Workflow
from maestro_contracts.yamlfile import Path, did_you_mean

FAIL = "_fail"
"""The target that ends the run."""
REJECT = "_reject"
"""The target of a gate's choice that rejects the action that it is about; the run goes on without it."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "tasks": ("plan",),
    "implement": ("initialise", "tasks"),
    "validate": ("initialise",),
    "refine": ("validate", "implement"),
    "handoff": ("initialise",),
    "command": ("initialise",),
    "agent": ("initialise",),
}
"""Which types of steps must be done before one of this type can work."""

Broken = tuple[Path, str, str]
"""The place, the reason, the mend."""


def broken_rules(workflow: Workflow, *, forge: bool = False) -> list[Broken]:
    """Every rule that the workflow breaks; none where it can run. `forge`: whether one is configured."""
    broken = [*_doubled_names(workflow), *_unknown_dependencies(workflow)]
    if not broken:
        broken.extend(_cycles(workflow))
    if not broken:
        broken.extend(_missing_needs(workflow))
    for index, step in enumerate(workflow.steps):
        place: Path = ("steps", index)
        if step.kind == "gate":
            broken.extend(_gate(workflow, step, place, forge))
        elif step.kind == "refine":
            broken.extend(_refine_target(workflow, step, place))
    return broken


def match_choice(choices: tuple[Choice, ...], answer: str) -> Choice | None:
    """The one choice whose key or label the answer is (case and outer blanks aside), or None. Nothing is guessed."""
    wanted = fold_answer(answer)
    matches = [choice for choice in choices if wanted in (fold_answer(choice.key), fold_answer(choice.label))]
    return matches[0] if wanted and len(matches) == 1 else None


def fold_answer(text: str) -> str:
    return text.strip().casefold()


def _doubled_names(workflow: Workflow) -> Iterator[Broken]:
    seen: dict[str, int] = {}
    for index, step in enumerate(workflow.steps):
        if step.name in seen:
            reason = f"a step named {step.name!r} is there already (steps[{seen[step.name]}])"
            yield ("steps", index, "name"), reason, "give it a name of its own"
        seen.setdefault(step.name, index)


def _unknown_dependencies(workflow: Workflow) -> Iterator[Broken]:
    names = [step.name for step in workflow.steps]
    for index, step in enumerate(workflow.steps):
        for position, name in enumerate(step.depends_on):
            place: Path = ("steps", index, "depends_on", position)
            if name == step.name:
                yield place, f"{name!r} cannot depend on itself", "remove it"
            elif name not in names:
                yield place, f"there is no step {name!r}", did_you_mean(name, names)


def _cycles(workflow: Workflow) -> Iterator[Broken]:
    """The first cycle, told as the path around it."""
    needs = {step.name: step.depends_on for step in workflow.steps}
    done: set[str] = set()
    for index, step in enumerate(workflow.steps):
        cycle = _cycle_from(step.name, needs, done)
        if cycle:
            reason = f"the steps wait for each other: {' -> '.join(cycle)}"
            yield ("steps", index, "depends_on"), reason, "remove one of these dependencies"
            return


def _cycle_from(start: str, needs: Mapping[str, tuple[str, ...]], done: set[str]) -> list[str]:
    path = [start]
    todo = [list(needs[start])]
    while path:
        if not todo[-1]:
            done.add(path.pop())
            todo.pop()
            continue
        name = todo[-1].pop()
        if name in path:
            return [*path[path.index(name) :], name]
        if name not in done:
            path.append(name)
            todo.append(list(needs[name]))
    return []


def _before(workflow: Workflow, name: str) -> set[str]:
    """The names of all steps that must be done before this one."""
    needs = {step.name: step.depends_on for step in workflow.steps}
    found: set[str] = set()
    stack = list(needs.get(name, ()))
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(needs.get(current, ()))
    return found


def _missing_needs(workflow: Workflow) -> Iterator[Broken]:
    for index, step in enumerate(workflow.steps):
        before = _before(workflow, step.name)
        kinds = {other.kind for other in workflow.steps if other.name in before}
        for kind in NEEDS.get(step.kind, ()):
            if kind not in kinds:
                named = next((other.name for other in workflow.steps if other.kind == kind), "")
                mend = f"add {named!r} to its depends_on" if named else f"add a step of type {kind} before it"
                reason = f"a step of type {step.kind} needs one of type {kind} before it"
                yield ("steps", index, "depends_on"), reason, mend


def _gate(workflow: Workflow, step: Step, place: Path, forge: bool) -> Iterator[Broken]:
    yield from _kind_of_gate(step, place)
    if step.gate == "pull-request":
        yield from _pull_request(workflow, step, place, forge)
    yield from _ambiguous_choices(step, place)
    yield from _quorum(step, place)
    yield from _escalation(step, place)
    names = [other.name for other in workflow.steps]
    for index, choice in enumerate(step.choices):
        if choice.target and choice.target != FAIL and choice.target not in names:
            target: Path = (*place, "choices", index, "target")
            yield target, f"there is no step {choice.target!r}", did_you_mean(choice.target, [*names, FAIL])
    if step.default and match_choice(step.choices, step.default) is None:
        answers = [answer for choice in step.choices for answer in (choice.key, choice.label)]
        reason = f"{step.default!r} is none of its choices"
        yield (*place, "default"), reason, did_you_mean(step.default, answers)


def _kind_of_gate(step: Step, place: Path) -> Iterator[Broken]:
    match step.gate:
        case "timer" if step.timeout_s is None:
            yield (*place, "timeout"), "a timer gate waits for a time", "write how long, such as `timeout: 2h`"
        case "command" if not step.command:
            yield (*place, "command"), "a command gate waits for a command that passes", "write the command"
        case "command" if step.timeout_s is None:
            yield (*place, "timeout"), "a command gate does not wait for ever", "write how long, such as `timeout: 2h`"
        case _:
            if step.command and step.gate != "command":
                yield (*place, "command"), f"a gate of type {step.gate} runs no command", "write `gate: command`"
    if not step.choices:
        yield (*place, "choices"), "nobody could answer it", "write its choices, such as `{label: approve, key: a}`"
    elif step.gate in {"timer", "command", "pull-request"} and not any(not choice.target for choice in step.choices):
        yield (*place, "choices"), "none of its choices goes on", "leave the `target` of one of them empty"


def _pull_request(workflow: Workflow, step: Step, place: Path, forge: bool) -> Iterator[Broken]:
    if not forge:
        reason = "no forge is configured, so nobody could tell whether it was merged"
        mend = "configure one (`forge` in .flow/maestro/config.yaml), or use a gate of type command that asks yours"
        yield (*place, "gate"), reason, mend
    kinds = {other.name: other.kind for other in workflow.steps}
    if "initialise" not in {kinds.get(name) for name in _before(workflow, step.name)}:
        reason = "there is no branch to merge before a step of type initialise"
        yield (*place, "depends_on"), reason, "let it depend on what makes the branch, such as the handoff"
    if sum(not choice.target for choice in step.choices) > 1:
        reason = "a merge decides for the one choice that goes on, and here are several"
        yield (*place, "choices"), reason, "leave the `target` of exactly one of them empty"


def _quorum(step: Step, place: Path) -> Iterator[Broken]:
    if step.of and step.quorum > step.of:
        reason = f"{step.quorum} of {step.of} people can never agree"
        yield (*place, "quorum"), reason, f"write at most {step.of}, or name more people in `of`"
    if len(set(step.people)) != len(step.people):
        yield (*place, "of"), "somebody is named twice", "name each person once"


def _escalation(step: Step, place: Path) -> Iterator[Broken]:
    if step.escalate and step.timeout_s is not None and step.escalate.after_s >= step.timeout_s:
        reason = "the gate is over before it would be escalated"
        yield (*place, "escalate", "after"), reason, "write a shorter time than its `timeout`"


def _ambiguous_choices(step: Step, place: Path) -> Iterator[Broken]:
    taken: dict[str, int] = {}
    for index, choice in enumerate(step.choices):
        for field, answer in (("key", choice.key), ("label", choice.label)):
            folded = fold_answer(answer)
            if taken.setdefault(folded, index) != index:
                reason = f"{answer!r} already answers choices[{taken[folded]}]"
                yield (*place, "choices", index, field), reason, "make every key and label different"


def _refine_target(workflow: Workflow, step: Step, place: Path) -> Iterator[Broken]:
    implements = [other.name for other in workflow.steps if other.kind == "implement"]
    if step.target not in implements:
        reason = f"{step.target!r} is no step of type implement"
        yield (*place, "target"), reason, did_you_mean(step.target, implements)
    elif step.target not in _before(workflow, step.name):
        yield (*place, "target"), f"{step.target!r} does not come before it", "add it to depends_on, directly or not"
