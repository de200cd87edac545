"""How do tests apply a playbook's edits by hand, without any agent? Those that the demo's playbook uses."""

from __future__ import annotations

from pathlib import Path

from maestro.agents.playbook import Edit, Lie, PlayStep, Replace, Run, Write


def apply(step: PlayStep, root: Path) -> list[str]:
    """Carry out one step's edit in `root`. Returns the commands that it runs or claims to have run."""
    match step:
        case Write(path=path, text=text):
            (root / path).write_text(text, encoding="utf-8")
        case Edit(path=path, text=text, after=after, before=before):
            _insert(root / path, text, after or before, 1 if after else 0)
        case Replace(path=path, old=old, new=new, count=count):
            content = (root / path).read_text(encoding="utf-8")
            assert content.count(old) == count, f"{path} holds {old!r} {content.count(old)} times"
            (root / path).write_text(content.replace(old, new), encoding="utf-8")
        case Run(command=command):
            return [command]
        case Lie(ran=commands):
            return [commands] if isinstance(commands, str) else list(commands)
        case _:
            pass
    return []


def _insert(path: Path, text: str, beside: str, offset: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if beside in line) + offset
    lines.insert(place, text if text.endswith("\n") else text + "\n")
    path.write_text("".join(lines), encoding="utf-8")
