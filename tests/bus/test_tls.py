"""Do services and the command line speak TLS, and only with the server that they mean?"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from maestro.bus.settings import ServiceSettings, SettingsError
from maestro.log.login import with_tls
from maestro.log.redis_store import open_store
from maestro.log.store import StoreUnavailable
from tests.support.bus import Stage, give, said, seen, stage
from tests.support.command_line import Person
from tests.support.servers import Server, free_port
from tests.support.wait import wait_for, wait_until

CA, CERT, KEY = "MAESTRO_REDIS_CA_FILE", "MAESTRO_REDIS_CERT_FILE", "MAESTRO_REDIS_KEY_FILE"
"""The variables."""


@dataclass(slots=True)
class Secure(Server):
    """Listens for TLS alone, with a certificate for `localhost`."""

    @property
    def url(self) -> str:
        return f"rediss://localhost:{self.port}/0"

    def start(self) -> None:
        self.port = free_port()
        tls = ["--tls-port", str(self.port), "--port", "0", "--bind", "127.0.0.1", "--save", ""]
        for option, file in (("cert", "server.pem"), ("key", "server.key"), ("ca-cert", "ca.pem")):
            tls += [f"--tls-{option}-file", str(self.folder / file)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([self.binary, *tls], stdout=log, stderr=log, cwd=self.folder)
        wait_for(self._listens, 20, "the server")

    def _listens(self) -> bool:
        assert self.pid and self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certify(folder: Path, name: str, ca: str = "ca") -> None:
    """A key and a certificate for `localhost`, signed by this CA, which is made where there is none."""
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    if not (folder / f"{ca}.pem").exists():
        openssl(folder, *new, "-x509", "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    openssl(folder, *new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    signing = ("-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-extfile", "names")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    program = os.environ.get("MAESTRO_TEST_SERVER") or shutil.which("redis-server")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("no redis-server or no openssl on PATH")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("server", "client"):
        certify(folder, name)
    certify(folder, "stranger", "other")
    server = Secure("tls", program, folder)
    probe = subprocess.run([program, "--tls-port", "1", "--port", "0"], capture_output=True, text=True, timeout=10)
    if "cert" not in probe.stdout:
        pytest.skip(f"{program} knows no TLS")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def known(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> Secure:
    """The server, with what one needs to reach it in the environment."""
    for variable, file in files(secure).items():
        monkeypatch.setenv(variable, file)
    return secure


def files(secure: Secure) -> dict[str, str]:
    return {
        name: str(secure.folder / file) for name, file in ((CA, "ca.pem"), (CERT, "client.pem"), (KEY, "client.key"))
    }


async def test_a_service_works_over_tls(secure: Secure, tmp_path: Path) -> None:
    """Nothing is set in this process: what consumers of other tests are forked from would inherit it."""
    staged: Iterator[Stage] = stage(secure, tmp_path)
    on = next(staged)
    store = await open_store(with_tls(secure.url, files(secure)))
    on.consumer(**files(secure)).ready()

    await give(store, "t1")

    async def claimed() -> bool:
        return bool(seen("TaskClaimed", await said(store)))

    await wait_until(claimed, 30, "the task's claim")
    await store.close()
    staged.close()  # type: ignore[attr-defined]


def test_the_command_line_works_over_tls(known: Secure, tmp_path: Path) -> None:
    person = Person(tmp_path)
    done = person.does("doctor", "--json", env={"MAESTRO_REDIS_URL": known.url, **files(known)})

    [server] = [check for check in json.loads(done.out) if check["check"] == "server"]
    assert "localhost" in server["found"] and " answers" in server["found"]


@pytest.mark.parametrize(
    ("variable", "value"), [(CA, ""), (CA, "other.pem"), (CERT, ""), (CERT, "stranger.pem")], ids=str
)
async def test_a_server_or_a_client_whom_the_ca_does_not_know_is_refused(
    known: Secure, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, str(known.folder / value) if value else "")
    if variable == CERT:
        monkeypatch.setenv(KEY, str(known.folder / "stranger.key") if value else "")

    with pytest.raises(StoreUnavailable, match="localhost"):
        await open_store(known.url)


async def test_a_certificate_for_another_host_is_refused(known: Secure) -> None:
    with pytest.raises(StoreUnavailable, match=r"certificate.*MAESTRO_REDIS_CA_FILE"):
        await open_store(known.url.replace("localhost", "127.0.0.1"))


@pytest.mark.parametrize(
    ("url", "file", "words"),
    [("redis://h:1/0", "/dev/null", "rediss://"), ("rediss://h:1/0", "/not/there", "/not/there is no file")],
)
def test_files_for_tls_that_cannot_be_meant_are_named(url: str, file: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        ServiceSettings.from_env("worker", {"MAESTRO_REDIS_URL": url, CA: file})
