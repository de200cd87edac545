"""What is the syntax tree of this shell text? Asked of shfmt, a process per question, with limits on all it may use.

A shfmt that waits for its input is kept ready, so that nobody waits for its start. Answers are kept by text. Many texts
are asked about in one question: they stand one after the other, with lines between them that nobody can guess, and an
answer counts only where each of these lines was found to be a command of its own.
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import msgspec

Node = dict[str, Any]
"""As shfmt writes it: `Type` where there is a choice, and the fields of mvdan.cc/sh's syntax package."""

MOST_INPUT = 60_000
"""Bytes: fits a pipe, so that writing never waits."""
MOST_OUTPUT = 24_000_000
SECONDS = 5.0
_MEMORY = 1 << 30
_KEPT = 8192
_TOGETHER = 12_000
_ENVIRONMENT = {"GOMAXPROCS": "1", "GOMEMLIMIT": "200MiB"}


HOW_TO_GET_SHFMT = "pip install 'shfmt-py>=4.2' beside Maestro, or put shfmt 3.14 or later on PATH"


class Unparsable(Exception):
    """There is no tree; the text says why."""


class NoParser(Unparsable):
    """shfmt cannot be asked: that says nothing of the text. Its own text says why, and how to mend it."""


class _Answers:
    """What was asked lately. A tree or why there is none."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Node | Unparsable] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Node | Unparsable | None:
        with self._lock:
            found = self._kept.get(text)
            if found is not None:
                self._kept.move_to_end(text)
            return found

    def keep(self, text: str, answer: Node | Unparsable) -> None:
        with self._lock:
            self._kept[text] = answer
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


class _Ready:
    """One shfmt that has started and waits. It ends by itself when this process does: its input ends then."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, subprocess.Popen[bytes]]] = []
        self._lock = threading.Lock()

    def take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            owner, process = self._waiting.pop() if self._waiting else (0, None)
        if process is None or owner != os.getpid() or process.poll() is not None:
            process = _start()
        return process

    def refill_later(self) -> None:
        """Beside the caller: whoever has their answer waits for nothing else."""
        threading.Thread(target=self.refill, daemon=True).start()

    def refill(self) -> None:
        with self._lock:
            if not self._waiting:
                with suppress(Unparsable, RuntimeError):
                    self._waiting.append((os.getpid(), _start()))


_answers = _Answers()
_ready = _Ready()


def parse(text: str) -> Node:
    """The tree of the text. Raises Unparsable."""
    answer = _answers.get(text)
    if answer is None:
        try:
            answer = _ask(text)
        except NoParser:
            raise
        except Unparsable as error:
            answer = error
        _answers.keep(text, answer)
    if isinstance(answer, Unparsable):
        raise answer
    return answer


def prepare(texts: Iterable[str]) -> None:
    """Ask about all of these in few questions; `parse` then knows the answers."""
    fresh = [text for text in dict.fromkeys(texts) if _answers.get(text) is None]
    with suppress(NoParser):  # whoever then asks about one of them hears of it
        for batch in _batches(fresh):
            _prepare(batch)


def _prepare(batch: Sequence[str]) -> None:
    if len(batch) > 1:
        try:
            trees = _split(_ask_together(batch), batch)
        except NoParser:
            raise
        except Unparsable:
            middle = len(batch) // 2
            _prepare(batch[:middle])
            _prepare(batch[middle:])
        else:
            for text, tree in trees:
                _answers.keep(text, tree)
    elif batch:
        try:
            parse(batch[0])
        except NoParser:
            raise
        except Unparsable:
            return  # kept as its answer


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > _TOGETHER:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 40
    yield batch


_mark = "maestro" + secrets.token_hex(16)


def _ask_together(batch: Sequence[str]) -> Node:
    return _ask("".join(f"{text}\n{_mark} {number}\n" for number, text in enumerate(batch)))


def _split(tree: Node, batch: Sequence[str]) -> list[tuple[str, Node]]:
    parts: list[list[Node]] = [[]]
    for statement in tree.get("Stmts", []):
        if _marked(statement) == str(len(parts) - 1):
            parts.append([])
        else:
            parts[-1].append(statement)
    if len(parts) != len(batch) + 1 or parts[-1]:
        raise Unparsable("the texts do not end where they should")
    return [(text, {"Type": "File", "Stmts": part}) for text, part in zip(batch, parts, strict=False)]


def _marked(statement: Node) -> str:
    command = statement.get("Cmd") or {}
    words = command.get("Args", [])
    values = [part.get("Value") for word in words for part in word.get("Parts", [])]
    bare = set(statement) <= {"Pos", "End", "Position", "Cmd", "Comments"} and "Assigns" not in command
    return str(values[1]) if bare and len(values) == 2 and values[0] == _mark else ""


