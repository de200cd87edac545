"""What should the reader do now? Commands to copy, for each way a run can end or stop."""

from __future__ import annotations

import shlex

from maestro.projections.history import History
from maestro.projections.text import fence
from maestro.runs.state import RunState


def next_steps(state: RunState, _history: History) -> list[str]:
    match state.status:
        case "completed":
            return _after_success(state)
        case "failed" | "cancelled":
            return _after_failure(state)
        case "none":
            return ["Start the run."]
        case _:
            return _go_on(state)


def _after_success(state: RunState) -> list[str]:
    if not state.branch:
        return ["This run changed no branch: there is nothing to merge."]
    lines = ["Review the branch:", "", *_review(state), "", "Take it over:", "", *_merge(state)]
    lines += ["", "Or give it up; your own branch never knew of it:", "", *_sh(f"git branch -D {_quote(state.branch)}")]
    return lines


def _after_failure(state: RunState) -> list[str]:
    again = "Mend the cause (see the summary), then run it again" if state.status == "failed" else "Run it again"
    lines = [f"{again}: a new run gets a branch of its own."]
    if not state.branch:
        return [*lines, "Nothing was changed in the repository."]
    lines += ["", "What was merged until then is on the branch:", "", *_review(state)]
    made = [checkpoint for checkpoint in state.checkpoints.values() if checkpoint.ref]
    if made:
        last = max(made, key=lambda checkpoint: checkpoint.number)
        lines += ["", f"Keep its last checkpoint (number {last.number}) under a name of its own:", ""]
        lines += _sh(f"git branch keep-{state.run} {_quote(last.ref)}")
    return lines


def _go_on(state: RunState) -> list[str]:
    lines = []
    for gate in state.open_gates():
        show = f"maestro gate show {_quote(state.run)} {_quote(gate.gate)}"
        lines += ["The run waits for an answer:", "", *_sh(show), ""]
    return [*lines, "Go on where it stopped; nothing is done twice:", "", *_sh(f"maestro resume {_quote(state.run)}")]


def _review(state: RunState) -> list[str]:
    base = state.repo.base[:12] if state.repo else ""
    branch = _quote(state.branch)
    return _sh(f"git log --oneline {base}..{branch}", f"git diff {base}...{branch}")


def _merge(state: RunState) -> list[str]:
    target = state.repo.branch if state.repo else ""
    switch = [f"git switch {_quote(target)}"] if target else []
    return _sh(*switch, f"git merge --no-ff {_quote(state.branch)}")


def _sh(*commands: str) -> list[str]:
    return fence("\n".join(commands), "sh")


def _quote(word: str) -> str:
    return shlex.quote(word)
