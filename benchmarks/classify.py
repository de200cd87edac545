"""What does it cost to say what a shell command would do, and which level that is?

Maestro: text to level under the shipped policy, no text seen before. One at a time, as the gatekeeper is asked, and
5,000 in one call, as `maestro policy check --jsonl` is. Floor: a bare start of shfmt for the same text.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from benchmarks.figures import Figure, middle
from benchmarks.setting import Scale
from maestro.policy.loading import shipped_policy
from maestro.policy.rules import judge
from maestro.policy.shell import effects_of_command, prepare
from maestro.policy.shell.syntax import find_shfmt

TARGET_ONE = 5.0
TARGET_MANY = 60.0
PAUSE = 0.02
"""Seconds between two questions, as between two actions of an agent: time to have the next shfmt ready."""

SHAPES = (
    "ls -la src/{n}",
    "git commit -m 'Step {n}: done'",
    "pytest -q tests/test_{n}.py -k 'not slow'",
    "grep -rn 'name_{n}' --include='*.py' . | head -20",
    "npm run build && npm test -- --shard={n}",
    "find . -name 'x{n}*' -exec rm {{}} +",
    'for f in a{n} b c; do echo "$f"; wc -l "$f"; done',
    "curl -s https://example.com/{n} | jq -r '.items[].name'",
    "cd sub{n} && make -j4 && ./run --port {n}",
    "python -c \"import os; print(os.path.exists('f{n}'))\"",
    "docker run --rm -v $PWD:/w image:{n} bash -c 'cd /w && make test'",
    "cat <<EOF > notes{n}.md\nline $USER\nEOF",
    "kubectl apply -f k8s/{n}.yaml --namespace n{n}",
    "psql -c 'SELECT id FROM posts WHERE id = {n}'",
    "X={n}; if [ -f a$X ]; then rm a$X; else touch a$X; fi",
    "sed -i 's/v{n}/v2/g' package.json && git push origin HEAD",
)


def commands(count: int, first: int = 0) -> list[str]:
    return [SHAPES[n % len(SHAPES)].format(n=first + n) for n in range(count)]


def run(scale: Scale) -> list[Figure]:
    level_of("warm-up")
    one = middle(timed(level_of, commands(scale.of(400, 100)), PAUSE))
    floor = middle(timed(bare, commands(scale.of(100, 30)), PAUSE))
    many = commands(scale.of(5_000, 500), first=100_000)
    started = time.perf_counter()
    prepare(many)
    for command in many:
        level_of(command)
    together = time.perf_counter() - started
    return [
        Figure(
            benchmark="classify",
            what="one command, text to level, never seen before",
            value=one * 1000,
            unit="ms",
            floor=floor * 1000,
            floor_what="a bare start of shfmt for it",
            target=TARGET_ONE,
            of="value",
            sense="at most",
        ),
        Figure(
            benchmark="classify",
            what=f"{len(many):,} commands in one call",
            value=together,
            unit="s",
            floor=floor * len(many),
            floor_what="a bare start of shfmt for each",
            target=TARGET_MANY,
            of="value",
            sense="at most",
        ),
    ]


def timed(action: Callable[[str], object], texts: list[str], pause: float) -> list[float]:
    spent = []
    for text in texts:
        time.sleep(pause)
        started = time.perf_counter()
        action(text)
        spent.append(time.perf_counter() - started)
    return spent


def level_of(command: str) -> int:
    return judge(effects_of_command(command).effects, shipped_policy().rules).level


def bare(command: str) -> bytes:
    asked = [find_shfmt(), "-tojson", "-ln=bash"]
    return subprocess.run(asked, input=command.encode(), capture_output=True, check=True).stdout
