"""Does the private server keep what it was given, whatever happens to it and around it?"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from maestro.embedded.errors import ServerFailed
from maestro.embedded.processes import is_alive
from maestro.embedded.server import Endpoint, PrivateServer, answers, live_endpoint
from tests.support.insider import insider
from tests.support.wait import wait_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("server", "logs"):
        (tmp_path / name).mkdir()
    return tmp_path / "server"


@pytest.fixture
def server(folder: Path) -> Iterator[PrivateServer]:
    server = PrivateServer(folder)
    yield server
    server.kill()


def connect(endpoint: Endpoint) -> Redis:
    return insider(endpoint, decode_responses=True)


def test_it_keeps_every_write_on_disk(server: PrivateServer) -> None:
    client = connect(server.start())

    settings = client.config_get("append*")

    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "always")


def test_nobody_gets_in_without_the_password(server: PrivateServer) -> None:
    endpoint = server.start()

    mode = stat.S_IMODE(Path(endpoint.password_file).stat().st_mode)

    assert mode == 0o600
    with pytest.raises(Exception, match=r"(?i)auth"):
        Redis.from_url(endpoint.url).ping()


def test_the_password_is_in_no_process_listing(server: PrivateServer) -> None:
    endpoint = server.start()

    command_line = Path(f"/proc/{endpoint.pid}/cmdline").read_bytes().decode()

    assert Path(endpoint.password_file).read_text() not in command_line


def test_data_outlives_kill_9_at_the_same_address(server: PrivateServer) -> None:
    before = server.start()
    connect(before).xadd("log", {"n": "1"}, id="0-1")

    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: server.poll() is not None)
    after = server.start()

    assert after.url == before.url
    assert connect(after).xlen("log") == 1


def test_a_socket_and_a_note_left_by_a_dead_server_are_no_hindrance(server: PrivateServer, folder: Path) -> None:
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: server.poll() is not None)
    assert (folder / "valkey.sock").exists() and (folder / "server.json").exists()

    assert live_endpoint(folder) is None
    again = PrivateServer(folder)
    try:
        assert answers(again.start())
    finally:
        again.kill()


def test_a_log_torn_at_its_end_is_read_up_to_there(server: PrivateServer, folder: Path) -> None:
    client = connect(server.start())
    for number in (1, 2, 3):
        client.xadd("log", {"n": str(number)}, id=f"0-{number}")
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: server.poll() is not None)
    torn = next((folder / "appendonlydir").glob("*.incr.aof"))
    os.truncate(torn, torn.stat().st_size - 7)

    assert connect(server.start()).xlen("log") == 2


def test_a_log_damaged_in_its_middle_is_named_and_left_as_it_is(server: PrivateServer, folder: Path) -> None:
    client = connect(server.start())
    for number in range(1, 50):
        client.xadd("log", {"n": str(number)}, id=f"0-{number}")
    server.stop()
    damaged = next((folder / "appendonlydir").glob("*.incr.aof"))
    content = bytearray(damaged.read_bytes())
    content[-1000:-960] = b"?" * 40
    damaged.write_bytes(content)

    with pytest.raises(ServerFailed, match="damaged") as caught:
        PrivateServer(folder).start()

    assert "valkey-check-aof" in caught.value.mend
    assert damaged.read_bytes() == content


def test_a_path_too_long_for_a_socket_gets_a_loopback_port(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    for name in ("server", "logs"):
        (deep / name).mkdir(parents=True)
    server = PrivateServer(deep / "server")
    try:
        endpoint = server.start()
        assert endpoint.url.startswith("redis://127.0.0.1:")
        assert connect(endpoint).config_get("bind")["bind"] == "127.0.0.1"
    finally:
        server.kill()


def test_a_folder_with_blanks_quotes_and_other_alphabets_works(tmp_path: Path) -> None:
    odd = tmp_path / "it's \"ü 日本\\"
    for name in ("server", "logs"):
        (odd / name).mkdir(parents=True)
    server = PrivateServer(odd / "server")
    try:
        assert answers(server.start())
    finally:
        server.kill()


def test_a_port_that_somebody_else_took_meanwhile_is_said_so(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    for name in ("server", "logs"):
        (deep / name).mkdir(parents=True)
    server = PrivateServer(deep / "server")
    port = int(server.start().url.rpartition(":")[2].partition("/")[0])
    server.kill()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()

        with pytest.raises(ServerFailed, match="taken by another program"):
            server.start()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    with contextlib.suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return disk / "fill"


def test_a_full_disk_is_named_and_nothing_is_lost(small_disk: Path) -> None:
    for name in ("server", "logs"):
        (small_disk / name).mkdir()
    server = PrivateServer(small_disk / "server")
    client = connect(server.start())
    client.xadd("log", {"n": "1"}, id="0-1")
    full = fill(small_disk)

    with pytest.raises(RedisError):
        client.xadd("log", {"n": "x" * 20_000}, id="0-2")
    wait_for(lambda: server.poll() is not None)
    with pytest.raises(ServerFailed, match="the disk is full") as caught:
        server.start()
    full.unlink()

    assert "make room" in caught.value.mend
    assert connect(server.start()).xlen("log") == 1
    server.kill()


def test_it_dies_with_the_process_that_started_it(folder: Path) -> None:
    program = (
        "import sys, time, pathlib; from maestro.embedded.server import PrivateServer;"
        "print(PrivateServer(pathlib.Path(sys.argv[1])).start().pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())

    starter.kill()
    starter.wait()
    starter.stdout.close()

    wait_for(lambda: not is_alive(pid))


def test_a_server_whose_starter_is_gone_is_ended_before_another_touches_its_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import sys, pathlib, os; from maestro.embedded import server;"
        "server.die_with_parent = lambda _: lambda: None;"
        "print(server.PrivateServer(pathlib.Path(sys.argv[1])).start().pid, flush=True); os._exit(0)"
    )
    orphan = int(subprocess.check_output([sys.executable, "-c", program, str(folder)]))
    assert is_alive(orphan)

    server = PrivateServer(folder)
    try:
        server.start()
        assert not is_alive(orphan)
    finally:
        server.kill()


def test_without_any_server_program_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("maestro.embedded.binary._bundled", lambda: None)

    with pytest.raises(ServerFailed, match="no server to keep the log in") as caught:
        PrivateServer(folder).start()

    assert "MAESTRO_REDIS_URL" in caught.value.mend


@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server on PATH")
def test_without_the_wheel_a_server_on_path_is_taken(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maestro.embedded.binary._bundled", lambda: None)

    assert answers(server.start())
