"""What does a workflow file say, and how is each mistake in one shown?"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from maestro.workflows import NoSuchWorkflow, builtin_names, find_workflow, load_builtin
from maestro_contracts.manifest import load_workflow
from maestro_contracts.records import Choice, Escalation, Retry, Workflow
from maestro_contracts.yamlfile import FileProblem, InvalidFile

HEAD = "name: mine\nsteps:\n"
GATE = "  - {name: ask, type: gate, prompt: On?, choices: [{label: go, key: g}, {label: no, key: s, target: _fail}]"
INITIALISE = "  - {name: start, type: initialise}\n"


def loaded(steps: str, head: str = HEAD) -> Workflow:
    return load_workflow(head + textwrap.dedent(steps), "mine.yaml")


def problems(steps: str, head: str = HEAD) -> tuple[FileProblem, ...]:
    with pytest.raises(InvalidFile) as caught:
        loaded(steps, head)
    return caught.value.problems


def problem(steps: str, head: str = HEAD) -> FileProblem:
    found = problems(steps, head)
    assert len(found) == 1, "\n".join(str(each) for each in found)
    return found[0]


# --- the built-in ones ------------------------------------------------------------------------------------------


def test_the_autonomous_workflow_is_what_the_design_says() -> None:
    workflow = load_builtin("autonomous")
    kinds = ["initialise", "plan", "gate", "tasks", "implement", "validate", "refine", "handoff"]
    assert [step.kind for step in workflow.steps] == kinds
    phases = ["Planning", "Task generation", "Implementation", "Validation", "Handoff"]
    assert list(dict.fromkeys(step.title for step in workflow.steps)) == phases
    assert [step.phase for step in workflow.steps] == [1, 1, 1, 2, 3, 4, 4, 5]


def test_its_gate_takes_approve_revise_and_abort_and_waits_for_ever() -> None:
    gate = next(step for step in load_builtin("autonomous").steps if step.kind == "gate")
    assert gate.choices == (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))
    assert (gate.default, gate.auto, gate.freeform, gate.timeout_s) == ("approve", True, True, None)


def test_its_refine_loop_ends_after_three_rounds() -> None:
    refine = next(step for step in load_builtin("autonomous").steps if step.kind == "refine")
    assert (refine.target, refine.max_iterations) == ("implement", 3)


@pytest.mark.parametrize("name", builtin_names())
def test_every_builtin_workflow_is_called_what_its_file_is(name: str) -> None:
    assert load_builtin(name).name == name


def test_a_workflow_that_is_not_built_in_is_named_with_those_that_are() -> None:
    with pytest.raises(NoSuchWorkflow, match="did you mean 'autonomous'"):
        load_builtin("autonomus")


def test_a_workflow_is_found_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "über mine.yaml").write_text(HEAD + "  - {name: p, type: probe}\n", encoding="utf-8")
    assert find_workflow("über mine.yaml", tmp_path).name == "mine"


def test_a_workflow_that_is_nowhere_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoSuchWorkflow, match=r"neither built in \(autonomous, probe\) nor a file"):
        find_workflow("mine.yaml", tmp_path)


# --- what it may say --------------------------------------------------------------------------------------------


def test_everything_a_gate_says_is_kept() -> None:
    gate = "  - {name: plan, type: plan}\n" + GATE + ", freeform: true, timeout: 1h30m, default: GO, auto: false,\n"
    step = loaded(gate + "     depends_on: [plan], max_visits: 2, phase: 3, title: Ask}\n").steps[1]
    assert (step.freeform, step.timeout_s, step.default, step.auto) == (True, 5400.0, "GO", False)
    assert (step.depends_on, step.max_visits, step.phase, step.title) == (("plan",), 2, 3, "Ask")


def test_a_gate_may_be_passed_by_auto_approve_unless_it_says_no() -> None:
    assert loaded(GATE + "}\n").steps[0].auto


def test_a_timeout_without_a_default_is_allowed() -> None:
    assert loaded(GATE + ", timeout: 30}\n").steps[0].timeout_s == 30.0


def test_a_command_an_agent_and_a_probe_say_what_they_do() -> None:
    steps = loaded(
        INITIALISE
        + """\
  - {name: c, type: command, command: make docs, timeout: 2m, contract: {page: test -s out}, depends_on: [start]}
  - {name: a, type: agent, prompt: Write it., role: docs, depends_on: [start]}
  - {name: p, type: probe, widths: [1, 20, 1]}
