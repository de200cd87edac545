"""Is whoever is not looking told, at least once and in order, by somebody whom they can check, and can they decide?"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from maestro.bus.settings import SettingsError
from maestro.gateway.notifying import Notifier
from maestro.gateway.settings import NotifyConfig
from maestro.gateway.telling import News
from maestro.gateway.webhooks import read_key, sign
from maestro_contracts import events as e
from tests.support.servers import NotHere, any_running
from tests.support.wait import wait_for
from tests.support.web import Site, open_site

KEY = b"k" * 32
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Listener:
    """Somebody's server. Refuses as often as `refuses` says."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.refuses = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.refuses -= 1
                refused = listener.refuses >= 0
                if not refused:
                    listener.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(503 if refused else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def of(self, run: str) -> list[dict[str, Any]]:
        found = [json.loads(body) for _, body in list(self.heard)]
        return [each for each in found if each["data"]["run"] == run]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("telling")
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    (folder / "web.yaml").write_text(
        f"webhooks: [{{name: chat, url: '{listener.url}', secret_file: '{secret}', decide_as: bob}}]\n"
    )
    try:
        with any_running(fsync="everysec") as server, open_site(server, folder) as site:
            yield site
    except NotHere as error:
        pytest.skip(str(error))


def told(listener: Listener, run: str, kind: str) -> dict[str, Any]:
    return wait_for(lambda: next((each for each in listener.of(run) if each["type"] == kind), None), 20, kind)


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    key = read_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(SettingsError):
        read_key(secret)


def test_an_open_gate_is_told_with_a_signature_that_can_be_checked(telling: Site, listener: Listener) -> None:
    run = telling.run()
    telling.opens(run, prompt="Shall it be done? api_key = 'AKIAIOSFODNN7EXAMPLZ'")
    message = told(listener, run, "gate.opened")
    headers, body = next((h, b) for h, b in listener.heard if json.loads(b) == message)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert "AKIAIOSFODNN7EXAMPLZ" not in body.decode()


def test_a_callback_decides_its_gate_once_in_the_name_that_was_configured(telling: Site, listener: Listener) -> None:
    run, other = telling.run(), telling.run()
    telling.opens(run)
    telling.opens(other)
    callback = told(listener, run, "gate.opened")["callback"]
    headers = {"Authorization": f"Bearer {callback['token']}"}
    answers = [
        httpx.post(callback["url"], json={"choice": choice}, headers=headers, trust_env=False)
        for choice in ("none of them", callback["choices"][0]["key"], callback["choices"][0]["key"])
    ]
    assert [answer.status_code for answer in answers] == [400, 200, 401]
    assert answers[1].json()["gate"]["decided"]["by"] == "bob"
    assert not telling.has(other, e.GateDecided)
    told(listener, run, "gate.decided")


def test_what_is_not_taken_is_told_again_under_the_same_id(telling: Site, listener: Listener) -> None:
    listener.refuses = 2
    run = telling.run()
    telling.opens(run)
    told(listener, run, "gate.opened")
    ids = [headers["webhook-id"] for headers, body in listener.heard if json.loads(body)["data"]["run"] == run]
    assert len(set(ids)) == len(ids)


def test_what_happened_while_the_gateway_was_away_is_told_when_it_is_back(telling: Site, listener: Listener) -> None:
    run = telling.run()
    telling.opens(run)
    told(listener, run, "gate.opened")
    before = len(listener.of(run))
    telling.stop("gateway")
    telling.say(run, "conductor", e.RunCancelled("ada", "enough"))
    telling.start("gateway")
    told(listener, run, "run.ended")
    assert len(listener.of(run)) == before + 1, "what was told is not told again"


def test_what_was_before_an_address_was_configured_is_not_told_to_it(
    telling: Site, listener: Listener, tmp_path: Path
) -> None:
    assert all(each["data"]["run"] != "nothing" for _, body in listener.heard for each in [json.loads(body)])
    old = telling.run()
    telling.opens(old)
    told(listener, old, "gate.opened")
    heard = len(listener.heard)
    telling.stop("gateway")
    (telling.folder / "web" / "told-chat.json").unlink()
    telling.start("gateway")
    telling.ready()
    run = telling.run()
    telling.opens(run)
    told(listener, run, "gate.opened")
    assert {each["data"]["run"] for _, body in listener.heard[heard:] for each in [json.loads(body)]} == {run}


def test_people_are_told_by_apprise_without_secrets(listener: Listener, tmp_path: Path) -> None:
    pytest.importorskip("apprise", reason="needs apprise")
    urls = tmp_path / "urls"
    urls.write_text(f"# where they are\n{listener.url.replace('http:', 'json:')}\n")
    urls.chmod(0o600)
    notifier = Notifier.of(NotifyConfig(name="team", urls_file=str(urls)))
    told = News("msg_1", "gate.opened", "run-abc234", "", "Settle up", "plan waits", "Go on?", "http://here/runs/x", {})
    assert notifier.wants(told)
    assert asyncio.run(notifier.send(told))
    said = json.loads(listener.heard[-1][1])
    assert (said["title"], said["message"]) == ("plan waits", "Settle up\nGo on?\nhttp://here/runs/x")


def test_an_address_that_apprise_does_not_know_is_named_by_its_line(tmp_path: Path) -> None:
    pytest.importorskip("apprise", reason="needs apprise")
    urls = tmp_path / "urls"
    urls.write_text("nothing-like-it\n")
    urls.chmod(0o600)
    with pytest.raises(SettingsError, match="line 1"):
        Notifier.of(NotifyConfig(name="team", urls_file=str(urls)))
