"""How does a test use `maestro` as a person does? The real command in a process of its own, with a state of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.gitrepo import make_repo
from tests.support.wait import wait_for

COMMAND = [sys.executable, "-m", "maestro.cli"]
TIMEOUT_S = 300
"""Far longer than anything takes: only what hangs is to be found by it, and no machine that is busy."""

SPEC = """\
# Greet people

- **R-1**: `greet(name)` says hello.
  - Check: `python3 -c "from hello import greet; assert greet('Ann') == 'Hello, Ann!'"`
  - Files: `hello.py`
- **R-2**: `part(name)` says goodbye.
  - Check: `python3 -c "from bye import part; assert part('Ann') == 'Bye, Ann.'"`
  - Files: `bye.py`
"""
PLAY = """\
playbook: 1
answers:
  - {gate: approve-plan, choice: approve, text: fine}
tasks:
  - requirement: R-1
    steps:
      - say: Greeting.
      - write: {path: hello.py, text: "def greet(name):\\n    return f'Hello, {name}!'\\n"}
  - requirement: R-2
    steps:
      - write: {path: bye.py, text: "def part(name):\\n    return f'Bye, {name}.'\\n"}
"""
FILES = {
    "README.md": "Hello.\n",
    "tests/__init__.py": "",
    "tests/test_it.py": "import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        pass\n",
}


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Person:
    """Somebody with a repository, a specification, a playbook, and a state directory."""

    def __init__(self, folder: Path, name: str = "repo") -> None:
        self.folder = folder
        self.repo = folder / name
        self.spec, self.play = folder / "spec.md", folder / "play.yaml"
        self.state = folder / "s"
        self.base = make_repo(self.repo, FILES)
        self.spec.write_text(SPEC)
        self.play.write_text(PLAY)
        hidden = ("MAESTRO_", "GIT_")
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
        self.env |= {"MAESTRO_STATE_DIR": str(self.state), "COLUMNS": "120"}

    @property
    def run_arguments(self) -> list[str]:
        return ["run", "--spec", str(self.spec), "--agent", f"script:{self.play}"]

    def does(self, *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
        """Run a command to its end, with no terminal."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=cwd or self.repo,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def starts(self, *arguments: str | Path, cwd: Path | None = None) -> Going:
        return Going(
            subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                cwd=cwd or self.repo,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=(self.folder / "out").open("wb"),
                stderr=subprocess.STDOUT,
            ),
            self.folder / "out",
        )

    def processes(self) -> dict[str, int]:
        """The pids of what runs for the repository, by name."""
        return {row["name"]: row["pid"] for row in self.does("ps", "--json").json["processes"]}

    def the_run(self) -> str:
        """The only run."""
        [folder] = (self.state / "repos").glob("*/runs")
        [run] = folder.iterdir()
        return run.name


class Going:
    """A command that goes on."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path) -> None:
        self.process, self._out = process, out

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        return self._out.read_text(errors="replace")

    def says(self, text: str) -> None:
        """Wait until it has said this."""

        def seen() -> bool:
            assert text in self.said or self.process.poll() is None, f"ended without {text!r}:\n{self.said}"
            return text in self.said

        wait_for(seen, TIMEOUT_S, f"{text!r}")

    def ends(self) -> int:
        return self.process.wait(TIMEOUT_S)

    def gets(self, number: signal.Signals) -> int:
        """Send a signal and wait for its end."""
        self.process.send_signal(number)
        return self.ends()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
