"""What does a playbook say an agent does? The file format of the `script` agent, and its strict reading.

    playbook: 1
    answers:                        # for gates, where nobody is there to ask
      - gate: approve-plan          # a gate's name or pattern
        choice: approve
        text: Looks right.
    tasks:                          # the first entry that matches a task is played
      - id: T-001                   # id, title and requirement are patterns (`*`, `?`); all that are given must match
        attempts:                   # one list of steps for each attempt; the last one serves all later attempts
          - - lie: {ran: python -m pytest -q}
          - - replace: {path: tally/money.py, old: "return 0", new: "return total"}
            - run: python -m pytest -q
      - title: "*docs*"
        steps:                      # the same steps in every attempt
          - append: {path: README.md, text: "More.\n"}

Steps: write, append, replace, edit, delete, move (files, relative to the worktree), run, delay, say, fail, lie, crash,
hang. A step is a mapping with one key; `STEPS` holds the fields of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from maestro_contracts.records import ErrorClass, TaskSpec
from maestro_contracts.yamlfile import Document, FileProblem, InvalidFile, did_you_mean, read_yaml


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of what a playbook is made of."""


class Write(Part, frozen=True):
    """Make or overwrite a file with exactly this text."""

    path: str
    text: str
    executable: bool = False


class Append(Part, frozen=True):
    """Add this text to the end of a file; it is made where it is missing."""

    path: str
    text: str


class Replace(Part, frozen=True):
    """Put `new` where `old` stands. `old` must stand there exactly `count` times."""

    path: str
    old: str
    new: str
    count: int = 1


class Edit(Part, frozen=True):
    """Insert a text as lines after, or before, the first line that holds this text."""

    path: str
    text: str
    after: str = ""
    before: str = ""


class Delete(Part, frozen=True):
    """Delete a file or a folder."""

    path: str


class Move(Part, frozen=True, rename={"source": "from", "target": "to"}):
    """Move a file or a folder."""

    source: str
    target: str


class Run(Part, frozen=True):
    """Run a shell command in the worktree and say so. `expect` is the exit code it must have, or `any`."""

    command: str
    expect: int | Literal["any"] = 0
    timeout_s: float = 300.0


class Delay(Part, frozen=True):
    """Wait."""

    seconds: float


class Say(Part, frozen=True):
    """Say a text on the way."""

    text: str


class Fail(Part, frozen=True):
    """Give up, honestly."""

    kind: ErrorClass
    reason: str
    mend: str = ""


class Lie(Part, frozen=True):
    """Claim commands as run that were not; `what` is short for `tests_pass`, or `no_change`: undo every edit, then
    claim the work as done."""

    what: Literal["", "tests_pass", "no_change"] = ""
    ran: str | tuple[str, ...] = ()
    exit_code: int = 0
    summary: str = ""


class Crash(Part, frozen=True):
    """Die in the middle, with this exit code."""

    exit_code: int = 1


class Hang(Part, frozen=True):
    """Never return."""


PlayStep = Write | Append | Replace | Edit | Delete | Move | Run | Delay | Say | Fail | Lie | Crash | Hang

STEPS: dict[str, type[Part]] = {
    "write": Write,
    "append": Append,
    "replace": Replace,
    "edit": Edit,
    "delete": Delete,
    "move": Move,
    "run": Run,
    "delay": Delay,
    "say": Say,
    "fail": Fail,
    "lie": Lie,
    "crash": Crash,
    "hang": Hang,
}

SHORT = {"delete": "path", "run": "command", "delay": "seconds", "say": "text", "lie": "what", "crash": "exit_code"}
"""The field that a plain value stands for: `say: hello` is `say: {text: hello}`."""

TESTS_PASS = "the project's tests"
"""What `lie: tests_pass` claims to have run: whatever the project's tests are."""


class Answer(Part, frozen=True):
    """What to answer at a gate in a run that has nobody to ask. `gate` is a name or a pattern."""

    gate: str
    choice: str = ""
    text: str = ""
    answers: dict[str, str] = {}


class Play(msgspec.Struct, frozen=True):
    """What is played for the tasks that match. `attempts` holds the steps of each attempt, at least one."""

    attempts: tuple[tuple[PlayStep, ...], ...]
    id: str = ""
    title: str = ""
    requirement: str = ""

    def matches(self, task: TaskSpec) -> bool:
        return (
            _matches(self.id, (task.id,))
            and _matches(self.title, (task.title,))
            and _matches(self.requirement, task.requirements)
        )

    def steps(self, attempt: int) -> tuple[PlayStep, ...]:
        """The steps of an attempt, which counts from 1."""
        return self.attempts[min(max(attempt, 1), len(self.attempts)) - 1]


class Playbook(msgspec.Struct, frozen=True):
    source: str
    plays: tuple[Play, ...]
    answers: tuple[Answer, ...] = ()

    def play(self, task: TaskSpec) -> Play | None:
        """The first play that matches the task."""
        return next((play for play in self.plays if play.matches(task)), None)

    def answer(self, gate: str) -> Answer | None:
        """The first answer whose pattern matches the gate's name."""
        return next((answer for answer in self.answers if fnmatchcase(gate, answer.gate)), None)


def _matches(pattern: str, values: Sequence[str]) -> bool:
    return not pattern or any(fnmatchcase(value.casefold(), pattern.casefold()) for value in values)


