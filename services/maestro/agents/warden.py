"""Who makes sure that nothing of a program survives it? This small process between Maestro and the program.

Run as `python -I -S warden.py CONTROL STATUS GRACE PROGRAM ARGS...` with two pipes. It starts the program in a session
of its own and, being the subreaper of all that the program starts, becomes the parent of everything that is left
behind, however it hid. When the program ends, when a byte comes through CONTROL, or when CONTROL closes (Maestro
died), it ends all of them and writes `<exit code> <how many were left>` to STATUS.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 10.0


def main(arguments: list[str]) -> None:
    control, status, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    os.set_inheritable(control, False)
    os.set_inheritable(status, False)
    adopt_orphans()
    woken = wake_on_children()
    child = start(arguments[3:], status)
    let_go_of_the_output()
    code = wait(child, control, woken, grace)
    left = end_all()
    os.write(status, f"{os.waitstatus_to_exitcode(code)} {left}\n".encode())


def adopt_orphans() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wake_on_children() -> int:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    for ours in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ours, signal.SIG_IGN)
    return reader


def start(command: list[str], status: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(status, f"cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def let_go_of_the_output() -> None:
    """Only the program and what it starts hold its output open, so that its end can be seen."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def wait(child: int, control: int, woken: int, grace: float) -> int:
    """Until the program has ended; told to stop, it is asked first and after `grace` seconds no longer."""
    poll = select.poll()
    poll.register(control, select.POLLIN | select.POLLHUP)
    poll.register(woken, select.POLLIN)
    deadline = float("inf")
    while True:
        ended = reap(child)
        if ended is not None:
            return ended
        left = deadline - time.monotonic()
        if left <= 0:
            kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        for number, _ in poll.poll(None if deadline == float("inf") else left * 1000):
            if number == control:
                poll.unregister(control)
                hurry = os.read(control, 1) == b"K"
                deadline = time.monotonic() + (0 if hurry else grace)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child, signal.SIGTERM)
            else:
                os.read(woken, 4096)


def reap(child: int) -> int | None:
    """Collect all that have ended; the program's own status where it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
            if ended[0] == child:
                found = ended[1]
    return found


def end_all() -> int:
    """Kill every descendant until there is none; returns how many there were. One that may not be killed (it runs as
    another user) is given up after a while."""
    seen: set[int] = set()
    deadline = time.monotonic() + PATIENCE_S
    while has_children() and time.monotonic() < deadline:
        for pid in descendants():
            seen.add(pid)
            kill(pid, signal.SIGKILL)
        time.sleep(0.001)
    return len(seen)


def has_children() -> bool:
    """Collects what has ended. Whatever lost its parent is a child of the subreaper: none means no descendant."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return False
    return True


def descendants() -> list[int]:
    """All processes below this one that still run, from /proc; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b") ")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    children.setdefault(int(parent), []).append(int(name))
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    main(sys.argv[1:])
