"""How do eight services start as fast as one? One process imports everything once, then forks a child for each.

It also is the guard: when the pipe to the command that started it closes, it kills every process it knows of. It asks
and decides nothing else; the supervisor does. One thread, so that forking is safe.

Requests and notices are JSON lines: {"start": name, "module", "env", "log"}, {"signal": pid, "number"},
{"guard": pid}; {"started": name, "pid"}, {"ended": name, "pid", "code"}.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from maestro.embedded.processes import (
    adopt_orphans,
    children,
    die_with_parent,
    kill_with_group,
    name_process,
    signal_group,
)

ORPHANS_END_S = 3.0


def preimport(modules: Sequence[str]) -> None:
    """Import what the services will need. A service that cannot be imported says so itself, in its own log."""
    gc.disable()
    for module in modules:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()
    gc.enable()


class ForkServer:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._names: dict[int, str] = {}
        self._guarded: set[int] = set()
        self._unread = b""

    def serve(self) -> None:
        """Until the other end closes. Leaves no child behind."""
        wakeup, on_signal = socket.socketpair()
        on_signal.setblocking(False)
        wakeup.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(on_signal.fileno(), warn_on_full_buffer=False)
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(wakeup, selectors.EVENT_READ)
        self._only_mine = (selector, wakeup, on_signal, self._control)
        try:
            while self._read_requests(selector):
                with contextlib.suppress(BlockingIOError):
                    wakeup.recv(4096)
                self._reap()
        finally:
            self._kill_all()

    def _read_requests(self, selector: selectors.BaseSelector) -> bool:
        for key, _ in selector.select():
            if key.fileobj is not self._control:
                continue
            more = self._control.recv(65536)
            if not more:
                return False
            *lines, self._unread = (self._unread + more).split(b"\n")
            for line in lines:
                self._carry_out(json.loads(line))
        return True

    def _carry_out(self, request: dict[str, Any]) -> None:
        if "start" in request:
            self._start(request)
        elif "guard" in request:
            self._guarded = {int(request["guard"])}
        elif request["signal"] in self._names:
            # To it alone: it ends its own programs in order, and one that it starts just now is in its group yet.
            with contextlib.suppress(ProcessLookupError):
                os.kill(request["signal"], request["number"])

    def _start(self, request: dict[str, Any]) -> None:
        name = request["start"]
        dies = die_with_parent(os.getpid())
        pid = os.fork()
        if pid == 0:
            dies()
            self._become(name, request["module"], request["env"], request["log"])
        self._names[pid] = name
        self._tell({"started": name, "pid": pid})

    def _become(self, name: str, module: str, env: dict[str, str], log: str) -> NoReturn:
        """In the child: be `python -m <module>` and nothing of the fork server any more."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for mine in self._only_mine:
                mine.close()
            _redirect(log)
            os.setsid()
            os.environ.clear()
            os.environ.update(env)
            name_process(f"maestro-{name}")
            code = _run(module)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while self._names:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self._names.pop(pid, None)
            if name is not None:
                signal_group(pid, signal.SIGKILL)
                self._tell({"ended": name, "pid": pid, "code": os.waitstatus_to_exitcode(status)})

    def _kill_all(self) -> None:
        """End every service, and then what they leave behind: orphans become this process's children."""
        for pid in {*self._names, *self._guarded}:
            signal_group(pid, signal.SIGKILL)
        deadline = time.monotonic() + ORPHANS_END_S
        while (left := children()) and time.monotonic() < deadline:
            for pid in left:
                kill_with_group(pid)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.01)

    def _tell(self, notice: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(json.dumps(notice).encode() + b"\n")


def _redirect(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    for descriptor in (null, file):
        if descriptor > 2:
            os.close(descriptor)


def _run(module: str) -> int:
    """Run the service as its own program would; its exit code."""
    import atexit
    import runpy

    sys.argv = [module]
    code: Any = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=False)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        return 1
    return int(code or 0)


def main() -> None:
    """`python -m maestro.embedded.forkserver DESCRIPTOR MODULE...`: serve the socket that was inherited.

    When its starter dies the socket closes, and then the orphans have to be ended: so it does not die with its parent.
    """
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name_process("maestro-forks")
    control = socket.socket(fileno=int(sys.argv[1]))
    preimport(sys.argv[2:])
    ForkServer(control).serve()


if __name__ == "__main__":
    main()