"""
    ).steps
    assert (steps[1].command, steps[1].timeout_s, steps[1].contract) == ("make docs", 120.0, {"page": "test -s out"})
    assert (steps[2].prompt, steps[2].role) == ("Write it.", "docs")
    assert steps[3].prompt == "1,20,1"


def test_a_retry_takes_durations_and_keeps_the_rest() -> None:
    step = loaded("  - {name: p, type: probe, retry: {max_attempts: 5, backoff: 2s}}\n").steps[0]
    assert step.retry == Retry(max_attempts=5, backoff_s=2.0)


def test_steps_take_the_files_max_visits_unless_they_have_their_own() -> None:
    steps = "  - {name: a, type: probe}\n  - {name: b, type: probe, max_visits: 2}\n"
    assert [step.max_visits for step in loaded(steps, f"max_visits: 9\n{HEAD}").steps] == [9, 2]


def test_the_same_text_has_the_same_hash_and_another_one_has_not() -> None:
    text = HEAD + "  - {name: p, type: probe}\n"
    assert load_workflow(text, "a").sha256 == load_workflow(text, "b").sha256
    assert load_workflow(text, "a").sha256 != load_workflow(text + "#", "a").sha256


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("9", 9), ("0.5", 0.5), ("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1h5m", 3900)],
)
def test_durations_are_seconds_or_have_units(written: str, seconds: float) -> None:
    assert loaded(GATE + f", timeout: {written}}}\n").steps[0].timeout_s == seconds


# --- what is refused: a single place ----------------------------------------------------------------------------


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    found = problem("  - name: p\n    type: probe\n    dependson: [x]\n")
    assert (found.line, found.field, found.reason) == (5, "steps[0].dependson", "no such key here")
    assert found.mend == "did you mean 'depends_on'?"


def test_a_key_of_another_type_of_step_is_unknown_here() -> None:
    assert problem("  - {name: p, type: probe, choices: []}\n").field == "steps[0].choices"


def test_an_unknown_type_of_step_is_answered_with_the_nearest() -> None:
    found = problem("  - {name: p, type: porbe}\n")
    assert (found.reason, found.mend) == ("'porbe' is no type of step", "did you mean 'probe'?")


def test_a_mistake_in_a_choice_has_its_own_line() -> None:
    gate = "  - name: g\n    type: gate\n    prompt: Go?\n    choices:\n      - label: go\n        kee: g\n"
    missing, unknown = problems(gate)
    assert (missing.line, missing.field) == (7, "steps[0].choices[0].key")
    assert (unknown.line, unknown.field) == (8, "steps[0].choices[0].kee")


def test_an_unknown_key_of_a_retry_is_answered_with_the_nearest() -> None:
    assert problem("  - {name: p, type: probe, retry: {backof: 1}}\n").mend == "did you mean 'backoff'?"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ("{name: My Step, type: probe}", "name"),
        ("{name: 1, type: probe}", "name"),
        ("{name: _fail, type: probe}", "name"),
        ("{name: a.questions, type: probe}", "name"),
        ("{name: a:b, type: probe}", "name"),
        ("{name: ../up, type: probe}", "name"),
        (f"{{name: {'a' * 41}, type: probe}}", "name"),
        ("{name: p, type: probe, phase: one}", "phase"),
        ("{name: p, type: probe, phase: 1.5}", "phase"),
        ("{name: p, type: probe, phase: true}", "phase"),
        ("{name: p, type: probe, depends_on: start}", "depends_on"),
        ("{name: p, type: probe, max_visits: 0}", "max_visits"),
        ("{name: p, type: probe, max_visits: 101}", "max_visits"),
        ("{name: p, type: probe, widths: []}", "widths"),
        ("{name: p, type: probe, widths: [0]}", "widths[0]"),
        ("{name: p, type: probe, retry: {max_attempts: 0}}", "retry.max_attempts"),
        ("{name: p, type: probe, retry: {jitter: 2}}", "retry.jitter"),
        ("{name: p, type: probe, title: }", "title"),
        ("{name: c, type: command}", "command"),
        ("{name: a, type: agent, prompt: ''}", "prompt"),
        ("{name: g, type: gate, prompt: x}", "choices"),
        ("{name: g, type: gate, prompt: x, choices: []}", "choices"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: 1}]}", "choices[0].key"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: a b}]}", "choices[0].key"),
        ('{name: g, type: gate, prompt: x, choices: [{label: "a\\nb", key: a}]}', "choices[0].label"),
        ("{name: g, type: gate, prompt: x, choices: [{label: '  ', key: a}]}", "choices[0].label"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], auto: yes}", "auto"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], timeout: soon}", "timeout"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], timeout: 0}", "timeout"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], timeout: -5s}", "timeout"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], quorum: 0}", "quorum"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], quorum: 3, of: 2}", "quorum"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], quorum: 3, of: [ann, bob]}", "quorum"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], of: [ann, ann]}", "of"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], roles: [Not a role]}", "roles[0]"),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], escalate: {after: 1h}}", "escalate.to"),
        (
            "{name: g, type: gate, prompt: x, choices: [{label: a, key: b}], timeout: 9,escalate: {after: 9, to: [a]}}",
            "escalate.after",
        ),
        ("{name: g, type: gate, prompt: x, choices: [{label: go, key: g}], command: make}", "command"),
        ("{name: g, type: gate, prompt: x, gate: timer}", "timeout"),
        ("{name: g, type: gate, prompt: x, gate: command, timeout: 1h}", "command"),
        ("{name: g, type: gate, prompt: x, gate: command, command: make}", "timeout"),
        (
            "{name: g, type: gate, prompt: x, gate: timer, timeout: 1h, choices: [{label: no, key: n, target: _fail}]}",
            "choices",
        ),
        ("{type: probe}", "name"),
    ],
)
def test_a_value_of_the_wrong_kind_or_size_names_its_field(step: str, field: str) -> None:
    assert problem(f"  - {step}\n").field == f"steps[0].{field}"


def test_a_gate_says_who_may_decide_how_many_and_what_happens_when_nobody_does() -> None:
    more = "quorum: 2, of: [ann, bob, cy], veto: true, remind: 1h, escalate: {after: 4h, to: [lead]}, conditions: true"
    (gate,) = loaded(f"{GATE}, roles: [security], {more}}}\n").steps
    assert (gate.roles, gate.quorum, gate.of, gate.people) == (("security",), 2, 3, ("ann", "bob", "cy"))
    assert (gate.veto, gate.remind_s, gate.escalate, gate.conditions) == (
        True,
        3600.0,
        Escalation(14_400.0, ("lead",)),
        True,
    )


def test_gates_that_wait_for_no_person_need_no_choices() -> None:
    text = "  - {name: night, type: gate, gate: timer, prompt: Wait., timeout: 8h}\n"
    text += "  - {name: green, type: gate, gate: command, prompt: Wait., timeout: 8h, command: make ci, every: 5m}\n"
    night, green = loaded(text).steps
    assert (night.gate, night.choices) == ("timer", (Choice("go on", "g"),))
    assert (green.command, green.every_s, green.choices) == ("make ci", 300.0, (Choice("go on", "g"),))


def test_a_gate_that_waits_for_a_merge_is_refused_as_long_as_no_forge_is_configured() -> None:
    found = problem(f"{MERGED}, depends_on: [start]}}\n")
    assert found.field == "steps[1].gate"
    assert "no forge is configured" in found.reason
    assert "command" in found.mend


MERGED = "  - {name: start, type: initialise}\n  - {name: g, type: gate, gate: pull-request, prompt: x"


def test_a_gate_that_waits_for_a_merge_is_taken_where_a_forge_is_configured() -> None:
    text = f"{HEAD}{MERGED}, depends_on: [start], every: 2m, timeout: 3d}}\n"
    gate = load_workflow(text, "mine.yaml", forge=True).steps[1]
    assert (gate.gate, gate.every_s, gate.timeout_s) == ("pull-request", 120.0, 259_200.0)
    assert gate.choices == (Choice("go on", "g"),)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("", "depends_on"),
        (", depends_on: [start], command: make", "command"),
        (", depends_on: [start], choices: [{label: no, key: n, target: _fail}]", "choices"),
        (", depends_on: [start], choices: [{label: a, key: a}, {label: b, key: b}]", "choices"),
    ],
)
def test_a_gate_that_waits_for_a_merge_needs_a_branch_and_one_way_on(more: str, field: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        load_workflow(f"{HEAD}{MERGED}{more}}}\n", "mine.yaml", forge=True)
    assert [found.field for found in caught.value.problems] == [f"steps[1].{field}"]


@pytest.mark.parametrize("head", ["name: mine\nsteps: []\n", "name: mine\n", "name: mine\nsteps: 3\n"])
def test_a_workflow_without_steps_is_none(head: str) -> None:
    assert problem("", head).field == "steps"


def test_another_version_of_the_format_is_refused() -> None:
    assert problem("  - {name: p, type: probe}\n", f"version: 2\n{HEAD}").field == "version"


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    found = problems("  - {name: P, type: probe}\n  - {name: b, type: gaet}\n", "nmae: x\nname: x\nsteps:\n")
    assert [each.line for each in found] == [1, 4, 5]


def test_an_error_can_be_read_as_text() -> None:
    with pytest.raises(InvalidFile) as caught:
        loaded("  - {name: p, type: porbe}\n")
    assert str(caught.value) == "mine.yaml:3: steps[0]: 'porbe' is no type of step\n    did you mean 'probe'?"


# --- what is refused: the whole ---------------------------------------------------------------------------------


def test_a_step_named_twice_is_refused() -> None:
    found = problem("  - {name: p, type: probe}\n  - {name: p, type: probe}\n")
    assert (found.line, found.field) == (4, "steps[1].name")


def test_a_dependency_nobody_knows_is_answered_with_the_nearest() -> None:
    found = problem("  - {name: first, type: probe}\n  - {name: second, type: probe, depends_on: [frist]}\n")
    assert (found.line, found.field, found.mend) == (4, "steps[1].depends_on[0]", "did you mean 'first'?")


def test_a_step_that_waits_for_itself_is_refused() -> None:
    assert "itself" in problem("  - {name: p, type: probe, depends_on: [p]}\n").reason


def test_steps_that_wait_for_each_other_are_named_in_order() -> None:
    cycle = "".join(
        f"  - {{name: {a}, type: probe, depends_on: [{b}]}}\n" for a, b in [("a", "b"), ("b", "c"), ("c", "a")]
    )
    assert problem(cycle).reason == "the steps wait for each other: a -> b -> c -> a"


def test_a_deep_chain_without_a_cycle_is_fine() -> None:
    steps = "".join(f"  - {{name: s{n}, type: probe, depends_on: [{f's{n - 1}' if n else ''}]}}\n" for n in range(150))
    assert len(loaded(steps).steps) == 150


def test_a_gates_target_that_is_no_step_is_answered_with_the_nearest() -> None:
    gate = "  - {name: plan, type: plan}\n" + GATE.replace("target: _fail", "target: paln") + "}\n"
    found = problem(gate)
    assert (found.line, found.field, found.mend) == (4, "steps[1].choices[1].target", "did you mean 'plan'?")


def test_a_default_that_is_no_choice_is_refused_with_the_choices() -> None:
    found = problem(GATE + ", default: gogo}\n")
    assert (found.field, found.reason) == ("steps[0].default", "'gogo' is none of its choices")


@pytest.mark.parametrize("choice", ["{label: G, key: x}", "{label: Go, key: h}", "{label: x, key: GO}"])
def test_choices_that_one_answer_could_mean_are_refused(choice: str) -> None:
    found = problem(f"  - {{name: g, type: gate, prompt: x, choices: [{{label: go, key: g}}, {choice}]}}\n")
    assert "already answers choices[0]" in found.reason


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        ("{name: x, type: tasks, depends_on: [start]}", "plan"),
        ("{name: x, type: implement, depends_on: [start]}", "tasks"),
        ("{name: x, type: validate}", "initialise"),
        ("{name: x, type: handoff}", "initialise"),
        ("{name: x, type: agent, prompt: x}", "initialise"),
        ("{name: x, type: command, command: x}", "initialise"),
    ],
)
def test_a_step_without_what_it_works_on_is_refused(step: str, needed: str) -> None:
    assert f"one of type {needed} before it" in problem(f"{INITIALISE}  - {step}\n").reason


def test_a_refine_step_goes_back_to_an_implement_step_before_it() -> None:
    text = (
        INITIALISE
        + "  - {name: plan, type: plan}\n"
        + "  - {name: tasks, type: tasks, depends_on: [plan]}\n"
        + "  - {name: implement, type: implement, depends_on: [start, tasks]}\n"
        + "  - {name: validate, type: validate, depends_on: [implement]}\n"
        + "  - {name: refine, type: refine, target: tasks, depends_on: [validate]}\n"
    )
    found = problem(text)
    assert (found.field, found.mend) == ("steps[5].target", "known: implement")
    assert loaded(text.replace("target: tasks", "target: implement")).steps[5].target == "implement"


def test_a_refine_step_cannot_go_back_to_what_comes_after_it() -> None:
    text = (
        INITIALISE
        + "  - {name: plan, type: plan}\n"
        + "  - {name: tasks, type: tasks, depends_on: [plan]}\n"
        + "  - {name: one, type: implement, depends_on: [start, tasks]}\n"
        + "  - {name: validate, type: validate, depends_on: [one]}\n"
        + "  - {name: refine, type: refine, target: two, depends_on: [validate]}\n"
        + "  - {name: two, type: implement, depends_on: [refine]}\n"
    )
    found = problem(text)
    assert (found.field, found.reason) == ("steps[5].target", "'two' does not come before it")


def test_a_workflow_of_many_diamonds_is_checked_as_fast_as_a_chain() -> None:
    layers = [[f"s{layer}-{place}" for place in "abc"] for layer in range(60)]
    steps = "".join(
        f"  - {{name: {name}, type: probe, depends_on: [{', '.join(layers[depth - 1]) if depth else ''}]}}\n"
        for depth, layer in enumerate(layers)
        for name in layer
    )
    assert len(loaded(steps).steps) == 180