def load_playbook(text: str, source: str) -> Playbook:
    """The playbook in `text`. Raises InvalidFile, whose problems name the line, the field and the mend."""
    return _Reader(read_yaml(text, source)).playbook()


Path = tuple[str | int, ...]


class _Reader:
    """Turns a document into a playbook and collects every mistake found."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[FileProblem] = []

    def playbook(self) -> Playbook:
        data = self._fields(self.document.data, (), ("playbook", "answers", "tasks"), required=("playbook", "tasks"))
        if data.get("playbook", 1) != 1:
            self._refuse(("playbook",), f"version {data['playbook']!r} is not known", "write `playbook: 1`")
        answers = [self._answer(item, ("answers", n)) for n, item in self._items(data, "answers", ())]
        plays = [self._play(item, ("tasks", n)) for n, item in self._items(data, "tasks", ())]
        if self.problems:
            raise InvalidFile(self.problems)
        return Playbook(
            source=self.document.source,
            plays=tuple(play for play in plays if play),
            answers=tuple(answer for answer in answers if isinstance(answer, Answer)),
        )

    def _answer(self, item: Any, path: Path) -> Part | None:
        return self._part(Answer, item, path)

    def _play(self, item: Any, path: Path) -> Play | None:
        known = ("id", "title", "requirement", "steps", "attempts")
        data = self._fields(item, path, known)
        if not data:
            return None
        patterns = {name: data[name] for name in ("id", "title", "requirement") if name in data}
        for name, pattern in patterns.items():
            if not isinstance(pattern, str):
                self._refuse((*path, name), f"{pattern!r} is not text", "put it in quotes")
        if not patterns:
            self._refuse(path, "matches no task", "give it an `id`, a `title` or a `requirement` (patterns are taken)")
        if ("steps" in data) == ("attempts" in data):
            self._refuse(path, "needs either `steps` or `attempts`", "`attempts` is one list of steps for each attempt")
            return None
        return Play(attempts=self._attempts(data, path), **{name: str(text) for name, text in patterns.items()})

    def _attempts(self, data: dict[str, Any], path: Path) -> tuple[tuple[PlayStep, ...], ...]:
        if "steps" in data:
            return (self._steps(data, "steps", path),)
        lists = dict(self._items(data, "attempts", path))
        if not lists:
            self._refuse((*path, "attempts"), "is empty", "give at least one list of steps")
        return tuple(self._steps(lists, n, (*path, "attempts")) for n in lists)

    def _steps(self, data: dict[Any, Any], key: str | int, path: Path) -> tuple[PlayStep, ...]:
        steps = (self._step(item, (*path, key, n)) for n, item in self._items(data, key, path))
        return tuple(step for step in steps if step is not None)

    def _step(self, item: Any, path: Path) -> Any:
        if item in ("hang", "crash"):
            item = {item: {}}
        if not isinstance(item, dict) or len(item) != 1:
            self._refuse(path, "is not a step", f"write one of {', '.join(STEPS)} and its fields, like `say: hello`")
            return None
        name, value = next(iter(item.items()))
        if name not in STEPS:
            self._refuse((*path, name), "is not a step", did_you_mean(name, STEPS))
            return None
        if not isinstance(value, dict) and name in SHORT and value is not None:
            value = {SHORT[name]: value}
        return self._checked(self._part(STEPS[name], value if value is not None else {}, (*path, name)), (*path, name))

    def _checked(self, step: Part | None, path: Path) -> Part | None:
        if isinstance(step, Edit) and bool(step.after) == bool(step.before):
            self._refuse(path, "needs either `after` or `before`", "name the text of the line to insert beside")
        if isinstance(step, Replace) and not step.old:
            self._refuse((*path, "old"), "is empty", "write the text that is to be replaced")
        if isinstance(step, Lie) and not (step.what or step.ran):
            self._refuse(path, "claims nothing", "give `ran`, or write `lie: tests_pass` or `lie: no_change`")
        return step

    def _part(self, cls: type[Part], value: Any, path: Path) -> Part | None:
        """`value` as a `cls`; msgspec finds the types, this finds the names and the lines."""
        names = [field.encode_name for field in msgspec.structs.fields(cls)]
        required = [field.encode_name for field in msgspec.structs.fields(cls) if field.required]
        before = len(self.problems)
        data = self._fields(value, path, names, required)
        if len(self.problems) > before:
            return None
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            reason, _, place = str(error).partition(" - at `$")
            field = place.strip("`").strip(".").partition(".")[0].partition("[")[0]
            self._refuse((*path, field) if field else path, reason[0].lower() + reason[1:])
            return None

    def _fields(self, value: Any, path: Path, known: Sequence[str], required: Sequence[str] = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(path, "is not a mapping", f"write the fields: {', '.join(known)}")
            return {}
        for name in value.keys() - set(known):
            self._refuse((*path, name), "is not known here", did_you_mean(name, known))
        for name in required:
            if name not in value:
                self._refuse(path, f"`{name}` is missing", f"add `{name}:`")
        return {name: value[name] for name in value if name in known}

    def _items(self, data: dict[Any, Any], key: str | int, path: Path) -> list[tuple[int, Any]]:
        value = data.get(key, [])
        if value is None:
            return []
        if not isinstance(value, list):
            self._refuse((*path, key), "is not a list", "write each entry on its own line after `- `")
            return []
        return list(enumerate(value))

    def _refuse(self, path: Path, reason: str, mend: str = "") -> None:
        self.problems.append(self.document.problem(path, reason, mend))
