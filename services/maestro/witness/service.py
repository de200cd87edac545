"""How does a witness meet the world? HTTP, its memory, its key. Exit codes are those of every service
(`maestro.bus.runtime`)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

from maestro.bus import health
from maestro.bus.logs import get_log, set_up_logs
from maestro.bus.settings import SettingsError
from maestro.tlog.checkpoint import parse_lines, with_signatures
from maestro.tlog.cosignature import cosign, cosigner_of
from maestro.tlog.exchange import SIZE_TYPE
from maestro.tlog.memory import Memory, MemoryLost, Remembered
from maestro.witness.decider import Cosign, Refused, decide
from maestro.witness.http import Answer, serve
from maestro.witness.settings import WitnessSettings, witness_settings

TEXT = "text/plain; charset=utf-8"


class Witness:
    """Answers requests, one after another: nothing happens between looking at what is remembered and remembering."""

    def __init__(self, settings: WitnessSettings, memory: Memory, now: Callable[[], float] = time.time) -> None:
        self._logs, self._key, self._memory, self._now = settings.logs, settings.key, memory, now
        self._own = cosigner_of(settings.key)
        self._log = get_log("witness")

    def add_checkpoint(self, body: bytes) -> Answer:
        """Status, content type and body of the answer. Raises MemoryLost."""
        verdict = decide(body, self._logs, self._own, self._memory.last)
        if isinstance(verdict, Refused):
            return self._refuse(verdict)
        line = cosign(verdict.signed.text, self._key, int(self._now()))
        if not self._remember(verdict, line):
            return self.add_checkpoint(body)
        return 200, TEXT, line

    def _remember(self, verdict: Cosign, line: bytes) -> bool:
        """False where another process on the same memory was faster."""
        checkpoint = verdict.signed.checkpoint
        note = with_signatures(verdict.signed.note, parse_lines(line))
        after = Remembered(checkpoint.size, checkpoint.root, note)
        return self._memory.advance(checkpoint.origin, verdict.before, after)

    def _refuse(self, verdict: Refused) -> Answer:
        say = self._log.error if verdict.alarm else self._log.info
        say("refused", status=verdict.status, origin=verdict.origin, reason=verdict.reason)
        if verdict.known is not None:
            return verdict.status, SIZE_TYPE, b"%d\n" % verdict.known
        return verdict.status, TEXT, f"{verdict.reason}\n".encode()

    def checkpoint(self, origin_hash: str) -> Answer:
        """The newest checkpoint cosigned of the log whose origin has this SHA-256, for monitors. Raises MemoryLost."""
        note = self._memory.note_of(origin_hash)
        return (200, TEXT, note) if note is not None else (404, TEXT, b"nothing was cosigned of such a log\n")

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Status, content type and body of the answer to any request."""
        parts = target.partition("?")[0].strip("/").split("/")
        try:
            if method == "POST" and parts[-1] == "add-checkpoint":
                return self.add_checkpoint(body)
            if method == "GET" and len(parts) >= 2 and parts[-1] == "checkpoint":
                return self.checkpoint(parts[-2])
        except MemoryLost as error:
            self._log.critical(str(error))
            return 503, TEXT, b"this witness cannot remember, so it does not sign\n"
        return 404, TEXT, b"there is add-checkpoint (POST) and <origin hash>/checkpoint (GET)\n"


def run() -> int:
    """The whole program; returns the exit code."""
    try:
        settings = witness_settings()
    except SettingsError as error:
        sys.stderr.write(f"maestro witness: {error}\n")
        return os.EX_CONFIG
    set_up_logs(settings.log_level, settings.log_format, role="witness", actor=settings.key.name)
    try:
        asyncio.run(_until_stopped(settings))
        return os.EX_OK
    except (MemoryLost, OSError) as error:
        get_log("witness").critical(str(error))
        return os.EX_UNAVAILABLE
    except Exception as error:
        get_log("witness").critical("a defect ended this process", exc_info=error)
        return os.EX_SOFTWARE


async def _until_stopped(settings: WitnessSettings) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    memory = Memory(settings.folder / "memory.db")
    try:
        with _listen(settings) as listening:
            server = await asyncio.start_server(serve(Witness(settings, memory).answer), sock=listening)
            telling = asyncio.create_task(_tell_health(settings))
            get_log("witness").info("ready", vkey=cosigner_of(settings.key).encode(), logs=len(settings.logs))
            await stop.wait()
            telling.cancel()
            server.close()
    finally:
        memory.close()


def _listen(settings: WitnessSettings) -> socket.socket:
    """Raises OSError."""
    if settings.socket is None:
        return socket.create_server((settings.host, settings.port), reuse_port=False)
    listening = socket.socket(socket.AF_UNIX)
    settings.socket.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        listening.bind(str(settings.socket))
    finally:
        os.umask(mask)
    listening.listen()
    return listening


async def _tell_health(settings: WitnessSettings) -> None:
    while settings.health_file is not None:
        health.beat(settings.health_file, "ready")
        await asyncio.sleep(health.BEAT_S)
