"""Does one log in with an OpenID Connect provider, and with nothing that only looks like one's word?

The provider is a small real one: it keeps codes, checks PKCE, and signs ID tokens with a key that it publishes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwk, jwt

from tests.support.servers import NotHere, any_running
from tests.support.web import Site, open_site


class Provider:
    """An OpenID Connect provider on loopback. `claims` are what it says of whoever comes."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.signs_with = self.key
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, urlsplit(self.path).path, parse_qs(urlsplit(self.path).query))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                provider.answer(self, self.path, parse_qs(body))

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler, path: str, query: dict[str, list[str]]) -> None:
        given = {name: values[0] for name, values in query.items()}
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                self._json(request, {"issuer": self.issuer, **{k: f"{self.issuer}/{v}" for k, v in places.items()}})
            case "/authorize":
                code = f"code-{len(self.codes)}"
                self.codes[code] = given
                request.send_response(302)
                back = urlencode({"code": code, "state": given["state"]})
                request.send_header("location", f"{given['redirect_uri']}?{back}")
                request.end_headers()
            case "/token":
                begun = self.codes.pop(given.get("code", ""), None)
                hashed = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
                proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
                if begun is None or begun["code_challenge"] != proof:
                    return self._json(request, {"error": "invalid_grant"}, 400)
                self._json(request, {"id_token": self._token(begun), "token_type": "Bearer", "access_token": "x"})
            case "/keys":
                self._json(request, {"keys": [self.key.as_dict(private=False)]})

    def _token(self, begun: dict[str, str]) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": begun["client_id"], "sub": "1", "iat": now, "exp": now + 60}
        return jwt.encode(
            {"alg": "RS256", "kid": "one"}, said | {"nonce": begun["nonce"]} | self.claims, self.signs_with
        )

    def _json(self, request: BaseHTTPRequestHandler, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "web.yaml").write_text(
        f"oidc: {{issuer: '{provider.issuer}', client_id: maestro, allowed: ['*@example.org']}}\n"
    )
    try:
        with any_running(fsync="everysec") as server, open_site(server, folder) as site:
            yield site
    except NotHere as error:
        pytest.skip(str(error))


def log_in(site: Site, to: str = "/") -> httpx.Response:
    """The answer at the end of the way through the provider."""
    site.access.revoke("nothing")
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        answer = browser.get(f"{site.url}/login/oidc", params={"to": to}, headers={"Accept": "text/html"})
        answer.extensions["session"] = browser.cookies.get("maestro_session")
        return answer


def test_who_the_provider_knows_is_logged_in_and_led_to_what_they_wanted(guarded: Site, provider: Provider) -> None:
    provider.claims = {"email": "ann@example.org", "email_verified": True}
    answer = log_in(guarded, "/grants")
    assert answer.status_code == 200 and "Welcome, ann@example.org" in answer.text
    assert 'data-to="/grants"' in answer.text
    cookie = {"maestro_session": answer.extensions["session"]}
    page = httpx.get(f"{guarded.url}/", cookies=cookie, trust_env=False)
    assert page.status_code == 200 and "ann@example.org" in page.text


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "eve@example.com"}, 403),
        ({"email": "ann@example.org", "email_verified": False}, 403),
        ({"sub": "1"}, 403),
        ({"email": "ann@example.org", "aud": "another"}, 502),
        ({"email": "ann@example.org", "iss": "https://evil.example"}, 502),
        ({"email": "ann@example.org", "nonce": "replayed"}, 502),
        ({"email": "ann@example.org", "exp": 1}, 502),
    ],
)
def test_a_word_that_does_not_hold_lets_nobody_in(
    guarded: Site, provider: Provider, claims: dict[str, Any], status: int
) -> None:
    provider.claims = claims
    answer = log_in(guarded)
    assert (answer.status_code, answer.extensions["session"]) == (status, None)


def test_a_token_under_another_key_lets_nobody_in(guarded: Site, provider: Provider) -> None:
    provider.claims = {"email": "ann@example.org"}
    provider.signs_with = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    try:
        assert log_in(guarded).status_code == 502
    finally:
        provider.signs_with = provider.key


def test_a_log_in_that_another_browser_began_is_none(guarded: Site, provider: Provider) -> None:
    provider.claims = {"email": "ann@example.org"}
    with httpx.Client(trust_env=False) as ann, httpx.Client(trust_env=False) as eve:
        to_provider = eve.get(f"{guarded.url}/login/oidc").headers["location"]
        back = eve.get(to_provider).headers["location"]
        assert ann.get(back).status_code == 400


def test_the_log_in_page_offers_the_provider(guarded: Site) -> None:
    assert "/login/oidc" in httpx.get(f"{guarded.url}/login", trust_env=False).text


def test_a_form_without_the_sessions_own_word_changes_nothing(guarded: Site) -> None:
    run = guarded.run()
    guarded.opens(run)
    with httpx.Client(trust_env=False, base_url=guarded.url) as browser:
        browser.post("/login", data={"token": guarded.token("ann"), "to": "/"})
        form = {"choice": "a", "visit": "1", "csrf": "guess"}
        forged = browser.post(f"/runs/{run}/gates/approve-plan/decide", data=form)
        elsewhere = browser.post("/logout", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert (forged.status_code, elsewhere.status_code) == (403, 403)


def test_a_session_is_in_a_cookie_that_no_script_reads_and_no_other_site_sends(guarded: Site) -> None:
    answer = httpx.post(f"{guarded.url}/login", data={"token": guarded.token("ann"), "to": "/"}, trust_env=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie


def test_guessing_tokens_is_slowed_down(guarded: Site) -> None:
    codes = [
        httpx.post(f"{guarded.url}/login", data={"token": f"mst_{n}"}, trust_env=False).status_code for n in range(40)
    ]
    assert codes[-1] == 429 and codes.count(401) <= 12