def _ask(text: str) -> Node:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MOST_INPUT:
        raise Unparsable(f"longer than {MOST_INPUT} bytes")
    process = _ready.take()
    try:
        answer = _exchange(process, data)
    except OSError as error:
        raise Unparsable(f"shfmt failed: {error}") from None
    finally:
        _end(process)
        _ready.refill_later()
    if process.returncode != 0:
        reason = _reason(answer)
        raise _too_old(reason) if "flag provided but not defined" in reason else Unparsable(reason)
    try:
        tree: Node = msgspec.json.decode(answer)
    except (msgspec.DecodeError, RecursionError):
        raise Unparsable("shfmt gave no tree") from None
    if not isinstance(tree, dict) or tree.get("Type") != "File":
        raise (
            _too_old("its trees do not say what each node is")
            if _is_untyped(tree)
            else Unparsable("shfmt gave no tree")
        )
    return _without_places(tree)


def _is_untyped(tree: object) -> bool:
    """Before 3.6 the nodes did not say of which type they are."""
    return isinstance(tree, dict) and "Stmts" in tree and "Type" not in tree


def _too_old(why: str) -> NoParser:
    return NoParser(f"shfmt at {find_shfmt()} is too old: {why}; {HOW_TO_GET_SHFMT}")


def shfmt_version() -> str:
    """What it says of itself. Raises NoParser where it is missing, or cannot read what must be read."""
    program = find_shfmt()
    if not program:
        raise _missing()
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    _ask("x=(a); [[ -n ${x[0]} ]] && echo $((1 + 1)) <(ls) # is every part of the grammar named?")
    return asked.stdout.strip()[:40]


def _missing() -> NoParser:
    return NoParser(f"shfmt is missing, which reads shell commands; {HOW_TO_GET_SHFMT}")


PLACES = frozenset(
    """
        Pos End Position Semicolon OpPos Lparen Rparen Lbrace Rbrace Left Right Dollar ValuePos ValueEnd Hash
        ThenPos FiPos
        """
    "WhilePos DoPos DonePos ForPos Case In Esac Time Let Coproc".split()
)


def _without_places(tree: Node) -> Node:
    """Where in the text each node stands is nine tenths of the answer, and nobody asks."""
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
            continue
        if "InPos" in node:
            node["InPos"] = True  # `for x in` is not `for x`
        for name in PLACES & node.keys():
            if not isinstance(node[name], bool):
                del node[name]
        pending += [value for value in node.values() if isinstance(value, dict | list)]
    return tree


def _reason(answer: bytes) -> str:
    said = answer.decode("utf-8", "replace").removeprefix("<standard input>:").strip()
    return said.splitlines()[0][:200] if said else "shfmt ended without an answer"


def _exchange(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    _limit(process.pid)
    all_read = _write(process.stdin, data)
    deadline = time.monotonic() + SECONDS
    descriptor, chunks, size = process.stdout.fileno(), list[bytes](), 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise Unparsable(f"shfmt took longer than {SECONDS:g} seconds")
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_OUTPUT:
            raise Unparsable("nested too deeply: the tree is too large")
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS)
    if not all_read and process.returncode == 0:
        raise Unparsable("shfmt ended before it had read all")
    return b"".join(chunks)


def _write(stream: IO[bytes], data: bytes) -> bool:
    """False where it ended before it had read all; what it says of that is read all the same."""
    try:
        stream.write(data)
        stream.close()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            stream.close()
        return False
    return True


def _limit(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
            resource.prlimit(pid, resource.RLIMIT_CPU, (5, 6))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _start() -> subprocess.Popen[bytes]:
    program = find_shfmt()
    if not program:
        raise _missing()
    try:
        return subprocess.Popen(
            [program, "-tojson", "-ln=bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=_ENVIRONMENT,
            cwd="/" if os.name == "posix" else None,
        )
    except OSError as error:
        raise NoParser(f"shfmt at {program} does not start ({error.strerror}); {HOW_TO_GET_SHFMT}") from None


def find_shfmt() -> str:
    """Where the package put it: beside this Python, and not just anything on PATH before that. Empty: nowhere."""
    found = _found_shfmt()
    if not found:
        _found_shfmt.cache_clear()  # somebody may mend it while this process lives
    return found


@lru_cache(1)
def _found_shfmt() -> str:
    name = "shfmt.exe" if os.name == "nt" else "shfmt"
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if (found := Path(folder) / name).is_file():
            return str(found)
    return shutil.which("shfmt") or ""
